mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix             = "test"
  name               = "detect-labels"
  definition         = "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
  alarm_topic_arns   = ["arn:aws:sns:us-east-1:123456789012:test-alarms"]
  log_retention_days = 14
}

run "defaults" {
  command = plan

  assert {
    condition = (
      aws_sfn_state_machine.this.name == "test-detect-labels" &&
      aws_sfn_state_machine.this.type == "STANDARD" &&
      aws_sfn_state_machine.this.definition == var.definition &&
      aws_sfn_state_machine.this.publish
    )
    error_message = "The machine must be STANDARD, have the definition as it is and publish versions."
  }

  assert {
    condition = (
      aws_sfn_state_machine.this.logging_configuration[0].level == "ALL" &&
      aws_sfn_state_machine.this.logging_configuration[0].include_execution_data &&
      aws_sfn_state_machine.this.tracing_configuration[0].enabled
    )
    error_message = "Every event must be logged with its data, and every execution traced."
  }

  assert {
    condition     = length(aws_sfn_state_machine.this.encryption_configuration) == 0
    error_message = "The machine must keep the key that AWS owns: with a customer key, status events lose input, output, error and cause."
  }

  assert {
    condition = (
      aws_cloudwatch_log_group.this.name == "/aws/vendedlogs/states/test-detect-labels" &&
      aws_cloudwatch_log_group.this.retention_in_days == 14 &&
      aws_cloudwatch_log_group.this.kms_key_id == null
    )
    error_message = "The log group must be below /aws/vendedlogs/states/ with the retention that was asked for."
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
    error_message = "Only Step Functions, for this account, may take the role."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      {
        Effect = "Allow"
        Action = [
          "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
          "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
        ]
        Resource = ["*"]
      },
      {
        Effect   = "Allow"
        Action   = ["xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = ["*"]
      },
    ]
    error_message = "Without statements the role may deliver logs and write traces, and nothing else."
  }

  assert {
    condition     = length(aws_sfn_alias.terraform) == 0 && length(aws_sfn_alias.release) == 0 && output.alias_arn == null
    error_message = "There must be no alias that nobody asked for."
  }

  assert {
    condition     = output.executions_arn == "arn:aws:states:eu-west-1:123456789012:execution:test-detect-labels:*"
    error_message = "executions_arn must match the executions of this machine and no others."
  }
}

run "alarms_watch_every_way_to_end_badly" {
  command = plan

  variables {
    alarm_thresholds = { throttled = 10 }
  }

  assert {
    condition = toset(output.alarm_names) == toset([
      "test-detect-labels-executions-aborted", "test-detect-labels-executions-failed",
      "test-detect-labels-executions-throttled", "test-detect-labels-executions-timed-out",
    ])
    error_message = "There must be alarms on aborted, failed, throttled and timed-out executions."
  }

  assert {
    condition = {
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      key => [alarm.namespace, alarm.metric_name, alarm.statistic, alarm.comparison_operator, alarm.treat_missing_data]
      } == {
      aborted   = ["AWS/States", "ExecutionsAborted", "Sum", "GreaterThanOrEqualToThreshold", "notBreaching"]
      failed    = ["AWS/States", "ExecutionsFailed", "Sum", "GreaterThanOrEqualToThreshold", "notBreaching"]
      throttled = ["AWS/States", "ExecutionThrottled", "Sum", "GreaterThanOrEqualToThreshold", "notBreaching"]
      timed-out = ["AWS/States", "ExecutionsTimedOut", "Sum", "GreaterThanOrEqualToThreshold", "notBreaching"]
    }
    error_message = "Every alarm must watch the metric of its name."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.threshold } == {
      aborted   = 1
      failed    = 1
      throttled = 10
      timed-out = 1
    }
    error_message = "A threshold that is named must hold, the others go off at the first execution."
  }

  assert {
    condition = alltrue([
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_actions == toset(var.alarm_topic_arns) && alarm.ok_actions == toset(var.alarm_topic_arns) &&
      endswith(alarm.alarm_description, "See docs/operations.md#executions-${key}")
    ])
    error_message = "Every alarm must tell the topics when it begins and ends, and say where to read on."
  }
}

run "options" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    log_level   = "ERROR"
    statements = [{
      actions    = ["iam:PassRole"]
      resources  = ["arn:aws:iam::123456789012:role/test-mediaconvert"]
      conditions = { StringEquals = { "iam:PassedToService" = ["mediaconvert.amazonaws.com"] } }
    }]
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn && length(aws_sfn_state_machine.this.encryption_configuration) == 0
    error_message = "The key must encrypt the log group, and the log group only."
  }

  assert {
    condition     = aws_sfn_state_machine.this.logging_configuration[0].level == "ERROR"
    error_message = "The log level must be the caller's."
  }

  assert {
    condition = slice(jsondecode(aws_iam_role_policy.this.policy).Statement, 2, 3) == [{
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = ["arn:aws:iam::123456789012:role/test-mediaconvert"]
      Condition = { StringEquals = { "iam:PassedToService" = ["mediaconvert.amazonaws.com"] } }
    }]
    error_message = "The role must get the statements as they are."
  }
}

run "made_without_an_alias" {
  command = apply

  override_resource {
    target = aws_sfn_state_machine.this
    values = {
      arn                       = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels"
      state_machine_version_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:1"
    }
  }

  assert {
    condition     = aws_sfn_state_machine.this.logging_configuration[0].log_destination == "${aws_cloudwatch_log_group.this.arn}:*"
    error_message = "Step Functions wants the log group's ARN with :* at its end."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.dimensions == tomap({ StateMachineArn = output.arn })])
    error_message = "The alarms must watch this machine, whatever its version."
  }

  assert {
    condition = (
      output.name == "test-detect-labels" &&
      output.arn == "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels" &&
      output.version_arn == "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:1" &&
      output.role_arn == aws_sfn_state_machine.this.role_arn &&
      output.role_name == "test-detect-labels-states" &&
      output.log_group_name == "/aws/vendedlogs/states/test-detect-labels"
    )
    error_message = "The outputs must be those of the machine and its version."
  }
}

run "alias_of_terraform_is_made" {
  command = apply

  variables {
    alias = { weights_owner = "terraform" }
  }

  assert {
    condition     = length(aws_sfn_alias.release) == 0 && output.alias_arn == aws_sfn_alias.terraform[0].arn
    error_message = "There must be one alias, which Terraform moves."
  }

  assert {
    condition = (
      aws_sfn_alias.terraform[0].name == "live" &&
      aws_sfn_alias.terraform[0].routing_configuration[*].weight == tolist([100]) &&
      aws_sfn_alias.terraform[0].routing_configuration[*].state_machine_version_arn == tolist(["arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:1"])
    )
    error_message = "All of the alias live must go to the version that was published."
  }
}

run "alias_of_terraform_moves_with_the_next_version" {
  command = plan

  variables {
    alias = { weights_owner = "terraform" }
  }

  override_resource {
    target          = aws_sfn_state_machine.this
    override_during = plan
    values = {
      arn                       = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels"
      state_machine_version_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:2"
    }
  }

  plan_options {
    replace = [aws_sfn_state_machine.this] # An override holds for what is made only.
  }

  assert {
    condition     = aws_sfn_alias.terraform[0].routing_configuration[*].state_machine_version_arn == tolist(["arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:2"])
    error_message = "All of the alias must go to the next version, in the same plan."
  }
}

run "alias_of_terraform_gives_a_canary_its_share" {
  command = plan

  variables {
    alias = {
      weights_owner = "terraform"
      canary        = { stable_version_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:1", weight = 10 }
    }
  }

  override_resource {
    target          = aws_sfn_state_machine.this
    override_during = plan
    values = {
      arn                       = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels"
      state_machine_version_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:2"
    }
  }

  plan_options {
    replace = [aws_sfn_state_machine.this]
  }

  assert {
    condition = (
      aws_sfn_alias.terraform[0].routing_configuration[*].weight == tolist([10, 90]) &&
      endswith(aws_sfn_alias.terraform[0].routing_configuration[0].state_machine_version_arn, ":2") &&
      endswith(aws_sfn_alias.terraform[0].routing_configuration[1].state_machine_version_arn, ":1")
    )
    error_message = "The newest version must get the canary's share, and the stable one the rest."
  }
}

run "refuses_a_canary_of_more_than_all" {
  command = plan

  variables {
    alias = {
      weights_owner = "terraform"
      canary        = { stable_version_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:1", weight = 101 }
    }
  }

  expect_failures = [var.alias]
}

run "refuses_a_canary_beside_a_release" {
  command = plan

  variables {
    alias = {
      weights_owner = "release"
      canary        = { stable_version_arn = "test-detect-labels", weight = 10 }
    }
  }

  expect_failures = [var.alias]
}

run "alias_of_the_release_is_made" {
  command = apply

  variables {
    alias = { name = "stable", weights_owner = "release" }
  }

  assert {
    condition     = length(aws_sfn_alias.terraform) == 0 && output.alias_arn == aws_sfn_alias.release[0].arn
    error_message = "There must be one alias, which the release moves."
  }

  assert {
    condition = (
      aws_sfn_alias.release[0].name == "stable" &&
      aws_sfn_alias.release[0].routing_configuration[*].weight == tolist([100]) &&
      aws_sfn_alias.release[0].routing_configuration[*].state_machine_version_arn == tolist(["arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:1"])
    )
    error_message = "The alias must begin with all of it on the version that there is."
  }
}

run "alias_of_the_release_stays_where_it_is" {
  command = plan

  variables {
    alias = { name = "stable", weights_owner = "release" }
  }

  override_resource {
    target          = aws_sfn_state_machine.this
    override_during = plan
    values = {
      arn                       = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels"
      state_machine_version_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:2"
    }
  }

  plan_options {
    replace = [aws_sfn_state_machine.this] # An override holds for what is made only.
  }

  assert {
    condition = (
      output.version_arn == "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:2" &&
      aws_sfn_alias.release[0].routing_configuration[*].state_machine_version_arn == tolist(["arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-labels:1"])
    )
    error_message = "Terraform must not move an alias whose weights the release owns."
  }
}

run "alias_begins_anew_with_a_machine_of_another_name" {
  command = plan

  variables {
    name  = "detect-faces"
    alias = { name = "stable", weights_owner = "release" }
  }

  override_resource {
    target          = aws_sfn_state_machine.this
    override_during = plan
    values = {
      arn                       = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-faces"
      state_machine_version_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-faces:1"
    }
  }

  plan_options {
    replace = [aws_sfn_state_machine.this] # An override holds for what is made only.
  }

  assert {
    condition     = aws_sfn_alias.release[0].routing_configuration[*].state_machine_version_arn == tolist(["arn:aws:states:us-east-1:123456789012:stateMachine:test-detect-faces:1"])
    error_message = "The alias of a machine that is gone must be made again, on the first version of the new one."
  }
}

run "refuses_what_step_functions_does_not_take" {
  command = plan

  variables {
    prefix             = "test-"
    name               = "Detect"
    definition         = "{\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Task\",\"Resource\":\"$${inspect_file_function_arn}\"}}}"
    log_retention_days = 31
    alarm_thresholds   = { failed = 0 }
    alias              = { weights_owner = "nobody" }
    kms_key_arn        = "11111111-2222-3333-4444-555555555555"
    log_level          = "OFF"
    statements         = [{ actions = ["states:StartExecution", "*"], resources = ["*"] }]
  }

  expect_failures = [
    var.prefix, var.name, var.definition, var.log_retention_days, var.alarm_thresholds, var.alias, var.kms_key_arn,
    var.log_level, var.statements,
  ]
}

run "refuses_a_definition_without_start" {
  command = plan

  variables {
    definition = "{\"States\":{\"Done\":{\"Type\":\"Succeed\"}}}"
    alias      = { name = "LIVE", weights_owner = "release" }
    statements = [{ actions = [], resources = ["*"] }]
  }

  expect_failures = [var.definition, var.alias, var.statements]
}

run "refuses_a_definition_that_is_too_long" {
  command = plan

  variables {
    # 1,048,577 characters: one more than Step Functions takes.
    definition = format("{\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Succeed\"}},\"Comment\":\"%01048509d\"}", 0)
  }

  expect_failures = [var.definition]
}

run "takes_the_longest_definition_and_names" {
  command = plan

  variables {
    prefix     = "a-prefix-of-24-character"
    name       = "a-machine-name-of-32-characters1"
    definition = format("{\"StartAt\":\"Done\",\"States\":{\"Done\":{\"Type\":\"Succeed\"}},\"Comment\":\"%01048508d\"}", 0)
  }

  assert {
    condition     = length(aws_sfn_state_machine.this.definition) == 1048576 && length(aws_iam_role.this.name) == 64
    error_message = "The longest definition must be taken, and the longest names must fit a role's 64 characters."
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
