mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix                     = "test"
  name                       = "ingest"
  alarm_topic_arns           = ["arn:aws:sns:us-east-1:123456789012:test-alarms"]
  max_age_seconds            = 900
  visibility_timeout_seconds = 360
}

run "defaults" {
  command = plan

  assert {
    condition = (
      aws_sqs_queue.this.name == "test-ingest" &&
      aws_sqs_queue.this.visibility_timeout_seconds == 360 &&
      aws_sqs_queue.this.message_retention_seconds == 345600 &&
      aws_sqs_queue.this.max_message_size == 1048576
    )
    error_message = "The queue must keep messages of any size for four days, and hide a received one as long as was asked for."
  }

  assert {
    condition = (
      aws_sqs_queue.dead_letters.name == "test-ingest-dead-letters" &&
      aws_sqs_queue.dead_letters.message_retention_seconds == 1209600 &&
      aws_sqs_queue.dead_letters.max_message_size == 1048576
    )
    error_message = "The dead-letter queue must keep messages of any size for 14 days."
  }

  assert {
    condition = alltrue([
      for queue in [aws_sqs_queue.this, aws_sqs_queue.dead_letters] : queue.sqs_managed_sse_enabled && queue.kms_master_key_id == null
    ])
    error_message = "Without a key, SQS must encrypt both queues with its own."
  }

  assert {
    condition     = length(aws_lambda_event_source_mapping.this) == 0
    error_message = "There must be no consumer that nobody asked for."
  }

  assert {
    condition     = toset(output.alarm_names) == toset(["test-ingest-dead-letters", "test-ingest-queue-age"])
    error_message = "There must be alarms on dead letters and on the age of the oldest message."
  }

  assert {
    condition = {
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      key => [alarm.namespace, alarm.metric_name, alarm.dimensions.QueueName, alarm.statistic, alarm.comparison_operator, alarm.treat_missing_data]
      } == {
      dead-letters = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "test-ingest-dead-letters", "Maximum", "GreaterThanOrEqualToThreshold", "notBreaching"]
      queue-age    = ["AWS/SQS", "ApproximateAgeOfOldestMessage", "test-ingest", "Maximum", "GreaterThanOrEqualToThreshold", "notBreaching"]
    }
    error_message = "Every alarm must watch its metric on its queue."
  }

  assert {
    condition     = { for key, alarm in aws_cloudwatch_metric_alarm.this : key => alarm.threshold } == { dead-letters = 1, queue-age = 900 }
    error_message = "The alarms must go off at the first dead letter, and at the age that was asked for."
  }

  assert {
    condition = alltrue([
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_actions == toset(var.alarm_topic_arns) && alarm.ok_actions == toset(var.alarm_topic_arns) &&
      endswith(alarm.alarm_description, "See docs/operations.md#${key}")
    ])
    error_message = "Every alarm must tell the topics when it begins and ends, and say where to read on."
  }
}

run "options" {
  command = plan

  variables {
    kms_key_arn               = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    max_age_seconds           = null
    max_receive_count         = 3
    message_retention_seconds = 3600
  }

  # What SQS answers where the module sets nothing.
  override_resource {
    target          = aws_sqs_queue.this
    override_during = plan
    values          = { sqs_managed_sse_enabled = false }
  }

  override_resource {
    target          = aws_sqs_queue.dead_letters
    override_during = plan
    values          = { sqs_managed_sse_enabled = false }
  }

  assert {
    condition = alltrue([
      for queue in [aws_sqs_queue.this, aws_sqs_queue.dead_letters] :
      queue.kms_master_key_id == var.kms_key_arn && !queue.sqs_managed_sse_enabled
    ])
    error_message = "A customer key must encrypt both queues, and SQS's own encryption, which it excludes, must not be set."
  }

  assert {
    condition     = aws_sqs_queue.this.message_retention_seconds == 3600 && aws_sqs_queue.dead_letters.message_retention_seconds == 1209600
    error_message = "The retention must be the caller's, and that of the dead letters must not change."
  }

  assert {
    condition     = output.alarm_names == ["test-ingest-dead-letters"]
    error_message = "Without max_age_seconds there must be no alarm on age, and still one on dead letters."
  }
}

run "made_without_event_rules" {
  command = apply

  assert {
    condition     = jsondecode(aws_sqs_queue.this.redrive_policy) == { deadLetterTargetArn = aws_sqs_queue.dead_letters.arn, maxReceiveCount = 5 }
    error_message = "A message must go to the dead-letter queue after it was received five times."
  }

  assert {
    condition = (
      aws_sqs_queue_redrive_allow_policy.this.queue_url == output.dead_letters_url &&
      jsondecode(aws_sqs_queue_redrive_allow_policy.this.redrive_allow_policy) == {
        redrivePermission = "byQueue"
        sourceQueueArns   = [aws_sqs_queue.this.arn]
      }
    )
    error_message = "Only this queue may use the dead-letter queue."
  }

  assert {
    condition = { for key, policy in aws_sqs_queue_policy.this : key => [policy.queue_url, jsondecode(policy.policy)] } == {
      for key, queue in { dead_letters = aws_sqs_queue.dead_letters, queue = aws_sqs_queue.this } : key => [queue.url, {
        Version = "2012-10-17"
        Statement = [{
          Sid       = "TlsOnly"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sqs:*"
          Resource  = queue.arn
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        }]
      }]
    }
    error_message = "Both queues must refuse what does not come by TLS, and let nobody else in."
  }

  assert {
    condition = (
      output.name == "test-ingest" && output.arn == aws_sqs_queue.this.arn && output.url == aws_sqs_queue.this.url &&
      output.dead_letters_name == "test-ingest-dead-letters" && output.dead_letters_arn == aws_sqs_queue.dead_letters.arn &&
      output.dead_letters_url == aws_sqs_queue.dead_letters.url
    )
    error_message = "The outputs must be those of the two queues."
  }
}

run "event_rules_may_send_to_both" {
  command = apply

  variables {
    event_rule_arns = {
      uploads = "arn:aws:events:us-east-1:123456789012:rule/test-uploads"
      videos  = "arn:aws:events:us-east-1:123456789012:rule/test-bus/test-videos"
    }
  }

  assert {
    condition = alltrue([
      for key, queue in { dead_letters = aws_sqs_queue.dead_letters, queue = aws_sqs_queue.this } :
      jsondecode(aws_sqs_queue_policy.this[key].policy).Statement[0].Effect == "Deny" &&
      slice(jsondecode(aws_sqs_queue_policy.this[key].policy).Statement, 1, 2) == [{
        Sid       = "EventRules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = queue.arn
        Condition = {
          ArnEquals = {
            "aws:SourceArn" = [
              "arn:aws:events:us-east-1:123456789012:rule/test-uploads",
              "arn:aws:events:us-east-1:123456789012:rule/test-bus/test-videos",
            ]
          }
        }
      }]
    ])
    error_message = "These rules, and no others, may send to the queue and to its dead-letter queue."
  }
}

run "consumer" {
  command = plan

  variables {
    consumer = {
      function_arn        = "arn:aws:lambda:us-east-1:123456789012:function:test-start-processing:7"
      maximum_concurrency = 5
    }
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.this[0].function_name == "arn:aws:lambda:us-east-1:123456789012:function:test-start-processing:7" &&
      aws_lambda_event_source_mapping.this[0].batch_size == 10 &&
      aws_lambda_event_source_mapping.this[0].maximum_batching_window_in_seconds == 0 &&
      aws_lambda_event_source_mapping.this[0].scaling_config[0].maximum_concurrency == 5
    )
    error_message = "The function must be invoked in batches, with the concurrency that was asked for."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this[0].function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "A batch must be able to fail in part."
  }
}

run "consumer_of_large_batches" {
  command = apply

  variables {
    max_receive_count = 1
    consumer = {
      batch_size              = 100
      batching_window_seconds = 20
      function_arn            = "arn:aws:lambda:us-east-1:123456789012:function:test-start-processing:7"
      maximum_concurrency     = 1000
    }
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.this[0].event_source_arn == aws_sqs_queue.this.arn &&
      aws_lambda_event_source_mapping.this[0].batch_size == 100 &&
      aws_lambda_event_source_mapping.this[0].maximum_batching_window_in_seconds == 20 &&
      aws_lambda_event_source_mapping.this[0].scaling_config[0].maximum_concurrency == 1000
    )
    error_message = "Batches of the queue, window and concurrency must be the caller's."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.this.redrive_policy).maxReceiveCount == 1
    error_message = "How often a message is received must be the caller's."
  }
}

run "refuses_what_sqs_does_not_take" {
  command = plan

  variables {
    prefix                     = "1test"
    name                       = "ingest.fifo"
    max_age_seconds            = 59
    visibility_timeout_seconds = 43201
    event_rule_arns            = { uploads = "arn:aws:events:us-east-1:123456789012:event-bus/default" }
    kms_key_arn                = "alias/aws/sqs"
    max_receive_count          = 0
    message_retention_seconds  = 1209600
    consumer = {
      batch_size          = 11
      function_arn        = "arn:aws:lambda:us-east-1:123456789012:function:test-start-processing:7"
      maximum_concurrency = 2
    }
  }

  expect_failures = [
    var.prefix, var.name, var.max_age_seconds, var.visibility_timeout_seconds, var.event_rule_arns, var.kms_key_arn,
    var.max_receive_count, var.message_retention_seconds, var.consumer,
  ]
}

run "refuses_the_other_ends" {
  command = plan

  variables {
    max_age_seconds            = 1209601
    visibility_timeout_seconds = -1
    max_receive_count          = 1001
    message_retention_seconds  = 59
    consumer = {
      function_arn        = "arn:aws:lambda:us-east-1:123456789012:function:test-start-processing:7"
      maximum_concurrency = 1
    }
  }

  expect_failures = [
    var.max_age_seconds, var.visibility_timeout_seconds, var.max_receive_count, var.message_retention_seconds, var.consumer,
  ]
}

run "refuses_more_concurrency_than_lambda_has" {
  command = plan

  variables {
    consumer = {
      function_arn        = "arn:aws:lambda:us-east-1:123456789012:function:test-start-processing:7"
      maximum_concurrency = 1001
    }
  }

  expect_failures = [var.consumer]
}

run "refuses_a_batch_that_is_too_large" {
  command = plan

  variables {
    consumer = {
      batch_size              = 10001
      batching_window_seconds = 300
      function_arn            = "arn:aws:lambda:us-east-1:123456789012:function:test-start-processing:7"
      maximum_concurrency     = 2
    }
  }

  expect_failures = [var.consumer]
}

run "refuses_a_window_that_is_too_long" {
  command = plan

  variables {
    consumer = {
      batching_window_seconds = 301
      function_arn            = "arn:aws:lambda:us-east-1:123456789012:function:test-start-processing:7"
      maximum_concurrency     = 2
    }
  }

  expect_failures = [var.consumer]
}
