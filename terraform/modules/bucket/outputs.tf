output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "name" {
  description = "Full name of the bucket."
  value       = aws_s3_bucket.this.id
}

output "ready_arn" {
  description = "The same ARN, known only once the bucket policy is in place. For what begins to write at once: log deliveries. Not for what the policy's conditions name."
  value       = aws_s3_bucket.this.arn
  depends_on  = [aws_s3_bucket_policy.this]
}

output "regional_domain_name" {
  description = "Domain name of the bucket in its region, which is what CloudFront takes as origin."
  value       = aws_s3_bucket.this.bucket_regional_domain_name
}
