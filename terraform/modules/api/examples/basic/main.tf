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

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # Version 1 of a function that is there already: its ARN, and the ARN by which API Gateway invokes it.
  function_arn = "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:example-orders-api:1"
  invoke_arn   = "arn:${data.aws_partition.current.partition}:apigateway:${data.aws_region.current.region}:lambda:path/2015-03-31/functions/${local.function_arn}/invocations"
}

module "api" {
  source = "../.."

  prefix             = "example"
  name               = "orders"
  function           = { arn = local.function_arn, invoke_arn = local.invoke_arn }
  routes             = ["POST /orders", "GET /orders/{id}"]
  log_retention_days = 365
  alarm_topic_arns   = []
}

output "endpoint" {
  description = "Where the API answers."
  value       = module.api.endpoint
}
