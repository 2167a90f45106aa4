output "alarm_names" {
  description = "Names of the alarms on aborted, failed, throttled and timed-out executions."
  value       = values(aws_cloudwatch_metric_alarm.this)[*].alarm_name
}

output "alias_arn" {
  description = "ARN of the alias, which callers start. null without an alias."
  value       = one(concat(aws_sfn_alias.terraform[*].arn, aws_sfn_alias.release[*].arn))
}

output "arn" {
  description = "ARN of the machine, without a version: what policies name."
  value       = aws_sfn_state_machine.this.arn
}

output "executions_arn" {
  description = "Pattern of the ARNs of the machine's executions, for policies."
  value = format(
    "arn:%s:states:%s:%s:execution:%s:*",
    data.aws_partition.current.partition,
    data.aws_region.current.region,
    data.aws_caller_identity.current.account_id,
    local.full_name,
  )
}

output "log_group_name" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "name" {
  description = "Full name of the machine."
  value       = aws_sfn_state_machine.this.name
}

output "role_arn" {
  description = "ARN of the machine's role."
  value       = aws_iam_role.this.arn
}

output "role_name" {
  description = "Name of the machine's role."
  value       = aws_iam_role.this.name
}

output "version_arn" {
  description = "ARN of the version that the last change published: what a parent machine starts."
  value       = aws_sfn_state_machine.this.state_machine_version_arn
}
