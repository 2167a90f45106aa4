output "state_bucket_name" {
  description = "Bucket of the states: for each environment's backend.hcl."
  value       = module.states.name
}

output "permissions_boundary_arn" {
  description = "The policy that bounds the platform's roles: each environment's permissions_boundary_arn."
  value       = aws_iam_policy.boundary.arn
}

output "deployments" {
  description = "Where each environment is, and as whom it is planned and applied: the repository's variables DEV_DEPLOYMENT, STAGING_DEPLOYMENT, PROD_DEPLOYMENT."
  value = { for name, role in aws_iam_role.apply : name => jsonencode({
    apply_role_arn           = role.arn
    permissions_boundary_arn = aws_iam_policy.boundary.arn
    plan_role_arn            = aws_iam_role.plan.arn
    region                   = var.region
    state_bucket             = module.states.name
  }) }
}
