data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  bucket     = "${var.prefix}-${var.name}-${local.account_id}"

  # Put together from the name, so that a plan shows the policy of a bucket that is not there yet.
  bucket_arn = "arn:${local.partition}:s3:::${local.bucket}"

  tls_statement = {
    Sid       = "TlsOnly"
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }

  # The delivery statements are those that AWS would otherwise add by itself when a delivery to the bucket is made.
  # They name no region: CloudFront's logs come from the region of its control plane, wherever the bucket is.
  log_statements = [
    {
      Sid       = "S3AccessLogs"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.bucket_arn}/*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:s3:::*" }
      }
    },
    {
      Sid       = "AWSLogDeliveryAclCheck"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = "s3:GetBucketAcl"
      Resource  = local.bucket_arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:logs:*:${local.account_id}:delivery-source:*" }
      }
    },
    {
      Sid       = "AWSLogDeliveryWrite"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.bucket_arn}/AWSLogs/${local.account_id}/*"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account_id
          "s3:x-amz-acl"      = "bucket-owner-full-control"
        }
        ArnLike = { "aws:SourceArn" = "arn:${local.partition}:logs:*:${local.account_id}:delivery-source:*" }
      }
    },
  ]

  policy_statements = [
    for name, statement in var.policy_statements : merge(
      {
        Sid       = join("", [for word in split("-", name) : title(word)])
        Effect    = statement.effect
        Principal = statement.principals
        Action    = statement.actions
        Resource  = [for path in statement.paths : "${local.bucket_arn}${path}"]
      },
      # No empty Condition: S3 would store the statement without it, and every plan would show a change.
      { for element, conditions in { Condition = statement.conditions } : element => conditions if length(conditions) > 0 },
    )
  ]
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:The platform runs in one region; versioning guards against overwriting and deletion, and a copy elsewhere is a decision of who pays for it.
  bucket        = local.bucket
  force_destroy = !var.is_protected
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  count  = var.is_versioned ? 1 : 0
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [local.tls_statement],
      [for statement in local.log_statements : statement if var.is_log_target],
      local.policy_statements,
    )
  })

  # S3 refuses to change the policy and the block of one bucket at the same time, and the block has to judge the policy.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "housekeeping"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    # What remains of an object whose versions are all gone.
    dynamic "expiration" {
      for_each = var.is_versioned ? [true] : []

      content {
        expired_object_delete_marker = true
      }
    }
  }

  dynamic "rule" {
    for_each = var.lifecycle_rules

    content {
      id     = rule.key
      status = "Enabled"

      # S3 takes exactly one of prefix, tag and "and"; an empty filter is every object.
      filter {
        prefix = rule.value.tag == null ? rule.value.prefix : null

        dynamic "tag" {
          for_each = rule.value.tag != null && rule.value.prefix == null ? [rule.value.tag] : []

          content {
            key   = tag.value.key
            value = tag.value.value
          }
        }

        dynamic "and" {
          for_each = rule.value.tag != null && rule.value.prefix != null ? [rule.value] : []

          content {
            prefix = and.value.prefix
            tags   = { (and.value.tag.key) = and.value.tag.value }
          }
        }
      }

      dynamic "expiration" {
        for_each = rule.value.expiration_days == null ? [] : [rule.value.expiration_days]

        content {
          days = expiration.value
        }
      }

      dynamic "noncurrent_version_expiration" {
        for_each = rule.value.noncurrent_expiration_days == null ? [] : [rule.value.noncurrent_expiration_days]

        content {
          noncurrent_days = noncurrent_version_expiration.value
        }
      }

      dynamic "transition" {
        for_each = rule.value.transition == null ? [] : [rule.value.transition]

        content {
          days          = transition.value.days
          storage_class = transition.value.storage_class
        }
      }
    }
  }

  # Rules on noncurrent versions need a versioned bucket.
  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_notification" "this" {
  count       = var.is_event_source ? 1 : 0
  bucket      = aws_s3_bucket.this.id
  eventbridge = true
}

resource "aws_s3_bucket_logging" "this" {
  count         = var.access_logs == null ? 0 : 1
  bucket        = aws_s3_bucket.this.id
  target_bucket = var.access_logs.bucket
  target_prefix = var.access_logs.prefix
}

# Destroying or replacing the bucket would destroy or replace this as well, which is refused at plan.
resource "terraform_data" "protection" {
  count            = var.is_protected ? 1 : 0
  triggers_replace = aws_s3_bucket.this.id

  lifecycle {
    prevent_destroy = true
  }
}
