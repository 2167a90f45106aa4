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

module "jobs" {
  source = "../.."

  prefix           = "videoflow-example"
  name             = "jobs"
  is_protected     = false
  hash_key         = "JobId"
  attributes       = { JobId = "S", JobStatus = "S", UpdatedAt = "S" }
  indexes          = { JobStatusUpdatedAt = { hash_key = "JobStatus", range_key = "UpdatedAt" } }
  recovery_days    = 7
  alarm_topic_arns = []
}
