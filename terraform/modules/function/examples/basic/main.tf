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

module "function" {
  source = "../.."

  prefix = "example"
  name   = "inspect-file"

  # From the release: `openssl dgst -sha256 -binary inspect-file.zip | base64`.
  package = {
    path   = "inspect-file.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }

  alarm_topic_arns   = []
  log_retention_days = 14
  memory_mb          = 256
  timeout_seconds    = 60
}

output "version_arn" {
  description = "ARN of the published version."
  value       = module.function.version_arn
}
