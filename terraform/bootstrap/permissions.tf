# What the roles may do. A service's own actions are allowed on the names of one environment only; where a service knows no
# names, on what carries the environment's tag, as the environments' provider tags everything.

locals {
  calls = jsondecode(file("${path.module}/../permissions.json")).calls

  # What the platform's own roles are made of: permissions.json, and what the modules give every function and machine.
  runtime_actions = sort(distinct(concat(
    [for action in flatten([for statements in values(local.calls) : [for statement in statements : statement.actions]]) : action if !startswith(action, "iam:")],
    [
      "kms:Decrypt", "kms:GenerateDataKey", "sqs:SendMessage",
      "logs:CreateLogDelivery", "logs:CreateLogStream", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutLogEvents",
      "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
      "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    ],
  )))

  read_settings = [
    {
      actions = [
        "apigateway:GET", "budgets:ListTagsForResource", "budgets:ViewBudget",
        "cloudfront:DescribeFunction", "cloudfront:Get*", "cloudfront:List*",
        "cloudwatch:DescribeAlarms", "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource",
        "dynamodb:Describe*", "dynamodb:ListTagsOfResource",
        "events:Describe*", "events:List*",
        "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies",
        "kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListResourceTags",
        "lambda:Get*", "lambda:List*",
        "logs:Describe*", "logs:GetDelivery", "logs:GetDeliveryDestination", "logs:GetDeliverySource", "logs:ListTagsForResource",
        "mediaconvert:GetQueue", "mediaconvert:ListTagsForResource",
        "scheduler:Get*", "scheduler:ListTagsForResource",
        "sns:Get*", "sns:ListTagsForResource", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags",
        "states:DescribeStateMachine", "states:DescribeStateMachineAlias", "states:ListStateMachineVersions", "states:ListTagsForResource",
        "states:ValidateStateMachineDefinition",
      ]
      resources  = ["*"]
      conditions = {}
    },
    {
      actions = [
        "s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:ListTagsForResource",
      ]
      resources  = [for prefix in values(local.prefixes) : "${local.arn}:s3:::${prefix}-*"]
      conditions = {}
    },
    # The functions' settings: Lambda shows them only to who may use their key. Without it every plan would change them.
    {
      actions   = ["kms:Decrypt"]
      resources = ["${local.arn}:kms:${var.region}:${local.account}:key/*"]
      conditions = {
        StringEquals = { "kms:ViaService" = "lambda.${var.region}.amazonaws.com" }
        StringLike = { "kms:EncryptionContext:aws:lambda:FunctionArn" = [
          for prefix in values(local.prefixes) : "${local.arn}:lambda:${var.region}:${local.account}:function:${prefix}-*"
        ] }
      }
    },
  ]

  # The state of an environment, and its lock beside it.
  state_statements = { for name in var.environments : name => [
    { actions = ["s3:ListBucket"], resources = [module.states.arn], conditions = {} },
    {
      actions    = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      resources  = ["${module.states.arn}/${var.project}/${name}.tfstate.tflock"]
      conditions = {}
    },
  ] }
  read_states = distinct(flatten([for name in var.environments : concat(local.state_statements[name], [{
    actions    = ["s3:GetObject"]
    resources  = ["${module.states.arn}/${var.project}/${name}.tfstate"]
    conditions = {}
  }])]))

  # Services whose resources are named: everything, on the environment's names.
  named = { for name, prefix in local.prefixes : name => {
    cloudwatch   = ["alarm:${prefix}-*", ":dashboard/${prefix}"]
    dynamodb     = ["table/${prefix}-*"]
    events       = ["archive/${prefix}-*", "event-bus/${prefix}-*", "rule/${prefix}-*"]
    lambda       = ["function:${prefix}-*"]
    logs         = ["delivery-destination:${prefix}-*", "delivery-source:${prefix}-*", "log-group:/aws/*/${prefix}-*"]
    mediaconvert = ["queues/${prefix}-*"]
    scheduler    = ["schedule-group/${prefix}-*", "schedule/${prefix}-*"]
    sns          = ["${prefix}-*"]
    sqs          = ["${prefix}-*"]
    states       = ["execution:${prefix}-*", "mapRun:${prefix}-*", "stateMachine:${prefix}-*"]
  } }

  apply = { for name, prefix in local.prefixes : name => {
    names = concat(
      local.state_statements[name],
      [
        {
          actions    = ["s3:GetObject", "s3:PutObject"]
          resources  = ["${module.states.arn}/${var.project}/${name}.tfstate"]
          conditions = {}
        },
        { actions = ["s3:*"], resources = ["${local.arn}:s3:::${prefix}-*"], conditions = {} },
        { actions = ["budgets:*"], resources = ["${local.arn}:budgets::${local.account}:budget/${prefix}-*"], conditions = {} },
      ],
      [for service, names in local.named[name] : {
        actions    = ["${service}:*"]
        resources  = [for resource in names : startswith(resource, ":") ? "${local.arn}:${service}::${local.account}${resource}" : "${local.arn}:${service}:${var.region}:${local.account}:${resource}"]
        conditions = {}
      }],
    )
    tags = [
      {
        actions    = ["kms:CreateKey"]
        resources  = ["*"]
        conditions = { StringEquals = { "aws:RequestTag/Platform" = prefix } }
      },
      {
        actions    = ["kms:*"]
        resources  = ["${local.arn}:kms:${var.region}:${local.account}:key/*"]
        conditions = { StringEquals = { "aws:ResourceTag/Platform" = prefix } }
      },
      { actions = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"], resources = ["${local.arn}:kms:${var.region}:${local.account}:alias/${prefix}-*"], conditions = {} },
      {
        actions    = ["apigateway:POST", "apigateway:TagResource"]
        resources  = ["${local.arn}:apigateway:${var.region}::/apis", "${local.arn}:apigateway:${var.region}::/tags/*"]
        conditions = { StringEquals = { "aws:RequestTag/Platform" = prefix } }
      },
      {
        actions    = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
        resources  = ["${local.arn}:apigateway:${var.region}::/apis/*"]
        conditions = { StringEquals = { "aws:ResourceTag/Platform" = prefix } }
      },
      # Of what CloudFront knows, only distributions can be tagged.
      {
        actions    = ["cloudfront:CreateDistribution", "cloudfront:DeleteDistribution", "cloudfront:TagResource", "cloudfront:UntagResource", "cloudfront:UpdateDistribution"]
        resources  = ["${local.arn}:cloudfront::${local.account}:distribution/*"]
        conditions = {}
      },
      {
        actions    = [for kind in ["Function", "KeyGroup", "OriginAccessControl", "PublicKey", "ResponseHeadersPolicy"] : "cloudfront:*${kind}"]
        resources  = ["${local.arn}:cloudfront::${local.account}:*"]
        conditions = {}
      },
      {
        actions    = ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"]
        resources  = ["*"]
        conditions = { ArnLike = { "lambda:FunctionArn" = "${local.arn}:lambda:${var.region}:${local.account}:function:${prefix}-*" } }
      },
      {
        actions    = ["lambda:TagResource", "lambda:UntagResource"]
        resources  = ["${local.arn}:lambda:${var.region}:${local.account}:event-source-mapping:*"]
        conditions = { StringEqualsIfExists = { "aws:RequestTag/Platform" = prefix } }
      },
      # Deliveries have numbers for names, and what Step Functions and API Gateway arrange for their logs has none.
      {
        actions    = ["logs:CreateDelivery", "logs:CreateLogDelivery", "logs:DeleteDelivery", "logs:DeleteLogDelivery", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery"]
        resources  = ["*"]
        conditions = {}
      },
    ]
    roles = concat(local.read_settings, [
      {
        actions    = ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
        resources  = ["${local.arn}:iam::${local.account}:role/${prefix}-*"]
        conditions = { StringEquals = { "iam:PermissionsBoundary" = aws_iam_policy.boundary.arn } }
      },
      {
        actions    = ["iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription"]
        resources  = ["${local.arn}:iam::${local.account}:role/${prefix}-*"]
        conditions = {}
      },
      {
        actions   = ["iam:PassRole"]
        resources = ["${local.arn}:iam::${local.account}:role/${prefix}-*"]
        conditions = { StringEquals = { "iam:PassedToService" = [
          "lambda.amazonaws.com", "mediaconvert.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com",
        ] } }
      },
    ])
  } }
}
