//! Rules of whole stories, each by a few short histories in a folder.

use std::path::Path;

use serde_json::{Value, json};
use videoflow_platform::step_functions::Record;

use super::super::assembly::assembled;
use super::super::cause::root_cause;
use super::super::story::Execution;
use super::super::text::text;
use super::super::{Meter, Source, Unreadable};
use super::read_tree;
use crate::paint::Paint;

const STATES: &str = "arn:aws:states:us-east-1:000000000000";

fn arn(machine: &str) -> String {
    format!("{STATES}:execution:videoflow-local-{machine}:v-1")
}

/// Writes a history: previous event, type and details of each event.
fn write(folder: &Path, machine: &str, status: &str, events: &[(u64, &str, Value)]) {
    write_as(folder, &arn(machine), status, events, &Value::Null);
}

fn write_as(folder: &Path, arn: &str, status: &str, events: &[(u64, &str, Value)], run: &Value) {
    let events = events.iter().zip(1_u32..);
    let events = events.map(|((previous, kind, details), id)| {
        json!({"id": id, "previousEventId": previous, "type": kind, "timestamp": f64::from(id), "someEventDetails": details})
    });
    let record = json!({
        "execution": {"executionArn": arn, "stateMachineArn": "arn:m", "name": "v-1", "status": status,
            "startDate": 1.0, "stopDate": 9.0, "input": "{}", "mapRunArn": run},
        "events": events.collect::<Vec<_>>(),
        "timeScale": 1.0,
    });
    let record: Record = serde_json::from_value(record).expect("a record");
    record.write(folder).expect("a folder");
}

/// A parent whose one Task starts a child and ends so.
fn parent(
    child: &str,
    end: (&'static str, &str),
    cause: &Value,
) -> Vec<(u64, &'static str, Value)> {
    let (kind, error) = end;
    let failure = json!({"error": error, "cause": cause.to_string()});
    vec![
        (0, "ExecutionStarted", json!({"input": "{}"})),
        (
            0,
            "TaskStateEntered",
            json!({"name": "Work", "input": "{\"n\":1}"}),
        ),
        (
            2,
            "TaskScheduled",
            json!({"resourceType": "states", "resource": "startExecution.sync:2"}),
        ),
        (
            3,
            "TaskSubmitted",
            json!({"output": json!({"ExecutionArn": child}).to_string()}),
        ),
        (4, kind, failure.clone()),
        (5, "ExecutionFailed", failure),
    ]
}

/// A child whose one Task ends so.
fn child(end: &'static str, details: Value) -> Vec<(u64, &'static str, Value)> {
    vec![
        (0, "ExecutionStarted", json!({"input": "{}"})),
        (
            0,
            "TaskStateEntered",
            json!({"name": "Do", "input": "{\"n\":2}"}),
        ),
        (
            2,
            "TaskScheduled",
            json!({"resourceType": "lambda", "resource": "invoke"}),
        ),
        (3, end, details),
    ]
}

async fn read(folder: &Path, arn: &str) -> Result<(Execution, Vec<String>), Unreadable> {
    read_tree(&Source::Files(folder.to_path_buf()), arn, &Meter::default()).await
}

/// Machine, path, error and cause of the root cause of process-video.
async fn check(folder: &Path, machine: &str, path: &[&str], error: &str, cause: Value) {
    let (root, _) = read(folder, &arn("process-video"))
        .await
        .expect("a history");
    let found = root_cause(&root).expect("a cause");
    assert_eq!(
        (
            found.machine.as_str(),
            found.path.as_slice(),
            found.error.as_str(),
            &found.cause
        ),
        (
            machine,
            path.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .as_slice(),
            error,
            &cause
        )
    );
}

#[tokio::test]
async fn the_cause_is_the_state_of_the_child_that_failed_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let failure = json!({"error": "InvalidInput", "cause": "{\"errorMessage\":\"no\"}"});
    let mut events = child("TaskFailed", failure.clone());
    events.push((4, "ExecutionFailed", failure));
    write(folder.path(), "merge-brief", "FAILED", &events);
    let told = json!({"ExecutionArn": arn("merge-brief"), "Status": "FAILED"});
    let events = parent(
        &arn("merge-brief"),
        ("TaskFailed", "States.TaskFailed"),
        &told,
    );
    write(folder.path(), "process-video", "FAILED", &events);
    let cause = json!({"errorMessage": "no"});
    check(
        folder.path(),
        "merge-brief",
        &["Work", "Do"],
        "InvalidInput",
        cause,
    )
    .await;
}

#[tokio::test]
async fn a_child_that_was_stopped_is_the_cause_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let stopped = json!({"error": "Operator", "cause": "by hand"});
    write(
        folder.path(),
        "merge-brief",
        "ABORTED",
        &child("ExecutionAborted", stopped),
    );
    let told = json!({"ExecutionArn": arn("merge-brief"), "Status": "ABORTED"});
    let events = parent(
        &arn("merge-brief"),
        ("TaskFailed", "States.TaskFailed"),
        &told,
    );
    write(folder.path(), "process-video", "FAILED", &events);
    check(
        folder.path(),
        "merge-brief",
        &["Work", "Do"],
        "Operator",
        json!("by hand"),
    )
    .await;
    // Without a reason the status tells.
    write(
        folder.path(),
        "merge-brief",
        "ABORTED",
        &child("ExecutionAborted", json!({})),
    );
    let cause = json!("the execution was stopped");
    check(
        folder.path(),
        "merge-brief",
        &["Work", "Do"],
        "ABORTED",
        cause,
    )
    .await;
}

#[tokio::test]
async fn a_child_that_its_overdue_parent_stopped_is_no_cause() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        "merge-brief",
        "ABORTED",
        &child("ExecutionAborted", json!({})),
    );
    let events = parent(
        &arn("merge-brief"),
        ("TaskTimedOut", "States.Timeout"),
        &json!(7),
    );
    write(folder.path(), "process-video", "FAILED", &events);
    check(
        folder.path(),
        "process-video",
        &["Work"],
        "States.Timeout",
        json!(7),
    )
    .await;
}

#[tokio::test]
async fn a_machine_that_took_too_long_is_the_cause_and_not_what_it_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        "merge-brief",
        "ABORTED",
        &child("ExecutionAborted", json!({})),
    );
    let mut events = parent(&arn("merge-brief"), ("TaskFailed", "-"), &json!(0));
    events.truncate(4);
    events.push((4, "ExecutionTimedOut", json!({})));
    write(folder.path(), "process-video", "TIMED_OUT", &events);
    let cause = json!("the execution took longer than its machine allows");
    check(
        folder.path(),
        "process-video",
        &["Work"],
        "States.Timeout",
        cause,
    )
    .await;
}

#[tokio::test]
async fn a_child_whose_history_is_gone_is_told_of_by_its_parent() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = json!({"ExecutionArn": arn("merge-brief"), "Status": "FAILED", "Error": "InvalidInput", "Cause": "no"});
    let events = parent(
        &arn("merge-brief"),
        ("TaskFailed", "States.TaskFailed"),
        &told,
    );
    write(folder.path(), "process-video", "FAILED", &events);
    check(
        folder.path(),
        "merge-brief",
        &["Work"],
        "InvalidInput",
        json!("no"),
    )
    .await;
    let (root, missing) = read(folder.path(), &arn("process-video"))
        .await
        .expect("a history");
    assert_eq!(missing.len(), 1);
    assert!(missing[0].contains("90 days"), "{missing:?}");
    assert_eq!(root.children[0].started_by.as_deref(), Some("Work"));
}

#[tokio::test]
async fn an_execution_that_is_not_there_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = read(folder.path(), &arn("process-video")).await;
    assert!(matches!(found, Err(Unreadable::Gone)), "{found:?}");
}

#[tokio::test]
async fn of_a_distributed_map_the_child_that_failed_first_is_the_cause() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = format!("{STATES}:mapRun:videoflow-local-process-video/Each:r-1");
    let of_run =
        |name: &str| format!("{STATES}:execution:videoflow-local-process-video/Each:{name}");
    let events = [
        (0, "ExecutionStarted", json!({"input": "{}"})),
        (0, "MapStateEntered", json!({"name": "Each", "input": "[]"})),
        (2, "MapStateStarted", json!({"length": 2})),
        (3, "MapRunStarted", json!({"mapRunArn": run})),
        (
            4,
            "MapRunFailed",
            json!({"error": "States.ExceedToleratedFailureThreshold", "cause": "many"}),
        ),
        (5, "MapStateFailed", json!({})),
        (
            6,
            "ExecutionFailed",
            json!({"error": "States.ExceedToleratedFailureThreshold", "cause": "many"}),
        ),
    ];
    write(folder.path(), "process-video", "FAILED", &events);
    let failure = json!({"error": "InvalidInput", "cause": "no"});
    let mut failed = child("TaskFailed", failure.clone());
    failed.push((4, "ExecutionFailed", failure));
    write_as(folder.path(), &of_run("a"), "FAILED", &failed, &json!(run));
    write_as(
        folder.path(),
        &of_run("b"),
        "SUCCEEDED",
        &child("TaskSucceeded", json!({})),
        &json!(run),
    );
    write_as(
        folder.path(),
        &of_run("c"),
        "FAILED",
        &failed,
        &json!("another run"),
    );
    check(
        folder.path(),
        "process-video/Each",
        &["Each", "Do"],
        "InvalidInput",
        json!("no"),
    )
    .await;
    let (root, _) = read(folder.path(), &arn("process-video"))
        .await
        .expect("a history");
    let children = root.children.iter();
    let children: Vec<_> = children
        .map(|child| (child.name.as_str(), child.states.len()))
        .collect();
    assert_eq!(
        children,
        [("a", 1), ("b", 0)],
        "a child that succeeded is not read"
    );
}

#[tokio::test]
async fn a_history_of_25000_events_renders() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut events = vec![(0, "ExecutionStarted", json!({"input": "{}"}))];
    // A poll that goes on and on: three states, seven events a turn.
    while events.len() < 24_990 {
        let before = u64::try_from(events.len()).expect("a number");
        let named = |name: &str| json!({"name": name, "input": "{\"job\":1}", "output": "{}"});
        events.extend([
            (before, "WaitStateEntered", named("WaitForTranscode")),
            (before + 1, "WaitStateExited", named("WaitForTranscode")),
            (before + 2, "TaskStateEntered", named("CheckTranscode")),
            (
                before + 3,
                "TaskScheduled",
                json!({"resourceType": "aws-sdk:mediaconvert", "resource": "getJob"}),
            ),
            (before + 4, "TaskSucceeded", json!({"output": "{}"})),
            (before + 5, "TaskStateExited", named("CheckTranscode")),
        ]);
    }
    let last = u64::try_from(events.len()).expect("a number");
    events.push((
        last,
        "ExecutionFailed",
        json!({"error": "States.Runtime", "cause": "too many events"}),
    ));
    write(folder.path(), "process-video", "FAILED", &events);
    let begun = std::time::Instant::now();
    let found = read(folder.path(), &arn("process-video"))
        .await
        .expect("a history");
    let story = assembled(None, Some(found), Vec::new(), &Meter::default());
    let shown = text(&story, Paint::Plain);
    let whole = serde_json::to_string(&story).expect("JSON");
    let took = begun.elapsed();
    assert!(
        shown.starts_with("States.Runtime  in CheckTranscode of process-video"),
        "{shown}"
    );
    assert!(shown.contains("WaitForTranscode  69 min  ×4165"), "{shown}");
    assert!(shown.lines().count() < 30, "one line a state:\n{shown}");
    assert_eq!(whole.matches("CheckTranscode").count(), 4_165 + 2);
    // Well under a second by itself; this leaves room for a busy machine.
    assert!(took.as_secs() < 10, "{took:?}");
}
