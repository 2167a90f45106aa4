output "platform" {
  description = "Everything that a caller, a release or an operator needs to know of this environment."
  value       = module.platform
}
