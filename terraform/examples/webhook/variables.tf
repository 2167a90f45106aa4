variable "api_key_secret_arn" {
  description = "ARN of a Secrets Manager secret whose value is the key that the receiver knows. Its value is in Terraform's state, as it is in the connection's."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[^:]+:secretsmanager:", var.api_key_secret_arn))
    error_message = "api_key_secret_arn must be the ARN of a Secrets Manager secret."
  }
}

variable "event_bus_name" {
  description = "Name of VideoFlow's bus of domain events: the prefix of the installation and `-domain`."
  type        = string
  nullable    = false
}

variable "url" {
  description = "Where the events are posted to."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.url, "https://")
    error_message = "url must begin with https://: EventBridge posts to nothing else."
  }
}

variable "events" {
  description = "Types of the events that are posted."
  type        = set(string)
  default     = ["VideoPublished", "VideoDeleted"]
  nullable    = false

  validation {
    condition     = length(var.events) > 0 && length(setsubtract(var.events, ["VideoAwaitingReview", "VideoDeleted", "VideoFailed", "VideoPublished", "VideoRejected"])) == 0
    error_message = "events must be some of VideoAwaitingReview, VideoDeleted, VideoFailed, VideoPublished and VideoRejected."
  }
}

variable "name" {
  description = "Name of everything that is made here."
  type        = string
  default     = "videoflow-webhook"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,47}$", var.name))
    error_message = "name must be 1 to 48 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "requests_per_second" {
  description = "Most requests a second; events wait above it."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.requests_per_second >= 1 && var.requests_per_second <= 300 && floor(var.requests_per_second) == var.requests_per_second
    error_message = "requests_per_second must be a whole number from 1 to 300."
  }
}
