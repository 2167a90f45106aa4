variable "alarm_topic_arns" {
  description = "ARNs of the SNS topics that are told when an alarm goes off and when it is over. May be empty."
  type        = list(string)
  nullable    = false
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

variable "memory_mb" {
  description = "Memory of the function. CPU grows with it: 1769 MB is one full core."
  type        = number
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "memory_mb must be a whole number from 128 to 10240."
  }
}

variable "name" {
  description = "Name of the function after the prefix."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$", var.name))
    error_message = "name must be 1 to 32 lower-case letters, digits and hyphens, with no hyphen at either end."
  }
}

variable "package" {
  description = "The zip file to deploy, which holds the binary `bootstrap`, and its SHA-256 in base64. The file is read at apply only, so a plan needs no build."
  type = object({
    path   = string
    sha256 = string
  })
  nullable = false

  validation {
    condition     = endswith(var.package.path, ".zip")
    error_message = "package.path must be the path of a .zip file."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.package.sha256))
    error_message = "package.sha256 must be a SHA-256 in base64 (44 characters, as `openssl dgst -sha256 -binary FILE | base64` prints it)."
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

variable "timeout_seconds" {
  description = "How long an invocation may take."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds must be a whole number from 1 to 900."
  }
}

variable "alarm_thresholds" {
  description = "When the alarms go off: errors and throttles in five minutes, and the share of the timeout that the longest invocation took."
  type = object({
    duration  = optional(number, 0.8)
    errors    = optional(number, 1)
    throttles = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.alarm_thresholds.duration > 0 && var.alarm_thresholds.duration <= 1
    error_message = "alarm_thresholds.duration must be a share of the timeout: above 0, up to 1."
  }

  validation {
    condition     = var.alarm_thresholds.errors >= 1 && var.alarm_thresholds.throttles >= 1
    error_message = "alarm_thresholds.errors and alarm_thresholds.throttles must be at least 1."
  }
}

variable "environment" {
  description = "Environment variables of the function. No secrets: everyone who may read the function's configuration can read them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.environment) : can(regex("^[A-Za-z][A-Za-z0-9_]+$", key)) && !startswith(key, "AWS_")])
    error_message = "Every key of environment must be letters, digits and underscores, begin with a letter, and not begin with AWS_, which is Lambda's own."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key for the logs and the environment variables. null: the keys of the services."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key (not of an alias), or null."
  }
}

variable "log_level" {
  description = "Least level that the function logs."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"], var.log_level)
    error_message = "log_level must be TRACE, DEBUG, INFO, WARN or ERROR."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds what the role may ever be allowed. null: none."
  type        = string
  default     = null
}

variable "reserved_concurrency" {
  description = "How many invocations may run at once, taken from the account's concurrency; 0 stops the function. null: none reserved, as many as the account has."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null ? true : var.reserved_concurrency >= 0 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "reserved_concurrency must be a whole number of at least 0, or null."
  }
}

variable "statements" {
  description = "What the function may do besides writing its logs and traces."
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
