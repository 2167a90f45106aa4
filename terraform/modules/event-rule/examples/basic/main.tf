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
  source = "../../../queue"

  prefix = "example"
  name   = "ingest"

  alarm_topic_arns           = []
  event_rule_arns            = { uploads = module.rule.arn }
  max_age_seconds            = 900
  visibility_timeout_seconds = 360
}

module "rule" {
  source = "../.."

  prefix      = "example"
  name        = "uploads"
  description = "Objects that arrive in any bucket that sends its events."

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
  })

  alarm_topic_arns      = []
  dead_letter_queue_arn = module.queue.dead_letters_arn
  target_arn            = module.queue.arn
}

output "arn" {
  description = "ARN of the rule."
  value       = module.rule.arn
}
