mock_provider "aws" {
  source = "../mocks"
}

variables {
  environment           = "test"
  alarm_email_addresses = ["on-call@example.com"]
  bedrock_model_id      = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
  cost_tag              = { key = "Platform", value = "videoflow-test" }

  data_automation = {
    project_arn = "arn:aws:bedrock:eu-central-1:111122223333:data-automation-project/abcdef"
    profile_arn = "arn:aws:bedrock:eu-central-1:111122223333:data-automation-profile/eu.data-automation-v1"
  }

  packages = { for name in keys(jsondecode(file("../../functions/functions.json"))) : name => {
    path   = "${name}.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  } }

  settings = {
    is_protected        = false
    alias_weights_owner = "terraform"
    log_retention_days  = 14
    monthly_budget_usd  = 100
  }
}

run "defaults" {
  command = plan

  assert {
    condition     = length(output.state_machine_arns) == 9
    error_message = "The pipeline has nine state machines."
  }

  assert {
    condition     = length(module.task_function) + length(module.event_function) == length(local.functions)
    error_message = "Every function of functions.json is deployed."
  }

  assert {
    condition     = length(module.delivery) == 0 && output.delivery == null
    error_message = "Without a signing key nothing is served."
  }

  assert {
    condition     = aws_cloudwatch_event_bus.domain.name == "videoflow-test-domain"
    error_message = "Names begin with project and environment."
  }

  assert {
    condition     = length(aws_sns_topic_subscription.notices) == 0
    error_message = "Nobody gets notices who has not been named."
  }
}

run "a_model_of_this_region" {
  command = plan

  variables {
    bedrock_model_id = "anthropic.claude-haiku-4-5-20251001-v1:0"
  }

  assert {
    condition     = length(local.model_arns) == 1 && endswith(local.model_arns[0], "::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0")
    error_message = "A model without a group of regions is allowed here only."
  }
}

run "an_inference_profile" {
  command = plan

  assert {
    condition = (
      endswith(local.model_arns[0], ":inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0") &&
      endswith(local.model_arns[1], ":*::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0")
    )
    error_message = "A profile needs itself and its model in every region of its group."
  }
}

run "with_signing_keys_and_notices" {
  command = plan

  variables {
    notice_email_addresses = ["editors@example.com"]
    signing_public_keys = {
      first = <<-PEM
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4GPtlZlkt6rKOc/Y3C3i1qkQjbv7
        E6O2yFhmtA0jX8Po0YdJWHiPzM1RAYjwMNf0MCqQt/Y6oUBK1xp4UWcY1w==
        -----END PUBLIC KEY-----
      PEM
    }
  }

  assert {
    condition     = length(module.delivery) == 1
    error_message = "With a signing key there is a distribution."
  }

  assert {
    condition     = aws_sns_topic_subscription.notices["editors@example.com"].protocol == "email"
    error_message = "Who is named gets notices."
  }
}

run "refuses_what_cannot_be" {
  command = plan

  variables {
    environment           = "Production"
    alarm_email_addresses = ["nobody"]
    bedrock_model_id      = "arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude"
    data_automation       = { project_arn = "videoflow", profile_arn = "eu" }
    project               = "Video Flow"
    packages              = {}
    settings = {
      is_protected             = false
      alias_weights_owner      = "terraform"
      log_retention_days       = 14
      monthly_budget_usd       = 100
      maximum_receive_count    = 1
      notice_window_seconds    = 900
      reconcile_interval_hours = 5
      work_retention_days      = 14
      functions                = { unheard-of = {} }
    }
  }

  expect_failures = [
    var.environment,
    var.alarm_email_addresses,
    var.bedrock_model_id,
    var.data_automation,
    var.project,
    var.packages,
    var.settings,
  ]
}
