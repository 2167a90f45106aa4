output "state_bucket_name" {
  description = "Bucket of the states: for each environment's backend.hcl."
  value       = module.states.name
}

output "permissions_boundary_arn" {
  description = "The policy that bounds the platform's roles: each environment's permissions_boundary_arn."
  value       = aws_iam_policy.boundary.arn
}

output "plan_role_arn" {
  description = "Role that plans: the repository's variable PLAN_ROLE_ARN."
  value       = aws_iam_role.plan.arn
}

output "apply_role_arns" {
  description = "Roles that apply, by environment: the variable APPLY_ROLE_ARN of each GitHub environment."
  value       = { for name, role in aws_iam_role.apply : name => role.arn }
}
