output "alarm_names" {
  description = "Names of the alarms on events that could not be delivered, and on events that are lost."
  value       = values(aws_cloudwatch_metric_alarm.this)[*].alarm_name
}

output "arn" {
  description = "ARN of the rule: what the policies of target and dead-letter queue name."
  value       = aws_cloudwatch_event_rule.this.arn
}

output "name" {
  description = "Full name of the rule."
  value       = aws_cloudwatch_event_rule.this.name
}
