# What everything is called: fills the definitions' placeholders and, in upper case, the functions' environment.

locals {
  # What tells `videoflow` where it works: notices show commands that can be pasted.
  command_options = join(" ", concat(
    var.project == "videoflow" ? [] : ["--project ${var.project}"],
    ["--environment ${var.environment}", "--region ${local.region}"],
  ))

  # Names, URLs and ARNs of what neither a function nor a machine is.
  resource_placeholders = {
    access_log_retention_days        = tostring(var.settings.access_log_retention_days)
    bedrock_model_id                 = var.bedrock_model_id
    claims_table_name                = module.claims_table.name
    command_options                  = local.command_options
    data_automation_profile_arn      = var.data_automation.profile_arn
    data_automation_project_arn      = var.data_automation.project_arn
    data_key_arn                     = module.key.arn
    deletions_dead_letters_queue_url = module.deletions_queue.dead_letters_url
    deletions_queue_url              = module.deletions_queue.url
    domain_event_bus_name            = aws_cloudwatch_event_bus.domain.name
    event_archive_days               = tostring(var.settings.event_archive_days)
    failed_videos_queue_url          = module.failed_videos_queue.url
    failures_dead_letters_queue_url  = module.failures_queue.dead_letters_url
    failures_queue_url               = module.failures_queue.url
    ingest_dead_letters_queue_url    = module.ingest_queue.dead_letters_url
    ingest_queue_url                 = module.ingest_queue.url
    jobs_table_name                  = module.jobs_table.name
    log_retention_days               = tostring(var.settings.log_retention_days)
    maximum_running_jobs             = tostring(var.settings.maximum_running_videos)
    media_convert_queue_arn          = aws_media_convert_queue.this.arn
    media_convert_role_arn           = aws_iam_role.media_convert.arn
    notice_window_seconds            = tostring(var.settings.notice_window_seconds)
    notices_topic_arn                = aws_sns_topic.notices.arn
    output_bucket_name               = module.output_bucket.name
    receive_limit                    = tostring(var.settings.maximum_receive_count)
    recovery_days                    = tostring(var.settings.recovery_days)
    source_bucket_name               = module.source_bucket.name
  }

  # Version ARNs: an execution keeps the functions and children that it began with.
  function_placeholders = { for name, function in module.task_function : "${replace(name, "-", "_")}_function_arn" => function.version_arn }
  child_placeholders    = { for name, machine in module.stage_machine : "${replace(name, "-", "_")}_state_machine_arn" => machine.version_arn }

  # Callers of process-video use its alias; its events name the machine without one.
  main_placeholders = { process_video_state_machine_arn = module.process_video.alias_arn }
  rule_placeholders = {
    process_video_arn  = local.machine_arns["process-video"]
    source_bucket_name = module.source_bucket.name
  }
}
