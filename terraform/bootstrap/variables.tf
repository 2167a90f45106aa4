variable "account_id" {
  description = "Account that is prepared: nothing is changed in any other."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: 12 digits."
  }
}

variable "region" {
  description = "Region of the environments and of the states."
  type        = string
  nullable    = false
}

variable "repository" {
  description = "Repository on GitHub whose workflows plan and apply, as its tokens name it: owner@id/name@id, or owner/name if it was made before 15 July 2026 and uses no immutable subject claims."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+(@[0-9]+/[A-Za-z0-9._-]+@[0-9]+|/[A-Za-z0-9._-]+)$", var.repository))
    error_message = "repository: owner@id/name@id, such as my-company@123456/videoflow@456789, or owner/name for an older one."
  }
}

variable "branch" {
  description = "Branch whose workflows may plan."
  type        = string
  default     = "main"
  nullable    = false
}

variable "environments" {
  description = "Environments in this account. Each is a GitHub environment of the same name, whose rules decide who may apply."
  type        = set(string)
  default     = ["dev", "staging", "prod"]
  nullable    = false

  validation {
    condition     = alltrue([for name in var.environments : can(regex("^[a-z][a-z0-9-]{0,10}[a-z0-9]$", name))])
    error_message = "environments: 2 to 12 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "is_protected" {
  description = "Whether destroying the bucket of the states is refused."
  type        = bool
  default     = true
  nullable    = false
}

variable "oidc_provider_arn" {
  description = "ARN of the account's identity provider for GitHub, if it has one: an account can have only one. null: it is made."
  type        = string
  default     = null
}

variable "project" {
  description = "First half of every resource's name."
  type        = string
  default     = "videoflow"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,10}[a-z0-9]$", var.project))
    error_message = "project: 2 to 12 lower-case letters, digits and hyphens, beginning with a letter."
  }
}
