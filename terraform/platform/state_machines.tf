# What gives the orders: seven stages, process-video over them, reconcile-library beside them. Definitions are those that
# run on a laptop; only the placeholders differ.

locals {
  definitions = "${path.module}/../../statemachines"

  stages = setsubtract(local.machines, ["process-video", "reconcile-library"])

  stage_values = merge(local.resource_placeholders, local.function_placeholders)
  main_values  = merge(local.stage_values, local.child_placeholders)
  # It tells record-failure of executions of process-video.
  library_values = merge(local.stage_values, local.main_placeholders)
}

module "stage_machine" {
  source   = "../modules/state-machine"
  for_each = local.stages

  prefix                   = local.prefix
  name                     = each.key
  definition               = templatefile("${local.definitions}/${each.key}.asl.json", local.stage_values)
  statements               = local.statements.machines[each.key]
  permissions_boundary_arn = var.permissions_boundary_arn
  log_retention_days       = var.settings.log_retention_days
  kms_key_arn              = module.key.ready_arn
  alarm_topic_arns         = local.alarm_topic_arns
}

# Its definition names the version of each child, and a child's that of each function: a change in any of them is a new
# version here, and an execution keeps all versions that it began with.
module "process_video" {
  source = "../modules/state-machine"

  prefix                   = local.prefix
  name                     = "process-video"
  definition               = templatefile("${local.definitions}/process-video.asl.json", local.main_values)
  statements               = local.statements.machines["process-video"]
  permissions_boundary_arn = var.permissions_boundary_arn
  alias                    = { weights_owner = var.settings.alias_weights_owner }
  log_retention_days       = var.settings.log_retention_days
  kms_key_arn              = module.key.ready_arn
  alarm_topic_arns         = local.alarm_topic_arns
}

module "reconcile_library" {
  source = "../modules/state-machine"

  prefix                   = local.prefix
  name                     = "reconcile-library"
  definition               = templatefile("${local.definitions}/reconcile-library.asl.json", local.library_values)
  statements               = local.statements.machines["reconcile-library"]
  permissions_boundary_arn = var.permissions_boundary_arn
  alias                    = { weights_owner = var.settings.alias_weights_owner }
  log_retention_days       = var.settings.log_retention_days
  kms_key_arn              = module.key.ready_arn
  alarm_topic_arns         = local.alarm_topic_arns
}
