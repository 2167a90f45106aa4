output "bucket_policy_statements" {
  description = "What the bucket's policy has to allow, in the shape of the bucket module's policy_statements."
  value = {
    (var.name) = {
      effect     = "Allow"
      principals = { Service = ["cloudfront.amazonaws.com"] }
      actions    = ["s3:GetObject"]
      paths      = [for path in var.paths : "/${path}"]
      conditions = { StringEquals = { "aws:SourceArn" = [aws_cloudfront_distribution.this.arn] } }
    }
  }
}

output "distribution_arn" {
  description = "ARN of the distribution."
  value       = aws_cloudfront_distribution.this.arn
}

output "distribution_id" {
  description = "Id of the distribution."
  value       = aws_cloudfront_distribution.this.id
}

output "domain_name" {
  description = "CloudFront's domain name of the distribution; DNS records of a custom domain point at it."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "key_group_id" {
  description = "Id of the key group whose keys may sign."
  value       = aws_cloudfront_key_group.this.id
}

output "key_services" {
  description = "What the policy of the bucket's customer key has to allow, in the shape of the key module's services."
  value = {
    (var.name) = {
      principal  = "cloudfront.amazonaws.com"
      actions    = ["kms:Decrypt"]
      conditions = { StringEquals = { "aws:SourceArn" = [aws_cloudfront_distribution.this.arn] } }
    }
  }
}

output "public_key_ids" {
  description = "Ids of the public keys by name: the Key-Pair-Id of what is signed with the private half."
  value       = { for name, key in aws_cloudfront_public_key.this : name => key.id }
}
