variable "alarm_topic_arns" {
  description = "ARNs of the SNS topics that are told when an alarm goes off and when it is over. May be empty."
  type        = list(string)
  nullable    = false
}

variable "dead_letter_queue_arn" {
  description = "ARN of the SQS queue for events that could not be delivered. Its policy must let the rule send."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[^:]+:sqs:[^:]+:[0-9]{12}:.+$", var.dead_letter_queue_arn))
    error_message = "dead_letter_queue_arn must be the ARN of an SQS queue."
  }
}

variable "description" {
  description = "What the rule waits for and why."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.description) >= 1 && length(var.description) <= 512
    error_message = "description must have 1 to 512 characters."
  }
}

variable "event_pattern" {
  description = "Event pattern (JSON), with every placeholder filled."
  type        = string
  nullable    = false

  validation {
    condition     = try(length(keys(jsondecode(var.event_pattern))), 0) > 0
    error_message = "event_pattern must be a JSON object with at least one key."
  }

  validation {
    condition     = length(var.event_pattern) <= 2048
    error_message = "event_pattern must not be longer than 2048 characters, which is what EventBridge takes unless its quota was raised."
  }

  validation {
    condition     = !can(regex("\\$\\{", var.event_pattern))
    error_message = "event_pattern must have no unfilled placeholder (a dollar sign and a brace)."
  }
}

variable "name" {
  description = "Name of the rule after the prefix."
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

variable "target_arn" {
  description = "ARN of the queue, topic or function that gets the events. Its own policy must let the rule send."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[^:]+:(sqs|sns|lambda):", var.target_arn))
    error_message = "target_arn must be the ARN of an SQS queue, an SNS topic or a Lambda function: other targets need a role, which this module does not make."
  }
}

variable "event_bus_name" {
  description = "Name of the event bus that the rule listens to."
  type        = string
  default     = "default"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]{1,256}$", var.event_bus_name))
    error_message = "event_bus_name must be the name of a bus, not its ARN: 1 to 256 letters, digits, dots, hyphens, underscores and slashes."
  }
}

variable "is_enabled" {
  description = "Whether the rule sends events."
  type        = bool
  default     = true
  nullable    = false
}

variable "retry" {
  description = "How long and how often EventBridge tries again to deliver an event before it goes to the dead-letter queue."
  type = object({
    maximum_age_seconds = optional(number, 86400)
    maximum_attempts    = optional(number, 185)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.retry.maximum_age_seconds >= 60 && var.retry.maximum_age_seconds <= 86400 && floor(var.retry.maximum_age_seconds) == var.retry.maximum_age_seconds
    error_message = "retry.maximum_age_seconds must be a whole number from 60 to 86400 (a day)."
  }

  validation {
    condition     = var.retry.maximum_attempts >= 0 && var.retry.maximum_attempts <= 185 && floor(var.retry.maximum_attempts) == var.retry.maximum_attempts
    error_message = "retry.maximum_attempts must be a whole number from 0 to 185."
  }
}
