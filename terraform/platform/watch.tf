# Who is told when it fails: every module makes its own alarms, all of them tell this topic, and one composite alarm over
# all of them is what a release watches.

locals {
  all_functions = merge(module.task_function, module.event_function)
  all_machines  = merge(module.stage_machine, { "process-video" = module.process_video, "reconcile-library" = module.reconcile_library })
  # Beyond it, predictions are no basis for a price limit.
  cost_drift_limit_percent = 25

  all_queues = { deletions = module.deletions_queue, ingest = module.ingest_queue, failures = module.failures_queue, failed-videos = module.failed_videos_queue }
}

module "alarms" {
  source = "../modules/alarms"

  prefix          = local.prefix
  kms_key_arn     = module.key.arn
  email_addresses = var.alarm_email_addresses

  groups = {
    functions      = flatten([for name in sort(keys(local.all_functions)) : local.all_functions[name].alarm_names])
    state-machines = flatten([for name in sort(keys(local.all_machines)) : local.all_machines[name].alarm_names])
    queues         = flatten([for name in sort(keys(local.all_queues)) : local.all_queues[name].alarm_names])
    events = concat(
      module.object_created_rule.alarm_names,
      module.video_failed_rule.alarm_names,
      module.reconcile_schedule.alarm_names,
      module.api.alarm_names,
    )
    tables = concat(module.jobs_table.alarm_names, module.claims_table.alarm_names)
  }
}

# publish-assets logs how far the cost of a video missed its prediction. No part of a group: a release does not change prices.
resource "aws_cloudwatch_log_metric_filter" "cost_drift" {
  name           = "${local.prefix}-cost-drift"
  log_group_name = module.task_function["publish-assets"].log_group_name
  pattern        = "{ $.fields.cost_drift_percent = * }"

  metric_transformation {
    name      = "CostDriftPercent"
    namespace = local.prefix
    value     = "$.fields.cost_drift_percent"
    unit      = "Percent"
  }
}

resource "aws_cloudwatch_metric_alarm" "cost_drift" {
  alarm_name          = "${local.prefix}-cost-drift"
  alarm_description   = "A video cost more than ${local.cost_drift_limit_percent} % more or less than was predicted: a price has changed, or the prediction is wrong. See docs/operations.md#cost-drift"
  namespace           = aws_cloudwatch_log_metric_filter.cost_drift.metric_transformation[0].namespace
  metric_name         = aws_cloudwatch_log_metric_filter.cost_drift.metric_transformation[0].name
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.cost_drift_limit_percent
  period              = 3600
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_topic_arns
  ok_actions          = local.alarm_topic_arns
}

module "dashboard" {
  source = "../modules/dashboard"

  prefix       = local.prefix
  main_machine = module.process_video.name
  machines     = [for name in sort(keys(local.all_machines)) : local.all_machines[name].name]
  functions    = [for name in sort(keys(local.all_functions)) : local.all_functions[name].name]
  queues       = { for name, queue in local.all_queues : queue.name => queue.dead_letters_name }
  alarm_names  = concat([module.alarms.unhealthy_alarm_name], values(module.alarms.composite_alarm_names))
  api_id       = module.api.id
}

module "budget" {
  source = "../modules/budget"

  prefix            = local.prefix
  name              = "monthly"
  monthly_limit_usd = var.settings.monthly_budget_usd
  email_addresses   = var.alarm_email_addresses
  topic_arns        = local.alarm_topic_arns
  tag_filter        = var.cost_tag
}
