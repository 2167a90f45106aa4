# What wakes what: uploads and failures by rules, the library's reconciliation by a schedule, people and programs by HTTP.

locals {
  # As the API describes itself; and what fits no route, so that this is told as the description says, too.
  api_paths   = jsondecode(file("${path.module}/../../functions/jobs-api/openapi.json")).paths
  api_methods = ["delete", "get", "head", "patch", "post", "put"]
  api_routes = concat(["$default"], flatten([
    for path, item in local.api_paths : [for method in setintersection(keys(item), local.api_methods) : "${upper(method)} ${path}"]
  ]))

  # One run at a time: the next begins when the machine's own timeout has ended the last one.
  reconcile_timeout_seconds = jsondecode(file("${local.definitions}/reconcile-library.asl.json")).TimeoutSeconds
}

module "object_created_rule" {
  source = "../modules/event-rule"

  prefix                = local.prefix
  name                  = "object-created"
  description           = "Every new object in the source bucket goes to the ingest queue"
  event_pattern         = templatefile("${local.definitions}/object-created.pattern.json", local.rule_placeholders)
  target_arn            = module.ingest_queue.arn
  dead_letter_queue_arn = module.ingest_queue.dead_letters_arn
  alarm_topic_arns      = local.alarm_topic_arns
}

# Children fail into process-video, which decides what that means: only its own end counts, and its redrive.
module "video_failed_rule" {
  source = "../modules/event-rule"

  prefix                = local.prefix
  name                  = "video-failed"
  description           = "Executions of process-video that did not succeed, or are redriven, go to the failures queue"
  event_pattern         = templatefile("${local.definitions}/video-failed.pattern.json", local.rule_placeholders)
  target_arn            = module.failures_queue.arn
  dead_letter_queue_arn = module.failures_queue.dead_letters_arn
  alarm_topic_arns      = local.alarm_topic_arns
}

module "reconcile_schedule" {
  source = "../modules/schedule"

  prefix      = local.prefix
  name        = "reconcile-library"
  description = "Mends what crashes left, and finds videos that no job knows"
  expression  = var.settings.reconcile_interval_hours == 1 ? "rate(1 hour)" : "rate(${var.settings.reconcile_interval_hours} hours)"
  # The universal target takes an alias as the API does.
  target_arn = "arn:${local.partition}:scheduler:::aws-sdk:sfn:startExecution"
  input = jsonencode({
    StateMachineArn = module.reconcile_library.alias_arn
    Input           = jsonencode({ bucket = module.source_bucket.name })
  })
  statements               = local.statements.services["reconcile-library-schedule"]
  permissions_boundary_arn = var.permissions_boundary_arn
  kms_key_arn              = module.key.arn
  alarm_topic_arns         = local.alarm_topic_arns
}

module "api" {
  source = "../modules/api"

  prefix = local.prefix
  name   = "jobs"
  function = {
    arn        = module.event_function["jobs-api"].version_arn
    invoke_arn = module.event_function["jobs-api"].version_invoke_arn
  }
  routes             = local.api_routes
  authorization      = var.api_authorization
  cors_origins       = var.api_cors_origins
  throttling         = var.settings.api_throttling
  log_retention_days = var.settings.log_retention_days
  kms_key_arn        = module.key.ready_arn
  alarm_topic_arns   = local.alarm_topic_arns
}
