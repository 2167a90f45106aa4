mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix             = "videoflow-test"
  name               = "jobs"
  alarm_topic_arns   = ["arn:aws:sns:eu-west-1:123456789012:videoflow-test-alarms"]
  log_retention_days = 365
  routes             = ["$default", "POST /jobs", "GET /jobs/{id}", "POST /jobs/{id}/redrive"]
  function = {
    arn        = "arn:aws:lambda:eu-west-1:123456789012:function:videoflow-test-jobs-api:7"
    invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:videoflow-test-jobs-api:7/invocations"
  }
}

# What other resources refer to, and known only after an apply otherwise.
override_resource {
  target          = aws_apigatewayv2_api.this
  override_during = plan
  values          = { id = "abcdef1234", execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234" }
}

override_resource {
  target          = aws_apigatewayv2_integration.this
  override_during = plan
  values          = { id = "integration1" }
}

override_resource {
  target          = aws_apigatewayv2_authorizer.jwt
  override_during = plan
  values          = { id = "authorizer1" }
}

run "defaults" {
  command = plan

  assert {
    condition     = aws_apigatewayv2_api.this.name == "videoflow-test-jobs" && aws_apigatewayv2_api.this.protocol_type == "HTTP" && length(aws_apigatewayv2_api.this.cors_configuration) == 0
    error_message = "An HTTP API without CORS."
  }

  assert {
    condition     = toset([for route in aws_apigatewayv2_route.this : route.route_key]) == var.routes
    error_message = "Each route is there, and no other."
  }

  assert {
    condition     = alltrue([for route in aws_apigatewayv2_route.this : route.authorization_type == "AWS_IAM" && route.authorizer_id == null && route.target == "integrations/integration1"]) && length(aws_apigatewayv2_authorizer.jwt) == 0
    error_message = "Each route asks for a signed request."
  }

  assert {
    condition     = [aws_apigatewayv2_integration.this.integration_type, aws_apigatewayv2_integration.this.integration_uri, aws_apigatewayv2_integration.this.payload_format_version] == ["AWS_PROXY", var.function.invoke_arn, "2.0"]
    error_message = "The published version answers, with payloads of format 2.0."
  }

  assert {
    condition     = alltrue([for permission in aws_lambda_permission.route : permission.function_name == "videoflow-test-jobs-api" && permission.qualifier == "7" && permission.principal == "apigateway.amazonaws.com" && permission.action == "lambda:InvokeFunction"])
    error_message = "API Gateway may invoke that version only."
  }

  assert {
    condition = { for route, permission in aws_lambda_permission.route : route => permission.source_arn } == {
      "POST /jobs"              = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/*/POST/jobs"
      "GET /jobs/{id}"          = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/*/GET/jobs/*"
      "POST /jobs/{id}/redrive" = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/*/POST/jobs/*/redrive"
      "$default"                = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/*/$default"
    }
    error_message = "Each route has a permission of its own, with * for path parameters."
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.name == "$default" && aws_apigatewayv2_stage.this.auto_deploy && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit == 50 && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 25
    error_message = "The default stage deploys by itself and is throttled."
  }

  assert {
    condition     = jsondecode(aws_apigatewayv2_stage.this.access_log_settings[0].format).requestId == "$context.requestId" && jsondecode(aws_apigatewayv2_stage.this.access_log_settings[0].format).caller == "$context.identity.userArn"
    error_message = "Access logs are JSON and say who called."
  }

  assert {
    condition     = alltrue([for variable in values(jsondecode(aws_apigatewayv2_stage.this.access_log_settings[0].format)) : startswith(variable, "$context.") && variable != "$context.path"])
    error_message = "Access logs hold variables of the request, and no path."
  }

  assert {
    condition     = output.log_group_name == "/aws/vendedlogs/apis/videoflow-test-jobs" && aws_cloudwatch_log_group.access.retention_in_days == 365 && aws_cloudwatch_log_group.access.kms_key_id == null
    error_message = "The log group has retention."
  }

  assert {
    condition     = output.alarm_names == ["videoflow-test-jobs-5xx", "videoflow-test-jobs-latency"]
    error_message = "There are alarms on server errors and latency."
  }

  assert {
    condition     = [aws_cloudwatch_metric_alarm.server_errors.metric_name, aws_cloudwatch_metric_alarm.server_errors.statistic, aws_cloudwatch_metric_alarm.server_errors.threshold, aws_cloudwatch_metric_alarm.latency.metric_name, aws_cloudwatch_metric_alarm.latency.extended_statistic, aws_cloudwatch_metric_alarm.latency.threshold] == ["5xx", "Sum", 1, "Latency", "p95", 5000]
    error_message = "One server error, or a p95 above 5 s, is told."
  }

  assert {
    condition = alltrue([
      for alarm in [aws_cloudwatch_metric_alarm.server_errors, aws_cloudwatch_metric_alarm.latency] :
      alarm.dimensions == tomap({ ApiId = "abcdef1234" }) && alarm.alarm_actions == toset(var.alarm_topic_arns) && alarm.ok_actions == toset(var.alarm_topic_arns) && alarm.treat_missing_data == "notBreaching" && endswith(alarm.alarm_description, "See docs/operations.md#api-errors")
    ])
    error_message = "Alarms watch this API, tell the topics, and say where to read on."
  }
}

run "jwt" {
  command = plan

  variables {
    authorization = { type = "JWT", issuer = "https://login.example.com/", audience = ["videoflow"] }
  }

  assert {
    condition     = aws_apigatewayv2_authorizer.jwt[0].authorizer_type == "JWT" && aws_apigatewayv2_authorizer.jwt[0].identity_sources == toset(["$request.header.Authorization"]) && aws_apigatewayv2_authorizer.jwt[0].jwt_configuration[0].issuer == "https://login.example.com/" && aws_apigatewayv2_authorizer.jwt[0].jwt_configuration[0].audience == toset(["videoflow"])
    error_message = "Tokens of the issuer for the audience, from the Authorization header."
  }

  assert {
    condition     = alltrue([for route in aws_apigatewayv2_route.this : route.authorization_type == "JWT" && route.authorizer_id == "authorizer1"])
    error_message = "Each route asks for a token."
  }

  assert {
    condition     = jsondecode(aws_apigatewayv2_stage.this.access_log_settings[0].format).caller == "$context.authorizer.claims.sub"
    error_message = "The caller is the token's subject."
  }
}

run "cors_key_throttling_and_thresholds" {
  command = plan

  variables {
    cors_origins     = ["https://app.example.com", "http://localhost:5173"]
    kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    throttling       = { burst = 10, rate = 0.5 }
    alarm_thresholds = { server_errors = 5, latency_milliseconds = 1000 }
    function         = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:videoflow-test-jobs-api:live", invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:videoflow-test-jobs-api:live/invocations" }
  }

  assert {
    condition     = aws_apigatewayv2_api.this.cors_configuration[0].allow_origins == var.cors_origins && aws_apigatewayv2_api.this.cors_configuration[0].allow_methods == toset(["GET", "POST"])
    error_message = "The origins may use the methods of the routes."
  }

  assert {
    condition     = aws_cloudwatch_log_group.access.kms_key_id == var.kms_key_arn
    error_message = "Access logs are encrypted with the customer key."
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit == 10 && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 0.5
    error_message = "Throttling is as asked."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.server_errors.threshold == 5 && aws_cloudwatch_metric_alarm.latency.threshold == 1000
    error_message = "Thresholds are as asked."
  }

  assert {
    condition     = alltrue([for permission in aws_lambda_permission.route : permission.qualifier == "live"])
    error_message = "An alias answers as well as a version."
  }
}

run "refuses_wrong_values" {
  command = plan

  variables {
    prefix             = "1videoflow"
    name               = "jobs_api"
    log_retention_days = 100
    routes             = ["ANY /jobs"]
    cors_origins       = ["*"]
    throttling         = { burst = 0 }
    alarm_thresholds   = { latency_milliseconds = 30001 }
    authorization      = { type = "NONE" }
  }

  expect_failures = [var.prefix, var.name, var.log_retention_days, var.routes, var.cors_origins, var.throttling, var.alarm_thresholds, var.authorization]
}

run "unpublished_function" {
  command = plan

  variables {
    function = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:videoflow-test-jobs-api", invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/videoflow-test-jobs-api/invocations" }
  }

  assert {
    condition     = alltrue([for permission in aws_lambda_permission.route : permission.function_name == "videoflow-test-jobs-api" && permission.qualifier == null])
    error_message = "The permission is on the function itself."
  }
}

run "refuses_jwt_without_issuer_and_a_function_by_name" {
  command = plan

  variables {
    authorization = { type = "JWT", audience = ["videoflow"] }
    function      = { arn = "videoflow-test-jobs-api:7", invoke_arn = "videoflow-test-jobs-api:7" }
    routes        = ["GET jobs"]
    cors_origins  = ["https://app.example.com/path"]
    throttling    = { rate = 0 }
  }

  expect_failures = [var.function, var.authorization, var.routes, var.cors_origins, var.throttling]
}

run "refuses_jwt_without_audience" {
  command = plan

  variables {
    authorization    = { type = "JWT", issuer = "https://login.example.com/" }
    routes           = []
    alarm_thresholds = { server_errors = 0 }
  }

  expect_failures = [var.authorization, var.routes, var.alarm_thresholds]
}

run "refuses_an_issuer_for_iam" {
  command = plan

  variables {
    authorization = { issuer = "https://login.example.com/" }
    cors_origins  = ["http://app.example.com"]
  }

  expect_failures = [var.authorization, var.cors_origins]
}
