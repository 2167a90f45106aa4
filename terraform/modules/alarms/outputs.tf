output "composite_alarm_names" {
  description = "Names of the composite alarms, by group."
  value       = { for group, alarm in aws_cloudwatch_composite_alarm.group : group => alarm.alarm_name }
}

output "topic_arn" {
  description = "ARN of the topic that tells about alarms; known once its policy is in place."
  value       = aws_sns_topic.this.arn
  depends_on  = [aws_sns_topic_policy.this]
}

output "unhealthy_alarm_arn" {
  description = "ARN of the composite alarm over all groups."
  value       = aws_cloudwatch_composite_alarm.unhealthy.arn
}

output "unhealthy_alarm_name" {
  description = "Name of the composite alarm over all groups."
  value       = aws_cloudwatch_composite_alarm.unhealthy.alarm_name
}
