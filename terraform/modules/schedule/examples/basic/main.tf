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
  name   = "chores"

  alarm_topic_arns           = []
  max_age_seconds            = 3600
  visibility_timeout_seconds = 360
}

module "schedule" {
  source = "../.."

  prefix      = "example"
  name        = "nightly"
  description = "Sends the nightly chore."

  expression = "cron(0 3 * * ? *)"
  input      = jsonencode({ chore = "tidy" })
  target_arn = module.queue.arn

  statements = [{
    actions   = ["sqs:SendMessage"]
    resources = [module.queue.arn]
  }]

  alarm_topic_arns = []
}

output "arn" {
  description = "ARN of the schedule."
  value       = module.schedule.arn
}
