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

# The key's and the bucket's policies name the distribution, the distribution names the bucket: no cycle, as the policies are
# resources of their own, and the bucket takes the key's arn, which does not wait for its policy.
module "key" {
  source = "../../../key"

  prefix               = "videoflow-example"
  name                 = "output"
  description          = "Objects of the example"
  deletion_window_days = 7
  is_protected         = false
  services             = module.delivery.key_services
}

module "logs" {
  source = "../../../bucket"

  prefix          = "videoflow-example"
  name            = "logs"
  is_protected    = false
  is_log_target   = true
  lifecycle_rules = { old = { expiration_days = 90, noncurrent_expiration_days = 1 } }
}

module "output" {
  source = "../../../bucket"

  prefix            = "videoflow-example"
  name              = "output"
  is_protected      = false
  kms_key_arn       = module.key.arn
  access_logs       = { bucket = module.logs.name, prefix = "output/" }
  policy_statements = module.delivery.bucket_policy_statements
}

module "delivery" {
  source = "../.."

  prefix      = "videoflow-example"
  name        = "delivery"
  bucket      = { name = module.output.name, regional_domain_name = module.output.regional_domain_name }
  paths       = ["media/*", "published/*"]
  public_keys = { example = file("${path.module}/public-key.pem") }
  access_logs = { bucket_arn = module.logs.ready_arn }
}

output "bucket_name" {
  description = "Bucket whose media/ and published/ are served."
  value       = module.output.name
}

output "domain_name" {
  description = "Domain of signed URLs."
  value       = module.delivery.domain_name
}

output "public_key_ids" {
  description = "Key-Pair-Ids of signed URLs."
  value       = module.delivery.public_key_ids
}
