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

#[test]
fn a_redrive_goes_on_in_the_place_of_what_had_failed() {
    let events = [
        (0, "ExecutionStarted", none()),
        (0, "ParallelStateEntered", named("All")),
        (2, "ParallelStateStarted", none()),
        (3, "TaskStateEntered", named("Left")),
        (3, "TaskStateEntered", named("Right")),
        (4, "TaskScheduled", none()),
        (5, "TaskScheduled", none()),
        (6, "TaskFailed", failed("X")),
        (7, "TaskStateAborted", none()),
        (8, "ParallelStateFailed", none()),
        (10, "ExecutionFailed", failed("X")),
        (11, "ExecutionRedriven", json!({"redriveCount": 1})),
        (12, "TaskStateEntered", named("Left")),
        (12, "TaskStateEntered", named("Right")),
        (13, "TaskScheduled", none()),
        (15, "TaskSucceeded", none()),
        (16, "TaskStateExited", named("Left")),
        (14, "TaskStateExited", named("Right")),
        (18, "ParallelStateSucceeded", none()),
        (18, "ParallelStateExited", named("All")),
        (20, "ExecutionSucceeded", none()),
    ];
    check(
        &events,
        &[
            ("All", StateStatus::Succeeded),
            ("Left", StateStatus::Failed),
            ("Right", StateStatus::Aborted),
            ("Left", StateStatus::Succeeded),
            ("Right", StateStatus::Succeeded),
        ],
        None,
    );
    let told = walk(&history(&events));
    let places = told.states.iter().map(|state| (state.within, state.branch));
    assert_eq!(
        places.collect::<Vec<_>>(),
        [
            (None, None),
            (Some(2), Some(0)),
            (Some(2), Some(1)),
            (Some(2), Some(0)),
            (Some(2), Some(1))
        ]
    );
    assert_eq!((told.status, told.redrive_count), (Status::Succeeded, 1));
}

#[test]
fn a_redrive_that_runs_leaves_what_had_failed_visible() {
    let events = [
        (0, "ExecutionStarted", none()),
        (0, "TaskStateEntered", named("A")),
        (2, "TaskScheduled", none()),
        (3, "TaskFailed", failed("X")),
        (4, "ExecutionFailed", failed("X")),
        (5, "ExecutionRedriven", json!({"redriveCount": 1})),
        (6, "TaskStateEntered", named("A")),
    ];
    check(
        &events,
        &[("A", StateStatus::Failed), ("A", StateStatus::Running)],
        None,
    );
    let told = walk(&history(&events));
    assert_eq!(
        (told.status, told.stopped_at, told.failure),
        (Status::Running, None, None)
    );
}

#[test]
fn an_iteration_that_failed_is_named_and_those_beside_it_are_aborted() {
    let iteration = |index: u64| json!({"name": "Each", "index": index});
    let events = [
        (0, "ExecutionStarted", none()),
        (0, "MapStateEntered", named("Each")),
        (2, "MapStateStarted", json!({"length": 2})),
        (3, "MapIterationStarted", iteration(0)),
        (3, "MapIterationStarted", iteration(1)),
        (4, "TaskStateEntered", named("One")),
        (5, "TaskStateEntered", named("One")),
        (7, "TaskScheduled", none()),
        (8, "TaskFailed", failed("X")),
        (9, "MapIterationFailed", iteration(1)),
        (6, "TaskStateAborted", none()),
        (11, "MapIterationAborted", iteration(0)),
        (9, "MapStateFailed", none()),
        (13, "MapStateExited", named("Each")),
        (14, "PassStateEntered", named("Mend")),
        (15, "PassStateExited", named("Mend")),
        (16, "ExecutionSucceeded", none()),
    ];
    check(
        &events,
        &[
            ("Each", StateStatus::Caught),
            ("One", StateStatus::Aborted),
            ("One", StateStatus::Failed),
            ("Mend", StateStatus::Succeeded),
        ],
        None,
    );
    let told = walk(&history(&events));
    assert_eq!(
        (told.states[2].within, told.states[2].iteration),
        (Some(2), Some(1))
    );
    assert_eq!(told.states[0].error.as_deref(), Some("X"));
}

#[test]
fn the_failure_within_a_parallel_within_a_parallel_is_the_innermost() {
    check(
        &[
            (0, "ExecutionStarted", none()),
            (0, "ParallelStateEntered", named("Outer")),
            (2, "ParallelStateStarted", none()),
            (3, "ParallelStateEntered", named("Inner")),
            (4, "ParallelStateStarted", none()),
            (5, "FailStateEntered", named("No")),
            (6, "ParallelStateFailed", none()),
            (7, "ParallelStateFailed", none()),
            (8, "ExecutionFailed", failed("X")),
        ],
        &[
            ("Outer", StateStatus::Failed),
            ("Inner", StateStatus::Failed),
            ("No", StateStatus::Failed),
        ],
        Some("No"),
    );
}

#[test]
fn a_parallel_that_is_tried_again_keeps_both_tries() {
    check(
        &[
            (0, "ExecutionStarted", none()),
            (0, "ParallelStateEntered", named("All")),
            (2, "ParallelStateStarted", none()),
            (3, "TaskStateEntered", named("Left")),
            (4, "TaskScheduled", none()),
            (5, "TaskFailed", failed("X")),
            (6, "ParallelStateStarted", none()),
            (7, "TaskStateEntered", named("Left")),
            (8, "TaskStateExited", named("Left")),
            (9, "ParallelStateSucceeded", none()),
            (9, "ParallelStateExited", named("All")),
            (11, "ExecutionSucceeded", none()),
        ],
        &[
            ("All", StateStatus::Succeeded),
            ("Left", StateStatus::Failed),
            ("Left", StateStatus::Succeeded),
        ],
        None,
    );
}

#[test]
fn a_failed_expression_belongs_to_its_state_though_its_event_follows_another() {
    check(
        &[
            (0, "ExecutionStarted", none()),
            (0, "PassStateEntered", named("A")),
            (2, "PassStateExited", named("A")),
            (3, "TaskStateEntered", named("B")),
            (
                3,
                "EvaluationFailed",
                json!({"state": "B", "error": "States.QueryEvaluationError"}),
            ),
            (5, "ExecutionFailed", failed("States.QueryEvaluationError")),
        ],
        &[("A", StateStatus::Succeeded), ("B", StateStatus::Failed)],
        Some("B"),
    );
}

#[test]
fn a_machine_that_took_too_long_fails_in_the_state_that_it_was_in() {
    let events = [
        (0, "ExecutionStarted", none()),
        (0, "ParallelStateEntered", named("All")),
        (2, "ParallelStateStarted", none()),
        (3, "WaitStateEntered", named("Left")),
        (4, "ExecutionTimedOut", none()),
    ];
    check(
        &events,
        &[("All", StateStatus::Failed), ("Left", StateStatus::Failed)],
        Some("Left"),
    );
    assert_eq!(
        walk(&history(&events)).states[1].error.as_deref(),
        Some("States.Timeout")
    );
}

#[test]
fn an_execution_that_was_stopped_stood_in_a_state_that_is_no_failure() {
    check(
        &[
            (0, "ExecutionStarted", none()),
            (0, "TaskStateEntered", named("A")),
            (2, "TaskScheduled", none()),
            (3, "ExecutionAborted", none()),
        ],
        &[("A", StateStatus::Aborted)],
        Some("A"),
    );
}

#[test]
fn children_are_those_that_were_accepted_with_the_version_that_was_asked_for() {
    let version = "arn:aws:states:r:1:stateMachine:m:7";
    let scheduled = json!({"resourceType": "states", "resource": "startExecution.sync:2",
        "parameters": json!({"StateMachineArn": version}).to_string()});
    let told = walk(&history(&[
        (0, "ExecutionStarted", none()),
        (0, "TaskStateEntered", named("A")),
        (2, "TaskScheduled", scheduled),
        (
            3,
            "TaskSubmitted",
            json!({"output": "{\"ExecutionArn\":\"arn:child\",\"StartDate\":1}"}),
        ),
    ]));
    let children = told.children.iter();
    let children: Vec<_> = children
        .map(|(state, child)| {
            (
                state.as_str(),
                child.arn.as_str(),
                child.version_arn.as_deref(),
            )
        })
        .collect();
    assert_eq!(children, [("A", "arn:child", Some(version))]);
}

#[test]
fn waits_and_task_tokens_count_as_waited() {
    let told = walk(&history(&[
        (0, "ExecutionStarted", none()),
        (0, "WaitStateEntered", named("Pause")),
        (2, "WaitStateExited", named("Pause")),
        (3, "TaskStateEntered", named("Ask")),
        (
            4,
            "TaskScheduled",
            json!({"resourceType": "aws-sdk:dynamodb", "resource": "updateItem.waitForTaskToken"}),
        ),
        (5, "TaskSucceeded", none()),
        (6, "TaskStateExited", named("Ask")),
    ]));
    let waited = told.states.iter().map(|state| state.waited_ms);
    assert_eq!(waited.collect::<Vec<_>>(), [1000, 1000]);
}

#[test]
fn a_history_of_25000_events_is_read_in_one_pass() {
    // The longest way back: one state after the other, and a Map whose iterations follow each other.
    let mut events = vec![
        (0, "ExecutionStarted", none()),
        (0, "MapStateEntered", named("Each")),
        (2, "MapStateStarted", none()),
    ];
    for index in 0..4_166_u64 {
        let before = u64::try_from(events.len()).unwrap_or(0);
        let iteration = json!({"name": "Each", "index": index});
        events.extend([
            (before, "MapIterationStarted", iteration.clone()),
            (before + 1, "TaskStateEntered", named("One")),
            (before + 2, "TaskScheduled", none()),
            (before + 3, "TaskSucceeded", none()),
            (before + 4, "TaskStateExited", named("One")),
            (before + 5, "MapIterationSucceeded", iteration),
        ]);
    }
    let last = u64::try_from(events.len()).unwrap_or(0);
    events.push((last, "ExecutionFailed", failed("States.Runtime")));
    let events = history(&events);
    assert!(events.len() >= 25_000, "{}", events.len());
    let begun = std::time::Instant::now();
    let told = walk(&events);
    let took = begun.elapsed();
    assert_eq!(told.states.len(), 4_167);
    assert_eq!(told.states[4_000].iteration, Some(3_999));
    // A quadratic reading takes minutes here; this leaves room for a busy machine.
    assert!(took.as_secs() < 5, "{took:?}");
}
