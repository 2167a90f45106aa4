mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix = "test"
  name   = "inspect-file"
  package = {
    path   = "inspect-file.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
  alarm_topic_arns   = ["arn:aws:sns:us-east-1:123456789012:test-alarms"]
  log_retention_days = 14
  memory_mb          = 256
  timeout_seconds    = 60
}

run "defaults" {
  command = plan

  assert {
    condition = (
      aws_lambda_function.this.function_name == "test-inspect-file" &&
      aws_lambda_function.this.architectures == tolist(["arm64"]) &&
      aws_lambda_function.this.runtime == "provided.al2023" &&
      aws_lambda_function.this.handler == "bootstrap" &&
      aws_lambda_function.this.memory_size == 256 &&
      aws_lambda_function.this.timeout == 60
    )
    error_message = "The function must be an arm64 binary with the size that was asked for."
  }

  assert {
    condition     = aws_lambda_function.this.filename == var.package.path && aws_lambda_function.this.code_sha256 == var.package.sha256
    error_message = "The function must run the package that was named."
  }

  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "The function must publish versions and write traces."
  }

  assert {
    condition = (
      aws_lambda_function.this.logging_config[0].log_format == "JSON" &&
      aws_lambda_function.this.logging_config[0].application_log_level == "INFO" &&
      aws_lambda_function.this.logging_config[0].log_group == "/aws/lambda/test-inspect-file" &&
      aws_cloudwatch_log_group.this.name == "/aws/lambda/test-inspect-file" &&
      aws_cloudwatch_log_group.this.retention_in_days == 14
    )
    error_message = "The function must log JSON to its own log group with the retention that was asked for."
  }

  assert {
    condition = (
      aws_cloudwatch_log_group.this.kms_key_id == null &&
      aws_lambda_function.this.kms_key_arn == null &&
      aws_lambda_function.this.reserved_concurrent_executions == null &&
      length(aws_lambda_function.this.environment) == 0
    )
    error_message = "Without options there must be no customer key, no reservation and no environment."
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
    error_message = "Only Lambda may take the role."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/test-inspect-file:*"]
      },
      {
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = ["*"]
      },
    ]
    error_message = "Without statements the role may write to its own log group and its traces, and nothing else."
  }
}

run "alarms_watch_errors_throttles_and_duration" {
  command = plan

  assert {
    condition = toset(output.alarm_names) == toset([
      "test-inspect-file-function-duration", "test-inspect-file-function-errors", "test-inspect-file-function-throttles",
    ])
    error_message = "There must be alarms on errors, throttles and duration."
  }

  assert {
    condition = {
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      key => [alarm.namespace, alarm.metric_name, alarm.statistic, alarm.comparison_operator, alarm.treat_missing_data]
      } == {
      duration  = ["AWS/Lambda", "Duration", "Maximum", "GreaterThanOrEqualToThreshold", "notBreaching"]
      errors    = ["AWS/Lambda", "Errors", "Sum", "GreaterThanOrEqualToThreshold", "notBreaching"]
      throttles = ["AWS/Lambda", "Throttles", "Sum", "GreaterThanOrEqualToThreshold", "notBreaching"]
    }
    error_message = "Every alarm must watch the metric of its name."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.threshold } == {
      duration  = 48000
      errors    = 1
      throttles = 1
    }
    error_message = "The alarms must go off at the first error or throttle, and at 80 % of the timeout, in milliseconds."
  }

  assert {
    condition = alltrue([
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_actions == toset(var.alarm_topic_arns) && alarm.ok_actions == toset(var.alarm_topic_arns) &&
      alarm.dimensions.FunctionName == "test-inspect-file" &&
      endswith(alarm.alarm_description, "See docs/operations.md#function-${key}")
    ])
    error_message = "Every alarm must watch this function, tell the topics when it begins and ends, and say where to read on."
  }
}

run "alarm_thresholds_are_the_callers" {
  command = plan

  variables {
    alarm_thresholds = { duration = 0.5, errors = 3 }
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.threshold } == {
      duration  = 30000
      errors    = 3
      throttles = 1
    }
    error_message = "Thresholds that are named must hold, the others keep their defaults."
  }
}

run "options" {
  command = plan

  variables {
    environment          = { JOBS_TABLE_NAME = "test-jobs" }
    kms_key_arn          = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    log_level            = "DEBUG"
    reserved_concurrency = 5
    statements = [
      {
        actions    = ["s3:PutObject"]
        resources  = ["arn:aws:s3:::test-output/*"]
        conditions = { StringEquals = { "s3:x-amz-server-side-encryption" = ["aws:kms"] } }
      },
      { actions = ["s3:GetObject"], resources = ["arn:aws:s3:::test-source/*"] },
    ]
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ JOBS_TABLE_NAME = "test-jobs" })
    error_message = "The function must get its environment."
  }

  assert {
    condition     = aws_lambda_function.this.kms_key_arn == var.kms_key_arn && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn
    error_message = "A customer key must encrypt both logs and environment."
  }

  assert {
    condition     = aws_lambda_function.this.logging_config[0].application_log_level == "DEBUG" && aws_lambda_function.this.reserved_concurrent_executions == 5
    error_message = "Log level and reservation must be the caller's."
  }

  assert {
    condition = slice(jsondecode(aws_iam_role_policy.this.policy).Statement, 2, 4) == [
      {
        Effect    = "Allow"
        Action    = ["s3:PutObject"]
        Resource  = ["arn:aws:s3:::test-output/*"]
        Condition = { StringEquals = { "s3:x-amz-server-side-encryption" = ["aws:kms"] } }
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["arn:aws:s3:::test-source/*"]
      },
    ]
    error_message = "The role must get the statements as they are, without a condition where there is none."
  }
}

run "key_without_environment_is_for_the_logs_alone" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition     = aws_lambda_function.this.kms_key_arn == null && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn
    error_message = "Lambda forgets a key without environment variables: it must not be set."
  }
}

run "outputs_name_the_version" {
  command = apply

  assert {
    condition = (
      output.name == "test-inspect-file" &&
      output.arn == aws_lambda_function.this.arn &&
      output.version == aws_lambda_function.this.version &&
      output.version_arn == aws_lambda_function.this.qualified_arn &&
      output.version_invoke_arn == aws_lambda_function.this.qualified_invoke_arn &&
      output.role_arn == aws_lambda_function.this.role &&
      output.role_name == "test-inspect-file-lambda" &&
      output.log_group_name == "/aws/lambda/test-inspect-file"
    )
    error_message = "The outputs must be those of the function and its version."
  }
}

run "refuses_what_lambda_does_not_take" {
  command = plan

  variables {
    prefix               = "Test"
    name                 = "inspect_file"
    log_retention_days   = 15
    memory_mb            = 127
    timeout_seconds      = 901
    package              = { path = "inspect-file.zip", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
    alarm_thresholds     = { duration = 1.1 }
    environment          = { AWS_REGION = "us-east-1" }
    kms_key_arn          = "arn:aws:kms:us-east-1:123456789012:alias/test"
    log_level            = "FATAL"
    reserved_concurrency = -1
    statements           = [{ actions = ["s3:*"], resources = ["*"] }]
  }

  expect_failures = [
    var.prefix, var.name, var.log_retention_days, var.memory_mb, var.timeout_seconds, var.package, var.alarm_thresholds,
    var.environment, var.kms_key_arn, var.log_level, var.reserved_concurrency, var.statements,
  ]
}

run "refuses_the_other_ends" {
  command = plan

  variables {
    prefix           = "a-prefix-of-25-characters"
    name             = "inspect-file-"
    memory_mb        = 10241
    timeout_seconds  = 0
    package          = { path = "target/lambda/bootstrap", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    alarm_thresholds = { errors = 0 }
    statements       = [{ actions = ["s3:GetObject"], resources = [] }]
  }

  expect_failures = [
    var.prefix, var.name, var.memory_mb, var.timeout_seconds, var.package, var.alarm_thresholds, var.statements,
  ]
}

run "takes_the_longest_names_and_bounds" {
  command = plan

  variables {
    prefix          = "a-prefix-of-24-character"
    name            = "a-function-name-of-32-characters"
    memory_mb       = 10240
    timeout_seconds = 900
  }

  assert {
    condition     = length(aws_lambda_function.this.function_name) == 57 && length(aws_iam_role.this.name) == 64
    error_message = "The longest names must fit: 64 characters for a function and for a role."
  }
}

run "boundary" {
  command = plan

  variables {
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/test-boundary"
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.permissions_boundary_arn
    error_message = "The role must be bounded by the policy that is given."
  }
}
