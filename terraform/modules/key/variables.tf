variable "deletion_window_days" {
  description = "Days between the order to delete the key and its deletion (7 to 30); what it encrypted is lost after them."
  type        = number
  nullable    = false

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30 && floor(var.deletion_window_days) == var.deletion_window_days
    error_message = "deletion_window_days must be a whole number from 7 to 30."
  }
}

variable "description" {
  description = "What the key encrypts, as the KMS console shows it (1 to 8192 characters)."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.description) >= 1 && length(var.description) <= 8192
    error_message = "description must have 1 to 8192 characters."
  }
}

variable "is_protected" {
  description = "Whether destroying or replacing the key is refused at plan."
  type        = bool
  nullable    = false
}

variable "name" {
  description = "Name of the key within prefix (lower-case letters, digits, hyphens; at most 32 characters)."
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
}

variable "services" {
  description = "AWS services that use the key themselves, one key-policy statement each, by a name of lower-case letters, digits and hyphens. Roles need no entry: their own policies name the key."
  type = map(object({
    principal  = string
    actions    = list(string)
    conditions = optional(map(map(list(string))), {})
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", name))])
    error_message = "services: names are lower-case words joined by single hyphens (they become the statements' ids)."
  }

  validation {
    condition     = alltrue([for service in var.services : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)*\\.amazonaws\\.com(\\.cn)?$", service.principal))])
    error_message = "services: principal must be an AWS service principal such as events.amazonaws.com. Roles and users reach the key by their own policies."
  }

  validation {
    condition = alltrue([
      for service in var.services : length(service.actions) > 0 && alltrue([
        for action in service.actions : contains([
          "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey",
          "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo",
        ], action)
      ])
    ])
    error_message = "services: actions must be one or more of kms:CreateGrant, kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:GenerateDataKey, kms:GenerateDataKeyWithoutPlaintext, kms:ReEncryptFrom, kms:ReEncryptTo: a service uses the key, it does not administer it."
  }
}
