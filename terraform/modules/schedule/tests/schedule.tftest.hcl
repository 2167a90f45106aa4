mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix           = "test"
  name             = "nightly"
  description      = "Looks for videos that were never processed."
  expression       = "cron(0 3 * * ? *)"
  input            = "{\"trigger\":\"schedule\"}"
  target_arn       = "arn:aws:states:us-east-1:123456789012:stateMachine:test-reconcile-library:live"
  alarm_topic_arns = ["arn:aws:sns:us-east-1:123456789012:test-alarms"]
}

run "defaults" {
  command = plan

  assert {
    condition = (
      aws_scheduler_schedule.this.name == "test-nightly" &&
      aws_scheduler_schedule.this.group_name == "test-nightly" &&
      aws_scheduler_schedule.this.description == "Looks for videos that were never processed." &&
      aws_scheduler_schedule.this.schedule_expression == "cron(0 3 * * ? *)" &&
      aws_scheduler_schedule.this.schedule_expression_timezone == "UTC" &&
      aws_scheduler_schedule.this.flexible_time_window[0].mode == "OFF" &&
      aws_scheduler_schedule.this.state == "ENABLED"
    )
    error_message = "The schedule must run when it was asked to, in UTC, in a group of its own."
  }

  assert {
    condition = (
      aws_scheduler_schedule.this.target[0].arn == var.target_arn &&
      aws_scheduler_schedule.this.target[0].input == var.input &&
      aws_scheduler_schedule.this.target[0].retry_policy[0].maximum_event_age_in_seconds == 86400 &&
      aws_scheduler_schedule.this.target[0].retry_policy[0].maximum_retry_attempts == 185
    )
    error_message = "The target must be started with the input, and the start be tried for a day."
  }

  assert {
    condition = (
      aws_sqs_queue.dead_letters.name == "test-nightly-schedule-dead-letters" &&
      aws_sqs_queue.dead_letters.message_retention_seconds == 1209600 &&
      aws_sqs_queue.dead_letters.sqs_managed_sse_enabled &&
      aws_sqs_queue.dead_letters.kms_master_key_id == null
    )
    error_message = "What could not be started must be kept for 14 days, encrypted by SQS."
  }

  assert {
    condition     = toset(output.alarm_names) == toset(["test-nightly-schedule-lost", "test-nightly-schedule-undelivered"])
    error_message = "There must be alarms on starts that could not be made and on starts that are lost."
  }

  assert {
    condition = {
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      key => [alarm.namespace, alarm.metric_name, alarm.statistic, alarm.comparison_operator, alarm.treat_missing_data]
      } == {
      lost        = ["AWS/Scheduler", "InvocationsFailedToBeSentToDeadLetterCount", "Sum", "GreaterThanOrEqualToThreshold", "notBreaching"]
      undelivered = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", "GreaterThanOrEqualToThreshold", "notBreaching"]
    }
    error_message = "Every alarm must watch its metric."
  }

  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.dimensions } == {
      lost        = tomap({ ScheduleGroup = "test-nightly" })
      undelivered = tomap({ QueueName = "test-nightly-schedule-dead-letters" })
    }
    error_message = "Every alarm must watch this schedule."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this :
      alarm.threshold == 1 && alarm.alarm_actions == toset(var.alarm_topic_arns) && alarm.ok_actions == toset(var.alarm_topic_arns) &&
      endswith(alarm.alarm_description, "See docs/operations.md#schedule-undelivered")
    ])
    error_message = "Every alarm must go off at the first start, tell the topics when it begins and ends, and say where to read on."
  }
}

run "options" {
  command = plan

  variables {
    expression  = "rate(6 hours)"
    is_enabled  = false
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    retry       = { maximum_age_seconds = 600, maximum_attempts = 3 }
  }

  # What SQS answers where the module sets nothing.
  override_resource {
    target          = aws_sqs_queue.dead_letters
    override_during = plan
    values          = { sqs_managed_sse_enabled = false }
  }

  assert {
    condition     = aws_scheduler_schedule.this.schedule_expression == "rate(6 hours)" && aws_scheduler_schedule.this.state == "DISABLED"
    error_message = "When it runs and whether it runs must be the caller's."
  }

  assert {
    condition = (
      aws_scheduler_schedule.this.target[0].retry_policy[0].maximum_event_age_in_seconds == 600 &&
      aws_scheduler_schedule.this.target[0].retry_policy[0].maximum_retry_attempts == 3
    )
    error_message = "How long and how often must be the caller's."
  }

  assert {
    condition     = aws_sqs_queue.dead_letters.kms_master_key_id == var.kms_key_arn && !aws_sqs_queue.dead_letters.sqs_managed_sse_enabled
    error_message = "A customer key must encrypt the dead letters, and SQS's own encryption, which it excludes, must not be set."
  }
}

run "made_with_a_role_of_its_own" {
  command = apply

  variables {
    statements = [{
      actions   = ["states:StartExecution"]
      resources = ["arn:aws:states:us-east-1:123456789012:stateMachine:test-reconcile-library"]
    }]
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = "123456789012"
          "aws:SourceArn"     = aws_scheduler_schedule_group.this.arn
        }
      }
    }]
    error_message = "Only Scheduler, for this account and group, may take the role."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      { Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [aws_sqs_queue.dead_letters.arn] },
      {
        Effect   = "Allow"
        Action   = ["states:StartExecution"]
        Resource = ["arn:aws:states:us-east-1:123456789012:stateMachine:test-reconcile-library"]
      },
    ]
    error_message = "The role may send to its dead-letter queue and do what the statements say, and nothing else."
  }

  assert {
    condition = (
      aws_scheduler_schedule.this.target[0].role_arn == aws_iam_role.this.arn &&
      aws_scheduler_schedule.this.target[0].dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn
    )
    error_message = "The schedule must use its own role and its own dead-letter queue."
  }

  assert {
    condition = (
      aws_sqs_queue_policy.this.queue_url == aws_sqs_queue.dead_letters.url &&
      jsondecode(aws_sqs_queue_policy.this.policy).Statement == [{
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.dead_letters.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }]
    )
    error_message = "The dead-letter queue must refuse what does not come by TLS, and let nobody else in."
  }

  assert {
    condition = (
      output.name == "test-nightly" && output.arn == aws_scheduler_schedule.this.arn && output.role_arn == aws_iam_role.this.arn &&
      output.dead_letters_name == "test-nightly-schedule-dead-letters" && output.dead_letters_arn == aws_sqs_queue.dead_letters.arn &&
      output.dead_letters_url == aws_sqs_queue.dead_letters.url
    )
    error_message = "The outputs must be those of the schedule, its role and its dead-letter queue."
  }
}

run "role_may_use_the_customer_key" {
  command = apply

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition = slice(jsondecode(aws_iam_role_policy.this.policy).Statement, 1, 2) == [{
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = [var.kms_key_arn]
    }]
    error_message = "To keep a dead letter, the role must be able to use the key of the queue."
  }
}

run "refuses_what_scheduler_does_not_take" {
  command = plan

  variables {
    prefix      = "-test"
    name        = "a-schedule-name-of-31-character"
    description = ""
    expression  = "rate(1 hours)"
    input       = "trigger=schedule"
    target_arn  = "test-reconcile-library"
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:alias/test"
    retry       = { maximum_age_seconds = 59 }
    statements  = [{ actions = ["states:Start*"], resources = ["*"] }]
  }

  expect_failures = [
    var.prefix, var.name, var.description, var.expression, var.input, var.target_arn, var.kms_key_arn, var.retry, var.statements,
  ]
}

run "refuses_a_cron_of_five_fields" {
  command = plan

  variables {
    expression = "cron(0 3 * * *)"
    retry      = { maximum_attempts = 186 }
    statements = [{ actions = ["states:StartExecution"], resources = [] }]
  }

  expect_failures = [var.expression, var.retry, var.statements]
}

run "refuses_a_single_date" {
  command = plan

  variables {
    expression = "at(2030-01-01T00:00:00)"
  }

  expect_failures = [var.expression]
}

run "takes_the_longest_names" {
  command = plan

  variables {
    prefix     = "a-prefix-of-24-character"
    name       = "a-schedule-name-30-characters1"
    expression = "rate(1 day)"
  }

  assert {
    condition     = length(aws_iam_role.this.name) == 64
    error_message = "The longest names must fit a role's 64 characters."
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
