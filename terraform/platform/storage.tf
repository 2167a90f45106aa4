# What is kept: one customer key, three buckets, two tables.

module "key" {
  source = "../modules/key"

  prefix               = local.prefix
  name                 = "data"
  description          = "Encrypts the videos, tables, queues, topics and logs of ${local.prefix}"
  is_protected         = var.settings.is_protected
  deletion_window_days = var.settings.key_deletion_window_days

  # AWS services that use the key themselves. Roles are allowed by IAM (permissions.tf).
  services = merge(
    {
      "cloudwatch-logs" = {
        principal = "logs.${local.region}.amazonaws.com"
        actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"]
        conditions = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = ["arn:${local.partition}:logs:${local.region}:${local.account}:log-group:*${local.prefix}-*"] }
        }
      }
      # EventBridge does not send aws:SourceAccount when it sends to an encrypted queue.
      "eventbridge" = {
        principal  = "events.amazonaws.com"
        actions    = ["kms:GenerateDataKey", "kms:Decrypt"]
        conditions = { ArnLike = { "kms:EncryptionContext:aws:sqs:arn" = ["arn:${local.partition}:sqs:${local.region}:${local.account}:${local.prefix}-*"] } }
      }
      "cloudwatch-alarms" = {
        principal  = "cloudwatch.amazonaws.com"
        actions    = ["kms:GenerateDataKey", "kms:Decrypt"]
        conditions = { StringEquals = { "aws:SourceAccount" = [local.account] } }
      }
      "budgets" = {
        principal  = "budgets.amazonaws.com"
        actions    = ["kms:GenerateDataKey", "kms:Decrypt"]
        conditions = { StringEquals = { "aws:SourceAccount" = [local.account] } }
      }
    },
    length(var.signing_public_keys) == 0 ? {} : module.delivery[0].key_services,
  )
}

module "source_bucket" {
  source = "../modules/bucket"

  prefix          = local.prefix
  name            = "source"
  is_protected    = var.settings.is_protected
  is_event_source = true
  kms_key_arn     = module.key.arn
  access_logs     = { bucket = module.access_logs_bucket.name, prefix = "source/" }

  lifecycle_rules = {
    # publish-video tags the source of a published video (state ArchiveSource).
    "archive-published" = {
      tag        = { key = "videoflow-archive", value = "published" }
      transition = { days = var.settings.archive_after_days, storage_class = "GLACIER_IR" }
    }
    "expire-old-versions" = {
      noncurrent_expiration_days = var.settings.noncurrent_retention_days
    }
  }

  policy_statements = {
    # sanitize-file tags what it rejects (state TagRejected). Only the pipeline's own roles read it again: a forced run.
    "deny-reading-rejected" = {
      effect     = "Deny"
      principals = { AWS = ["*"] }
      actions    = ["s3:GetObject", "s3:GetObjectVersion"]
      paths      = ["/*"]
      conditions = {
        Null       = { "s3:ExistingObjectTag/videoflow-verdict" = ["false"] }
        ArnNotLike = { "aws:PrincipalArn" = ["arn:${local.partition}:iam::${local.account}:role/${local.prefix}-*"] }
      }
    }
  }
}

module "output_bucket" {
  source = "../modules/bucket"

  prefix       = local.prefix
  name         = "output"
  is_protected = var.settings.is_protected
  kms_key_arn  = module.key.arn
  access_logs  = { bucket = module.access_logs_bucket.name, prefix = "output/" }

  lifecycle_rules = {
    "expire-work" = {
      prefix          = "work/"
      expiration_days = var.settings.work_retention_days
    }
    "expire-old-versions" = {
      noncurrent_expiration_days = var.settings.noncurrent_retention_days
    }
  }

  policy_statements = length(var.signing_public_keys) == 0 ? {} : module.delivery[0].bucket_policy_statements
}

# S3 writes its access logs only where it can encrypt by itself: no customer key.
module "access_logs_bucket" {
  source = "../modules/bucket"

  prefix        = local.prefix
  name          = "access-logs"
  is_protected  = var.settings.is_protected
  is_versioned  = false
  is_log_target = true

  lifecycle_rules = {
    "expire" = {
      expiration_days = var.settings.access_log_retention_days
    }
  }
}

module "jobs_table" {
  source = "../modules/table"

  prefix       = local.prefix
  name         = "jobs"
  is_protected = var.settings.is_protected
  hash_key     = "JobId"
  attributes   = { JobId = "S", JobStatus = "S", UpdatedAt = "S" }
  indexes      = { JobStatusUpdatedAt = { hash_key = "JobStatus", range_key = "UpdatedAt" } }
  # Of requests with an Idempotency-Key, which lie beside the jobs.
  expiry_attribute = "ExpiresAt"
  kms_key_arn      = module.key.arn
  recovery_days    = var.settings.recovery_days
  alarm_topic_arns = local.alarm_topic_arns
}

module "claims_table" {
  source = "../modules/table"

  prefix           = local.prefix
  name             = "claims"
  is_protected     = var.settings.is_protected
  hash_key         = "ClaimId"
  attributes       = { ClaimId = "S", ClaimStatus = "S", UpdatedAt = "S" }
  indexes          = { ClaimStatusUpdatedAt = { hash_key = "ClaimStatus", range_key = "UpdatedAt" } }
  kms_key_arn      = module.key.arn
  recovery_days    = var.settings.recovery_days
  alarm_topic_arns = local.alarm_topic_arns
}
