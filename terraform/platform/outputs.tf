output "alarm_topic_arn" {
  description = "Topic that all alarms tell."
  value       = module.alarms.topic_arn
}

output "api_endpoint" {
  description = "URL of the HTTP API."
  value       = module.api.endpoint
}

output "claims_table_name" {
  description = "Table of claims on content."
  value       = module.claims_table.name
}

output "dashboard_name" {
  description = "Dashboard in CloudWatch."
  value       = module.dashboard.name
}

output "dead_letter_queue_urls" {
  description = "Dead-letter queues by the queue or schedule that they belong to."
  value = merge(
    { for name, queue in local.all_queues : name => queue.dead_letters_url },
    { reconcile-library = module.reconcile_schedule.dead_letters_url },
  )
}

output "delivery" {
  description = "CloudFront: its domain name, and the ids of the signing keys by name. Null without signing keys."
  value = length(var.signing_public_keys) == 0 ? null : {
    domain_name    = module.delivery[0].domain_name
    public_key_ids = module.delivery[0].public_key_ids
  }
}

output "jobs_table_name" {
  description = "Job table."
  value       = module.jobs_table.name
}

output "output_bucket_name" {
  description = "Bucket of everything that is made."
  value       = module.output_bucket.name
}

output "placeholders" {
  description = "Every placeholder of the definitions and patterns and, in upper case, every setting of the functions, with its value here."
  value       = merge(local.main_values, local.main_placeholders, local.rule_placeholders)
}

output "process_video" {
  description = "The main machine: its ARN, its newest version, and the alias that callers use."
  value = {
    alias_arn   = module.process_video.alias_arn
    arn         = module.process_video.arn
    version_arn = module.process_video.version_arn
  }
}

output "reconcile_library" {
  description = "The library's machine: its ARN, its newest version, and the alias that the schedule starts."
  value = {
    alias_arn   = module.reconcile_library.alias_arn
    arn         = module.reconcile_library.arn
    version_arn = module.reconcile_library.version_arn
  }
}

output "source_bucket_name" {
  description = "Bucket of uploads: what lands here is processed."
  value       = module.source_bucket.name
}

output "state_machine_arns" {
  description = "The nine machines by name."
  value       = { for name, machine in local.all_machines : name => machine.arn }
}

output "unhealthy_alarm_name" {
  description = "Composite alarm over all alarms: what a release watches."
  value       = module.alarms.unhealthy_alarm_name
}
