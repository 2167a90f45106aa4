data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.region

  alarm_arns   = [for name in var.alarm_names : "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${name}"]
  machines     = toset(concat([var.main_machine], var.machines))
  machine_arns = { for name in local.machines : name => "arn:${local.partition}:states:${local.region}:${local.account_id}:stateMachine:${name}" }
  stages       = setsubtract(local.machines, [var.main_machine])
  labels       = { for name in setunion(local.machines, var.functions, keys(var.queues)) : name => trimprefix(name, "${var.prefix}-") }

  outcomes = [for outcome in [
    { metric = "ExecutionsStarted", label = "started", color = "#1f77b4" },
    { metric = "ExecutionsSucceeded", label = "succeeded", color = "#2ca02c" },
    { metric = "ExecutionsFailed", label = "failed", color = "#d62728" },
    { metric = "ExecutionsTimedOut", label = "timed out", color = "#ff7f0e" },
    { metric = "ExecutionsAborted", label = "aborted", color = "#9467bd" },
    { metric = "ExecutionThrottled", label = "throttled", color = "#7f7f7f" },
  ] : ["AWS/States", outcome.metric, "StateMachineArn", local.machine_arns[var.main_machine], { label = outcome.label, color = outcome.color }]]

  # From top to bottom. A row has its height and its widgets from left to right; 24 columns are the whole width.
  sections = [
    {
      is_shown = true
      rows = [{
        height = 3
        widgets = [{ type = "text", width = 24, properties = {
          markdown = <<-EOT
            # ${var.prefix}
            Alarms first: the description of each says what it means and what to do. Then downwards: what came in, where it failed, what waits.
            **${local.labels[var.main_machine]}** only delegates: the stage that failed explains it, and `videoflow history JOB --region ${local.region}` shows the state. Runbook: `docs/operations.md`.
          EOT
        } }]
      }]
    },
    {
      is_shown = length(local.alarm_arns) > 0
      rows = [{
        height  = 3
        widgets = [{ type = "alarm", width = 24, properties = { title = "Alarms", alarms = local.alarm_arns } }]
      }]
    },
    {
      is_shown = true
      rows = [
        {
          height  = 1
          widgets = [{ type = "text", width = 24, properties = { markdown = "## Executions" } }]
        },
        {
          height = 3
          widgets = [{ type = "metric", width = 24, properties = {
            title                = "Executions in the time shown"
            view                 = "singleValue"
            setPeriodToTimeRange = true
            metrics              = local.outcomes
          } }]
        },
        {
          height = 6
          widgets = [
            { type = "metric", width = 12, properties = {
              title   = "Executions"
              metrics = local.outcomes
            } },
            { type = "metric", width = 12, properties = {
              title  = "Duration of executions (minutes)"
              period = 3600
              metrics = concat(
                [for stat in ["p50", "p95"] : [{ expression = "${stat}/60000", label = stat, id = "${stat}_minutes" }]],
                [for stat in ["p50", "p95"] : ["AWS/States", "ExecutionTime", "StateMachineArn", local.machine_arns[var.main_machine], { stat = stat, id = stat, visible = false }]],
              )
            } },
          ]
        },
      ]
    },
    {
      is_shown = length(local.stages) > 0
      rows = [
        {
          height  = 1
          widgets = [{ type = "text", width = 24, properties = { markdown = "## Stages" } }]
        },
        {
          height = 6
          widgets = [for chart in [["Failed", "ExecutionsFailed"], ["Timed out", "ExecutionsTimedOut"], ["Aborted", "ExecutionsAborted"]] :
            { type = "metric", width = 8, properties = {
              title   = chart[0]
              metrics = [for name in local.stages : ["AWS/States", chart[1], "StateMachineArn", local.machine_arns[name], { label = local.labels[name] }]]
            } }
          ]
        },
        {
          height = 6
          widgets = [
            { type = "metric", width = 12, properties = {
              title  = "Duration p95 (minutes)"
              period = 3600
              metrics = concat(
                [for index, name in tolist(local.stages) : [{ expression = "stage${index}/60000", label = local.labels[name], id = "stage${index}_minutes" }]],
                [for index, name in tolist(local.stages) : ["AWS/States", "ExecutionTime", "StateMachineArn", local.machine_arns[name], { stat = "p95", id = "stage${index}", visible = false }]],
              )
            } },
            { type = "metric", width = 12, properties = {
              title   = "Started"
              metrics = [for name in local.stages : ["AWS/States", "ExecutionsStarted", "StateMachineArn", local.machine_arns[name], { label = local.labels[name] }]]
            } },
          ]
        },
      ]
    },
    {
      is_shown = length(var.functions) > 0
      rows = [
        {
          height  = 1
          widgets = [{ type = "text", width = 24, properties = { markdown = "## Functions" } }]
        },
        {
          height = 8
          widgets = [for chart in [["Errors", "Errors", "Sum"], ["Throttles", "Throttles", "Sum"], ["Duration p95", "Duration", "p95"]] :
            { type = "metric", width = 8, properties = {
              title   = chart[0]
              stat    = chart[2]
              metrics = [for name in var.functions : ["AWS/Lambda", chart[1], "FunctionName", name, { label = local.labels[name] }]]
            } }
          ]
        },
      ]
    },
    {
      is_shown = length(var.queues) > 0
      rows = [
        {
          height  = 1
          widgets = [{ type = "text", width = 24, properties = { markdown = "## Queues" } }]
        },
        {
          height = 6
          widgets = concat(
            [for chart in [["Messages waiting", "ApproximateNumberOfMessagesVisible"], ["Age of the oldest message", "ApproximateAgeOfOldestMessage"]] :
              { type = "metric", width = 8, properties = {
                title   = chart[0]
                stat    = "Maximum"
                metrics = [for name in keys(var.queues) : ["AWS/SQS", chart[1], "QueueName", name, { label = local.labels[name] }]]
              } }
            ],
            [{ type = "metric", width = 8, properties = {
              title   = "Dead letters"
              stat    = "Maximum"
              metrics = [for name, dead_letters in var.queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", dead_letters, { label = local.labels[name] }]]
            } }],
          )
        },
      ]
    },
    {
      is_shown = var.api_id != null
      rows = [
        {
          height  = 1
          widgets = [{ type = "text", width = 24, properties = { markdown = "## API" } }]
        },
        {
          height = 6
          widgets = [
            { type = "metric", width = 12, properties = {
              title   = "Requests"
              metrics = [for metric in [["Count", "all"], ["4xx", "refused (4xx)"], ["5xx", "failed (5xx)"]] : ["AWS/ApiGateway", metric[0], "ApiId", var.api_id, { label = metric[1] }]]
            } },
            { type = "metric", width = 12, properties = {
              title   = "Latency"
              metrics = [for stat in ["p50", "p95"] : ["AWS/ApiGateway", "Latency", "ApiId", var.api_id, { stat = stat, label = stat }]]
            } },
          ]
        },
      ]
    },
    {
      is_shown = true
      rows = [
        {
          height  = 1
          widgets = [{ type = "text", width = 24, properties = { markdown = "## Cost" } }]
        },
        {
          height = 6
          widgets = concat(
            [
              { type = "text", width = 8, properties = {
                markdown = <<-EOT
                  What drives the cost, not money: CloudWatch's `EstimatedCharges` is kept in us-east-1 only and while billing alerts are on, and it knows no tags, so it cannot tell this environment from another.

                  - The **budget** tells when the month's limit is nearly spent, spent, or forecast to be exceeded.
                  - **Cost Explorer**, filtered by the budget's tag, has the sums, a day late.
                  - Each **job** has its prediction and its result in the jobs table: `PredictedCostUsd`, `ActualCostUsd`.
                EOT
              } },
              { type = "metric", width = 8, properties = {
                title   = "State transitions an hour (all of this account and region)"
                period  = 3600
                metrics = [["AWS/States", "ConsumedCapacity", "ServiceMetric", "StateTransition", { label = "state transitions" }]]
              } },
            ],
            [for functions in [var.functions] : { type = "metric", width = 8, properties = {
              title   = "Running time of functions an hour (times memory: GB-seconds)"
              stacked = true
              period  = 3600
              metrics = [for name in functions : ["AWS/Lambda", "Duration", "FunctionName", name, { label = local.labels[name] }]]
            } } if length(functions) > 0],
          )
        },
      ]
    },
  ]
  rows = flatten([for section in local.sections : section.rows if section.is_shown])

  # What the widgets of a type have unless they say otherwise.
  properties = {
    alarm  = {}
    metric = { region = local.region, view = "timeSeries", stat = "Sum", period = 300, yAxis = { left = { min = 0 } } }
    text   = {}
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.prefix
  dashboard_body = jsonencode({
    widgets = flatten([for row, content in local.rows : [for column, widget in content.widgets : {
      type       = widget.type
      x          = sum([for index, before in content.widgets : index < column ? before.width : 0])
      y          = sum([for index, above in local.rows : index < row ? above.height : 0])
      width      = widget.width
      height     = content.height
      properties = merge(local.properties[widget.type], widget.properties)
    }]])
  })
}
