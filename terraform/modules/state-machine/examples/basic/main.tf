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

module "state_machine" {
  source = "../.."

  prefix = "example"
  name   = "detect-labels"

  definition = jsonencode({
    Comment        = "Does nothing, and says so."
    QueryLanguage  = "JSONata"
    StartAt        = "Done"
    TimeoutSeconds = 60
    States         = { Done = { Type = "Succeed" } }
  })

  alarm_topic_arns   = []
  log_retention_days = 14
}

output "version_arn" {
  description = "ARN of the published version."
  value       = module.state_machine.version_arn
}
