variable "alarm_topic_arns" {
  description = "SNS topics that are told when the table's alarm goes off and when it is over. May be empty."
  type        = list(string)
  nullable    = false
}

variable "attributes" {
  description = "Types of the attributes that are keys of the table or of an index, by name: S, N or B. DynamoDB knows no other attributes beforehand."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for type in var.attributes : contains(["B", "N", "S"], type)])
    error_message = "attributes: types must be S (string), N (number) or B (binary)."
  }

  validation {
    condition = toset(keys(var.attributes)) == toset(compact(flatten([
      var.hash_key, var.range_key, [for index in var.indexes : [index.hash_key, index.range_key]],
    ])))
    error_message = "attributes must be exactly those that are hash_key or range_key of the table or of an index."
  }
}

variable "hash_key" {
  description = "Attribute that is the table's partition key."
  type        = string
  nullable    = false
}

variable "is_protected" {
  description = "Whether destroying or replacing the table is refused, at plan and by DynamoDB itself."
  type        = bool
  nullable    = false
}

variable "name" {
  description = "Name of the table within prefix (lower-case letters, digits, hyphens; at most 32 characters)."
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

variable "recovery_days" {
  description = "Days that point-in-time recovery reaches back (1 to 35)."
  type        = number
  nullable    = false

  validation {
    condition     = var.recovery_days >= 1 && var.recovery_days <= 35 && floor(var.recovery_days) == var.recovery_days
    error_message = "recovery_days must be a whole number from 1 to 35."
  }
}

variable "expiry_attribute" {
  description = "Attribute with the second (Unix time, a number) after which DynamoDB deletes an item, some days later at most. null: items stay."
  type        = string
  default     = null

  validation {
    condition     = var.expiry_attribute == null ? true : length(var.expiry_attribute) >= 1 && length(var.expiry_attribute) <= 255
    error_message = "expiry_attribute must have 1 to 255 characters."
  }
}

variable "indexes" {
  description = "Global secondary indexes by name (3 to 255 letters, digits, dots, hyphens, underscores). Each holds all attributes."
  type = map(object({
    hash_key  = string
    range_key = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.indexes) : can(regex("^[A-Za-z0-9_.-]{3,255}$", name))])
    error_message = "indexes: names must be 3 to 255 letters, digits, dots, hyphens and underscores."
  }

  validation {
    condition     = length(var.indexes) <= 4
    error_message = "indexes: at most 4, as one alarm watches the table and its indexes, and an alarm takes 10 metrics."
  }
}

variable "kms_key_arn" {
  description = "ARN of the customer key that encrypts the table. null: the account's key for DynamoDB (aws/dynamodb)."
  type        = string
  default     = null
}

variable "range_key" {
  description = "Attribute that is the table's sort key. null: none."
  type        = string
  default     = null
}
