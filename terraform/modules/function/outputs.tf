output "alarm_names" {
  description = "Names of the alarms on errors, throttles and duration."
  value       = values(aws_cloudwatch_metric_alarm.this)[*].alarm_name
}

output "arn" {
  description = "ARN of the function, without a version. Policies need it and its versions (ARN:*)."
  value       = aws_lambda_function.this.arn
}

output "log_group_name" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "name" {
  description = "Full name of the function."
  value       = aws_lambda_function.this.function_name
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = aws_iam_role.this.arn
}

output "role_name" {
  description = "Name of the function's role."
  value       = aws_iam_role.this.name
}

output "version" {
  description = "Number of the version that the last change published."
  value       = aws_lambda_function.this.version
}

output "version_arn" {
  description = "ARN of the version that the last change published: what state machines and event source mappings name."
  value       = aws_lambda_function.this.qualified_arn
}

output "version_invoke_arn" {
  description = "ARN by which API Gateway invokes that version."
  value       = aws_lambda_function.this.qualified_invoke_arn
}
