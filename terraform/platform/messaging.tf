# What decouples: four queues, the topic of notices, the bus of domain events with its archive.

locals {
  # A message stays hidden for six times the function's timeout, as Lambda recommends: a batch may be tried again within it.
  visibility_timeout_seconds = { for name, function in local.functions : name => 6 * function.timeoutSeconds }
}

module "ingest_queue" {
  source = "../modules/queue"

  prefix                     = local.prefix
  name                       = "ingest"
  visibility_timeout_seconds = local.visibility_timeout_seconds["start-processing"]
  max_receive_count          = var.settings.maximum_receive_count
  max_age_seconds            = 900
  kms_key_arn                = module.key.arn
  alarm_topic_arns           = local.alarm_topic_arns
  event_rule_arns            = { "object-created" = module.object_created_rule.arn }

  consumer = {
    function_arn            = module.event_function["start-processing"].version_arn
    batch_size              = 10
    batching_window_seconds = 0
    maximum_concurrency     = var.settings.ingest_maximum_concurrency
  }
}

module "failures_queue" {
  source = "../modules/queue"

  prefix                     = local.prefix
  name                       = "failures"
  visibility_timeout_seconds = local.visibility_timeout_seconds["record-failure"]
  max_receive_count          = var.settings.maximum_receive_count
  max_age_seconds            = 900
  kms_key_arn                = module.key.arn
  alarm_topic_arns           = local.alarm_topic_arns
  event_rule_arns            = { "video-failed" = module.video_failed_rule.arn }

  consumer = {
    function_arn            = module.event_function["record-failure"].version_arn
    batch_size              = 10
    batching_window_seconds = 0
    maximum_concurrency     = var.settings.failures_maximum_concurrency
  }
}

# One message for each video that is to be deleted, and again while there is more to delete than one invocation may: a
# video of four hours has tens of thousands of objects.
module "deletions_queue" {
  source = "../modules/queue"

  prefix                     = local.prefix
  name                       = "deletions"
  visibility_timeout_seconds = local.visibility_timeout_seconds["delete-video"]
  max_receive_count          = var.settings.maximum_receive_count
  max_age_seconds            = 3600
  kms_key_arn                = module.key.arn
  alarm_topic_arns           = local.alarm_topic_arns

  consumer = {
    function_arn            = module.event_function["delete-video"].version_arn
    batch_size              = 1
    batching_window_seconds = 0
    maximum_concurrency     = var.settings.deletions_maximum_concurrency
  }
}

# One message with the whole context for each failed video, for people and their tools. Nothing here reads it: the age
# alarm says that a failed video has waited for a day.
module "failed_videos_queue" {
  source = "../modules/queue"

  prefix                     = local.prefix
  name                       = "failed-videos"
  visibility_timeout_seconds = 300
  message_retention_seconds  = 1123200
  # SQS's highest: people look, and each look is a receive.
  max_receive_count = 1000
  max_age_seconds   = 86400
  kms_key_arn       = module.key.arn
  alarm_topic_arns  = local.alarm_topic_arns
}

resource "aws_sns_topic" "notices" {
  name              = "${local.prefix}-notices"
  kms_master_key_id = module.key.arn
}

resource "aws_sns_topic_policy" "notices" {
  arn = aws_sns_topic.notices.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyInsecureTransport"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.notices.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sns_topic_subscription" "notices" {
  for_each = var.notice_email_addresses

  topic_arn = aws_sns_topic.notices.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_event_bus" "domain" {
  name = "${local.prefix}-domain"
}

resource "aws_cloudwatch_event_archive" "domain" {
  name             = "${local.prefix}-domain"
  description      = "Domain events of ${local.prefix}, for replay"
  event_source_arn = aws_cloudwatch_event_bus.domain.arn
  retention_days   = var.settings.event_archive_days
}
