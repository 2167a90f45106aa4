output "alarm_names" {
  description = "Names of the table's alarms."
  value       = [aws_cloudwatch_metric_alarm.throttles.alarm_name]
}

output "arn" {
  description = "ARN of the table."
  value       = aws_dynamodb_table.this.arn
}

output "index_arns" {
  description = "ARNs of the indexes, by name."
  value       = { for name in keys(var.indexes) : name => "${aws_dynamodb_table.this.arn}/index/${name}" }
}

output "name" {
  description = "Full name of the table."
  value       = aws_dynamodb_table.this.name
}
