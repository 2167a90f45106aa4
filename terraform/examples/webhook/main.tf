# VideoFlow's events to a URL: a rule on the bus of domain events, an API destination with a key, a queue for what could
# not be delivered within a day.

data "aws_caller_identity" "current" {}

data "aws_secretsmanager_secret_version" "api_key" {
  secret_id = var.api_key_secret_arn
}

resource "aws_cloudwatch_event_connection" "this" {
  name               = var.name
  description        = "The key that the receiver of VideoFlow's events knows"
  authorization_type = "API_KEY"

  auth_parameters {
    api_key {
      key   = "x-api-key"
      value = data.aws_secretsmanager_secret_version.api_key.secret_string
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "this" {
  name        = var.name
  description = "Receiver of VideoFlow's events"

  connection_arn                   = aws_cloudwatch_event_connection.this.arn
  http_method                      = "POST"
  invocation_endpoint              = var.url
  invocation_rate_limit_per_second = var.requests_per_second
}

resource "aws_cloudwatch_event_rule" "this" {
  name           = var.name
  description    = "VideoFlow's events that are posted to ${var.url}"
  event_bus_name = var.event_bus_name

  event_pattern = jsonencode({
    source      = ["videoflow"]
    detail-type = sort(var.events)
    detail      = { version = ["1"] }
  })
}

resource "aws_cloudwatch_event_target" "this" {
  rule           = aws_cloudwatch_event_rule.this.name
  event_bus_name = var.event_bus_name

  arn       = aws_cloudwatch_event_api_destination.this.arn
  role_arn  = aws_iam_role.this.arn
  target_id = "webhook"

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }
}

# What EventBridge needs to post.
resource "aws_iam_role" "this" {
  name = var.name

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "post"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "events:InvokeApiDestination"
      Resource = aws_cloudwatch_event_api_destination.this.arn
    }]
  })
}

# Kept for 14 days, the most that SQS keeps: read ERROR_CODE in a message's attributes.
resource "aws_sqs_queue" "dead_letters" {
  name = "${var.name}-dead-letters"

  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Principal = { Service = "events.amazonaws.com" }
      Resource  = aws_sqs_queue.dead_letters.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.this.arn } }
    }]
  })
}
