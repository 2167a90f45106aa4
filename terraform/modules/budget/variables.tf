variable "email_addresses" {
  description = "Who is told by e-mail, at most 10; Budgets asks for no confirmation."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.email_addresses) <= 10 && alltrue([for address in var.email_addresses : can(regex("^[^@[:space:]]+@[^@[:space:]]+\\.[^@[:space:]]+$", address))])
    error_message = "email_addresses must be at most 10 e-mail addresses such as finance@example.com."
  }
}

variable "monthly_limit_usd" {
  description = "What a month may cost, in US dollars."
  type        = number
  nullable    = false

  validation {
    condition     = var.monthly_limit_usd >= 1
    error_message = "monthly_limit_usd must be at least 1."
  }
}

variable "name" {
  description = "Name after the prefix: lower-case letters, digits and hyphens, up to 32 characters."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.name))
    error_message = "name must be up to 32 lower-case letters, digits and hyphens, beginning with a letter."
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

variable "tag_filter" {
  description = "Tag of the resources whose cost counts. It has to be activated as a cost-allocation tag in the account that pays: without that the budget sees no cost and never tells anyone."
  type = object({
    key   = string
    value = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9 _.:/=+@-]{1,128}$", var.tag_filter.key)) && !startswith(var.tag_filter.key, "user:") && can(regex("^[A-Za-z0-9 _.:/=+@-]{1,256}$", var.tag_filter.value))
    error_message = "tag_filter must have the key (without \"user:\", up to 128 characters) and the value (up to 256 characters) of a tag: letters, digits, spaces and _.:/=+@-."
  }
}

variable "topic_arns" {
  description = "Topic that is told besides, at most one (Budgets takes no more); its policy has to let budgets.amazonaws.com publish."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.topic_arns) <= 1 && length(var.topic_arns) + length(var.email_addresses) >= 1
    error_message = "topic_arns must have at most one topic, and with email_addresses there must be someone to tell."
  }
}
