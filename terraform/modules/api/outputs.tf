output "alarm_names" {
  description = "Names of the alarms: server errors, latency."
  value       = [aws_cloudwatch_metric_alarm.server_errors.alarm_name, aws_cloudwatch_metric_alarm.latency.alarm_name]
}

output "endpoint" {
  description = "URL that requests begin with: https://<id>.execute-api.<region>.amazonaws.com; known once the stage is there."
  value       = aws_apigatewayv2_api.this.api_endpoint
  depends_on  = [aws_apigatewayv2_stage.this]
}

output "execution_arn" {
  description = "Begins the resources of execute-api:Invoke: <execution_arn>/$default/GET/path."
  value       = aws_apigatewayv2_api.this.execution_arn
}

output "id" {
  description = "Id of the API."
  value       = aws_apigatewayv2_api.this.id
}

output "log_group_name" {
  description = "Name of the log group with the access logs."
  value       = aws_cloudwatch_log_group.access.name
}
