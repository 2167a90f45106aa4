variable "email_addresses" {
  description = "Who gets the messages of the topic by e-mail; each has to confirm its subscription once."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for address in var.email_addresses : can(regex("^[^@[:space:]]+@[^@[:space:]]+\\.[^@[:space:]]+$", address))])
    error_message = "email_addresses must hold e-mail addresses such as oncall@example.com."
  }
}

variable "groups" {
  description = "Names of alarms by group, such as { functions = [...] }: one composite alarm a group, and one over all groups. The alarms have to exist, so pass outputs of the modules that make them."
  type        = map(list(string))
  nullable    = false

  validation {
    condition     = length(var.groups) >= 1 && length(var.groups) <= 100
    error_message = "groups must have 1 to 100 groups: a composite alarm watches at most 100 alarms."
  }

  validation {
    condition     = alltrue([for group in keys(var.groups) : can(regex("^[a-z][a-z0-9-]{0,31}$", group))])
    error_message = "The names of groups must be up to 32 lower-case letters, digits and hyphens, beginning with a letter."
  }

  validation {
    condition     = alltrue([for names in values(var.groups) : length(names) >= 1 && length(names) <= 100])
    error_message = "Each group must have 1 to 100 alarms: a composite alarm watches at most 100; split a larger group."
  }

  validation {
    # ALARM("...") OR ALARM("...") must fit into CloudWatch's 10,240 characters.
    condition     = alltrue([for names in values(var.groups) : sum(concat([0], [for name in names : length(name) + 13])) - 4 <= 10240])
    error_message = "The rule of a composite alarm has at most 10,240 characters: split the group or shorten the names of its alarms."
  }
}

variable "prefix" {
  description = "Begins every name: lower-case letters, digits and hyphens, up to 24 characters."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}$", var.prefix))
    error_message = "prefix must be up to 24 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "alarm_topic_arns" {
  description = "Topics told when a group, or the whole, turns unhealthy or healthy again, such as a pager's. Empty by default: each single alarm tells its own cause to this module's topic, and a second message says nothing new."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "is_event_target" {
  description = "Whether EventBridge rules may publish to the topic. That statement cannot be narrowed to this account: EventBridge sends SNS no context to compare."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "Customer key that encrypts the topic; its policy has to let cloudwatch.amazonaws.com, budgets.amazonaws.com and (with is_event_target) events.amazonaws.com use it. Null: no key of KMS."
  type        = string
  default     = null
}
