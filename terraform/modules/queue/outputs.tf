output "alarm_names" {
  description = "Names of the alarms on dead letters and, with max_age_seconds, on the age of the oldest message."
  value       = values(aws_cloudwatch_metric_alarm.this)[*].alarm_name
}

output "arn" {
  description = "ARN of the queue."
  value       = aws_sqs_queue.this.arn
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
  description = "Full name of the queue."
  value       = aws_sqs_queue.this.name
}

output "url" {
  description = "URL of the queue."
  value       = aws_sqs_queue.this.url
}
