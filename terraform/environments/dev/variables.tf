variable "account_id" {
  description = "Account of this environment: nothing is changed in any other."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: 12 digits."
  }
}

variable "bedrock_model_id" {
  description = "Model or inference profile that writes the brief, by its id."
  type        = string
  nullable    = false
}

variable "data_automation" {
  description = "Bedrock Data Automation: ARN of the project, and of the profile of the region's group."
  type = object({
    profile_arn = string
    project_arn = string
  })
  nullable = false
}

variable "region" {
  description = "Region of this environment."
  type        = string
  nullable    = false
}

variable "alarm_email_addresses" {
  description = "Addresses that are told when an alarm goes off."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "api_authorization" {
  description = "Who may call the HTTP API: callers with IAM permissions (the default), or bearers of one issuer's tokens."
  type = object({
    type     = optional(string, "AWS_IAM")
    audience = optional(set(string))
    issuer   = optional(string)
  })
  default  = {}
  nullable = false
}

variable "api_cors_origins" {
  description = "Web pages that may call the HTTP API from a browser."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "custom_domain" {
  description = "Names under which CloudFront serves, and their certificate. Null: CloudFront's own name."
  type = object({
    aliases         = set(string)
    certificate_arn = string
  })
  default = null
}

variable "notice_email_addresses" {
  description = "Addresses that are told of rejected, published and failed videos."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "package_manifest" {
  description = "Manifest of the functions' zips, as `make build` writes it."
  type        = string
  default     = "../../../target/lambda/manifest.json"
  nullable    = false

  validation {
    condition     = fileexists(var.package_manifest)
    error_message = "package_manifest: there is no such file; run `make build` first, or name the manifest of a release."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds the roles, as terraform/bootstrap gives it out. Null: none."
  type        = string
  default     = null
}

variable "signing_public_keys" {
  description = "Public keys (PEM) for CloudFront's signed URLs, by name. Empty: no distribution."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "web_acl_arn" {
  description = "Web ACL of WAF for CloudFront. Null: none."
  type        = string
  default     = null
}
