mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix           = "videoflow-test"
  name             = "jobs"
  is_protected     = false
  hash_key         = "JobId"
  attributes       = { JobId = "S" }
  recovery_days    = 7
  alarm_topic_arns = ["arn:aws:sns:eu-west-1:123456789012:alarms"]
}

run "defaults" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.this.name == "videoflow-test-jobs" && aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST"
    error_message = "The table is called <prefix>-<name> and is paid for on demand."
  }

  assert {
    condition     = aws_dynamodb_table.this.hash_key == "JobId" && aws_dynamodb_table.this.range_key == null && length(aws_dynamodb_table.this.global_secondary_index) == 0
    error_message = "Without range_key and indexes there is a partition key only."
  }

  assert {
    condition     = [for attribute in aws_dynamodb_table.this.attribute : "${attribute.name}:${attribute.type}"] == ["JobId:S"]
    error_message = "The attributes are those that were given."
  }

  assert {
    condition     = aws_dynamodb_table.this.server_side_encryption[0].enabled
    error_message = "The table is encrypted with a key of the account."
  }

  assert {
    condition     = aws_dynamodb_table.this.point_in_time_recovery[0].enabled && aws_dynamodb_table.this.point_in_time_recovery[0].recovery_period_in_days == 7
    error_message = "The table can be brought back to any time of the last recovery_days."
  }

  assert {
    condition     = !aws_dynamodb_table.this.deletion_protection_enabled && length(terraform_data.protection) == 0
    error_message = "An unprotected table can be destroyed."
  }

  assert {
    condition = (
      output.alarm_names == ["videoflow-test-jobs-table-throttles"] &&
      aws_cloudwatch_metric_alarm.throttles.alarm_actions == toset(var.alarm_topic_arns) &&
      aws_cloudwatch_metric_alarm.throttles.ok_actions == toset(var.alarm_topic_arns) &&
      aws_cloudwatch_metric_alarm.throttles.treat_missing_data == "notBreaching" &&
      aws_cloudwatch_metric_alarm.throttles.threshold == 0
    )
    error_message = "One throttled request goes to the topics, and so does its end."
  }

  assert {
    condition = (
      [for query in aws_cloudwatch_metric_alarm.throttles.metric_query : query.expression if query.return_data == true] == ["SUM([t0, t1])"] &&
      { for query in aws_cloudwatch_metric_alarm.throttles.metric_query : query.id => query.metric[0].metric_name if query.id != "throttles" } ==
      { t0 = "ReadThrottleEvents", t1 = "WriteThrottleEvents" }
    )
    error_message = "The alarm counts reads and writes of the table."
  }
}

run "items_that_expire" {
  command = plan

  variables {
    expiry_attribute = "ExpiresAt"
  }

  assert {
    condition     = [for ttl in aws_dynamodb_table.this.ttl : "${ttl.attribute_name} ${ttl.enabled}"] == ["ExpiresAt true"]
    error_message = "DynamoDB deletes items by the attribute."
  }
}

run "refuses_an_expiry_attribute_without_name" {
  command = plan

  variables {
    expiry_attribute = ""
  }

  expect_failures = [var.expiry_attribute]
}

run "protected" {
  command = plan

  variables {
    is_protected = true
  }

  assert {
    condition     = aws_dynamodb_table.this.deletion_protection_enabled && length(terraform_data.protection) == 1
    error_message = "Destroying a protected table is refused at plan and by DynamoDB."
  }
}

run "indexes_sort_key_and_customer_key" {
  command = plan

  variables {
    range_key     = "CreatedAt"
    attributes    = { JobId = "S", CreatedAt = "N", JobStatus = "S" }
    indexes       = { Status = { hash_key = "JobStatus", range_key = "CreatedAt" }, StatusOnly = { hash_key = "JobStatus" } }
    kms_key_arn   = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    recovery_days = 35
  }

  assert {
    condition     = aws_dynamodb_table.this.range_key == "CreatedAt"
    error_message = "The table has the sort key."
  }

  assert {
    condition     = aws_dynamodb_table.this.server_side_encryption[0].kms_key_arn == var.kms_key_arn
    error_message = "The customer key encrypts the table."
  }

  assert {
    condition = {
      for index in aws_dynamodb_table.this.global_secondary_index :
      index.name => concat([index.projection_type], [for key in index.key_schema : "${key.key_type}:${key.attribute_name}"])
      } == {
      Status     = ["ALL", "HASH:JobStatus", "RANGE:CreatedAt"]
      StatusOnly = ["ALL", "HASH:JobStatus"]
    }
    error_message = "Each index holds all attributes under its keys."
  }

  assert {
    condition = (
      [for query in aws_cloudwatch_metric_alarm.throttles.metric_query : query.expression if query.return_data == true] == ["SUM([i0, i1, i2, i3, t0, t1])"] &&
      { for query in aws_cloudwatch_metric_alarm.throttles.metric_query : query.id => query.metric[0].dimensions if startswith(query.id, "i") } == {
        i0 = tomap({ TableName = "videoflow-test-jobs", GlobalSecondaryIndexName = "Status" })
        i1 = tomap({ TableName = "videoflow-test-jobs", GlobalSecondaryIndexName = "Status" })
        i2 = tomap({ TableName = "videoflow-test-jobs", GlobalSecondaryIndexName = "StatusOnly" })
        i3 = tomap({ TableName = "videoflow-test-jobs", GlobalSecondaryIndexName = "StatusOnly" })
      }
    )
    error_message = "The alarm counts reads and writes of each index as well."
  }
}

run "index_arns" {
  variables {
    attributes = { JobId = "S", JobStatus = "S" }
    indexes    = { Status = { hash_key = "JobStatus" } }
  }

  assert {
    condition     = output.index_arns == { Status = "${output.arn}/index/Status" }
    error_message = "ARNs of indexes are below the table's."
  }
}

run "refuses_bad_values" {
  command = plan

  variables {
    prefix        = "videoflow_test"
    name          = "Jobs"
    recovery_days = 36
    attributes    = { JobId = "string" }
  }

  expect_failures = [var.prefix, var.name, var.recovery_days, var.attributes]
}

run "refuses_attributes_that_are_no_keys_and_zero_days" {
  command = plan

  variables {
    recovery_days = 0
    attributes    = { JobId = "S", JobStatus = "S" }
  }

  expect_failures = [var.recovery_days, var.attributes]
}

run "refuses_keys_that_are_not_declared" {
  command = plan

  variables {
    indexes = { Status = { hash_key = "JobStatus" } }
  }

  expect_failures = [var.attributes]
}

run "refuses_short_index_names" {
  command = plan

  variables {
    indexes = { by = { hash_key = "JobId" } }
  }

  expect_failures = [var.indexes]
}

run "refuses_a_fifth_index" {
  command = plan

  variables {
    indexes = { for name in ["one", "two", "three", "four", "five"] : name => { hash_key = "JobId" } }
  }

  expect_failures = [var.indexes]
}
