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

module "budget" {
  source = "../.."

  prefix            = "example"
  name              = "monthly"
  monthly_limit_usd = 200
  email_addresses   = ["finance@example.com"]
  topic_arns        = []
  tag_filter        = { key = "Project", value = "example" }
}
