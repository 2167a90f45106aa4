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

module "queue" {
  source = "../.."

  prefix = "example"
  name   = "ingest"

  alarm_topic_arns           = []
  max_age_seconds            = 900
  visibility_timeout_seconds = 360
}

output "url" {
  description = "URL of the queue."
  value       = module.queue.url
}
