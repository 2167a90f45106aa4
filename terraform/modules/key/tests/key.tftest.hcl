mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix               = "videoflow-test"
  name                 = "main"
  description          = "Logs of the test"
  deletion_window_days = 30
  is_protected         = false
  services             = {}
}

run "without_services" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key rotates and waits before it is deleted."
  }

  assert {
    condition     = aws_kms_alias.this.name == "alias/videoflow-test-main"
    error_message = "The alias is called <prefix>-<name>."
  }

  assert {
    condition = jsondecode(aws_kms_key_policy.this.policy).Statement == [{
      Sid       = "AccountByIam"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
    error_message = "Without services the policy holds the account's own statement only."
  }

  assert {
    condition     = !aws_kms_key_policy.this.bypass_policy_lockout_safety_check
    error_message = "KMS checks that the policy does not lock its author out."
  }

  assert {
    condition     = length(terraform_data.protection) == 0
    error_message = "An unprotected key can be destroyed."
  }
}

run "protected" {
  command = plan

  variables {
    deletion_window_days = 7
    is_protected         = true
  }

  assert {
    condition     = length(terraform_data.protection) == 1 && aws_kms_key.this.deletion_window_in_days == 7
    error_message = "Destroying a protected key is refused at plan."
  }
}

run "services" {
  command = plan

  variables {
    services = {
      cloudwatch-alarms = {
        principal  = "cloudwatch.amazonaws.com"
        actions    = ["kms:Decrypt", "kms:GenerateDataKey"]
        conditions = { StringEquals = { "aws:SourceAccount" = ["123456789012"] } }
      }
      logs = {
        principal = "logs.eu-west-1.amazonaws.com"
        actions   = ["kms:Encrypt"]
      }
    }
  }

  assert {
    condition     = jsondecode(aws_kms_key_policy.this.policy).Statement[0].Sid == "AccountByIam" && length(jsondecode(aws_kms_key_policy.this.policy).Statement) == 3
    error_message = "The account's own statement stays, and each service has one."
  }

  assert {
    condition = jsondecode(aws_kms_key_policy.this.policy).Statement[1] == {
      Sid       = "CloudwatchAlarms"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = ["123456789012"] } }
    }
    error_message = "A service's statement is as it was given."
  }

  assert {
    condition = jsondecode(aws_kms_key_policy.this.policy).Statement[2] == {
      Sid       = "Logs"
      Effect    = "Allow"
      Principal = { Service = "logs.eu-west-1.amazonaws.com" }
      Action    = ["kms:Encrypt"]
      Resource  = "*"
    }
    error_message = "A statement without conditions has no Condition element."
  }
}

run "ready_arn_is_the_arn" {
  assert {
    condition     = output.ready_arn == output.arn && output.arn != ""
    error_message = "Both outputs name the one key."
  }
}

run "refuses_bad_values" {
  command = plan

  variables {
    prefix               = "videoflow_test"
    name                 = "-main"
    description          = ""
    deletion_window_days = 6
    services             = { "Logs" = { principal = "logs.eu-west-1.amazonaws.com", actions = ["kms:Encrypt"] } }
  }

  expect_failures = [var.prefix, var.name, var.description, var.deletion_window_days, var.services]
}

run "refuses_long_windows_and_roles_as_services" {
  command = plan

  variables {
    prefix               = "videoflow-production-eu-w" # 25 characters
    name                 = "a-name-that-has-33-characters-now"
    deletion_window_days = 31
    services             = { role = { principal = "arn:aws:iam::123456789012:role/reader", actions = ["kms:Decrypt"] } }
  }

  expect_failures = [var.prefix, var.name, var.deletion_window_days, var.services]
}

run "refuses_services_that_administer_the_key" {
  command = plan

  variables {
    services = { logs = { principal = "logs.eu-west-1.amazonaws.com", actions = ["kms:*"] } }
  }

  expect_failures = [var.services]
}

run "refuses_services_without_actions" {
  command = plan

  variables {
    services = { logs = { principal = "logs.eu-west-1.amazonaws.com", actions = [] } }
  }

  expect_failures = [var.services]
}
