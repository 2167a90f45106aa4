locals {
  full_name = "${var.prefix}-${var.name}"

  # DynamoDB counts throttled requests apart for the table and for each index. Ids of metrics: t0 and t1 for the table, i0 … for indexes.
  throttle_metrics = merge(
    {
      for position, metric in ["ReadThrottleEvents", "WriteThrottleEvents"] : "t${position}" => {
        metric     = metric
        dimensions = { TableName = local.full_name }
      }
    },
    merge([
      for number, index in keys(var.indexes) : {
        for position, metric in ["ReadThrottleEvents", "WriteThrottleEvents"] : "i${2 * number + position}" => {
          metric     = metric
          dimensions = { TableName = local.full_name, GlobalSecondaryIndexName = index }
        }
      }
    ]...),
  )
}

resource "aws_dynamodb_table" "this" {
  name                        = local.full_name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = var.hash_key
  range_key                   = var.range_key
  deletion_protection_enabled = var.is_protected

  dynamic "attribute" {
    for_each = var.attributes

    content {
      name = attribute.key
      type = attribute.value
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.indexes

    content {
      name            = global_secondary_index.key
      projection_type = "ALL"

      key_schema {
        attribute_name = global_secondary_index.value.hash_key
        key_type       = "HASH"
      }

      dynamic "key_schema" {
        for_each = global_secondary_index.value.range_key == null ? [] : [global_secondary_index.value.range_key]

        content {
          attribute_name = key_schema.value
          key_type       = "RANGE"
        }
      }
    }
  }

  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = var.recovery_days
  }

  dynamic "ttl" {
    for_each = var.expiry_attribute == null ? [] : [var.expiry_attribute]

    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  alarm_name          = "${local.full_name}-table-throttles"
  alarm_description   = "Requests to the table ${local.full_name} or to its indexes were throttled; look first at which partition key they share. See docs/operations.md#table-throttles"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns

  metric_query {
    id          = "throttles"
    expression  = "SUM([${join(", ", keys(local.throttle_metrics))}])"
    label       = "Throttled requests"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.throttle_metrics

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        period      = 300
        stat        = "Sum"
      }
    }
  }
}

# Destroying or replacing the table would destroy or replace this as well, which is refused at plan.
resource "terraform_data" "protection" {
  count            = var.is_protected ? 1 : 0
  triggers_replace = aws_dynamodb_table.this.id

  lifecycle {
    prevent_destroy = true
  }
}
