# For trying things: everything can be destroyed, and every apply serves at once.

locals {
  project     = "videoflow"
  environment = "dev"

  # Its paths are relative to the manifest.
  packages = { for name, package in jsondecode(file(var.package_manifest)) : name => {
    path   = "${dirname(var.package_manifest)}/${package.path}"
    sha256 = package.sha256
  } }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      Project     = local.project
      Environment = local.environment
      # Activate this one as a cost-allocation tag: the budget counts by it.
      Platform  = "${local.project}-${local.environment}"
      ManagedBy = "terraform"
    }
  }
}

module "platform" {
  source = "../../platform"

  project     = local.project
  environment = local.environment

  alarm_email_addresses    = var.alarm_email_addresses
  api_authorization        = var.api_authorization
  api_cors_origins         = var.api_cors_origins
  bedrock_model_id         = var.bedrock_model_id
  cost_tag                 = { key = "Platform", value = "${local.project}-${local.environment}" }
  custom_domain            = var.custom_domain
  data_automation          = var.data_automation
  notice_email_addresses   = var.notice_email_addresses
  packages                 = local.packages
  permissions_boundary_arn = var.permissions_boundary_arn
  signing_public_keys      = var.signing_public_keys
  web_acl_arn              = var.web_acl_arn

  settings = {
    is_protected        = false
    alias_weights_owner = "terraform"
    log_retention_days  = 14
    monthly_budget_usd  = 100

    access_log_retention_days    = 14
    event_archive_days           = 7
    failures_maximum_concurrency = 2
    ingest_maximum_concurrency   = 2
    key_deletion_window_days     = 7
    noncurrent_retention_days    = 3
    recovery_days                = 7
    work_retention_days          = 15
  }
}
