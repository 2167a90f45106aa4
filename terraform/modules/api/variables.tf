variable "alarm_topic_arns" {
  description = "Topics told when an alarm of the API begins and ends; may be empty."
  type        = list(string)
  nullable    = false
}

variable "function" {
  description = "What answers every route: the ARN of a published version (or of an alias, or of the function itself, which then answers with what was uploaded last), and its ARN for invocations by API Gateway."
  type = object({
    arn        = string
    invoke_arn = string
  })
  nullable = false

  validation {
    condition     = can(regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:function:[^:]+(:[A-Za-z0-9_-]+)?$", var.function.arn))
    error_message = "function.arn must be the ARN of a function's version (arn:…:function:<name>:<version>), of its alias, or of the function."
  }
}

variable "log_retention_days" {
  description = "Days that access logs are kept."
  type        = number
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653: CloudWatch Logs knows no others."
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

variable "routes" {
  description = "What the API answers, as \"METHOD /path\", path parameters in braces: \"GET /jobs/{id}\". With \"$default\" the function answers what fits no route, too: otherwise API Gateway does, in words of its own."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.routes) > 0 && alltrue([for route in var.routes : route == "$default" || can(regex("^(GET|HEAD|POST|PUT|PATCH|DELETE) (/|(/([A-Za-z0-9._~-]+|\\{[A-Za-z0-9._-]+\\+?\\}))+)$", route))])
    error_message = "routes must have at least one route, each a method (GET, HEAD, POST, PUT, PATCH, DELETE), a space and a path: \"GET /jobs/{id}\"; or \"$default\"."
  }
}

variable "alarm_thresholds" {
  description = "When alarms begin: server_errors answers of 500 to 599 within 5 minutes; latency_milliseconds, exceeded by 5 % of requests for 15 minutes."
  type = object({
    latency_milliseconds = optional(number, 5000)
    server_errors        = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.alarm_thresholds.latency_milliseconds >= 1 && var.alarm_thresholds.latency_milliseconds <= 30000 && var.alarm_thresholds.server_errors >= 1
    error_message = "alarm_thresholds: latency_milliseconds must be 1 to 30000 (an HTTP API answers within 30 s or not at all), server_errors at least 1."
  }
}

variable "authorization" {
  description = "Who may call: type AWS_IAM (callers sign their requests; execute-api:Invoke decides) or JWT (tokens of issuer for one of audience)."
  type = object({
    audience = optional(set(string), [])
    issuer   = optional(string)
    type     = optional(string, "AWS_IAM")
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["AWS_IAM", "JWT"], var.authorization.type)
    error_message = "authorization.type must be AWS_IAM or JWT: no route is open to everyone."
  }

  validation {
    condition     = var.authorization.type != "JWT" || (can(regex("^https://[^/]+", var.authorization.issuer)) && length(var.authorization.audience) > 0)
    error_message = "authorization of type JWT needs issuer (an https:// URL) and at least one audience."
  }

  validation {
    condition     = var.authorization.type != "AWS_IAM" || (var.authorization.issuer == null && length(var.authorization.audience) == 0)
    error_message = "authorization of type AWS_IAM has no issuer and no audience."
  }
}

variable "cors_origins" {
  description = "Origins whose pages may call the API from a browser: \"https://app.example.com\". Empty: none."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^(https://[a-z0-9.-]+|http://localhost)(:[0-9]+)?$", origin))])
    error_message = "cors_origins must be origins such as https://app.example.com (http only for localhost), without a path; \"*\" is refused."
  }
}

variable "kms_key_arn" {
  description = "Customer key that encrypts the access logs; its policy has to let CloudWatch Logs use it. Null: the key of CloudWatch Logs."
  type        = string
  default     = null
}

variable "throttling" {
  description = "Requests over all callers: rate a second in the long run, burst at once. What is more gets 429."
  type = object({
    burst = optional(number, 50)
    rate  = optional(number, 25)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.throttling.burst >= 1 && var.throttling.burst <= 5000 && var.throttling.burst == floor(var.throttling.burst) && var.throttling.rate > 0 && var.throttling.rate <= 10000
    error_message = "throttling: burst must be a whole number from 1 to 5000, rate more than 0 and up to 10000."
  }
}
