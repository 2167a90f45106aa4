output "dead_letters_queue_url" {
  description = "URL of the queue of events that could not be delivered."
  value       = aws_sqs_queue.dead_letters.url
}

output "rule_arn" {
  description = "ARN of the rule: what a replay of the archive is filtered by."
  value       = aws_cloudwatch_event_rule.this.arn
}
