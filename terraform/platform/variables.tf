variable "alarm_email_addresses" {
  description = "Addresses that are told when an alarm goes off; each has to confirm the subscription."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_email_addresses : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "alarm_email_addresses: each is an e-mail address, such as on-call@example.com."
  }
}

variable "bedrock_model_id" {
  description = "Model or inference profile that writes the brief, by its id (anthropic.… or us.anthropic.…). It has to know structured output."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-zA-Z0-9:._-]+)+$", var.bedrock_model_id))
    error_message = "bedrock_model_id: the id of a Bedrock model or inference profile, such as us.anthropic.claude-haiku-4-5-20251001-v1:0; no ARN."
  }
}

variable "cost_tag" {
  description = "Tag that every resource carries by the provider's default_tags: what the budget counts. It has to be activated as a cost-allocation tag."
  type = object({
    key   = string
    value = string
  })
  nullable = false
}

variable "data_automation" {
  description = "Bedrock Data Automation: ARN of the project, and of the profile of the region's group. The provider has no resource for them; README.md has the commands that make and find them."
  type = object({
    profile_arn = string
    project_arn = string
  })
  nullable = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:bedrock:[a-z0-9-]+:[0-9]{12}:data-automation-project/.+$", var.data_automation.project_arn))
    error_message = "data_automation.project_arn: arn:<partition>:bedrock:<region>:<account>:data-automation-project/<id>."
  }

  validation {
    condition     = can(regex("^arn:[a-z-]+:bedrock:[a-z0-9-]+:[0-9]{12}:data-automation-profile/.+$", var.data_automation.profile_arn))
    error_message = "data_automation.profile_arn: arn:<partition>:bedrock:<region>:<account>:data-automation-profile/<us|eu|apac|us-gov>.data-automation-v1."
  }
}

variable "environment" {
  description = "Name of the environment: second half of every resource's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,10}[a-z0-9]$", var.environment))
    error_message = "environment: 2 to 12 lower-case letters, digits and hyphens, beginning with a letter, such as dev, staging, prod or pr-42."
  }
}

variable "packages" {
  description = "The functions' zips by function: where each lies, and its SHA-256 in base64, as `make build` writes them into target/lambda/manifest.json."
  type = map(object({
    path   = string
    sha256 = string
  }))
  nullable = false

  validation {
    condition     = length(setsubtract(keys(local.functions), keys(var.packages))) == 0
    error_message = "packages: there is no zip for ${join(", ", setsubtract(keys(local.functions), keys(var.packages)))}; run `make build`."
  }
}

variable "settings" {
  description = "Limits, retention and sizes: what differs between environments."
  type = object({
    # Must the stores survive? Then destroying or replacing a bucket, a table or the key is refused.
    is_protected = bool
    # Who moves the aliases of process-video and reconcile-library: every apply ("terraform") or the release's canary ("release").
    alias_weights_owner = string
    # Of all log groups.
    log_retention_days = number
    # Over it, the budget's addresses are told.
    monthly_budget_usd = number

    access_log_retention_days = optional(number, 90)
    # The tagged source of a published video goes to Glacier Instant Retrieval.
    archive_after_days = optional(number, 30)
    api_throttling = optional(object({
      burst = optional(number, 20)
      rate  = optional(number, 10)
    }), {})
    event_archive_days = optional(number, 90)
    # Of the functions that differ from functions/functions.json, or that are to have a share of the account's concurrency.
    functions = optional(map(object({
      log_level            = optional(string)
      memory_mb            = optional(number)
      reserved_concurrency = optional(number)
    })), {})
    # Invocations of start-processing, record-failure and delete-video at a time.
    ingest_maximum_concurrency    = optional(number, 10)
    failures_maximum_concurrency  = optional(number, 5)
    deletions_maximum_concurrency = optional(number, 2)
    key_deletion_window_days      = optional(number, 30)
    maximum_receive_count         = optional(number, 5)
    # Videos that are worked on at once; the others wait in the ingest queue. Those that wait for a reviewer do not count.
    maximum_running_videos = optional(number, 100)
    # Versions that were overwritten or deleted.
    noncurrent_retention_days = optional(number, 30)
    # Equal failures (state and error) within it are one notice, after the first.
    notice_window_seconds = optional(number, 600)
    price_class           = optional(string, "PriceClass_100")
    # At least the run time of reconcile-library, so that two runs never overlap.
    reconcile_interval_hours = optional(number, 6)
    # Point-in-time recovery of the tables.
    recovery_days = optional(number, 35)
    # Plans, raw analyses, timelines below work/.
    work_retention_days = optional(number, 90)
  })
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.settings.functions), keys(local.functions))) == 0
    error_message = "settings.functions: there is no function ${join(", ", setsubtract(keys(var.settings.functions), keys(local.functions)))}."
  }

  validation {
    condition     = var.settings.reconcile_interval_hours * 3600 >= local.reconcile_timeout_seconds
    error_message = "settings.reconcile_interval_hours: at least ${local.reconcile_timeout_seconds / 3600}, the time that one run may take, so that runs never overlap."
  }

  validation {
    condition     = var.settings.maximum_receive_count >= 2 && var.settings.maximum_receive_count <= 1000
    error_message = "settings.maximum_receive_count: 2 to 1000, so that a transient error is tried again."
  }

  validation {
    # All of them stand in one DynamoDB item of 400 KB.
    condition     = var.settings.maximum_running_videos >= 1 && var.settings.maximum_running_videos <= 2000 && floor(var.settings.maximum_running_videos) == var.settings.maximum_running_videos
    error_message = "settings.maximum_running_videos: a whole number from 1 to 2000."
  }

  validation {
    # A message waits for so long in the queue `failures`, whose oldest may be 900 seconds old.
    condition     = var.settings.notice_window_seconds >= 60 && var.settings.notice_window_seconds <= 600 && floor(var.settings.notice_window_seconds) == var.settings.notice_window_seconds
    error_message = "settings.notice_window_seconds: a whole number from 60 to 600."
  }

  validation {
    condition     = var.settings.access_log_retention_days >= 1 && var.settings.archive_after_days >= 0 && var.settings.event_archive_days >= 1 && var.settings.noncurrent_retention_days >= 1 && var.settings.work_retention_days >= 1
    error_message = "settings: access_log_retention_days, event_archive_days, noncurrent_retention_days and work_retention_days are 1 or more, archive_after_days 0 or more."
  }

  validation {
    # A redrive is possible for 14 days and reads what the job has left below work/.
    condition     = var.settings.work_retention_days >= 15
    error_message = "settings.work_retention_days: at least 15, because a failed video can be redriven for 14 days."
  }
}

variable "api_authorization" {
  description = "Who may call the HTTP API: callers with IAM permissions, or bearers of tokens of one issuer."
  type = object({
    type     = optional(string, "AWS_IAM")
    audience = optional(set(string))
    issuer   = optional(string)
  })
  default  = {}
  nullable = false
}

variable "api_cors_origins" {
  description = "Web pages that may call the HTTP API from a browser, such as https://videos.example.com."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "custom_domain" {
  description = "Names under which CloudFront serves, and their certificate in ACM (of us-east-1, as CloudFront wants it). Null: CloudFront's own name."
  type = object({
    aliases         = set(string)
    certificate_arn = string
  })
  default = null
}

variable "notice_email_addresses" {
  description = "Addresses that are told of rejected, published and failed videos; each has to confirm the subscription."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of the policy that bounds what the platform's roles may ever be allowed, as terraform/bootstrap makes it. null: none."
  type        = string
  default     = null
}

variable "project" {
  description = "First half of every resource's name."
  type        = string
  default     = "videoflow"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,10}$", var.project))
    error_message = "project: 2 to 11 lower-case letters and digits, beginning with a letter."
  }
}

variable "signing_public_keys" {
  description = "Public keys (PEM) for CloudFront's signed URLs, by name. Two at a time while one replaces the other. Empty: there is no CloudFront distribution, and published files are read with IAM permissions only."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "web_acl_arn" {
  description = "Web ACL of WAF for CloudFront. Null: none."
  type        = string
  default     = null
}
