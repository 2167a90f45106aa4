output "alarm_names" {
  description = "Names of the alarms on starts that could not be made, and on starts that are lost."
  value       = values(aws_cloudwatch_metric_alarm.this)[*].alarm_name
}

output "arn" {
  description = "ARN of the schedule."
  value       = aws_scheduler_schedule.this.arn
}

output "dead_letters_arn" {
  description = "ARN of the dead-letter queue."
  value       = aws_sqs_queue.dead_letters.arn
}

output "dead_letters_name" {
  description = "Full name of the dead-letter queue."
  value       = aws_sqs_queue.dead_letters.name
}

output "dead_letters_url" {
  description = "URL of the dead-letter queue."
  value       = aws_sqs_queue.dead_letters.url
}

output "name" {
  description = "Full name of the schedule."
  value       = aws_scheduler_schedule.this.name
}

output "role_arn" {
  description = "ARN of the schedule's role."
  value       = aws_iam_role.this.arn
}
