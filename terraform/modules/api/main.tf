locals {
  full_name = "${var.prefix}-${var.name}"

  # arn:aws:lambda:region:account:function:NAME, and :VERSION or :ALIAS; the permission takes them apart.
  function_name = split(":", var.function.arn)[6]
  qualifier     = try(split(":", var.function.arn)[7], null)
}

resource "aws_apigatewayv2_api" "this" {
  name          = local.full_name
  protocol_type = "HTTP"

  dynamic "cors_configuration" {
    for_each = length(var.cors_origins) > 0 ? [var.cors_origins] : []

    content {
      allow_origins = cors_configuration.value
      allow_methods = toset([for route in var.routes : split(" ", route)[0] if route != "$default"])
      # What a signed request (AWS_IAM) or a bearer token (JWT) needs, what makes a repeated one harmless, and nothing else.
      allow_headers  = ["authorization", "content-type", "idempotency-key", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]
      expose_headers = ["idempotency-replayed", "location", "retry-after"]
      max_age        = 3600
    }
  }
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  count = var.authorization.type == "JWT" ? 1 : 0

  api_id           = aws_apigatewayv2_api.this.id
  name             = local.full_name
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    audience = var.authorization.audience
    issuer   = var.authorization.issuer
  }
}

resource "aws_lambda_permission" "route" {
  for_each = var.routes

  action        = "lambda:InvokeFunction"
  function_name = local.function_name
  qualifier     = local.qualifier
  principal     = "apigateway.amazonaws.com"
  # <api>/<any stage>/METHOD/path, with * for path parameters; <api>/<any stage>/$default.
  source_arn = format("%s/*/%s", aws_apigatewayv2_api.this.execution_arn, replace(replace(each.key, " ", ""), "/\\{[^}]+\\}/", "*"))

  # A version has a policy of its own: the new version's permission is there before the integration
  # turns to it, and the old one's goes after.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_apigatewayv2_integration" "this" {
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_method     = "POST"
  integration_uri        = var.function.invoke_arn
  payload_format_version = "2.0"

  depends_on = [aws_lambda_permission.route]
}

resource "aws_apigatewayv2_route" "this" {
  for_each = var.routes

  api_id             = aws_apigatewayv2_api.this.id
  route_key          = each.key
  target             = "integrations/${aws_apigatewayv2_integration.this.id}"
  authorization_type = var.authorization.type
  authorizer_id      = one(aws_apigatewayv2_authorizer.jwt[*].id)
}

# Below /aws/vendedlogs/ one resource policy serves all log groups; elsewhere each adds to a policy of limited size.
resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/vendedlogs/apis/${local.full_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  # The route, not the path: paths hold the ids of jobs.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      authorizerError    = "$context.authorizer.error"
      caller             = var.authorization.type == "JWT" ? "$context.authorizer.claims.sub" : "$context.identity.userArn"
      error              = "$context.error.message"
      integrationError   = "$context.integrationErrorMessage"
      integrationLatency = "$context.integrationLatency"
      integrationStatus  = "$context.integrationStatus"
      ip                 = "$context.identity.sourceIp"
      requestId          = "$context.requestId"
      requestTime        = "$context.requestTime"
      responseLatency    = "$context.responseLatency"
      responseLength     = "$context.responseLength"
      route              = "$context.routeKey"
      status             = "$context.status"
    })
  }

  default_route_settings {
    throttling_burst_limit = var.throttling.burst
    throttling_rate_limit  = var.throttling.rate
  }
}

resource "aws_cloudwatch_metric_alarm" "server_errors" {
  alarm_name          = "${local.full_name}-5xx"
  alarm_description   = "The API ${local.full_name} answered with server errors: look for integrationError in ${aws_cloudwatch_log_group.access.name}, then at the function's own alarms. See docs/operations.md#api-errors"
  namespace           = "AWS/ApiGateway"
  metric_name         = "5xx"
  dimensions          = { ApiId = aws_apigatewayv2_api.this.id }
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.alarm_thresholds.server_errors
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${local.full_name}-latency"
  alarm_description   = "One of 20 requests to the API ${local.full_name} took more than ${var.alarm_thresholds.latency_milliseconds} ms for 15 minutes: compare integrationLatency in ${aws_cloudwatch_log_group.access.name} with the function's duration. See docs/operations.md#api-errors"
  namespace           = "AWS/ApiGateway"
  metric_name         = "Latency"
  dimensions          = { ApiId = aws_apigatewayv2_api.this.id }
  extended_statistic  = "p95"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarm_thresholds.latency_milliseconds
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}
