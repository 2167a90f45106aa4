mock_provider "aws" {
  source = "../mocks"
}

variables {
  account_id = "123456789012"
  region     = "eu-central-1"
  repository = "my-company@123456/videoflow@456789"
}

run "workflows" {
  command = plan

  assert {
    condition = (
      length(aws_iam_openid_connect_provider.github) == 1 &&
      aws_iam_openid_connect_provider.github[0].url == "https://token.actions.githubusercontent.com"
    )
    error_message = "Workflows must be trusted by GitHub's tokens."
  }

  assert {
    condition     = toset(keys(aws_iam_role.apply)) == toset(["dev", "staging", "prod"])
    error_message = "Each environment must have a role of its own."
  }

  assert {
    condition = alltrue([for name, role in aws_iam_role.apply :
      role.name == "videoflow-apply-${name}" && !startswith(role.name, "videoflow-${name}-")
    ])
    error_message = "No apply role may have a name that it can change itself."
  }
}

run "trust" {
  command = plan

  variables {
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    environments      = ["prod"]
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "An account has only one identity provider for GitHub."
  }

  assert {
    condition = jsondecode(aws_iam_role.plan.assume_role_policy).Statement[0].Condition == {
      StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = "repo:my-company@123456/videoflow@456789:ref:refs/heads/main"
      }
    }
    error_message = "Only the branch's workflows may plan."
  }

  assert {
    condition = jsondecode(aws_iam_role.apply["prod"].assume_role_policy).Statement[0].Condition == {
      StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = "repo:my-company@123456/videoflow@456789:environment:prod"
      }
    }
    error_message = "Only jobs of the GitHub environment may apply."
  }
}

run "rights" {
  command = apply

  variables {
    environments = ["prod"]
    is_protected = false
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_policy.apply["videoflow-prod-apply-roles"].policy).Statement :
      statement.Condition.StringEquals["iam:PermissionsBoundary"] == aws_iam_policy.boundary.arn
      if contains(flatten([statement.Action]), "iam:PutRolePolicy")
    ])
    error_message = "Roles may be given rights only within the boundary."
  }

  assert {
    condition = alltrue(flatten([for statement in jsondecode(aws_iam_policy.apply["videoflow-prod-apply-names"].policy).Statement :
      [for resource in flatten([statement.Resource]) : strcontains(resource, "videoflow-prod") || strcontains(resource, "/videoflow/prod.tfstate") || resource == module.states.arn]
    ]))
    error_message = "A release of one environment may touch no other's resources."
  }

  assert {
    condition = alltrue([for action in flatten([for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Action]) :
      !startswith(action, "iam:") || action == "iam:PassRole"
    ])
    error_message = "Within the boundary there must be no way to rights."
  }

  assert {
    condition = alltrue([for action in flatten([for statement in jsondecode(aws_iam_role_policy.plan.policy).Statement : statement.Action if !anytrue([for resource in flatten([statement.Resource]) : strcontains(resource, ".tfstate")]) && try(statement.Condition.StringEquals["kms:ViaService"], "") != "lambda.eu-central-1.amazonaws.com"]) :
      !contains(["s3:GetObject", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "sqs:ReceiveMessage", "kms:Decrypt"], action)
    ])
    error_message = "A plan reads settings, not what the platform keeps."
  }

  assert {
    condition = jsondecode(output.deployments["prod"]) == {
      apply_role_arn           = aws_iam_role.apply["prod"].arn
      permissions_boundary_arn = aws_iam_policy.boundary.arn
      plan_role_arn            = aws_iam_role.plan.arn
      region                   = "eu-central-1"
      state_bucket             = module.states.name
    }
    error_message = "The workflows must be told where an environment is and as whom they deploy it."
  }

  assert {
    condition = alltrue([for name, policy in aws_iam_policy.apply :
      length(policy.policy) <= 6144
    ])
    error_message = "A managed policy has at most 6,144 characters."
  }
}

run "older_repository" {
  command = plan

  variables {
    environments = ["prod"]
    repository   = "my-company/videoflow"
  }

  assert {
    condition     = strcontains(aws_iam_role.apply["prod"].assume_role_policy, "\"repo:my-company/videoflow:environment:prod\"")
    error_message = "The tokens of an older repository have no ids."
  }
}

run "refuses_half_of_the_ids" {
  command = plan

  variables {
    repository = "my-company/videoflow@456789"
  }

  expect_failures = [var.repository]
}
