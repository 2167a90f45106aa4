data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  full_name = "${var.prefix}-${var.name}"

  # Built, not read from the log group, so that a plan shows the whole policy. Log streams are below it.
  log_group_arn = format(
    "arn:%s:logs:%s:%s:log-group:%s",
    data.aws_partition.current.partition,
    data.aws_region.current.region,
    data.aws_caller_identity.current.account_id,
    aws_cloudwatch_log_group.this.name,
  )

  statements = concat(
    [
      {
        actions    = ["logs:CreateLogStream", "logs:PutLogEvents"]
        resources  = ["${local.log_group_arn}:*"]
        conditions = {}
      },
      {
        actions    = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        resources  = ["*"] # X-Ray has no resources to name for these two actions.
        conditions = {}
      },
    ],
    var.statements,
  )

  alarms = {
    duration = {
      metric      = "Duration"
      statistic   = "Maximum"
      threshold   = var.timeout_seconds * 1000 * var.alarm_thresholds.duration
      description = "An invocation of ${local.full_name} came close to its timeout of ${var.timeout_seconds} s. First look at what the slowest invocation waited for, in its trace."
    }
    errors = {
      metric      = "Errors"
      statistic   = "Sum"
      threshold   = var.alarm_thresholds.errors
      description = "Invocations of ${local.full_name} end in an error. First read the errors in ${aws_cloudwatch_log_group.this.name}."
    }
    throttles = {
      metric      = "Throttles"
      statistic   = "Sum"
      threshold   = var.alarm_thresholds.throttles
      description = "Invocations of ${local.full_name} are refused for want of concurrency. First compare the account's concurrency with what functions have reserved."
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:How long logs are kept is a decision of each environment, so it is a required input.
  name              = "/aws/lambda/${local.full_name}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "this" {
  # The suffix keeps it apart from the role of a state machine or schedule of the same name.
  name        = "${local.full_name}-lambda"
  description = "What the function ${local.full_name} may do."

  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  #checkov:skip=CKV_AWS_290:The only wildcard resource of the module is X-Ray's, whose actions know no other; the rest is the caller's, by exact actions.
  #checkov:skip=CKV_AWS_355:The only wildcard resource of the module is X-Ray's, whose actions know no other; the rest is the caller's, by exact actions.
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

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:A reservation takes concurrency from the other functions of the account, so the caller decides (reserved_concurrency).
  #checkov:skip=CKV_AWS_116:Nothing invokes the function asynchronously (Step Functions, SQS and the HTTP API wait for the answer), so there is no event that a dead-letter queue could keep.
  #checkov:skip=CKV_AWS_117:The function calls AWS APIs only, over TLS; in a VPC it would need endpoints or a NAT and be no safer.
  #checkov:skip=CKV_AWS_173:The environment holds names and ARNs, no secrets; it is encrypted, with the caller's key where one is given.
  #checkov:skip=CKV_AWS_272:The release names the package by its SHA-256, which the postcondition compares with what Lambda runs.
  function_name = local.full_name
  role          = aws_iam_role.this.arn

  architectures                  = ["arm64"]
  code_sha256                    = var.package.sha256
  filename                       = var.package.path
  handler                        = "bootstrap"
  kms_key_arn                    = length(var.environment) > 0 ? var.kms_key_arn : null # Without variables, Lambda forgets the key and every plan would add it.
  memory_size                    = var.memory_mb
  package_type                   = "Zip"
  publish                        = true
  reserved_concurrent_executions = var.reserved_concurrency
  runtime                        = "provided.al2023"
  timeout                        = var.timeout_seconds

  dynamic "environment" {
    for_each = length(var.environment) > 0 ? [var.environment] : []

    content {
      variables = environment.value
    }
  }

  logging_config {
    application_log_level = var.log_level
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    system_log_level      = "INFO" # The REPORT lines: duration, memory, cold starts.
  }

  tracing_config {
    mode = "Active"
  }

  lifecycle {
    postcondition {
      condition     = self.code_sha256 == var.package.sha256
      error_message = "The code that Lambda runs is not the package that package.sha256 names: ${var.package.path} is another file."
    }
  }

  # The first invocation, and an event source mapping, need the permissions at once.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${local.full_name}-function-${each.key}"
  alarm_description = "${each.value.description} See docs/operations.md#function-${each.key}"

  namespace   = "AWS/Lambda"
  metric_name = each.value.metric
  dimensions  = { FunctionName = aws_lambda_function.this.function_name } # All versions together.

  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  period              = 300
  statistic           = each.value.statistic
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
}
