variable "functions" {
  description = "Full names of the functions."
  type        = list(string)
  nullable    = false
}

variable "machines" {
  description = "Full names of the state machines; the main machine's may be among them."
  type        = list(string)
  nullable    = false
}

variable "main_machine" {
  description = "Full name of the state machine that runs once for each job; all others are shown as stages."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.main_machine))
    error_message = "main_machine must be the name of a state machine, not an ARN: up to 80 letters, digits, hyphens and underscores."
  }
}

variable "prefix" {
  description = "Name of the dashboard, left out of the labels: lower-case letters, digits and hyphens, up to 24 characters."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}$", var.prefix))
    error_message = "prefix must be up to 24 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "queues" {
  description = "Full names of the queues, each with the name of its dead-letter queue: { videoflow-dev-ingest = \"videoflow-dev-ingest-dead-letters\" }."
  type        = map(string)
  nullable    = false
}

variable "alarm_names" {
  description = "Names of the alarms whose state is shown on top, such as the composite alarms; at most 100. Empty: none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.alarm_names) <= 100
    error_message = "alarm_names must be at most 100: an alarm widget shows no more."
  }
}

variable "api_id" {
  description = "Id of the HTTP API. Null: there is none."
  type        = string
  default     = null
}
