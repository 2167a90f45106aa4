data "aws_cloudfront_cache_policy" "optimized" {
  name = "Managed-CachingOptimized"
}

locals {
  full_name = "${var.prefix}-${var.name}"

  # CloudFront belongs to no region, but its control plane is here: log deliveries of a distribution and certificates
  # for one exist in this region only, wherever everything else is. AWS gives it no other name.
  control_region = "us-east-1"

  # CloudFront keeps a key's PEM with a line feed at its end; without it, every plan would replace the key.
  public_keys = { for name, pem in var.public_keys : name => "${trimspace(pem)}\n" }
}

# CloudFront refuses to delete a key that a group holds and to change a key's PEM. So a new key is made before the group
# changes and the old one goes after it; the digest of the PEM in the name lets both exist for that time.
resource "aws_cloudfront_public_key" "this" {
  for_each    = local.public_keys
  name        = "${local.full_name}-${each.key}-${substr(sha256(each.value), 0, 8)}"
  encoded_key = each.value

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudfront_key_group" "this" {
  name  = local.full_name
  items = [for key in aws_cloudfront_public_key.this : key.id]
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = local.full_name
  description                       = "Signs the requests of ${local.full_name} to its bucket."
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_response_headers_policy" "this" {
  #checkov:skip=CKV_AWS_259:HSTS is sent, for two years and with subdomains; preload binds a whole domain in every browser for good, which is for the owner of the domain to ask for.
  name    = local.full_name
  comment = "Security headers of ${local.full_name}."

  security_headers_config {
    content_security_policy {
      # What a page may load it says itself, in its meta element; a header would narrow that. This is what holds for all.
      content_security_policy = "base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
      override                = true
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = "DENY"
      override     = true
    }

    referrer_policy {
      # A signed URL is a secret: no other site may learn it from a link.
      referrer_policy = "no-referrer"
      override        = true
    }

    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = true
      preload                    = false
      override                   = true
    }
  }
}

resource "aws_cloudfront_function" "refuse" {
  name    = "${local.full_name}-refuse"
  comment = "Refuses the paths that ${local.full_name} does not serve."
  runtime = "cloudfront-js-2.0"
  code    = file("${path.module}/refuse.js")
  publish = true
}

resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV_AWS_86:The logs are delivered by standard logging v2 (aws_cloudwatch_log_delivery); the check knows only the legacy way, which needs ACLs on the log bucket.
  #checkov:skip=CKV_AWS_305:There is nothing to see at the root: it is refused like every path that is not in var.paths.
  #checkov:skip=CKV_AWS_310:The bucket is the only place that has the objects; there is no second origin to turn to.
  #checkov:skip=CKV_AWS_374:Who may see an object is decided for each URL by its signature, not by country.
  #checkov:skip=CKV2_AWS_47:Only objects of a bucket are served, there is no Java behind them; the rules of var.web_acl_arn are its owner's.
  comment         = local.full_name
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.price_class
  aliases         = var.custom_domain == null ? [] : var.custom_domain.aliases
  web_acl_id      = var.web_acl_arn

  origin {
    origin_id                = var.bucket.name
    domain_name              = var.bucket.regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.this.id
  }

  # What matches no path: CloudFront asks for a signature, and the function refuses even what is signed.
  default_cache_behavior {
    target_origin_id           = var.bucket.name
    viewer_protocol_policy     = "https-only"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = data.aws_cloudfront_cache_policy.optimized.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    trusted_key_groups         = [aws_cloudfront_key_group.this.id]

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.refuse.arn
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.paths

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = var.bucket.name
      viewer_protocol_policy     = "https-only"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = data.aws_cloudfront_cache_policy.optimized.id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
      trusted_key_groups         = [aws_cloudfront_key_group.this.id]
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.custom_domain == null
    acm_certificate_arn            = var.custom_domain == null ? null : var.custom_domain.certificate_arn
    ssl_support_method             = var.custom_domain == null ? null : "sni-only"
    # With its own certificate CloudFront chooses the version, and takes no other value than this.
    minimum_protocol_version = var.custom_domain == null ? "TLSv1" : "TLSv1.2_2021"
  }
}

resource "aws_cloudwatch_log_delivery_source" "this" {
  count        = var.access_logs == null ? 0 : 1
  region       = local.control_region
  name         = local.full_name
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.this.arn
}

resource "aws_cloudwatch_log_delivery_destination" "this" {
  count         = var.access_logs == null ? 0 : 1
  region        = local.control_region
  name          = local.full_name
  output_format = "json"

  delivery_destination_configuration {
    destination_resource_arn = var.access_logs.bucket_arn
  }
}

resource "aws_cloudwatch_log_delivery" "this" {
  count                    = var.access_logs == null ? 0 : 1
  region                   = local.control_region
  delivery_source_name     = aws_cloudwatch_log_delivery_source.this[0].name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.this[0].arn
}
