mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix      = "videoflow-test"
  name        = "delivery"
  bucket      = { name = "output-bucket", regional_domain_name = "output-bucket.s3.eu-west-1.amazonaws.com" }
  paths       = ["media/*", "published/*"]
  public_keys = { first = file("examples/basic/public-key.pem") }
}

run "defaults" {
  command = plan

  assert {
    condition     = [for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior : behavior.path_pattern] == ["media/*", "published/*"]
    error_message = "Each path has a behavior, in the order given."
  }

  assert {
    condition = alltrue([
      for behavior in concat(aws_cloudfront_distribution.this.ordered_cache_behavior, aws_cloudfront_distribution.this.default_cache_behavior) :
      length(behavior.trusted_key_groups) == 1 && behavior.viewer_protocol_policy == "https-only" && behavior.allowed_methods == toset(["GET", "HEAD"])
    ])
    error_message = "Every behavior wants a signature and HTTPS, and reads only."
  }

  assert {
    condition = alltrue([
      for behavior in concat(aws_cloudfront_distribution.this.ordered_cache_behavior, aws_cloudfront_distribution.this.default_cache_behavior) :
      behavior.cache_policy_id == data.aws_cloudfront_cache_policy.optimized.id
    ])
    error_message = "CloudFront's managed policy says what is cached."
  }

  assert {
    condition = (
      one(aws_cloudfront_distribution.this.default_cache_behavior[0].function_association).event_type == "viewer-request" &&
      alltrue([for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior : length(behavior.function_association) == 0])
    )
    error_message = "The function that refuses stands before the default behavior, and before no other."
  }

  assert {
    condition     = strcontains(aws_cloudfront_function.refuse.code, "statusCode: 403") && aws_cloudfront_function.refuse.publish
    error_message = "The function answers 403, and is live."
  }

  assert {
    condition = (
      one(aws_cloudfront_distribution.this.origin).domain_name == "output-bucket.s3.eu-west-1.amazonaws.com" &&
      aws_cloudfront_origin_access_control.this.origin_access_control_origin_type == "s3" &&
      aws_cloudfront_origin_access_control.this.signing_behavior == "always"
    )
    error_message = "CloudFront signs what it asks the bucket for."
  }

  assert {
    condition = (
      aws_cloudfront_response_headers_policy.this.security_headers_config[0].strict_transport_security[0].access_control_max_age_sec == 63072000 &&
      aws_cloudfront_response_headers_policy.this.security_headers_config[0].frame_options[0].frame_option == "DENY" &&
      aws_cloudfront_response_headers_policy.this.security_headers_config[0].referrer_policy[0].referrer_policy == "no-referrer" &&
      aws_cloudfront_response_headers_policy.this.security_headers_config[0].content_type_options[0].override
    )
    error_message = "HTTPS is kept to, pages are not framed, URLs are not given away, types are not guessed."
  }

  assert {
    condition     = !strcontains(aws_cloudfront_response_headers_policy.this.security_headers_config[0].content_security_policy[0].content_security_policy, "-src 'self'")
    error_message = "The header does not narrow what a page's own policy lets it load."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.viewer_certificate[0].cloudfront_default_certificate && length(aws_cloudfront_distribution.this.aliases) == 0
    error_message = "Without a custom domain CloudFront's own is used."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.price_class == "PriceClass_100" && aws_cloudfront_distribution.this.web_acl_id == null
    error_message = "The cheapest price class and no web ACL."
  }

  assert {
    condition     = length(aws_cloudwatch_log_delivery_source.this) + length(aws_cloudwatch_log_delivery_destination.this) + length(aws_cloudwatch_log_delivery.this) == 0
    error_message = "No access logs unless asked for."
  }
}

run "key_names_hold_a_digest_and_pems_end_with_a_line_feed" {
  command = plan

  variables {
    public_keys = {
      first  = file("examples/basic/public-key.pem")
      second = <<-PEM
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4GPtlZlkt6rKOc/Y3C3i1qkQjbv7
        E6O2yFhmtA0jX8Po0YdJWHiPzM1RAYjwMNf0MCqQt/Y6oUBK1xp4UWcY1w==
        -----END PUBLIC KEY-----

      PEM
    }
  }

  assert {
    condition = alltrue([
      for name, key in aws_cloudfront_public_key.this :
      key.encoded_key == "${trimspace(var.public_keys[name])}\n" && key.name == "videoflow-test-delivery-${name}-${substr(sha256(key.encoded_key), 0, 8)}"
    ])
    error_message = "A changed PEM is a key of another name, so that old and new can both exist; the PEM is as CloudFront keeps it."
  }

  assert {
    condition     = keys(aws_cloudfront_public_key.this) == ["first", "second"]
    error_message = "Each entry is a key."
  }
}

run "options" {
  command = plan

  variables {
    price_class   = "PriceClass_All"
    web_acl_arn   = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/main/11111111-2222-3333-4444-555555555555"
    access_logs   = { bucket_arn = "arn:aws:s3:::logs-bucket" }
    custom_domain = { aliases = ["media.example.com"], certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
  }

  assert {
    condition = (
      aws_cloudfront_distribution.this.aliases == toset(["media.example.com"]) &&
      !aws_cloudfront_distribution.this.viewer_certificate[0].cloudfront_default_certificate &&
      aws_cloudfront_distribution.this.viewer_certificate[0].acm_certificate_arn == var.custom_domain.certificate_arn &&
      aws_cloudfront_distribution.this.viewer_certificate[0].ssl_support_method == "sni-only" &&
      aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    )
    error_message = "A custom domain has its certificate, and TLS 1.2 at least."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.price_class == "PriceClass_All" && aws_cloudfront_distribution.this.web_acl_id == var.web_acl_arn
    error_message = "Price class and web ACL are those that were given."
  }

  assert {
    condition = (
      aws_cloudwatch_log_delivery_source.this[0].log_type == "ACCESS_LOGS" &&
      one(aws_cloudwatch_log_delivery_destination.this[0].delivery_destination_configuration).destination_resource_arn == "arn:aws:s3:::logs-bucket" &&
      aws_cloudwatch_log_delivery_destination.this[0].output_format == "json"
    )
    error_message = "Access logs go to the bucket as JSON."
  }

  assert {
    condition = toset([
      aws_cloudwatch_log_delivery_source.this[0].region, aws_cloudwatch_log_delivery_destination.this[0].region, aws_cloudwatch_log_delivery.this[0].region,
    ]) == toset(["us-east-1"])
    error_message = "All three parts of the log delivery are where CloudFront's control plane is."
  }
}

run "statements_for_bucket_and_key" {
  assert {
    condition = output.bucket_policy_statements == {
      delivery = {
        effect     = "Allow"
        principals = { Service = ["cloudfront.amazonaws.com"] }
        actions    = ["s3:GetObject"]
        paths      = ["/media/*", "/published/*"]
        conditions = { StringEquals = { "aws:SourceArn" = [output.distribution_arn] } }
      }
    }
    error_message = "This distribution may read the objects below the paths, and nothing else."
  }

  assert {
    condition = output.key_services == {
      delivery = {
        principal  = "cloudfront.amazonaws.com"
        actions    = ["kms:Decrypt"]
        conditions = { StringEquals = { "aws:SourceArn" = [output.distribution_arn] } }
      }
    }
    error_message = "This distribution may decrypt, and nothing else."
  }

  assert {
    condition     = keys(output.public_key_ids) == ["first"] && output.key_group_id != ""
    error_message = "Signers learn the ids by the keys' names."
  }
}

run "wired_to_key_and_bucket_without_a_cycle" {
  module {
    source = "./examples/basic"
  }

  assert {
    condition     = output.bucket_name != "" && output.domain_name != "" && keys(output.public_key_ids) == ["example"]
    error_message = "Key, buckets and distribution are made in one apply."
  }
}

run "refuses_bad_values" {
  command = plan

  variables {
    prefix        = "Videoflow"
    name          = "delivery-"
    paths         = ["/media/*"]
    public_keys   = { first = replace(file("examples/basic/public-key.pem"), "PUBLIC", "PRIVATE") }
    custom_domain = { aliases = [], certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
    price_class   = "PriceClass_300"
  }

  expect_failures = [var.prefix, var.name, var.paths, var.public_keys, var.custom_domain, var.price_class]
}

run "refuses_repeated_paths_large_keys_and_certificates_elsewhere" {
  command = plan

  variables {
    paths         = ["media/*", "media/*"]
    custom_domain = { aliases = ["media.example.com"], certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
    public_keys = {
      large = <<-PEM
        -----BEGIN PUBLIC KEY-----
        MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEA3AKlNP4/OtAZ55YRBjVO
        9lYWgOYOo7i1P84IDQP2lpCGMBMalu8tSJpd9hdgIUG1lDjNjBRMaJvYXkOz/8R1
        qqGHoO5OBH9RabnU9ESoR0A0GvSIWILjxusnVf+9oioMzOzSfMWmRnqhXik9dHH+
        k4mFYYy5ejlW8+K3szSjvVHnGZACViUCP+q/bRH1Y6AoJfPOJVRGZAD5mSKJz1mO
        Yu/JVMVUdHYlvjTmeovfVTjkwOH3+lWMccBqnZYO+nUn4145XAoVvxd6XYWSCkwd
        QRceQzLKgZG9YD2Ym+qHzgynNLqK5R0zKXatJi3lsnDjgvCChlPaat/ryTwWWIJo
        NZdYpe77DlEq2UTcd5dJLqrkgLBJnls8R1A4LTHA3Uoan8nc2IZH3Ey7wjD/gK9o
        ixU8RNx+ueNdq3udCa7DzGoqTYsZxERLZF6uQbmK9tmj80dq797Ifp6E6Px1rxzY
        FNToKjR/51oH9Ps47/GfCCuvRLe7hoFGBcBQOTtC2U4CJd5esWOEZtce9Zi4Mk3M
        Nik28zrYLM6ODzFpOySHVS97Au4HxrpXIDdwZL3mXG91UpwVKDwTMosNHf7TJl7B
        py/xVViDDg2Wt4uNskcVKY+WCEehe1fItqBQutiE+a3bKtp84VKlH3vDlKz6/+2Y
        7t28IAbFk5aHnSTufVQUNkECAwEAAQ==
        -----END PUBLIC KEY-----
      PEM
    }
  }

  expect_failures = [var.paths, var.custom_domain, var.public_keys]
}

run "refuses_no_paths_and_no_keys" {
  command = plan

  variables {
    paths       = []
    public_keys = {}
  }

  expect_failures = [var.paths, var.public_keys]
}

run "refuses_everything_and_a_sixth_key" {
  command = plan

  variables {
    paths       = ["*"]
    public_keys = { for name in ["a", "b", "c", "d", "e", "f"] : name => file("examples/basic/public-key.pem") }
  }

  expect_failures = [var.paths, var.public_keys]
}

run "refuses_bad_key_names" {
  command = plan

  variables {
    public_keys = { "Key 1" = file("examples/basic/public-key.pem") }
  }

  expect_failures = [var.public_keys]
}
