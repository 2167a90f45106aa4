locals {
  full_name = "${var.prefix}-${var.name}"

  # EventBridge reports rules of the default bus by rule, those of other buses by bus and rule.
  dimensions = merge(
    { RuleName = aws_cloudwatch_event_rule.this.name },
    var.event_bus_name == "default" ? {} : { EventBusName = var.event_bus_name },
  )

  alarms = {
    lost = {
      metric      = "InvocationsFailedToBeSentToDlq"
      description = "Events of the rule ${local.full_name} could neither be delivered nor kept: they are lost. First check that the dead-letter queue exists and that its policy and key let the rule send."
    }
    undelivered = {
      metric      = "FailedInvocations"
      description = "Events of the rule ${local.full_name} could not be delivered for good. First read ERROR_CODE in the attributes of a message in the dead-letter queue."
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  name           = local.full_name
  description    = var.description
  event_bus_name = var.event_bus_name
  event_pattern  = var.event_pattern
  state          = var.is_enabled ? "ENABLED" : "DISABLED"
}

resource "aws_cloudwatch_event_target" "this" {
  rule           = aws_cloudwatch_event_rule.this.name
  event_bus_name = var.event_bus_name

  arn       = var.target_arn
  target_id = var.name

  dead_letter_config {
    arn = var.dead_letter_queue_arn
  }

  retry_policy {
    maximum_event_age_in_seconds = var.retry.maximum_age_seconds
    maximum_retry_attempts       = var.retry.maximum_attempts
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${local.full_name}-events-${each.key}"
  alarm_description = "${each.value.description} See docs/operations.md#events-undelivered"

  namespace   = "AWS/Events"
  metric_name = each.value.metric
  dimensions  = local.dimensions

  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  period              = 300
  statistic           = "Sum"
  threshold           = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
}
