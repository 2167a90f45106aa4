data "aws_caller_identity" "current" {}

locals {
  full_name = "${var.prefix}-${var.name}"

  statements = concat(
    [
      {
        actions    = ["sqs:SendMessage"]
        resources  = [aws_sqs_queue.dead_letters.arn]
        conditions = {}
      },
    ],
    [
      for key_arn in var.kms_key_arn[*] : {
        actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
        resources  = [key_arn]
        conditions = {}
      }
    ],
    var.statements,
  )

  alarms = {
    lost = {
      namespace   = "AWS/Scheduler"
      dimensions  = { ScheduleGroup = aws_scheduler_schedule_group.this.name }
      metric      = "InvocationsFailedToBeSentToDeadLetterCount"
      statistic   = "Sum"
      description = "A start by ${local.full_name} could neither be made nor kept: it is lost. First check that the dead-letter queue exists and that the schedule's role and the key let it send."
    }
    undelivered = {
      namespace   = "AWS/SQS"
      dimensions  = { QueueName = aws_sqs_queue.dead_letters.name }
      metric      = "ApproximateNumberOfMessagesVisible"
      statistic   = "Maximum"
      description = "${local.full_name} could not start its target. First read ERROR_CODE in the attributes of a message in the dead-letter queue."
    }
  }
}

# A group of its own: metrics and the trust of the role are by group.
resource "aws_scheduler_schedule_group" "this" {
  name = local.full_name
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:The input is a constant of the configuration and holds no secret; AWS encrypts it with a key of its own.
  name        = local.full_name
  description = var.description
  group_name  = aws_scheduler_schedule_group.this.name

  schedule_expression          = var.expression
  schedule_expression_timezone = "UTC"
  state                        = var.is_enabled ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.target_arn
    input    = var.input
    role_arn = aws_iam_role.this.arn

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }

    retry_policy {
      maximum_event_age_in_seconds = var.retry.maximum_age_seconds
      maximum_retry_attempts       = var.retry.maximum_attempts
    }
  }

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_iam_role" "this" {
  # The suffix keeps it apart from the role of a function or state machine of the same name.
  name        = "${local.full_name}-schedule"
  description = "What the schedule ${local.full_name} may do."

  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = data.aws_caller_identity.current.account_id
          "aws:SourceArn"     = aws_scheduler_schedule_group.this.arn # Scheduler sends the group, never the schedule.
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "permissions"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for statement in local.statements : merge(
        { Effect = "Allow", Action = statement.actions, Resource = statement.resources },
        { for key, value in { Condition = statement.conditions } : key => value if length(value) > 0 },
      )
    ]
  })
}

resource "aws_sqs_queue" "dead_letters" {
  # Not "-dead-letters" alone: that is the dead-letter queue of a queue of the same name.
  name = "${local.full_name}-schedule-dead-letters"

  # SQS's own encryption and a customer key exclude each other.
  kms_master_key_id       = var.kms_key_arn
  sqs_managed_sse_enabled = var.kms_key_arn == null ? true : null

  message_retention_seconds = 1209600 # 14 days, all that SQS keeps.
}

resource "aws_sqs_queue_policy" "this" {
  queue_url = aws_sqs_queue.dead_letters.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = aws_sqs_queue.dead_letters.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${local.full_name}-schedule-${each.key}"
  alarm_description = "${each.value.description} See docs/operations.md#schedule-undelivered"

  namespace   = each.value.namespace
  metric_name = each.value.metric
  dimensions  = each.value.dimensions

  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  period              = 300
  statistic           = each.value.statistic
  threshold           = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
}
