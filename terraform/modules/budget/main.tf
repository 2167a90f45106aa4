locals {
  # Per cent of the limit, and of what: money spent, or the forecast for the month.
  notifications = {
    nearly_spent       = { threshold = 80, type = "ACTUAL" }
    spent              = { threshold = 100, type = "ACTUAL" }
    forecast_too_large = { threshold = 100, type = "FORECASTED" }
  }
}

resource "aws_budgets_budget" "this" {
  name         = "${var.prefix}-${var.name}"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.monthly_limit_usd)
  limit_unit   = "USD"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:%s$%s", var.tag_filter.key, var.tag_filter.value)]
  }

  dynamic "notification" {
    for_each = local.notifications

    content {
      comparison_operator        = "GREATER_THAN"
      notification_type          = notification.value.type
      subscriber_email_addresses = var.email_addresses
      subscriber_sns_topic_arns  = var.topic_arns
      threshold                  = notification.value.threshold
      threshold_type             = "PERCENTAGE"
    }
  }
}
