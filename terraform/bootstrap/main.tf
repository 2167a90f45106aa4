# Applied once by hand, before the first environment: where the states are kept, and as whom the workflows plan and apply.

data "aws_partition" "current" {}

locals {
  arn      = "arn:${data.aws_partition.current.partition}"
  account  = var.account_id
  issuer   = "token.actions.githubusercontent.com"
  oidc_arn = var.oidc_provider_arn == null ? aws_iam_openid_connect_provider.github[0].arn : var.oidc_provider_arn

  # What all names of an environment begin with.
  prefixes = { for name in var.environments : name => "${var.project}-${name}" }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      Project   = var.project
      ManagedBy = "terraform"
    }
  }
}

module "states" {
  source = "../modules/bucket"

  prefix          = var.project
  name            = "states"
  is_protected    = var.is_protected
  lifecycle_rules = { old-state = { noncurrent_expiration_days = 90 } }
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.oidc_provider_arn == null ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

# Reads what a plan compares. It reads no video, no job and no message.
resource "aws_iam_role" "plan" {
  name        = "${var.project}-plan"
  description = "Workflows of ${var.repository} on ${var.branch} plan as this role."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.oidc_arn }
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "repo:${var.repository}:ref:refs/heads/${var.branch}"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "plan" {
  #checkov:skip=CKV_AWS_355:Descriptions and lists know no resources in most of these services; the role reads settings only.
  name = "plan"
  role = aws_iam_role.plan.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in concat(local.read_settings, local.read_states) : merge(
      { Effect = "Allow", Action = statement.actions, Resource = statement.resources },
      length(statement.conditions) == 0 ? {} : { Condition = statement.conditions },
    )]
  })
}

# One role an environment, taken only by jobs of the GitHub environment of the same name, after its approval.
resource "aws_iam_role" "apply" {
  for_each = local.prefixes

  # Not one of the environment's own names, which it may change.
  name        = "${var.project}-apply-${each.key}"
  description = "Jobs of ${var.repository} in the GitHub environment ${each.key} apply and release as this role."

  # An apply, a smoke test and a canary in one job.
  max_session_duration = 7200

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.oidc_arn }
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "repo:${var.repository}:environment:${each.key}"
        }
      }
    }]
  })
}

# Three managed policies: an inline one would be too long.
resource "aws_iam_policy" "apply" {
  #checkov:skip=CKV_AWS_355:Statements on all resources hold descriptions, lists and what is bound by the environment's tag; everything else is on the environment's own names.
  #checkov:skip=CKV_AWS_290:Statements on all resources hold descriptions, lists and what is bound by the environment's tag; everything else is on the environment's own names.
  #checkov:skip=CKV_AWS_289:Roles can be made and changed only within the boundary, on the environment's own names.
  #checkov:skip=CKV_AWS_287:The role manages these resources: it has to read their settings.
  #checkov:skip=CKV_AWS_288:The role manages the environment's own buckets and tables, and smoke tests read and write them.
  #checkov:skip=CKV_AWS_286:Roles can be made and changed only within the boundary, which allows no IAM.
  for_each = merge([for name, prefix in local.prefixes : {
    for part, statements in local.apply[name] : "${prefix}-apply-${part}" => statements
  }]...)

  name        = each.key
  description = "What a release may do in the environment that the name begins with."

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in each.value : merge(
      { Effect = "Allow", Action = statement.actions, Resource = statement.resources },
      length(statement.conditions) == 0 ? {} : { Condition = statement.conditions },
    )]
  })
}

resource "aws_iam_role_policy_attachment" "apply" {
  for_each = merge([for name, prefix in local.prefixes : {
    for part, _ in local.apply[name] : "${prefix}-apply-${part}" => name
  }]...)

  role       = aws_iam_role.apply[each.value].name
  policy_arn = aws_iam_policy.apply[each.key].arn
}

# The most that a role which a release makes can ever do: the actions that the platform's roles are made of, and no IAM
# but handing MediaConvert its role.
resource "aws_iam_policy" "boundary" {
  #checkov:skip=CKV_AWS_355:A boundary allows nothing by itself: the roles' own policies name the resources.
  #checkov:skip=CKV_AWS_290:A boundary allows nothing by itself: the roles' own policies name the resources.
  #checkov:skip=CKV_AWS_289:A boundary allows nothing by itself: the roles' own policies name the resources.
  #checkov:skip=CKV_AWS_288:A boundary allows nothing by itself: the roles' own policies name the resources.
  #checkov:skip=CKV_AWS_287:A boundary allows nothing by itself: the roles' own policies name the resources.
  #checkov:skip=CKV_AWS_286:A boundary allows nothing by itself: the roles' own policies name the resources.
  name        = "${var.project}-boundary"
  description = "The most that any role of ${var.project} can be allowed."

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = local.runtime_actions, Resource = "*" },
      {
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = [for prefix in values(local.prefixes) : "${local.arn}:iam::${local.account}:role/${prefix}-*"]
        Condition = { StringEquals = { "iam:PassedToService" = "mediaconvert.amazonaws.com" } }
      },
    ]
  })
}
