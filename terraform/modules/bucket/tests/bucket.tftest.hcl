mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix       = "videoflow-test"
  name         = "source"
  is_protected = false
}

run "defaults" {
  command = plan

  assert {
    condition     = aws_s3_bucket.this.bucket == "videoflow-test-source-${data.aws_caller_identity.current.account_id}"
    error_message = "The bucket is called <prefix>-<name>-<account id>."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Public access is blocked in all four ways."
  }

  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "ACLs are off."
  }

  assert {
    condition = (
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled &&
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    )
    error_message = "Without a customer key the objects are encrypted with SSE-S3."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this[0].versioning_configuration[0].status == "Enabled"
    error_message = "The bucket is versioned."
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy).Statement == [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::${aws_s3_bucket.this.bucket}", "arn:aws:s3:::${aws_s3_bucket.this.bucket}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "The policy refuses what does not come over TLS, and says nothing else."
  }

  assert {
    condition = (
      length(aws_s3_bucket_lifecycle_configuration.this.rule) == 1 &&
      aws_s3_bucket_lifecycle_configuration.this.rule[0].status == "Enabled" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 7 &&
      aws_s3_bucket_lifecycle_configuration.this.rule[0].expiration[0].expired_object_delete_marker
    )
    error_message = "Unfinished uploads go after 7 days, delete markers when nothing else is left."
  }

  assert {
    condition     = aws_s3_bucket.this.force_destroy && length(terraform_data.protection) == 0
    error_message = "An unprotected bucket can be destroyed with its objects."
  }

  assert {
    condition     = length(aws_s3_bucket_notification.this) == 0 && length(aws_s3_bucket_logging.this) == 0
    error_message = "No events and no access logs unless asked for."
  }
}

run "protected" {
  command = plan

  variables {
    prefix       = "videoflow-production-eu"
    name         = "source-of-all-the-videos-x"
    is_protected = true
  }

  assert {
    condition     = length(aws_s3_bucket.this.bucket) == 63
    error_message = "The longest name that is accepted fits S3's 63 characters."
  }

  assert {
    condition     = !aws_s3_bucket.this.force_destroy && length(terraform_data.protection) == 1
    error_message = "A protected bucket is not emptied, and its destruction is refused at plan."
  }
}

run "customer_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition = (
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled &&
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms" &&
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn
    )
    error_message = "The customer key encrypts the objects, by a bucket key."
  }
}

run "unversioned" {
  command = plan

  variables {
    is_versioned = false
  }

  assert {
    condition     = length(aws_s3_bucket_versioning.this) == 0 && length(aws_s3_bucket_lifecycle_configuration.this.rule[0].expiration) == 0
    error_message = "Without versioning there are no delete markers to remove."
  }
}

run "events_and_access_logs" {
  command = plan

  variables {
    is_event_source = true
    access_logs     = { bucket = "logs-bucket", prefix = "source/" }
  }

  assert {
    condition     = aws_s3_bucket_notification.this[0].eventbridge
    error_message = "An event source reports to EventBridge."
  }

  assert {
    condition     = aws_s3_bucket_logging.this[0].target_bucket == "logs-bucket" && aws_s3_bucket_logging.this[0].target_prefix == "source/"
    error_message = "Access logs go where they were asked for."
  }
}

run "log_target" {
  command = plan

  variables {
    is_log_target = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Sid => [statement.Principal.Service, statement.Action, statement.Resource, statement.Condition.StringEquals["aws:SourceAccount"]]
      if statement.Effect == "Allow"
      } == {
      S3AccessLogs = [
        "logging.s3.amazonaws.com", "s3:PutObject", "arn:aws:s3:::${aws_s3_bucket.this.bucket}/*",
        data.aws_caller_identity.current.account_id,
      ]
      AWSLogDeliveryAclCheck = [
        "delivery.logs.amazonaws.com", "s3:GetBucketAcl", "arn:aws:s3:::${aws_s3_bucket.this.bucket}",
        data.aws_caller_identity.current.account_id,
      ]
      AWSLogDeliveryWrite = [
        "delivery.logs.amazonaws.com", "s3:PutObject", "arn:aws:s3:::${aws_s3_bucket.this.bucket}/AWSLogs/${data.aws_caller_identity.current.account_id}/*",
        data.aws_caller_identity.current.account_id,
      ]
    }
    error_message = "S3 and the log delivery of this account may write, and nobody else."
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.this.policy).Statement[0].Sid == "TlsOnly"
    error_message = "A log target is for TLS only as well."
  }
}

run "lifecycle_filters" {
  variables {
    lifecycle_rules = {
      a-all     = { noncurrent_expiration_days = 30 }
      b-prefix  = { prefix = "work/", expiration_days = 14 }
      c-tag     = { tag = { key = "archive", value = "true" }, transition = { days = 0, storage_class = "GLACIER" } }
      d-and-tag = { prefix = "media/", tag = { key = "keep", value = "short" }, expiration_days = 90, transition = { days = 30, storage_class = "STANDARD_IA" } }
    }
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id] == ["housekeeping", "a-all", "b-prefix", "c-tag", "d-and-tag"]
    error_message = "Every rule is there beside the module's own."
  }

  assert {
    condition = (
      length(aws_s3_bucket_lifecycle_configuration.this.rule[1].filter[0].tag) == 0 &&
      length(aws_s3_bucket_lifecycle_configuration.this.rule[1].filter[0].and) == 0 &&
      aws_s3_bucket_lifecycle_configuration.this.rule[1].noncurrent_version_expiration[0].noncurrent_days == 30
    )
    error_message = "A rule without prefix and tag has an empty filter."
  }

  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.this.rule[2].filter[0].prefix == "work/" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[2].expiration[0].days == 14 &&
      length(aws_s3_bucket_lifecycle_configuration.this.rule[2].noncurrent_version_expiration) == 0
    )
    error_message = "A prefix alone is the filter's prefix."
  }

  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.this.rule[3].filter[0].tag[0].key == "archive" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[3].filter[0].tag[0].value == "true" &&
      length(aws_s3_bucket_lifecycle_configuration.this.rule[3].filter[0].and) == 0 &&
      one(aws_s3_bucket_lifecycle_configuration.this.rule[3].transition).storage_class == "GLACIER"
    )
    error_message = "A tag alone is the filter's tag."
  }

  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.this.rule[4].filter[0].and[0].prefix == "media/" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[4].filter[0].and[0].tags == tomap({ keep = "short" }) &&
      length(aws_s3_bucket_lifecycle_configuration.this.rule[4].filter[0].tag) == 0 &&
      aws_s3_bucket_lifecycle_configuration.this.rule[4].filter[0].prefix != "media/"
    )
    error_message = "Prefix and tag together are an \"and\", and stand nowhere else."
  }
}

run "policy_statements" {
  command = plan

  variables {
    policy_statements = {
      delivery = {
        effect     = "Allow"
        principals = { Service = ["cloudfront.amazonaws.com"] }
        actions    = ["s3:GetObject"]
        paths      = ["/media/*", "/published/*"]
        conditions = { StringEquals = { "aws:SourceArn" = ["arn:aws:cloudfront::123456789012:distribution/E1"] } }
      }
      no-deletion = {
        effect     = "Deny"
        principals = { AWS = ["*"] }
        actions    = ["s3:DeleteBucket"]
        paths      = [""]
      }
    }
  }

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement if statement.Sid == "Delivery"] == [{
      Sid       = "Delivery"
      Effect    = "Allow"
      Principal = { Service = ["cloudfront.amazonaws.com"] }
      Action    = ["s3:GetObject"]
      Resource  = ["arn:aws:s3:::${aws_s3_bucket.this.bucket}/media/*", "arn:aws:s3:::${aws_s3_bucket.this.bucket}/published/*"]
      Condition = { StringEquals = { "aws:SourceArn" = ["arn:aws:cloudfront::123456789012:distribution/E1"] } }
    }]
    error_message = "A statement that allows is in the policy as it was given."
  }

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement if statement.Sid == "NoDeletion"] == [{
      Sid       = "NoDeletion"
      Effect    = "Deny"
      Principal = { AWS = ["*"] }
      Action    = ["s3:DeleteBucket"]
      Resource  = ["arn:aws:s3:::${aws_s3_bucket.this.bucket}"]
    }]
    error_message = "A statement without conditions has no Condition element."
  }

  assert {
    condition     = contains([for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement.Sid], "TlsOnly")
    error_message = "Statements of the caller do not displace the module's own."
  }
}

run "refuses_bad_names" {
  command = plan

  variables {
    name        = "source_bucket"
    access_logs = { bucket = "logs-bucket", prefix = "/source" }
  }

  expect_failures = [var.name, var.access_logs]
}

run "refuses_long_names_and_encrypted_log_targets" {
  command = plan

  variables {
    prefix        = "videoflow-production-eu"     # 23 characters
    name          = "source-of-all-the-videos-xx" # 27 characters
    is_log_target = true
    kms_key_arn   = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  expect_failures = [var.prefix, var.is_log_target]
}

run "refuses_rules_that_do_nothing_and_unknown_effects" {
  command = plan

  variables {
    lifecycle_rules   = { nothing = { prefix = "work/" } }
    policy_statements = { bad = { effect = "allow", principals = { AWS = ["123456789012"] }, actions = ["s3:GetObject"], paths = ["/*"] } }
  }

  expect_failures = [var.lifecycle_rules, var.policy_statements]
}

run "refuses_zero_days_and_unknown_principals" {
  command = plan

  variables {
    lifecycle_rules   = { now = { expiration_days = 0 } }
    policy_statements = { bad = { effect = "Allow", principals = { Everyone = ["*"] }, actions = ["s3:GetObject"], paths = ["/*"] } }
  }

  expect_failures = [var.lifecycle_rules, var.policy_statements]
}

run "refuses_noncurrent_days_without_versions_and_wild_actions" {
  command = plan

  variables {
    is_versioned      = false
    lifecycle_rules   = { old = { noncurrent_expiration_days = 30 } }
    policy_statements = { bad = { effect = "Allow", principals = { AWS = ["123456789012"] }, actions = ["s3:*"], paths = ["/*"] } }
  }

  expect_failures = [var.lifecycle_rules, var.policy_statements]
}

run "refuses_unknown_storage_classes_and_public_access" {
  command = plan

  variables {
    lifecycle_rules   = { cold = { transition = { days = 30, storage_class = "ICE" } } }
    policy_statements = { bad = { effect = "Allow", principals = { AWS = ["*"] }, actions = ["s3:GetObject"], paths = ["/*"] } }
  }

  expect_failures = [var.lifecycle_rules, var.policy_statements]
}

run "refuses_early_transitions_and_relative_paths" {
  command = plan

  variables {
    lifecycle_rules   = { cool = { transition = { days = 29, storage_class = "STANDARD_IA" } } }
    policy_statements = { bad = { effect = "Allow", principals = { AWS = ["123456789012"] }, actions = ["s3:GetObject"], paths = ["media/*"] } }
  }

  expect_failures = [var.lifecycle_rules, var.policy_statements]
}

run "refuses_transitions_after_expiration_and_bad_statement_names" {
  command = plan

  variables {
    lifecycle_rules   = { late = { expiration_days = 30, transition = { days = 30, storage_class = "GLACIER" } } }
    policy_statements = { Bad = { effect = "Allow", principals = { AWS = ["123456789012"] }, actions = ["s3:GetObject"], paths = ["/*"] } }
  }

  expect_failures = [var.lifecycle_rules, var.policy_statements]
}

run "refuses_bad_prefixes_and_rule_names" {
  command = plan

  variables {
    prefix          = "Videoflow"
    lifecycle_rules = { "Old versions" = { expiration_days = 30 } }
  }

  expect_failures = [var.prefix, var.lifecycle_rules]
}

run "refuses_its_own_rule_name" {
  command = plan

  variables {
    lifecycle_rules = { housekeeping = { expiration_days = 30 } }
  }

  expect_failures = [var.lifecycle_rules]
}
