mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix          = "videoflow-test"
  email_addresses = ["oncall@example.com", "lead@example.com"]
  groups = {
    functions = ["videoflow-test-inspect-file-errors", "videoflow-test-inspect-file-throttles"]
    queues    = ["videoflow-test-ingest-dead-letters"]
  }
}

# Its ARN is part of the policy, and known only after an apply otherwise.
override_resource {
  target          = aws_sns_topic.this
  override_during = plan
  values          = { arn = "arn:aws:sns:eu-west-1:123456789012:videoflow-test-alarms" }
}

run "defaults" {
  command = plan

  assert {
    condition     = aws_sns_topic.this.name == "videoflow-test-alarms" && aws_sns_topic.this.kms_master_key_id == null
    error_message = "The topic is <prefix>-alarms, without a customer key."
  }

  assert {
    condition     = { for id, subscription in aws_sns_topic_subscription.email : id => [subscription.protocol, subscription.endpoint] } == { for address in var.email_addresses : address => ["email", address] }
    error_message = "Each address has one e-mail subscription."
  }

  assert {
    condition = [for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : [statement.Sid, statement.Effect, try(statement.Principal.Service, statement.Principal), statement.Action]] == [
      ["Budgets", "Allow", "budgets.amazonaws.com", "sns:Publish"],
      ["CloudWatchAlarms", "Allow", "cloudwatch.amazonaws.com", "sns:Publish"],
      ["TlsOnly", "Deny", "*", "sns:Publish"],
    ]
    error_message = "Alarms and budgets may publish, EventBridge may not, and nobody without TLS."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.this.policy).Statement[2].Condition == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "What is refused is what comes without TLS."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : statement.Condition.StringEquals["aws:SourceAccount"] == data.aws_caller_identity.current.account_id if statement.Effect == "Allow"
    ])
    error_message = "Only alarms and budgets of this account may publish."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.this.policy).Statement[1].Condition.ArnLike["aws:SourceArn"] == "arn:aws:cloudwatch:eu-west-1:${data.aws_caller_identity.current.account_id}:alarm:*"
    error_message = "CloudWatch publishes for alarms of this region."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_sns_topic_policy.this.policy).Statement : statement.Resource == output.topic_arn])
    error_message = "Every statement is about this topic."
  }

  assert {
    condition     = aws_cloudwatch_composite_alarm.group["functions"].alarm_rule == "ALARM(\"videoflow-test-inspect-file-errors\") OR ALARM(\"videoflow-test-inspect-file-throttles\")"
    error_message = "A group is unhealthy when one of its alarms is on."
  }

  assert {
    condition     = aws_cloudwatch_composite_alarm.unhealthy.alarm_rule == "ALARM(\"videoflow-test-functions-unhealthy\") OR ALARM(\"videoflow-test-queues-unhealthy\")"
    error_message = "The whole is unhealthy when one of the groups is."
  }

  assert {
    condition     = output.unhealthy_alarm_name == "videoflow-test-unhealthy" && output.composite_alarm_names == { functions = "videoflow-test-functions-unhealthy", queues = "videoflow-test-queues-unhealthy" }
    error_message = "Composite alarms are called <prefix>-<group>-unhealthy and <prefix>-unhealthy."
  }

  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_composite_alarm.group), [aws_cloudwatch_composite_alarm.unhealthy]) : length(alarm.alarm_actions) + length(alarm.ok_actions) == 0])
    error_message = "Composite alarms tell nobody unless asked to."
  }
}

run "customer_key_pager_and_events" {
  command = plan

  variables {
    kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    alarm_topic_arns = ["arn:aws:sns:eu-west-1:123456789012:pager"]
    is_event_target  = true
  }

  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == var.kms_key_arn
    error_message = "The topic is encrypted with the customer key."
  }

  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_composite_alarm.group), [aws_cloudwatch_composite_alarm.unhealthy]) : alarm.alarm_actions == toset(var.alarm_topic_arns) && alarm.ok_actions == toset(var.alarm_topic_arns)])
    error_message = "The pager hears of groups and of the whole, when it begins and when it ends."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.this.policy).Statement[2] == { Sid = "EventBridge", Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = "sns:Publish", Resource = aws_sns_topic.this.arn }
    error_message = "EventBridge may publish, by a statement without condition: with one it could not."
  }
}

run "nobody_by_email" {
  command = plan

  variables {
    email_addresses = []
  }

  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0
    error_message = "Without addresses there are no subscriptions."
  }
}

run "largest_group" {
  command = plan

  variables {
    groups = { functions = [for index in range(100) : format("%s-%03d", join("", [for letter in range(85) : "a"]), index)] }
  }

  assert {
    condition     = length(aws_cloudwatch_composite_alarm.group["functions"].alarm_rule) == 10196
    error_message = "100 alarms with names of 89 characters fit."
  }
}

run "refuses_a_rule_that_is_too_long" {
  command = plan

  variables {
    groups = { functions = [for index in range(100) : format("%s-%03d", join("", [for letter in range(86) : "a"]), index)] }
  }

  expect_failures = [var.groups]
}

run "refuses_a_group_of_101_alarms" {
  command = plan

  variables {
    groups = { functions = [for index in range(101) : "alarm-${index}"] }
  }

  expect_failures = [var.groups]
}

run "refuses_an_empty_group_and_wrong_names" {
  command = plan

  variables {
    prefix          = "VideoFlow"
    email_addresses = ["oncall"]
    groups          = { functions = [] }
  }

  expect_failures = [var.prefix, var.email_addresses, var.groups]
}

run "refuses_no_group" {
  command = plan

  variables {
    groups = {}
  }

  expect_failures = [var.groups]
}

run "refuses_a_group_name_with_spaces" {
  command = plan

  variables {
    groups = { "state machines" = ["videoflow-test-process-video-failed"] }
  }

  expect_failures = [var.groups]
}
