variable "alarm_topic_arns" {
  description = "ARNs of the SNS topics that are told when an alarm goes off and when it is over. May be empty."
  type        = list(string)
  nullable    = false
}

variable "definition" {
  description = "Definition in Amazon States Language (JSON), with every placeholder filled."
  type        = string
  nullable    = false

  validation {
    condition     = can(jsondecode(var.definition).StartAt) && can(keys(jsondecode(var.definition).States))
    error_message = "definition must be a JSON object with StartAt and States."
  }

  validation {
    condition     = length(var.definition) <= 1048576
    error_message = "definition must not be longer than 1,048,576 characters (1 MB), which is what Step Functions takes."
  }

  validation {
    condition     = !can(regex("\\$\\{", var.definition))
    error_message = "definition must have no unfilled placeholder (a dollar sign and a brace)."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the logs."
  type        = number
  nullable    = false

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days,
    )
    error_message = "log_retention_days must be a value that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "name" {
  description = "Name of the state machine after the prefix."
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

variable "alarm_thresholds" {
  description = "How many executions in five minutes set off an alarm: aborted, failed, timed out; and how many state transitions that were held back (throttled)."
  type = object({
    aborted   = optional(number, 1)
    failed    = optional(number, 1)
    throttled = optional(number, 1)
    timed_out = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for threshold in values(var.alarm_thresholds) : threshold >= 1])
    error_message = "Every one of alarm_thresholds must be at least 1."
  }
}

variable "alias" {
  description = "An alias for callers, and who moves it. weights_owner terraform: every apply routes all of it to the version that it publishes, or, with canary, weight percent, and the rest to the stable version. weights_owner release: Terraform makes it once, on the first version, and the release shifts the weights afterwards. null: no alias."
  type = object({
    name          = optional(string, "live")
    weights_owner = string
    canary = optional(object({
      stable_version_arn = string
      weight             = number
    }))
  })
  default = null

  validation {
    condition     = var.alias == null ? true : can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", var.alias.name))
    error_message = "alias.name must be 1 to 32 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }

  validation {
    condition     = var.alias == null ? true : contains(["terraform", "release"], var.alias.weights_owner)
    error_message = "alias.weights_owner must be terraform or release."
  }

  validation {
    condition     = try(var.alias.canary, null) == null ? true : var.alias.weights_owner == "terraform"
    error_message = "alias.canary needs weights_owner terraform: otherwise the release sets the weights."
  }

  validation {
    condition = try(var.alias.canary, null) == null ? true : (
      var.alias.canary.weight >= 0 && var.alias.canary.weight <= 100 && floor(var.alias.canary.weight) == var.alias.canary.weight
    )
    error_message = "alias.canary.weight must be a whole number from 0 to 100: the percentage of executions that the newest version gets."
  }

  validation {
    condition     = try(var.alias.canary, null) == null ? true : can(regex("^arn:[^:]+:states:[^:]+:[0-9]{12}:stateMachine:[^:]+:[0-9]+$", var.alias.canary.stable_version_arn))
    error_message = "alias.canary.stable_version_arn must be the ARN of a version (arn:…:stateMachine:<name>:<number>)."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key for the log group. null: the key of CloudWatch Logs. The machine itself always uses the key that AWS owns."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key (not of an alias), or null."
  }
}

variable "log_level" {
  description = "Which events of an execution are logged. Step Functions keeps the whole history of an execution for 90 days in any case."
  type        = string
  default     = "ALL"
  nullable    = false

  validation {
    condition     = contains(["ALL", "ERROR", "FATAL"], var.log_level)
    error_message = "log_level must be ALL, ERROR or FATAL."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds what the role may ever be allowed. null: none."
  type        = string
  default     = null
}

variable "statements" {
  description = "What the machine may do besides writing its logs and traces."
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
