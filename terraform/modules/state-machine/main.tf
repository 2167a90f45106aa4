data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  full_name = "${var.prefix}-${var.name}"

  statements = concat(
    [
      {
        # Step Functions sets up the delivery of its logs with the rights of this role. CloudWatch Logs has no
        # resources to name for these actions; what is written goes to the machine's own log group.
        actions = [
          "logs:CreateLogDelivery",
          "logs:DeleteLogDelivery",
          "logs:DescribeLogGroups",
          "logs:DescribeResourcePolicies",
          "logs:GetLogDelivery",
          "logs:ListLogDeliveries",
          "logs:PutResourcePolicy",
          "logs:UpdateLogDelivery",
        ]
        resources  = ["*"]
        conditions = {}
      },
      {
        # X-Ray has no resources to name for these actions.
        actions = [
          "xray:GetSamplingRules",
          "xray:GetSamplingTargets",
          "xray:PutTelemetryRecords",
          "xray:PutTraceSegments",
        ]
        resources  = ["*"]
        conditions = {}
      },
    ],
    var.statements,
  )

  alarms = {
    aborted = {
      metric      = "ExecutionsAborted"
      threshold   = var.alarm_thresholds.aborted
      description = "Executions of ${local.full_name} were stopped from outside. First find out who stopped them, in CloudTrail (StopExecution)."
    }
    failed = {
      metric      = "ExecutionsFailed"
      threshold   = var.alarm_thresholds.failed
      description = "Executions of ${local.full_name} fail. First find the failed state with `videoflow history JOB`."
    }
    throttled = {
      metric      = "ExecutionThrottled"
      threshold   = var.alarm_thresholds.throttled
      description = "Executions of ${local.full_name} are slowed down: more states were entered than the account may. First look at how many executions run at once."
    }
    timed-out = {
      metric      = "ExecutionsTimedOut"
      threshold   = var.alarm_thresholds.timed_out
      description = "Executions of ${local.full_name} ran into the timeout of the machine. First find the state that they waited in with `videoflow history JOB`."
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:How long logs are kept is a decision of each environment, so it is a required input.
  # Below /aws/vendedlogs/ a delivery adds nothing to CloudWatch's resource policy, whose size is bounded.
  name              = "/aws/vendedlogs/states/${local.full_name}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "this" {
  # The suffix keeps it apart from the role of a function or schedule of the same name.
  name        = "${local.full_name}-states"
  description = "What the state machine ${local.full_name} may do."

  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  #checkov:skip=CKV_AWS_290:The wildcard resources of the module are those of log delivery and X-Ray, whose actions know no other; the rest is the caller's, by exact actions.
  #checkov:skip=CKV_AWS_355:The wildcard resources of the module are those of log delivery and X-Ray, whose actions know no other; the rest is the caller's, by exact actions.
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

# No encryption_configuration: the machine uses the key that AWS owns. With a customer key, the status events that
# EventBridge gets would lose input, output, error and cause, and with them what a failure handler needs.
resource "aws_sfn_state_machine" "this" {
  name       = local.full_name
  definition = var.definition
  publish    = true
  role_arn   = aws_iam_role.this.arn
  type       = "STANDARD"

  logging_configuration {
    include_execution_data = true
    level                  = var.log_level
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions tries the role's permissions for logs and nested executions when the machine is made.
  depends_on = [aws_iam_role_policy.this]
}

# Two resources, because ignore_changes cannot depend on a variable. A machine of another name is another machine, which
# took its alias along when it went.
resource "aws_sfn_alias" "terraform" {
  count = try(var.alias.weights_owner, null) == "terraform" ? 1 : 0

  name = var.alias.name

  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.this.state_machine_version_arn
    weight                    = var.alias.canary == null ? 100 : var.alias.canary.weight
  }

  dynamic "routing_configuration" {
    for_each = var.alias.canary[*]

    content {
      state_machine_version_arn = routing_configuration.value.stable_version_arn
      weight                    = 100 - routing_configuration.value.weight
    }
  }

  lifecycle {
    replace_triggered_by = [aws_sfn_state_machine.this.arn]
  }
}

resource "aws_sfn_alias" "release" {
  count = try(var.alias.weights_owner, null) == "release" ? 1 : 0

  name = var.alias.name

  routing_configuration {
    state_machine_version_arn = aws_sfn_state_machine.this.state_machine_version_arn
    weight                    = 100
  }

  lifecycle {
    # The release keeps in the description which version served before.
    ignore_changes       = [description, routing_configuration]
    replace_triggered_by = [aws_sfn_state_machine.this.arn]
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${local.full_name}-executions-${each.key}"
  alarm_description = "${each.value.description} See docs/operations.md#executions-${each.key}"

  namespace   = "AWS/States"
  metric_name = each.value.metric
  dimensions  = { StateMachineArn = aws_sfn_state_machine.this.arn } # All versions together.

  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  period              = 300
  statistic           = "Sum"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
}
