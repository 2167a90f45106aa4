# What people rely on: its stores cannot be destroyed, and the release moves the aliases step by step.

locals {
  project     = "videoflow"
  environment = "prod"

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
    is_protected        = true
    alias_weights_owner = "release"
    log_retention_days  = 365
    monthly_budget_usd  = 3000

    access_log_retention_days = 365
    api_throttling            = { burst = 100, rate = 50 }
    event_archive_days        = 365
    price_class               = "PriceClass_All"
  }
}
