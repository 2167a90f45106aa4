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

module "alarms" {
  source = "../.."

  prefix          = "example"
  email_addresses = ["oncall@example.com"]
  groups          = { queues = [aws_cloudwatch_metric_alarm.dead_letters.alarm_name] }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "example-orders-dead-letters"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "example-orders-dead-letters" }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [module.alarms.topic_arn]
  ok_actions          = [module.alarms.topic_arn]
}
