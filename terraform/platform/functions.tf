# What does the small work. functions/functions.json says how large each function is and which settings it reads.

locals {
  functions = jsondecode(file("${path.module}/../../functions/functions.json"))

  # Events call these, and some start executions, so they come after process-video in the order of things; the others are
  # called by Tasks.
  event_functions = ["delete-video", "jobs-api", "record-failure", "start-processing"]
  task_functions  = setsubtract(keys(local.functions), local.event_functions)

  # The table's sizes, unless this environment has its own.
  sizes = { for name, function in local.functions : name => {
    log_level            = coalesce(try(var.settings.functions[name].log_level, null), "INFO")
    memory_mb            = coalesce(try(var.settings.functions[name].memory_mb, null), function.memoryMb)
    reserved_concurrency = try(var.settings.functions[name].reserved_concurrency, null)
    timeout_seconds      = function.timeoutSeconds
  } }

  task_settings  = { for name, value in local.resource_placeholders : upper(name) => value }
  event_settings = merge(local.task_settings, { for name, value in local.main_placeholders : upper(name) => value })
}

module "task_function" {
  source   = "../modules/function"
  for_each = local.task_functions

  prefix                   = local.prefix
  name                     = each.key
  package                  = var.packages[each.key]
  memory_mb                = local.sizes[each.key].memory_mb
  timeout_seconds          = local.sizes[each.key].timeout_seconds
  reserved_concurrency     = local.sizes[each.key].reserved_concurrency
  log_level                = local.sizes[each.key].log_level
  environment              = { for setting in local.functions[each.key].environment : setting => local.task_settings[setting] }
  statements               = local.statements.functions[each.key]
  permissions_boundary_arn = var.permissions_boundary_arn
  log_retention_days       = var.settings.log_retention_days
  kms_key_arn              = module.key.ready_arn
  alarm_topic_arns         = local.alarm_topic_arns
}

module "event_function" {
  source   = "../modules/function"
  for_each = toset(local.event_functions)

  prefix                   = local.prefix
  name                     = each.key
  package                  = var.packages[each.key]
  memory_mb                = local.sizes[each.key].memory_mb
  timeout_seconds          = local.sizes[each.key].timeout_seconds
  reserved_concurrency     = local.sizes[each.key].reserved_concurrency
  log_level                = local.sizes[each.key].log_level
  environment              = { for setting in local.functions[each.key].environment : setting => local.event_settings[setting] }
  statements               = local.statements.functions[each.key]
  permissions_boundary_arn = var.permissions_boundary_arn
  log_retention_days       = var.settings.log_retention_days
  kms_key_arn              = module.key.ready_arn
  alarm_topic_arns         = local.alarm_topic_arns
}
