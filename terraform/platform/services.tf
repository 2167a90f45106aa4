# What does the heavy work: MediaConvert with a queue and a role of its own, Data Automation, the model. Rekognition and
# Transcribe need nothing but permissions.

resource "aws_media_convert_queue" "this" {
  name        = "${local.prefix}-transcodes"
  description = "Transcodes of ${local.prefix}"
}

# What MediaConvert may do while it works on a job: read sources, write media.
resource "aws_iam_role" "media_convert" {
  name        = local.role_names["media-convert"]
  description = "MediaConvert reads sources and writes media of ${local.prefix}"

  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "mediaconvert.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "media_convert" {
  name = "permissions"
  role = aws_iam_role.media_convert.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in local.statements.services["media-convert"] : { for field, value in {
      Effect    = "Allow"
      Action    = statement.actions
      Resource  = statement.resources
      Condition = length(statement.conditions) == 0 ? null : statement.conditions
    } : field => value if value != null }]
  })
}

locals {
  # A cross-region profile serves from any region of its group, so all of them have to be allowed.
  data_automation_profile_name = element(split("/", var.data_automation.profile_arn), 1)

  # us.anthropic.… is an inference profile over a group of regions, anthropic.… is a model here.
  inference_profile = try(regex("^(?:us-gov|us|eu|apac|au|ca|jp|global)\\.(.+)$", var.bedrock_model_id)[0], null)
  model_arns = local.inference_profile == null ? [
    "arn:${local.partition}:bedrock:${local.region}::foundation-model/${var.bedrock_model_id}"
    ] : [
    "arn:${local.partition}:bedrock:${local.region}:${local.account}:inference-profile/${var.bedrock_model_id}",
    "arn:${local.partition}:bedrock:*::foundation-model/${local.inference_profile}",
  ]
}
