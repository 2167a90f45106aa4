//! The failure that all others follow from.

use serde_json::Value;
use videoflow_shared::jobs::Job;

use super::assembly::names_of;
use super::runbook::look_up;
use super::story::{CaughtFailure, Execution, RootCause, State, StateStatus, Status, document};

/// Errors of a Task that ran out of its own time; what it had started is stopped then, which is no cause.
const OVERDUE: [&str; 2] = ["States.Timeout", "States.HeartbeatTimeout"];

/// The root cause of an execution that ended badly: from the state that ended it down, as long as that state failed
/// because of an execution that it had started.
pub fn root_cause(root: &Execution) -> Option<RootCause> {
    if !root.has_failed() {
        return None;
    }
    let mut path = Vec::new();
    let mut execution = root;
    loop {
        let state = execution
            .culprit
            .and_then(|culprit| execution.states.get(culprit));
        path.extend(state.into_iter().flat_map(|state| way_to(execution, state)));
        match state.and_then(|state| child_behind(execution, state)) {
            Some(child) => execution = child,
            None => {
                return Some(RootCause {
                    caught: caught(root),
                    ..cause_in(execution, state, path)
                });
            }
        }
    }
}

/// All failures that a Catch went on from, each by what caused it.
fn caught(root: &Execution) -> Vec<CaughtFailure> {
    let all = root.all();
    let caught = all.iter().flat_map(|execution| {
        let states = execution.states.iter();
        let states = states.filter(|state| state.status == StateStatus::Caught);
        states.map(
            |state| match child_behind(execution, state).and_then(root_cause) {
                Some(cause) => CaughtFailure {
                    machine: cause.machine,
                    state: cause.state,
                    error: cause.error,
                    cause: cause.cause,
                },
                None => CaughtFailure {
                    machine: execution.machine.clone(),
                    state: state.name.clone(),
                    error: state.error.clone().unwrap_or_default(),
                    cause: state.cause.clone().unwrap_or_default(),
                },
            },
        )
    });
    caught.collect()
}

/// The root cause that the job's item tells of.
pub fn of_item(job: &Job) -> Option<RootCause> {
    let details = job.error_details.as_ref()?;
    Some(RootCause {
        machine: names_of(&details.execution).0,
        execution_arn: details.execution.clone(),
        state: details.state.clone(),
        path: vec![details.state.clone()],
        error: details.error.clone(),
        cause: document(&details.cause),
        input: details.input.as_deref().map_or(Value::Null, document),
        output: None,
        attempts: Vec::new(),
        caught: Vec::new(),
        log: None,
        runbook: look_up(&details.error),
        redrive: None,
    })
}

/// Names of a state and of the Parallels and Maps around it, outermost first.
fn way_to(execution: &Execution, state: &State) -> Vec<String> {
    let around = |state: &&State| {
        let within = state.within?;
        execution.states.iter().find(|around| around.id == within)
    };
    let mut way: Vec<String> = std::iter::successors(Some(state), around)
        .map(|state| state.name.clone())
        .collect();
    way.reverse();
    way
}

/// The execution that a state failed because of.
fn child_behind<'a>(execution: &'a Execution, state: &State) -> Option<&'a Execution> {
    let is_caught = state.status == StateStatus::Caught;
    if execution.status != Status::Failed && !is_caught {
        // Stopped or overdue itself: what it had started was stopped with it.
        return None;
    }
    let is_overdue = OVERDUE.contains(&state.error.as_deref().unwrap_or_default());
    let mut children = execution.children.iter();
    if let Some(arn) = state.child_arns.last() {
        let child = children.find(|child| child.arn == *arn);
        return child
            .filter(|child| child.has_failed())
            .filter(|child| !(is_overdue && child.status == Status::Aborted));
    }
    // Of a Distributed Map's children, the one that failed first.
    state.map_run_arn.as_ref()?;
    children
        .filter(|child| child.started_by.as_ref() == Some(&state.name))
        .filter(|child| matches!(child.status, Status::Failed | Status::TimedOut))
        .min_by_key(|child| child.stopped_at)
}

fn cause_in(execution: &Execution, state: Option<&State>, path: Vec<String>) -> RootCause {
    let own = match execution.status {
        Status::Aborted => ("ABORTED", "the execution was stopped"),
        Status::TimedOut => (
            "States.Timeout",
            "the execution took longer than its machine allows",
        ),
        _ => ("FAILED", "no reason was told"),
    };
    // A stopped execution is a cause by itself, whatever its state had met before.
    let failed = state.filter(|_| execution.status != Status::Aborted);
    let error = failed
        .and_then(|state| state.error.clone())
        .or_else(|| execution.error.clone())
        .unwrap_or_else(|| own.0.to_owned());
    let cause = failed
        .and_then(|state| state.cause.clone())
        .or_else(|| execution.cause.clone())
        .unwrap_or_else(|| Value::from(own.1));
    let unread = state.and_then(|_| unread_child(&cause));
    let (execution_arn, error, cause) =
        unread.unwrap_or_else(|| (execution.arn.clone(), error, cause));
    let runbook = look_up(&error);
    RootCause {
        machine: names_of(&execution_arn).0,
        execution_arn,
        state: state.map(|state| state.name.clone()).unwrap_or_default(),
        path,
        error,
        cause,
        input: state.map_or(Value::Null, |state| state.input.clone()),
        output: state.and_then(|state| state.output.clone()),
        attempts: state
            .map(|state| state.attempts.clone())
            .unwrap_or_default(),
        caught: Vec::new(),
        log: None,
        runbook,
        redrive: None,
    }
}

/// What the cause of a state tells of a nested execution whose own history could not be read: its description.
fn unread_child(cause: &Value) -> Option<(String, String, Value)> {
    let text = |name: &str| cause.get(name).and_then(Value::as_str);
    let arn = text("ExecutionArn")?;
    let error = text("Error").or(text("Status"))?;
    let own = text("Cause").map_or_else(|| cause.clone(), document);
    Some((arn.to_owned(), error.to_owned(), own))
}
