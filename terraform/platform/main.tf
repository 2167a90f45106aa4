# The composition, written once: each file wires one part of the pipeline out of ../modules.
#
#   storage.tf         the customer key, buckets, tables            what is kept
#   messaging.tf       queues, notices, domain events               what decouples
#   triggers.tf        rules, schedule, HTTP API                    what wakes what
#   services.tf        MediaConvert, Data Automation, the model     what does the heavy work
#   functions.tf       the Lambda functions                         what does the small work
#   state_machines.tf  the nine state machines                      what gives the orders
#   permissions.tf     ../permissions.json as statements            who may do what
#   placeholders.tf    names and ARNs for definitions, functions    what is called how
#   delivery.tf        CloudFront                                   who reads what is published
#   watch.tf           alarms, dashboard, budget                    who is told when it fails

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  prefix = "${var.project}-${var.environment}"

  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  region    = data.aws_region.current.region

  alarm_topic_arns = [module.alarms.topic_arn]
}
