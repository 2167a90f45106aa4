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

module "dashboard" {
  source = "../.."

  prefix       = "example"
  main_machine = "example-process-order"
  machines     = ["example-process-order", "example-pay-order"]
  functions    = ["example-price-order"]
  queues       = { example-orders = "example-orders-dead-letters" }
}
