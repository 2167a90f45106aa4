# What does the small work. functions/functions.json says how large each function is and which settings it reads.

locals {
  functions = jsondecode(file("${path.module}/../../functions/functions.json"))

  # These start executions, so they come after process-video in the order of things; the others are called by Tasks.
  event_functions = ["jobs-api", "record-failure", "start-processing"]
  task_functions  = setsubtract(keys(local.functions), local.event_functions)

  task_settings  = { for name, value in local.resource_placeholders : upper(name) => value }
  event_settings = merge(local.task_settings, { for name, value in local.main_placeholders : upper(name) => value })
}

module "task_function" {
  source   = "../modules/function"
  for_each = local.task_functions

  prefix               = local.prefix
  name                 = each.key
  package              = var.packages[each.key]
  memory_mb            = coalesce(try(var.settings.functions[each.key].memory_mb, null), local.functions[each.key].memoryMb)
  timeout_seconds      = local.functions[each.key].timeoutSeconds
  reserved_concurrency = try(var.settings.functions[each.key].reserved_concurrency, null)
  log_level            = coalesce(try(var.settings.functions[each.key].log_level, null), "INFO")
  environment          = { for setting in local.functions[each.key].environment : setting => local.task_settings[setting] }
  statements           = local.statements.functions[each.key]
  log_retention_days   = var.settings.log_retention_days
  kms_key_arn          = module.key.ready_arn
  alarm_topic_arns     = local.alarm_topic_arns
}

module "event_function" {
  source   = "../modules/function"
  for_each = toset(local.event_functions)

  prefix               = local.prefix
  name                 = each.key
  package              = var.packages[each.key]
  memory_mb            = coalesce(try(var.settings.functions[each.key].memory_mb, null), local.functions[each.key].memoryMb)
  timeout_seconds      = local.functions[each.key].timeoutSeconds
  reserved_concurrency = try(var.settings.functions[each.key].reserved_concurrency, null)
  log_level            = coalesce(try(var.settings.functions[each.key].log_level, null), "INFO")
  environment          = { for setting in local.functions[each.key].environment : setting => local.event_settings[setting] }
  statements           = local.statements.functions[each.key]
  log_retention_days   = var.settings.log_retention_days
  kms_key_arn          = module.key.ready_arn
  alarm_topic_arns     = local.alarm_topic_arns
}
