data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.region

  alarm_arns   = [for name in var.alarm_names : "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${name}"]
  machine_arns = { for name in concat([var.main_machine], var.machines) : name => "arn:${local.partition}:states:${local.region}:${local.account_id}:stateMachine:${name}"... }
  main_arn     = local.machine_arns[var.main_machine][0]
  stages       = [for name in var.machines : name if name != var.main_machine]
  labels       = { for name in concat(keys(local.machine_arns), var.functions, keys(var.queues)) : name => trimprefix(name, "${var.prefix}-")... }

  # How executions of the main machine end, in the order of the legend.
  outcomes = [
    { metric = "ExecutionsStarted", label = "started", color = "#1f77b4" },
    { metric = "ExecutionsSucceeded", label = "succeeded", color = "#2ca02c" },
    { metric = "ExecutionsFailed", label = "failed", color = "#d62728" },
    { metric = "ExecutionsTimedOut", label = "timed out", color = "#ff7f0e" },
    { metric = "ExecutionsAborted", label = "aborted", color = "#9467bd" },
    { metric = "ExecutionThrottled", label = "throttled", color = "#7f7f7f" },
  ]
  outcome_metrics = [for outcome in local.outcomes : ["AWS/States", outcome.metric, "StateMachineArn", local.main_arn, { label = outcome.label, color = outcome.color }]]

  # Rows from top to bottom; a part that does not exist has no row.
  rows = concat(
    [{
      height = 3
      widgets = [{ width = 24, type = "text", properties = {
        markdown = join("\n", [
          "# ${var.prefix}",
          "Alarms first: each says what it means and what to do. Then from left to right and down: what came in, where it failed, what waits.",
          "**${local.labels[var.main_machine][0]}** only delegates: the stage that failed explains it, `videoflow history JOB --region ${local.region}` shows the state. Runbook: `docs/operations.md`.",
        ])
      } }]
    }],
    [for arns in [local.alarm_arns] : {
      height  = 3
      widgets = [{ width = 24, type = "alarm", properties = { title = "Alarms", alarms = arns } }]
    } if length(arns) > 0],
    [
      {
        height  = 1
        widgets = [{ width = 24, type = "text", properties = { markdown = "## Executions" } }]
      },
      {
        height = 3
        widgets = [{ width = 24, type = "metric", properties = {
          title                = "Executions in the time shown"
          view                 = "singleValue"
          region               = local.region
          stat                 = "Sum"
          setPeriodToTimeRange = true
          metrics              = local.outcome_metrics
        } }]
      },
      {
        height = 6
        widgets = [
          { width = 12, type = "metric", properties = {
            title   = "Executions"
            view    = "timeSeries"
            region  = local.region
            stat    = "Sum"
            period  = 300
            yAxis   = { left = { min = 0 } }
            metrics = local.outcome_metrics
          } },
          { width = 12, type = "metric", properties = {
            title  = "Duration of executions (minutes)"
            view   = "timeSeries"
            region = local.region
            period = 3600
            yAxis  = { left = { min = 0, showUnits = false } }
            metrics = concat(
              [for stat in ["p50", "p95"] : [{ expression = "${stat}/60000", label = stat, id = "${stat}_minutes" }]],
              [for stat in ["p50", "p95"] : ["AWS/States", "ExecutionTime", "StateMachineArn", local.main_arn, { stat = stat, id = stat, visible = false }]],
            )
          } },
        ]
      },
    ],
    flatten([for stages in [local.stages] : [
      {
        height  = 1
        widgets = [{ width = 24, type = "text", properties = { markdown = "## Stages" } }]
      },
      {
        height = 6
        widgets = [for metric, title in { ExecutionsFailed = "Failed", ExecutionsTimedOut = "Timed out", ExecutionsAborted = "Aborted" } :
          { width = 8, type = "metric", properties = {
            title   = title
            view    = "timeSeries"
            region  = local.region
            stat    = "Sum"
            period  = 300
            yAxis   = { left = { min = 0 } }
            metrics = [for name in stages : ["AWS/States", metric, "StateMachineArn", local.machine_arns[name][0], { label = local.labels[name][0] }]]
        } }]
      },
      {
        height = 6
        widgets = [
          { width = 12, type = "metric", properties = {
            title  = "Duration p95 (minutes)"
            view   = "timeSeries"
            region = local.region
            period = 3600
            yAxis  = { left = { min = 0, showUnits = false } }
            metrics = concat(
              [for index, name in stages : [{ expression = "stage${index}/60000", label = local.labels[name][0], id = "stage${index}_minutes" }]],
              [for index, name in stages : ["AWS/States", "ExecutionTime", "StateMachineArn", local.machine_arns[name][0], { stat = "p95", id = "stage${index}", visible = false }]],
            )
          } },
          { width = 12, type = "metric", properties = {
            title   = "Started"
            view    = "timeSeries"
            region  = local.region
            stat    = "Sum"
            period  = 300
            yAxis   = { left = { min = 0 } }
            metrics = [for name in stages : ["AWS/States", "ExecutionsStarted", "StateMachineArn", local.machine_arns[name][0], { label = local.labels[name][0] }]]
          } },
        ]
      },
    ] if length(stages) > 0]),
    flatten([for functions in [var.functions] : [
      {
        height  = 1
        widgets = [{ width = 24, type = "text", properties = { markdown = "## Functions" } }]
      },
      {
        height = 8
        widgets = [for chart in [
          { title = "Errors", metric = "Errors", stat = "Sum" },
          { title = "Throttles", metric = "Throttles", stat = "Sum" },
          { title = "Duration p95", metric = "Duration", stat = "p95" },
          ] :
          { width = 8, type = "metric", properties = {
            title   = chart.title
            view    = "timeSeries"
            region  = local.region
            stat    = chart.stat
            period  = 300
            yAxis   = { left = { min = 0 } }
            metrics = [for name in functions : ["AWS/Lambda", chart.metric, "FunctionName", name, { label = local.labels[name][0] }]]
        } }]
      },
    ] if length(functions) > 0]),
    flatten([for queues in [var.queues] : [
      {
        height  = 1
        widgets = [{ width = 24, type = "text", properties = { markdown = "## Queues" } }]
      },
      {
        height = 6
        widgets = [for chart in [
          { title = "Messages waiting", metric = "ApproximateNumberOfMessagesVisible", names = { for name in keys(queues) : name => name } },
          { title = "Age of the oldest message", metric = "ApproximateAgeOfOldestMessage", names = { for name in keys(queues) : name => name } },
          { title = "Dead letters", metric = "ApproximateNumberOfMessagesVisible", names = queues },
          ] :
          { width = 8, type = "metric", properties = {
            title   = chart.title
            view    = "timeSeries"
            region  = local.region
            stat    = "Maximum"
            period  = 300
            yAxis   = { left = { min = 0 } }
            metrics = [for queue, name in chart.names : ["AWS/SQS", chart.metric, "QueueName", name, { label = local.labels[queue][0] }]]
        } }]
      },
    ] if length(queues) > 0]),
    flatten([for api_id in [var.api_id] : [
      {
        height  = 1
        widgets = [{ width = 24, type = "text", properties = { markdown = "## API" } }]
      },
      {
        height = 6
        widgets = [
          { width = 12, type = "metric", properties = {
            title   = "Requests"
            view    = "timeSeries"
            region  = local.region
            stat    = "Sum"
            period  = 300
            yAxis   = { left = { min = 0 } }
            metrics = [for metric, label in { Count = "all", "4xx" = "refused (4xx)", "5xx" = "failed (5xx)" } : ["AWS/ApiGateway", metric, "ApiId", api_id, { label = label }]]
          } },
          { width = 12, type = "metric", properties = {
            title   = "Latency"
            view    = "timeSeries"
            region  = local.region
            period  = 300
            yAxis   = { left = { min = 0 } }
            metrics = [for stat in ["p50", "p95", "p99"] : ["AWS/ApiGateway", "Latency", "ApiId", api_id, { stat = stat, label = stat }]]
          } },
        ]
      },
    ] if api_id != null]),
    [
      {
        height  = 1
        widgets = [{ width = 24, type = "text", properties = { markdown = "## Cost" } }]
      },
      {
        height = 6
        widgets = concat(
          [{ width = 8, type = "text", properties = {
            markdown = join("\n", [
              "What drives the cost, not money: CloudWatch's `EstimatedCharges` is there in us-east-1 only, while billing alerts are on, and knows no tags, so it cannot tell this environment from another.",
              "",
              "- The **budget** tells at 80 % and 100 % of the month's limit, and when the forecast is above it.",
              "- **Cost Explorer**, filtered by the budget's tag, has the sums, a day late.",
              "- A **job** has its own prediction and result (`PredictedCostUsd`, `ActualCostUsd` in the jobs table).",
            ])
          } }],
          [{ width = 8, type = "metric", properties = {
            title   = "State transitions an hour (all machines of account and region)"
            view    = "timeSeries"
            region  = local.region
            stat    = "Sum"
            period  = 3600
            yAxis   = { left = { min = 0 } }
            metrics = [["AWS/States", "ConsumedCapacity", "ServiceMetric", "StateTransition", { label = "state transitions" }]]
          } }],
          [for functions in [var.functions] : { width = 8, type = "metric", properties = {
            title   = "Compute of the functions an hour (GB-seconds: times memory)"
            view    = "timeSeries"
            stacked = true
            region  = local.region
            stat    = "Sum"
            period  = 3600
            yAxis   = { left = { min = 0 } }
            metrics = [for name in functions : ["AWS/Lambda", "Duration", "FunctionName", name, { label = local.labels[name][0] }]]
          } } if length(functions) > 0],
        )
      },
    ],
  )

  widgets = flatten([for row, content in local.rows : [for column, widget in content.widgets : {
    type       = widget.type
    x          = sum(concat([0], [for index, before in content.widgets : before.width if index < column]))
    y          = sum(concat([0], [for index, before in local.rows : before.height if index < row]))
    width      = widget.width
    height     = content.height
    properties = widget.properties
  }]])
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.prefix
  dashboard_body = jsonencode({ widgets = local.widgets })
}
