terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.69, < 7.0"
    }
  }
}

provider "aws" {}

module "logs" {
  source = "../.."

  prefix        = "videoflow-example"
  name          = "access-logs"
  is_protected  = false
  is_log_target = true

  lifecycle_rules = {
    old = { expiration_days = 90, noncurrent_expiration_days = 1 }
  }
}

module "source" {
  source = "../.."

  prefix          = "videoflow-example"
  name            = "source"
  is_protected    = false
  is_event_source = true
  access_logs     = { bucket = module.logs.name, prefix = "source/" }

  lifecycle_rules = {
    archive     = { tag = { key = "videoflow-archive", value = "published" }, transition = { days = 0, storage_class = "GLACIER" } }
    old-version = { noncurrent_expiration_days = 30 }
  }

  policy_statements = {
    rejected = {
      effect     = "Deny"
      principals = { AWS = ["*"] }
      actions    = ["s3:GetObject", "s3:GetObjectVersion"]
      paths      = ["/*"]
      conditions = { StringLike = { "s3:ExistingObjectTag/videoflow-verdict" = ["*"] } }
    }
  }
}
