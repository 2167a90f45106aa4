mock_provider "aws" {
  source = "../../mocks"
}

variables {
  prefix       = "videoflow-test"
  main_machine = "videoflow-test-process-video"
  machines     = ["videoflow-test-process-video", "videoflow-test-sanitize-file", "videoflow-test-publish-video"]
  functions    = ["videoflow-test-inspect-file", "videoflow-test-write-brief"]
  queues       = { videoflow-test-ingest = "videoflow-test-ingest-dead-letters" }
}

run "defaults" {
  command = plan

  assert {
    condition     = output.name == "videoflow-test"
    error_message = "The dashboard is called as the prefix."
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.markdown if startswith(try(widget.properties.markdown, ""), "## ")] == ["## Executions", "## Stages", "## Functions", "## Queues", "## Cost"]
    error_message = "The sections are executions, stages, functions, queues and cost, without alarms and API."
  }

  assert {
    condition = [for metric in one([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.metrics if try(widget.properties.title, "") == "Executions"]) : [metric[1], metric[3]]] == [
      for metric in ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionThrottled"] : [metric, "arn:aws:states:eu-west-1:${data.aws_caller_identity.current.account_id}:stateMachine:videoflow-test-process-video"]
    ]
    error_message = "Executions are those of the main machine, by its ARN: started, and each way to end."
  }

  assert {
    condition     = alltrue([for title in ["Failed", "Timed out", "Aborted", "Started"] : [for metric in one([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.metrics if try(widget.properties.title, "") == title]) : metric[4].label] == ["publish-video", "sanitize-file"]])
    error_message = "Stages are the machines without the main one, named without the prefix."
  }

  assert {
    condition = { for title in ["Errors", "Throttles", "Duration p95"] : title => [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : concat([widget.properties.stat], [for metric in widget.properties.metrics : "${metric[1]} ${metric[3]}"]) if try(widget.properties.title, "") == title][0] } == {
      "Errors"       = ["Sum", "Errors videoflow-test-inspect-file", "Errors videoflow-test-write-brief"]
      "Throttles"    = ["Sum", "Throttles videoflow-test-inspect-file", "Throttles videoflow-test-write-brief"]
      "Duration p95" = ["p95", "Duration videoflow-test-inspect-file", "Duration videoflow-test-write-brief"]
    }
    error_message = "Every function has errors, throttles and duration."
  }

  assert {
    condition = { for title in ["Messages waiting", "Age of the oldest message", "Dead letters"] : title => [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [widget.properties.metrics[0][1], widget.properties.metrics[0][3]] if try(widget.properties.title, "") == title][0] } == {
      "Messages waiting"          = ["ApproximateNumberOfMessagesVisible", "videoflow-test-ingest"]
      "Age of the oldest message" = ["ApproximateAgeOfOldestMessage", "videoflow-test-ingest"]
      "Dead letters"              = ["ApproximateNumberOfMessagesVisible", "videoflow-test-ingest-dead-letters"]
    }
    error_message = "A queue has depth and age, and its dead-letter queue's depth."
  }

  # What CloudWatch asks of every chart, and what each formula refers to.
  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.type != "metric" || try(widget.properties.region == "eu-west-1" && length(widget.properties.metrics) > 0 && widget.properties.view != "", false)])
    error_message = "Every chart has a region, a view and at least one metric."
  }

  assert {
    condition = alltrue(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [
      for metric in try(widget.properties.metrics, []) : contains([for other in widget.properties.metrics : try(other[4].id, "")], split("/", metric[0].expression)[0]) if can(metric[0].expression)
    ]]))
    error_message = "Every formula refers to a metric of its chart."
  }

  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.x + widget.width <= 24 && widget.height > 0])
    error_message = "Every widget is within the 24 columns."
  }

  assert {
    condition     = length(distinct([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : "${widget.x} ${widget.y}"])) == length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets)
    error_message = "No widget covers another."
  }
}

run "with_alarms_and_api" {
  command = plan

  variables {
    alarm_names = ["videoflow-test-unhealthy"]
    api_id      = "abcdef1234"
  }

  assert {
    condition     = one([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.alarms if widget.type == "alarm"]) == ["arn:aws:cloudwatch:eu-west-1:${data.aws_caller_identity.current.account_id}:alarm:videoflow-test-unhealthy"]
    error_message = "The alarms are shown, by ARN."
  }

  assert {
    condition     = [for metric in one([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.metrics if try(widget.properties.title, "") == "Requests"]) : [metric[1], metric[3]]] == [["Count", "abcdef1234"], ["4xx", "abcdef1234"], ["5xx", "abcdef1234"]]
    error_message = "The API has its requests, refused and failed ones."
  }

  assert {
    condition     = contains([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : try(widget.properties.title, "")], "Latency")
    error_message = "The API has its latency."
  }
}

run "nothing_but_the_main_machine" {
  command = plan

  variables {
    machines  = []
    functions = []
    queues    = {}
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.properties.markdown if startswith(try(widget.properties.markdown, ""), "## ")] == ["## Executions", "## Cost"]
    error_message = "What does not exist has no section."
  }

  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.type != "metric" || try(length(widget.properties.metrics) > 0, false)])
    error_message = "CloudWatch refuses a chart without metrics."
  }
}

run "refuses_wrong_values" {
  command = plan

  variables {
    prefix       = "videoflow test"
    main_machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:videoflow-test-process-video"
    alarm_names  = [for index in range(101) : "alarm-${index}"]
  }

  expect_failures = [var.prefix, var.main_machine, var.alarm_names]
}
