mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix            = "videoflow-test"
  name              = "monthly"
  monthly_limit_usd = 200
  email_addresses   = ["finance@example.com"]
  topic_arns        = ["arn:aws:sns:eu-west-1:123456789012:videoflow-test-alarms"]
  tag_filter        = { key = "Project", value = "videoflow-test" }
}

run "defaults" {
  command = plan

  assert {
    condition     = output.name == "videoflow-test-monthly"
    error_message = "The budget is <prefix>-<name>."
  }

  assert {
    condition     = [aws_budgets_budget.this.budget_type, aws_budgets_budget.this.time_unit, aws_budgets_budget.this.limit_amount, aws_budgets_budget.this.limit_unit] == ["COST", "MONTHLY", "200", "USD"]
    error_message = "The limit is 200 US dollars of cost a month."
  }

  assert {
    condition     = [for filter in aws_budgets_budget.this.cost_filter : [filter.name, filter.values]] == [["TagKeyValue", tolist(["user:Project$videoflow-test"])]]
    error_message = "Only what has the tag counts: user:<key>$<value>."
  }

  assert {
    condition = toset([for notification in aws_budgets_budget.this.notification : "${notification.notification_type} ${notification.threshold} ${notification.threshold_type} ${notification.comparison_operator}"]) == toset([
      "ACTUAL 80 PERCENTAGE GREATER_THAN",
      "ACTUAL 100 PERCENTAGE GREATER_THAN",
      "FORECASTED 100 PERCENTAGE GREATER_THAN",
    ])
    error_message = "Notifications at 80 % and 100 % spent, and when the forecast is above 100 %."
  }

  assert {
    condition     = alltrue([for notification in aws_budgets_budget.this.notification : notification.subscriber_email_addresses == toset(var.email_addresses) && notification.subscriber_sns_topic_arns == toset(var.topic_arns)])
    error_message = "Everyone is told of everything."
  }
}

run "by_email_only" {
  command = plan

  variables {
    topic_arns = []
  }

  assert {
    condition     = alltrue([for notification in aws_budgets_budget.this.notification : length(notification.subscriber_sns_topic_arns) == 0 && length(notification.subscriber_email_addresses) == 1])
    error_message = "Without a topic the addresses are told."
  }
}

run "by_topic_only" {
  command = plan

  variables {
    email_addresses = []
  }

  assert {
    condition     = alltrue([for notification in aws_budgets_budget.this.notification : length(notification.subscriber_sns_topic_arns) == 1 && length(notification.subscriber_email_addresses) == 0])
    error_message = "Without addresses the topic is told."
  }
}

run "refuses_nobody_to_tell" {
  command = plan

  variables {
    email_addresses = []
    topic_arns      = []
  }

  expect_failures = [var.topic_arns]
}

run "refuses_wrong_values" {
  command = plan

  variables {
    prefix            = "videoflow_test"
    name              = "Monthly"
    monthly_limit_usd = 0
    email_addresses   = [for index in range(11) : "person-${index}@example.com"]
    tag_filter        = { key = "user:Project", value = "videoflow-test" }
  }

  expect_failures = [var.prefix, var.name, var.monthly_limit_usd, var.email_addresses, var.tag_filter]
}

run "refuses_what_is_no_address_and_no_tag" {
  command = plan

  variables {
    email_addresses = ["finance"]
    tag_filter      = { key = "Project", value = "a$b" }
  }

  expect_failures = [var.email_addresses, var.tag_filter]
}

run "refuses_two_topics" {
  command = plan

  variables {
    topic_arns = ["arn:aws:sns:eu-west-1:123456789012:one", "arn:aws:sns:eu-west-1:123456789012:two"]
  }

  expect_failures = [var.topic_arns]
}
