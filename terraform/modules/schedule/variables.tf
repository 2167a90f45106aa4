variable "alarm_topic_arns" {
  description = "ARNs of the SNS topics that are told when an alarm goes off and when it is over. May be empty."
  type        = list(string)
  nullable    = false
}

variable "description" {
  description = "What the schedule starts and why."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.description) >= 1 && length(var.description) <= 512
    error_message = "description must have 1 to 512 characters."
  }
}

variable "expression" {
  description = "When it runs, in UTC: rate(VALUE UNIT) or cron(MINUTE HOUR DAY-OF-MONTH MONTH DAY-OF-WEEK YEAR)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(rate\\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\\)|cron\\([^ ()]+( [^ ()]+){5}\\))$", var.expression))
    error_message = "expression must be like rate(1 hour), rate(6 hours) or cron(0 3 * * ? *), with six fields."
  }
}

variable "input" {
  description = "What the target is given (JSON)."
  type        = string
  nullable    = false

  validation {
    condition     = can(jsondecode(var.input))
    error_message = "input must be JSON."
  }
}

variable "name" {
  description = "Name of the schedule after the prefix."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$", var.name))
    error_message = "name must be 1 to 30 lower-case letters, digits and hyphens, with no hyphen at either end."
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
  description = "ARN of what is started: a state machine, function or queue, or a universal target (arn:aws:scheduler:::aws-sdk:SERVICE:ACTION)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[^:]+:[a-z0-9-]+:[^:]*:[0-9]*:.+$", var.target_arn))
    error_message = "target_arn must be an ARN."
  }
}

variable "is_enabled" {
  description = "Whether the schedule runs."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key for the messages of the dead-letter queue. null: the key that SQS manages."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key (not of an alias), or null."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds what the role may ever be allowed. null: none."
  type        = string
  default     = null
}

variable "retry" {
  description = "How long and how often EventBridge Scheduler tries again to start the target before the start goes to the dead-letter queue."
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

variable "statements" {
  description = "What the schedule may do, besides sending to its dead-letter queue: the action that starts the target."
  type = list(object({
    actions    = list(string)
    resources  = list(string)
    conditions = optional(map(map(list(string))), {})
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for statement in var.statements : length(statement.actions) > 0 && length(statement.resources) > 0])
    error_message = "Every one of statements must name at least one action and one resource."
  }

  validation {
    condition     = alltrue([for action in flatten(var.statements[*].actions) : can(regex("^[a-z0-9-]+:[A-Za-z0-9]+$", action))])
    error_message = "Every action of statements must be exact, like s3:GetObject: a service, a colon and an action, without wildcards."
  }
}
