output "alias_name" {
  description = "Alias of the key, with alias/ in front."
  value       = aws_kms_alias.this.name
}

output "arn" {
  description = "ARN of the key. For what the policy's conditions name (a bucket behind a distribution), which must not wait for the policy."
  value       = aws_kms_key.this.arn
}

output "id" {
  description = "Id of the key."
  value       = aws_kms_key.this.key_id
}

output "ready_arn" {
  description = "The same ARN, known only once the key policy is in place. For what asks the service at creation whether it may use the key: log groups, topics, queues."
  value       = aws_kms_key.this.arn
  depends_on  = [aws_kms_key_policy.this]
}
