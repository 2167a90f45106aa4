locals {
  full_name = "${var.prefix}-${var.name}"

  queues = {
    dead_letters = aws_sqs_queue.dead_letters
    queue        = aws_sqs_queue.this
  }

  alarms = merge(
    {
      dead-letters = {
        queue_name  = aws_sqs_queue.dead_letters.name
        metric      = "ApproximateNumberOfMessagesVisible"
        threshold   = 1
        description = "Messages of ${local.full_name} could not be handled and wait in its dead-letter queue. First read why in the attributes of a message."
      }
    },
    var.max_age_seconds == null ? {} : {
      queue-age = {
        queue_name  = aws_sqs_queue.this.name
        metric      = "ApproximateAgeOfOldestMessage"
        threshold   = var.max_age_seconds
        description = "The oldest message of ${local.full_name} waits longer than it should. First see whether its consumer fails, is throttled or is switched off."
      }
    },
  )
}

resource "aws_sqs_queue" "this" {
  name = local.full_name

  # SQS's own encryption and a customer key exclude each other.
  kms_master_key_id       = var.kms_key_arn
  sqs_managed_sse_enabled = var.kms_key_arn == null ? true : null

  max_message_size           = 1048576 # All that SQS takes: an event that is too large would be lost.
  message_retention_seconds  = var.message_retention_seconds
  visibility_timeout_seconds = var.visibility_timeout_seconds

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = var.max_receive_count
  })
}

resource "aws_sqs_queue" "dead_letters" {
  name = "${local.full_name}-dead-letters"

  kms_master_key_id       = var.kms_key_arn
  sqs_managed_sse_enabled = var.kms_key_arn == null ? true : null

  max_message_size          = 1048576
  message_retention_seconds = 1209600 # 14 days, all that SQS keeps.
}

resource "aws_sqs_queue_redrive_allow_policy" "this" {
  queue_url = aws_sqs_queue.dead_letters.id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.this.arn]
  })
}

resource "aws_sqs_queue_policy" "this" {
  for_each = local.queues

  queue_url = each.value.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = each.value.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      length(var.event_rule_arns) == 0 ? [] : [{
        Sid       = "EventRules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = each.value.arn
        Condition = { ArnEquals = { "aws:SourceArn" = values(var.event_rule_arns) } }
      }],
    )
  })
}

resource "aws_lambda_event_source_mapping" "this" {
  count = var.consumer == null ? 0 : 1

  event_source_arn = aws_sqs_queue.this.arn
  function_name    = var.consumer.function_arn

  batch_size                         = var.consumer.batch_size
  function_response_types            = ["ReportBatchItemFailures"]
  maximum_batching_window_in_seconds = var.consumer.batching_window_seconds

  scaling_config {
    maximum_concurrency = var.consumer.maximum_concurrency
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${local.full_name}-${each.key}"
  alarm_description = "${each.value.description} See docs/operations.md#${each.key}"

  namespace   = "AWS/SQS"
  metric_name = each.value.metric
  dimensions  = { QueueName = each.value.queue_name }

  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  period              = 300
  statistic           = "Maximum"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
}
