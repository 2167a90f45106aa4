# Who may do what: ../permissions.json says which calls each role makes on which targets, and which IAM actions a call
# needs on which facet of its target. This file says what the facets are here, and turns both into statements.

locals {
  permissions = jsondecode(file("${path.module}/../permissions.json"))

  machines = keys(local.permissions.roles.machines)

  # By name rather than from the modules: a role is made before the machine or function that takes it on.
  machine_arns  = { for name in local.machines : name => "arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:${local.prefix}-${name}" }
  function_arns = { for name in keys(local.functions) : name => "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${local.prefix}-${name}" }
  role_names    = { for name in ["media-convert"] : name => "${local.prefix}-${name}" }

  # What is encrypted needs the key as well.
  encrypted = { key = [module.key.arn] }

  targets = merge(
    {
      source = merge(local.encrypted, {
        bucket  = [module.source_bucket.arn]
        objects = ["${module.source_bucket.arn}/*"]
      })
      jobs-table   = merge(local.encrypted, { table = [module.jobs_table.arn], indexes = values(module.jobs_table.index_arns) })
      claims-table = merge(local.encrypted, { table = [module.claims_table.arn], indexes = values(module.claims_table.index_arns) })
      output = merge(local.encrypted, {
        bucket  = [module.output_bucket.arn]
        objects = ["${module.output_bucket.arn}/*"]
      })
      deletions-queue              = merge(local.encrypted, { queue = [module.deletions_queue.arn] })
      deletions-dead-letters-queue = merge(local.encrypted, { queue = [module.deletions_queue.dead_letters_arn] })
      ingest-queue                 = merge(local.encrypted, { queue = [module.ingest_queue.arn] })
      ingest-dead-letters-queue    = merge(local.encrypted, { queue = [module.ingest_queue.dead_letters_arn] })
      failures-queue               = merge(local.encrypted, { queue = [module.failures_queue.arn] })
      failures-dead-letters-queue  = merge(local.encrypted, { queue = [module.failures_queue.dead_letters_arn] })
      failed-videos-queue          = merge(local.encrypted, { queue = [module.failed_videos_queue.arn] })
      notices-topic                = merge(local.encrypted, { topic = [aws_sns_topic.notices.arn] })
      domain-event-bus             = { bus = [aws_cloudwatch_event_bus.domain.arn] }
      media-convert = {
        queue = [aws_media_convert_queue.this.arn]
        jobs  = ["arn:${local.partition}:mediaconvert:${local.region}:${local.account}:jobs/*"]
        role  = [aws_iam_role.media_convert.arn]
      }
      data-automation = {
        project     = [var.data_automation.project_arn]
        profile     = ["arn:${local.partition}:bedrock:*:${local.account}:data-automation-profile/${local.data_automation_profile_name}"]
        invocations = ["arn:${local.partition}:bedrock:${local.region}:${local.account}:data-automation-invocation/*"]
      }
      language-model = { models = local.model_arns }
      rekognition    = {}
      transcribe     = { jobs = ["arn:${local.partition}:transcribe:${local.region}:${local.account}:transcription-job/*"] }
    },
    { for place in ["work", "media", "published"] : place => merge(local.encrypted, {
      bucket  = [module.output_bucket.arn]
      objects = ["${module.output_bucket.arn}/${place}/*"]
    }) },
    { for name, arn in local.function_arns : name => { versions = ["${arn}:*"] } },
    { for name, arn in local.machine_arns : name => {
      # Versions and aliases are authorised on the machine itself.
      machine        = [arn]
      executions     = ["${replace(arn, ":stateMachine:", ":execution:")}:*"]
      map-executions = ["${replace(arn, ":stateMachine:", ":execution:")}/*:*"]
      # By this rule Step Functions learns that a nested execution has ended.
      nested-rule = ["arn:${local.partition}:events:${local.region}:${local.account}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"]
    } },
  )

  # Every action of every role with the facet that it is allowed on. A target without the facet is passed over.
  grants = { for kind, roles in local.permissions.roles : kind => flatten([
    for role, calls in roles : [
      for call, targets in calls : [
        for grant in local.permissions.calls[call] : [
          for target in targets : {
            role       = role
            target     = target
            facet      = grant.on
            actions    = grant.actions
            conditions = try(grant.conditions, {})
            # The key and "any" are the same for all targets.
            place = contains(["any", "key"], grant.on) ? grant.on : "${target} ${grant.on}"
          } if grant.on == "any" || contains(keys(local.targets[target]), grant.on)
        ]
      ]
    ]
  ]) }

  # What a role may do in each place, whatever number of calls need it.
  actions = { for kind, roles in local.permissions.roles : kind => {
    for role in keys(roles) : role => [
      for grants in values({ for grant in local.grants[kind] : "${grant.place} ${jsonencode(grant.conditions)}" => grant... if grant.role == role }) : {
        actions    = sort(distinct(flatten(grants[*].actions)))
        resources  = grants[0].facet == "any" ? ["*"] : local.targets[grants[0].target][grants[0].facet]
        conditions = grants[0].conditions
      }
    ]
  } }

  # One statement for all places where it may do the same.
  statements = { for kind, roles in local.actions : kind => {
    for role, allowed in roles : role => [
      for same in values({ for one in allowed : jsonencode([one.actions, one.conditions]) => one... }) : {
        actions    = same[0].actions
        resources  = distinct(flatten(same[*].resources))
        conditions = same[0].conditions
      }
    ]
  } }
}
