# Who reads what is published: bearers of signed URLs, through CloudFront. work/ is never served.

module "delivery" {
  source = "../modules/delivery"
  count  = length(var.signing_public_keys) == 0 ? 0 : 1

  prefix = local.prefix
  name   = "delivery"
  bucket = {
    name                 = module.output_bucket.name
    regional_domain_name = module.output_bucket.regional_domain_name
  }
  paths         = ["media/*", "published/*"]
  public_keys   = var.signing_public_keys
  access_logs   = { bucket_arn = module.access_logs_bucket.ready_arn }
  price_class   = var.settings.price_class
  custom_domain = var.custom_domain
  web_acl_arn   = var.web_acl_arn
}
