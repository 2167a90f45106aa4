variable "bucket" {
  description = "Bucket that the distribution serves from. Only its names are used here, so its policy may name the distribution."
  type = object({
    name                 = string
    regional_domain_name = string
  })
  nullable = false
}

variable "name" {
  description = "Name of the distribution within prefix (lower-case letters, digits, hyphens; at most 32 characters)."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.name) <= 32 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name))
    error_message = "name must be lower-case words (letters and digits, a letter first) joined by single hyphens, with at most 32 characters."
  }
}

variable "paths" {
  description = "Key patterns that are served, without a leading slash: \"media/*\". Every other path is refused."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.paths) > 0 && alltrue([for path in var.paths : can(regex("^[A-Za-z0-9._~-][A-Za-z0-9._~/-]*/\\*$", path))])
    error_message = "paths must be one or more folders of the bucket in the form \"media/*\": no leading slash, and one * at the end."
  }

  validation {
    condition     = length(toset(var.paths)) == length(var.paths)
    error_message = "paths must not repeat."
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

variable "public_keys" {
  description = "Public keys whose private halves sign URLs and cookies, by a name of lower-case letters, digits and hyphens: PEM, RSA 2048 or ECDSA P-256; 1 to 5. To rotate: add the new one, sign with it, take the old one out when the last URL signed with it is over."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.public_keys) >= 1 && length(var.public_keys) <= 5
    error_message = "public_keys must hold 1 to 5 keys: without one nobody could be let in, and a key group takes 5."
  }

  validation {
    condition     = alltrue([for name in keys(var.public_keys) : can(regex("^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$", name))])
    error_message = "public_keys: names must be 1 to 32 lower-case letters, digits and hyphens."
  }

  validation {
    condition = alltrue([
      for pem in var.public_keys : can(regex("^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+\n-----END PUBLIC KEY-----$", trimspace(pem)))
    ])
    error_message = "public_keys: every value must be a public key in PEM (-----BEGIN PUBLIC KEY-----), with line feeds only. The private key never comes here."
  }

  validation {
    # Base64 characters between PEM's first and last line: 392 of an RSA key of 2048 bits, 124 of one on the curve P-256.
    condition = alltrue([
      for pem in var.public_keys : contains([124, 392], length(replace(replace(pem, "/-----[A-Z ]+-----/", ""), "/\\s/", "")))
    ])
    error_message = "public_keys: CloudFront takes RSA keys of 2048 bits and ECDSA keys on the curve P-256 only."
  }
}

variable "access_logs" {
  description = "Where CloudFront writes its access logs: ARN of a bucket made with is_log_target (its ready_arn). null: nowhere."
  type        = object({ bucket_arn = string })
  default     = null
}

variable "custom_domain" {
  description = "Names of your own and the ACM certificate for them, in the region of CloudFront's control plane. null: CloudFront's domain and certificate only."
  type = object({
    aliases         = set(string)
    certificate_arn = string
  })
  default = null

  validation {
    condition     = var.custom_domain == null ? true : length(var.custom_domain.aliases) > 0
    error_message = "custom_domain: aliases must hold at least one name."
  }

  validation {
    condition     = var.custom_domain == null ? true : can(regex("^arn:[a-z-]+:acm:${local.control_region}:[0-9]{12}:certificate/.+$", var.custom_domain.certificate_arn))
    error_message = "custom_domain: certificate_arn must be an ACM certificate in the region of CloudFront's control plane (${local.control_region})."
  }
}

variable "price_class" {
  description = "Where CloudFront serves from: PriceClass_100 (North America and Europe), PriceClass_200 (and most of Asia, Africa, the Middle East) or PriceClass_All."
  type        = string
  default     = "PriceClass_100"
  nullable    = false

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "web_acl_arn" {
  description = "ARN of a WAFv2 web ACL of scope CLOUDFRONT. null: none."
  type        = string
  default     = null
}
