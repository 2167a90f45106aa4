data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  full_name = "${var.prefix}-${var.name}"

  service_statements = [
    for name, service in var.services : merge(
      {
        Sid       = join("", [for word in split("-", name) : title(word)])
        Effect    = "Allow"
        Principal = { Service = service.principal }
        Action    = service.actions
        Resource  = "*" # in a key policy: this key
      },
      # No empty Condition: KMS would store the statement without it, and every plan would show a change.
      { for element, conditions in { Condition = service.conditions } : element => conditions if length(conditions) > 0 },
    )
  ]
}

resource "aws_kms_key" "this" {
  #checkov:skip=CKV2_AWS_64:The policy is aws_kms_key_policy.this, apart from the key because its statements name things that are encrypted with the key.
  description             = var.description
  deletion_window_in_days = var.deletion_window_days
  enable_key_rotation     = true
}

resource "aws_kms_alias" "this" {
  name          = "alias/${local.full_name}"
  target_key_id = aws_kms_key.this.key_id
}

resource "aws_kms_key_policy" "this" {
  key_id = aws_kms_key.this.key_id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # The account's own statement keeps the key from locking its owner out, and lets IAM policies grant its use.
          Sid       = "AccountByIam"
          Effect    = "Allow"
          Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
          Action    = "kms:*"
          Resource  = "*" # in a key policy: this key
        },
      ],
      local.service_statements,
    )
  })
  bypass_policy_lockout_safety_check = false
}

# Destroying or replacing the key would destroy or replace this as well, which is refused at plan.
resource "terraform_data" "protection" {
  count            = var.is_protected ? 1 : 0
  triggers_replace = aws_kms_key.this.key_id

  lifecycle {
    prevent_destroy = true
  }
}
