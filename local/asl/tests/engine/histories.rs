//! The history's shape: that of `GetExecutionHistory`.

use serde_json::{Value, json};
use videoflow_asl::simulation::{Answer, Call};

use crate::support::{echo, jsonata, run, task};

/// The history as JSON, without timestamps.
fn history(states: &Value, answer: impl FnMut(&Call<'_>) -> Answer) -> Vec<Value> {
    let execution = run(&jsonata(states), json!({ "n": 1 }), answer);
    let mut events = serde_json::to_value(execution.history()).expect("plain data");
    let events = events
        .as_array_mut()
        .map(std::mem::take)
        .unwrap_or_default();
    let without_time = |mut event: Value| {
        let time = event
            .as_object_mut()
            .and_then(|members| members.shift_remove("timestamp"));
        assert_eq!(time, Some(json!(1_767_225_600.0)));
        event
    };
    events.into_iter().map(without_time).collect()
}

#[test]
fn events_are_numbered_linked_and_carry_documents_as_text() {
    let states = json!({ "Keep": { "Type": "Pass", "Assign": { "kept": "{% $states.input.n %}" }, "Output": [2], "End": true } });
    let whole = json!({ "truncated": false });
    assert_eq!(
        history(&states, echo),
        [
            json!({ "type": "ExecutionStarted", "id": 1, "previousEventId": 0, "executionStartedEventDetails": {
                "input": "{\"n\":1}", "inputDetails": whole, "roleArn": "arn:aws:iam::000000000000:role/simulation" } }),
            json!({ "type": "PassStateEntered", "id": 2, "previousEventId": 0, "stateEnteredEventDetails": {
                "name": "Keep", "input": "{\"n\":1}", "inputDetails": whole } }),
            json!({ "type": "PassStateExited", "id": 3, "previousEventId": 2, "stateExitedEventDetails": {
                "name": "Keep", "output": "[2]", "outputDetails": whole,
                "assignedVariables": { "kept": "1" }, "assignedVariablesDetails": whole } }),
            json!({ "type": "ExecutionSucceeded", "id": 4, "previousEventId": 3, "executionSucceededEventDetails": {
                "output": "[2]", "outputDetails": whole } }),
        ]
    );
}

#[test]
fn a_tasks_events_name_service_and_action() {
    let states = json!({ "Ask": task(json!({ "Resource": "arn:aws:states:::aws-sdk:s3:headObject", "TimeoutSeconds": 9, "End": true })) });
    let events = history(&states, |_: &Call<'_>| {
        Answer::throws("S3.NotFound", "gone")
    });
    let named = json!({ "resourceType": "aws-sdk:s3", "resource": "headObject" });
    assert_eq!(
        events[2]["taskScheduledEventDetails"],
        json!({
            "resourceType": "aws-sdk:s3", "resource": "headObject", "region": "us-east-1", "parameters": "{}", "timeoutInSeconds": 9
        })
    );
    assert_eq!(events[3]["taskStartedEventDetails"], named);
    assert_eq!(
        events[4]["taskFailedEventDetails"],
        json!({
            "resourceType": "aws-sdk:s3", "resource": "headObject", "error": "S3.NotFound", "cause": "gone"
        })
    );
    assert_eq!(
        events[5]["executionFailedEventDetails"],
        json!({ "error": "S3.NotFound", "cause": "gone" })
    );
}

#[test]
fn a_job_is_submitted_before_it_succeeds() {
    let states = json!({ "Run": task(json!({ "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": true })) });
    let events = history(&states, echo);
    let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(
        types,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded",
        ]
    );
    assert_eq!(
        events[4]["taskSubmittedEventDetails"]["resource"],
        "startExecution.sync:2"
    );
}

#[test]
fn iterations_are_linked_as_aws_links_them() {
    let states = json!({
        "Each": {
            "Type": "Map", "Items": [1, 2], "MaxConcurrency": 1, "End": true,
            "ItemProcessor": { "StartAt": "Same", "States": { "Same": { "Type": "Pass", "End": true } } }
        }
    });
    let events = history(&states, echo);
    let links: Vec<String> = events
        .iter()
        .map(|event| {
            format!(
                "{}<{}",
                event["type"].as_str().unwrap_or("?"),
                event["previousEventId"]
            )
        })
        .collect();
    assert_eq!(
        links,
        [
            "ExecutionStarted<0",
            "MapStateEntered<0",
            "MapStateStarted<2",
            "MapIterationStarted<3",
            "PassStateEntered<4",
            "PassStateExited<5",
            "MapIterationSucceeded<6",
            "MapIterationStarted<6",
            "PassStateEntered<8",
            "PassStateExited<9",
            "MapIterationSucceeded<10",
            "MapStateSucceeded<11",
            "MapStateExited<11",
            "ExecutionSucceeded<13",
        ]
    );
    assert_eq!(
        events[2]["mapStateStartedEventDetails"],
        json!({ "length": 2 })
    );
    assert_eq!(
        events[7]["mapIterationStartedEventDetails"],
        json!({ "name": "Each", "index": 1 })
    );
}

#[test]
fn a_failed_expression_says_where() {
    let states =
        json!({ "Keep": { "Type": "Pass", "Assign": { "x": "{% $none %}" }, "End": true } });
    let cause = "An error occurred while executing the state 'Keep' (entered at the event id #2). The JSONata expression '$none' \
                 specified for the field 'Assign/x' returned nothing (undefined).";
    assert_eq!(
        history(&states, echo)[2],
        json!({ "type": "EvaluationFailed", "id": 3, "previousEventId": 0, "evaluationFailedEventDetails": {
            "error": "States.QueryEvaluationError", "cause": cause, "location": "Assign/x", "state": "Keep" } })
    );
}
