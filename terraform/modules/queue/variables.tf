variable "alarm_topic_arns" {
  description = "ARNs of the SNS topics that are told when an alarm goes off and when it is over. May be empty."
  type        = list(string)
  nullable    = false
}

variable "max_age_seconds" {
  description = "Age of the oldest message that sets off an alarm. null: no such alarm, for a queue whose messages wait for a person."
  type        = number

  validation {
    condition     = var.max_age_seconds == null ? true : var.max_age_seconds >= 60 && var.max_age_seconds <= 1209600 && floor(var.max_age_seconds) == var.max_age_seconds
    error_message = "max_age_seconds must be a whole number from 60 to 1209600 (14 days), or null."
  }
}

variable "name" {
  description = "Name of the queue after the prefix."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$", var.name))
    error_message = "name must be 1 to 32 lower-case letters, digits and hyphens, with no hyphen at either end."
  }
}

variable "prefix" {
  description = "First part of every name, which tells one installation from another in the same account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$", var.prefix))
    error_message = "prefix must be 1 to 24 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "visibility_timeout_seconds" {
  description = "How long a message that was received stays hidden. With a consumer: at least six times the timeout of the function."
  type        = number
  nullable    = false

  validation {
    condition     = var.visibility_timeout_seconds >= 0 && var.visibility_timeout_seconds <= 43200 && floor(var.visibility_timeout_seconds) == var.visibility_timeout_seconds
    error_message = "visibility_timeout_seconds must be a whole number from 0 to 43200 (12 hours)."
  }
}

variable "consumer" {
  description = "The function (best: a version ARN) that Lambda invokes with the messages, in batches. null: somebody else receives."
  type = object({
    batch_size              = optional(number, 10)
    batching_window_seconds = optional(number, 0)
    function_arn            = string
    maximum_concurrency     = number
  })
  default = null

  validation {
    condition     = var.consumer == null ? true : var.consumer.batch_size >= 1 && var.consumer.batch_size <= 10000 && floor(var.consumer.batch_size) == var.consumer.batch_size
    error_message = "consumer.batch_size must be a whole number from 1 to 10000."
  }

  validation {
    condition     = var.consumer == null ? true : var.consumer.batching_window_seconds >= 0 && var.consumer.batching_window_seconds <= 300 && floor(var.consumer.batching_window_seconds) == var.consumer.batching_window_seconds
    error_message = "consumer.batching_window_seconds must be a whole number from 0 to 300."
  }

  validation {
    condition     = var.consumer == null ? true : var.consumer.batch_size <= 10 || var.consumer.batching_window_seconds >= 1
    error_message = "consumer.batching_window_seconds must be at least 1 when consumer.batch_size is above 10."
  }

  validation {
    condition     = var.consumer == null ? true : var.consumer.maximum_concurrency >= 2 && var.consumer.maximum_concurrency <= 1000 && floor(var.consumer.maximum_concurrency) == var.consumer.maximum_concurrency
    error_message = "consumer.maximum_concurrency must be a whole number from 2 to 1000."
  }
}

variable "event_rule_arns" {
  description = "ARNs of the EventBridge rules that may send to the queue and to its dead-letter queue, by a name of your own."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.event_rule_arns) : can(regex("^arn:[^:]+:events:[^:]+:[0-9]{12}:rule/.+$", arn))])
    error_message = "Every value of event_rule_arns must be the ARN of an EventBridge rule."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key for the messages of both queues. null: the key that SQS manages."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key (not of an alias), or null."
  }
}

variable "max_receive_count" {
  description = "How often a message is received before it goes to the dead-letter queue."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.max_receive_count >= 1 && var.max_receive_count <= 1000 && floor(var.max_receive_count) == var.max_receive_count
    error_message = "max_receive_count must be a whole number from 1 to 1000."
  }
}

variable "message_retention_seconds" {
  description = "How long a message waits in the queue before it is lost. The dead-letter queue keeps its messages for 14 days, counted from when they were first sent."
  type        = number
  default     = 345600
  nullable    = false

  validation {
    condition     = var.message_retention_seconds >= 60 && var.message_retention_seconds < 1209600 && floor(var.message_retention_seconds) == var.message_retention_seconds
    error_message = "message_retention_seconds must be a whole number from 60 to 1209599: less than the 14 days of the dead-letter queue."
  }
}
