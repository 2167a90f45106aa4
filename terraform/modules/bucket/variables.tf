variable "is_protected" {
  description = "Whether destroying or replacing the bucket is refused at plan. When false, destroying it deletes its objects as well."
  type        = bool
  nullable    = false
}

variable "name" {
  description = "Name of the bucket within prefix (lower-case letters, digits, hyphens; at most 32 characters, and 49 together with prefix)."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.name) <= 32 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name))
    error_message = "name must be lower-case words (letters and digits, a letter first) joined by single hyphens, with at most 32 characters."
  }
}

variable "prefix" {
  description = "What all names of this installation begin with (lower-case letters, digits, hyphens; at most 24 characters)."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.prefix) <= 24 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.prefix))
    error_message = "prefix must be lower-case words (letters and digits, a letter first) joined by single hyphens, with at most 24 characters."
  }

  validation {
    condition     = length(var.prefix) + length(var.name) <= 49
    error_message = "prefix and name must have at most 49 characters together: the bucket is called <prefix>-<name>-<account id>, in 63 characters."
  }
}

variable "access_logs" {
  description = "Where S3 writes the bucket's access logs: a bucket made with is_log_target, and a key prefix that ends with a slash. null: nowhere."
  type = object({
    bucket = string
    prefix = string
  })
  default = null

  validation {
    condition     = var.access_logs == null ? true : can(regex("^[^/].*/$", var.access_logs.prefix))
    error_message = "access_logs: prefix must end with a slash and not begin with one, for example \"source/\"."
  }
}

variable "is_event_source" {
  description = "Whether S3 reports what happens to the objects to EventBridge."
  type        = bool
  default     = false
  nullable    = false
}

variable "is_log_target" {
  description = "Whether S3 (access logs) and CloudFront (standard logs) of this account may write logs here. Such a bucket is encrypted with SSE-S3."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = var.is_log_target ? var.kms_key_arn == null : true
    error_message = "is_log_target needs kms_key_arn = null: S3 delivers access logs only to buckets that are encrypted with SSE-S3."
  }
}

variable "is_versioned" {
  description = "Whether the bucket keeps old versions of its objects. Taking it back suspends versioning."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the customer key that encrypts the objects. null: SSE-S3."
  type        = string
  default     = null
}

variable "lifecycle_rules" {
  description = "What happens to objects with time, by rule name. A rule applies to the objects with its prefix and its tag, or to all. Days count from creation, for noncurrent versions from being replaced."
  type = map(object({
    prefix                     = optional(string)
    tag                        = optional(object({ key = string, value = string }))
    expiration_days            = optional(number)
    noncurrent_expiration_days = optional(number)
    transition                 = optional(object({ days = number, storage_class = string }))
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for rule in var.lifecycle_rules :
      rule.expiration_days != null || rule.noncurrent_expiration_days != null || rule.transition != null
    ])
    error_message = "lifecycle_rules: a rule needs expiration_days, noncurrent_expiration_days or transition."
  }

  validation {
    condition = alltrue(flatten([
      for rule in var.lifecycle_rules : [
        for days in [rule.expiration_days, rule.noncurrent_expiration_days] :
        days == null ? true : days >= 1 && floor(days) == days
      ]
    ]))
    error_message = "lifecycle_rules: days of an expiration must be whole numbers from 1."
  }

  validation {
    condition = alltrue([
      for rule in var.lifecycle_rules :
      rule.noncurrent_expiration_days == null || var.is_versioned
    ])
    error_message = "lifecycle_rules: noncurrent_expiration_days needs is_versioned = true, as only a versioned bucket has noncurrent versions."
  }

  validation {
    condition = alltrue([
      for rule in var.lifecycle_rules : rule.transition == null ? true : contains(
        ["DEEP_ARCHIVE", "GLACIER", "GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA", "STANDARD_IA"],
        rule.transition.storage_class,
      )
    ])
    error_message = "lifecycle_rules: storage_class must be DEEP_ARCHIVE, GLACIER, GLACIER_IR, INTELLIGENT_TIERING, ONEZONE_IA or STANDARD_IA."
  }

  validation {
    condition = alltrue([
      for rule in var.lifecycle_rules : rule.transition == null ? true : (
        rule.transition.days >= (endswith(rule.transition.storage_class, "_IA") ? 30 : 0) &&
        floor(rule.transition.days) == rule.transition.days &&
        (rule.expiration_days == null ? true : rule.expiration_days > rule.transition.days)
      )
    ])
    error_message = "lifecycle_rules: days of a transition must be a whole number from 0 (from 30 for STANDARD_IA and ONEZONE_IA) and less than expiration_days."
  }

  validation {
    condition     = alltrue([for name in keys(var.lifecycle_rules) : can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", name))])
    error_message = "lifecycle_rules: names are lower-case words joined by single hyphens."
  }

  validation {
    condition     = !contains(keys(var.lifecycle_rules), "housekeeping")
    error_message = "lifecycle_rules: the name housekeeping is taken by the module's own rule."
  }
}

variable "policy_statements" {
  description = "Statements of the bucket policy beside the module's own, by a name of lower-case letters, digits and hyphens. A path is \"\" for the bucket itself, or begins with a slash: \"/media/*\". Principals are by kind: { Service = [\"cloudfront.amazonaws.com\"] }, { AWS = [\"*\"] }."
  type = map(object({
    effect     = string
    principals = map(list(string))
    actions    = list(string)
    paths      = list(string)
    conditions = optional(map(map(list(string))), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.policy_statements) : can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", name))])
    error_message = "policy_statements: names are lower-case words joined by single hyphens (they become the statements' ids)."
  }

  validation {
    condition     = alltrue([for statement in var.policy_statements : contains(["Allow", "Deny"], statement.effect)])
    error_message = "policy_statements: effect must be Allow or Deny."
  }

  validation {
    condition = alltrue([
      for statement in var.policy_statements :
      length(statement.principals) > 0 && alltrue([for kind, values in statement.principals : contains(["AWS", "Service"], kind) && length(values) > 0])
    ])
    error_message = "policy_statements: principals must be non-empty lists by the kinds AWS or Service."
  }

  validation {
    condition = alltrue([
      for statement in var.policy_statements : length(statement.actions) > 0 && alltrue([
        for action in statement.actions :
        can(regex("^s3:[A-Za-z]+$", action)) || (statement.effect == "Deny" && action == "s3:*")
      ])
    ])
    error_message = "policy_statements: actions must be one or more exact S3 actions such as s3:GetObject; s3:* only with effect Deny."
  }

  validation {
    condition = alltrue([
      for statement in var.policy_statements : statement.effect == "Deny" || alltrue([
        for value in lookup(statement.principals, "AWS", []) : value != "*"
      ])
    ])
    error_message = "policy_statements: effect Allow may not name the principal \"*\": the public access block would refuse the policy."
  }

  validation {
    condition = alltrue([
      for statement in var.policy_statements :
      length(statement.paths) > 0 && alltrue([for path in statement.paths : path == "" || startswith(path, "/")])
    ])
    error_message = "policy_statements: paths must be one or more of \"\" (the bucket) and paths that begin with a slash, such as \"/*\"."
  }
}
