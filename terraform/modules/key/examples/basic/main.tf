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

module "key" {
  source = "../.."

  prefix               = "videoflow-example"
  name                 = "main"
  description          = "Logs of the example"
  deletion_window_days = 7
  is_protected         = false

  services = {
    cloudwatch-logs = {
      principal = "logs.${data.aws_region.current.region}.amazonaws.com"
      actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
      conditions = {
        ArnLike = {
          "kms:EncryptionContext:aws:logs:arn" = [
            "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:*",
          ]
        }
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "example" {
  name              = "/videoflow-example/encrypted"
  retention_in_days = 365
  kms_key_id        = module.key.ready_arn
}
