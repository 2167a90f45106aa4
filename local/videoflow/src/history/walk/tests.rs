//! Rules of the states of an execution, each by a short history.

use serde_json::{Value, json};

use super::super::event::Event;
use super::super::story::{StateStatus, Status};
use super::walk;

/// A history: previous event, type and details of each event; each is a second after the one before.
fn history(events: &[(u64, &str, Value)]) -> Vec<Event> {
    let events = events.iter().zip(1_u32..);
    let events = events.map(|((previous, kind, details), id)| {
        Event::from_json(&json!({
            "id": id, "previousEventId": previous, "type": kind, "timestamp": f64::from(id),
            "someEventDetails": details,
        }))
    });
    events.collect()
}

fn named(name: &str) -> Value {
    json!({"name": name, "input": "{}", "output": "{}"})
}

fn failed(error: &str) -> Value {
    json!({"error": error, "cause": "because"})
}

fn none() -> Value {
    json!({})
}

/// Name and status of each state, and the name of the one that ended the execution.
fn check(events: &[(u64, &str, Value)], expected: &[(&str, StateStatus)], culprit: Option<&str>) {
    let told = walk(&history(events));
    let found = told.states.iter();
    let found: Vec<_> = found
        .map(|state| (state.name.as_str(), state.status))
        .collect();
    assert_eq!(found, expected);
    let ended = told
        .culprit
        .map(|culprit| told.states[culprit].name.as_str());
    assert_eq!(ended, culprit);
}

#[test]
fn a_task_that_failed_ends_the_execution() {
    check(
        &[
            (0, "ExecutionStarted", none()),
            (0, "TaskStateEntered", named("A")),
            (2, "TaskScheduled", none()),
            (3, "TaskFailed", failed("X")),
            (4, "ExecutionFailed", failed("X")),
        ],
        &[("A", StateStatus::Failed)],
        Some("A"),
    );
}

#[test]
fn a_caught_failure_is_not_the_end() {
    check(
        &[
            (0, "ExecutionStarted", none()),
            (0, "TaskStateEntered", named("A")),
            (2, "TaskScheduled", none()),
            (3, "TaskFailed", failed("X")),
            (4, "TaskStateExited", named("A")),
            (5, "FailStateEntered", named("GiveUp")),
            (6, "ExecutionFailed", failed("Y")),
        ],
        &[("A", StateStatus::Caught), ("GiveUp", StateStatus::Failed)],
        Some("GiveUp"),
    );
}

#[test]
fn the_first_failure_within_a_parallel_counts_and_its_siblings_are_aborted() {
    let events = [
        (0, "ExecutionStarted", none()),
        (0, "ParallelStateEntered", named("All")),
        (2, "ParallelStateStarted", none()),
        (3, "TaskStateEntered", named("Left")),
        (3, "WaitStateEntered", named("Right")),
        (4, "TaskScheduled", none()),
        (6, "TaskFailed", failed("X")),
        (5, "WaitStateAborted", none()),
        (7, "ParallelStateFailed", none()),
        (9, "ExecutionFailed", failed("X")),
    ];
    check(
        &events,
        &[
            ("All", StateStatus::Failed),
            ("Left", StateStatus::Failed),
            ("Right", StateStatus::Aborted),
        ],
        Some("Left"),
    );
    let told = walk(&history(&events));
    let places: Vec<_> = told
        .states
        .iter()
        .map(|state| (state.within, state.branch))
        .collect();
    assert_eq!(
        places,
        [(None, None), (Some(2), Some(0)), (Some(2), Some(1))]
    );
    assert_eq!(told.states[0].error.as_deref(), Some("X"));
}

#[test]
fn every_try_is_there_with_the_pause_before_it() {
    let told = walk(&history(&[
        (0, "ExecutionStarted", none()),
        (0, "TaskStateEntered", named("A")),
        (
            2,
            "TaskScheduled",
            json!({"resourceType": "lambda", "resource": "invoke", "parameters": "{\"FunctionName\":\"f\"}"}),
        ),
        (3, "TaskFailed", failed("X")),
        (
            4,
            "TaskScheduled",
            json!({"resourceType": "lambda", "resource": "invoke"}),
        ),
        (
            5,
            "TaskSucceeded",
            json!({"output": "{\"SdkResponseMetadata\":{\"RequestId\":\"r-2\"}}"}),
        ),
        (6, "TaskStateExited", named("A")),
        (7, "ExecutionSucceeded", none()),
    ]));
    let state = &told.states[0];
    assert_eq!(
        (state.status, state.waited_ms, &state.error),
        (StateStatus::Succeeded, 1000, &None)
    );
    let tries: Vec<_> = state
        .attempts
        .iter()
        .map(|attempt| {
            (
                attempt.number,
                attempt.error.as_deref(),
                attempt.wait_before_ms,
                attempt.request_id.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        tries,
        [(1, Some("X"), 0, None), (2, None, 1000, Some("r-2"))]
    );
    assert_eq!(state.attempts[0].function.as_deref(), Some("f"));
    assert_eq!(told.status, Status::Succeeded);
}
