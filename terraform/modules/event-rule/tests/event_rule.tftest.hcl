mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix                = "test"
  name                  = "uploads"
  description           = "Objects that arrive in the source bucket."
  event_pattern         = "{\"source\":[\"aws.s3\"],\"detail-type\":[\"Object Created\"]}"
  target_arn            = "arn:aws:sqs:us-east-1:123456789012:test-ingest"
  dead_letter_queue_arn = "arn:aws:sqs:us-east-1:123456789012:test-ingest-dead-letters"
  alarm_topic_arns      = ["arn:aws:sns:us-east-1:123456789012:test-alarms"]
}

run "defaults" {
  command = plan

  assert {
    condition = (
      aws_cloudwatch_event_rule.this.name == "test-uploads" &&
      aws_cloudwatch_event_rule.this.description == "Objects that arrive in the source bucket." &&
      aws_cloudwatch_event_rule.this.event_bus_name == "default" &&
      aws_cloudwatch_event_rule.this.state == "ENABLED" &&
      jsondecode(aws_cloudwatch_event_rule.this.event_pattern) == { source = ["aws.s3"], detail-type = ["Object Created"] }
    )
    error_message = "The rule must wait on the default bus for what the pattern says."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.this.rule == "test-uploads" &&
      aws_cloudwatch_event_target.this.event_bus_name == "default" &&
      aws_cloudwatch_event_target.this.arn == var.target_arn &&
      aws_cloudwatch_event_target.this.target_id == "uploads"
    )
    error_message = "The events of the rule must go to the target."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.this.dead_letter_config[0].arn == var.dead_letter_queue_arn &&
      aws_cloudwatch_event_target.this.retry_policy[0].maximum_event_age_in_seconds == 86400 &&
      aws_cloudwatch_event_target.this.retry_policy[0].maximum_retry_attempts == 185
    )
    error_message = "Delivery must be tried for a day, and then the event must be kept."
  }

  assert {
    condition     = toset(output.alarm_names) == toset(["test-uploads-events-lost", "test-uploads-events-undelivered"])
    error_message = "There must be alarms on undelivered and on lost events."
  }

  assert {
    condition = {
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      key => [alarm.namespace, alarm.metric_name, alarm.statistic, alarm.comparison_operator, alarm.treat_missing_data]
      } == {
      lost        = ["AWS/Events", "InvocationsFailedToBeSentToDlq", "Sum", "GreaterThanOrEqualToThreshold", "notBreaching"]
      undelivered = ["AWS/Events", "FailedInvocations", "Sum", "GreaterThanOrEqualToThreshold", "notBreaching"]
    }
    error_message = "Every alarm must watch its metric."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this :
      alarm.threshold == 1 && alarm.dimensions == tomap({ RuleName = "test-uploads" }) &&
      alarm.alarm_actions == toset(var.alarm_topic_arns) && alarm.ok_actions == toset(var.alarm_topic_arns) &&
      endswith(alarm.alarm_description, "See docs/operations.md#events-undelivered")
    ])
    error_message = "Every alarm must go off at the first event of this rule, tell the topics when it begins and ends, and say where to read on."
  }

  assert {
    condition     = output.name == "test-uploads"
    error_message = "The name must be that of the rule."
  }
}

run "options" {
  command = plan

  variables {
    event_bus_name = "test-videos"
    is_enabled     = false
    retry          = { maximum_age_seconds = 3600, maximum_attempts = 10 }
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this.event_bus_name == "test-videos" && aws_cloudwatch_event_target.this.event_bus_name == "test-videos"
    error_message = "Rule and target must be on the bus that was named."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.dimensions == tomap({ EventBusName = "test-videos", RuleName = "test-uploads" })])
    error_message = "EventBridge reports the rules of other buses by bus and rule."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this.state == "DISABLED"
    error_message = "The rule must be switched off."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.this.retry_policy[0].maximum_event_age_in_seconds == 3600 &&
      aws_cloudwatch_event_target.this.retry_policy[0].maximum_retry_attempts == 10
    )
    error_message = "How long and how often is the caller's."
  }
}

run "outputs_name_the_rule" {
  command = apply

  assert {
    condition     = output.arn == aws_cloudwatch_event_rule.this.arn
    error_message = "The ARN must be that of the rule."
  }
}

run "refuses_what_eventbridge_does_not_take" {
  command = plan

  variables {
    prefix                = "test_1"
    name                  = ""
    description           = ""
    event_pattern         = "{}"
    target_arn            = "arn:aws:states:us-east-1:123456789012:stateMachine:test-process-video"
    dead_letter_queue_arn = "arn:aws:sns:us-east-1:123456789012:test-alarms"
    event_bus_name        = "arn:aws:events:us-east-1:123456789012:event-bus/test-videos"
    retry                 = { maximum_age_seconds = 59 }
  }

  expect_failures = [
    var.prefix, var.name, var.description, var.event_pattern, var.target_arn, var.dead_letter_queue_arn, var.event_bus_name,
    var.retry,
  ]
}

run "refuses_an_unfilled_pattern" {
  command = plan

  variables {
    description   = format("%0513d", 0)
    event_pattern = "{\"detail\":{\"bucket\":{\"name\":[\"$${source_bucket_name}\"]}}}"
    retry         = { maximum_attempts = 186 }
  }

  expect_failures = [var.description, var.event_pattern, var.retry]
}

run "refuses_a_pattern_that_is_no_object" {
  command = plan

  variables {
    event_pattern = "[\"aws.s3\"]"
    retry         = { maximum_age_seconds = 86401 }
  }

  expect_failures = [var.event_pattern, var.retry]
}

run "refuses_a_pattern_that_is_too_long" {
  command = plan

  variables {
    event_pattern = format("{\"source\":[\"%02034d\"]}", 0) # 2049 characters
    retry         = { maximum_attempts = -1 }
  }

  expect_failures = [var.event_pattern, var.retry]
}

run "takes_the_longest_pattern" {
  command = plan

  variables {
    event_pattern = format("{\"source\":[\"%02033d\"]}", 0)
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.this.event_pattern) == 2048
    error_message = "A pattern of 2048 characters must be taken."
  }
}
