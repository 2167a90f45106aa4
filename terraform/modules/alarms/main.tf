data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.region

  publishers = {
    CloudWatchAlarms = {
      service   = "cloudwatch.amazonaws.com"
      condition = { ArnLike = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:*" } }
    }
    Budgets = {
      service   = "budgets.amazonaws.com"
      condition = { ArnLike = { "aws:SourceArn" = "arn:${local.partition}:budgets::${local.account_id}:*" } }
    }
  }
}

resource "aws_sns_topic" "this" {
  name              = "${var.prefix}-alarms"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for name, publisher in local.publishers : {
        Sid       = name
        Effect    = "Allow"
        Principal = { Service = publisher.service }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = merge(publisher.condition, { StringEquals = { "aws:SourceAccount" = local.account_id } })
      }],
      # No condition: "You can't use Condition blocks in Amazon SNS topic policies for EventBridge"
      # (EventBridge user guide, resource-based policies); with one, every message is refused.
      [for name in ["EventBridge"] : {
        Sid       = name
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
      } if var.is_event_target],
      [{
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
    )
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.email_addresses

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_composite_alarm" "group" {
  for_each = var.groups

  alarm_name        = "${var.prefix}-${each.key}-unhealthy"
  alarm_description = "At least one alarm of the group ${each.key} is on: see which, its description says what to do first. See docs/operations.md#alarms"
  alarm_rule        = join(" OR ", [for name in each.value : "ALARM(\"${name}\")"])
  alarm_actions     = var.alarm_topic_arns
  ok_actions        = var.alarm_topic_arns

  # CloudWatch refuses to delete an alarm that a composite alarm names. This makes Terraform change the rule
  # first and delete after, for groups that go and (it is passed on to what a rule refers to) for their alarms.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_composite_alarm" "unhealthy" {
  alarm_name        = "${var.prefix}-unhealthy"
  alarm_description = "At least one alarm of ${var.prefix} is on: see which group, then which alarm. See docs/operations.md#alarms"
  alarm_rule        = join(" OR ", [for group in aws_cloudwatch_composite_alarm.group : "ALARM(\"${group.alarm_name}\")"])
  alarm_actions     = var.alarm_topic_arns
  ok_actions        = var.alarm_topic_arns
}
