//! What came of a test.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::Execution;
use crate::execution::Seen;
use crate::machine::{Kind, State};
use crate::query::Variables;

/// How the state ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Well.
    Succeeded,
    /// With an error that nothing handles.
    Failed,
    /// With an error that a retrier handles.
    Retriable,
    /// With an error that a catcher handles.
    CaughtError,
}

/// What came of a test: the members of `TestState`'s answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How the state ended.
    pub status: Status,
    /// Its output, of a success or a caught error.
    pub output: Option<Value>,
    /// Error name.
    pub error: Option<String>,
    /// Cause.
    pub cause: Option<String>,
    /// The state that comes next.
    pub next_state: Option<String>,
    /// `inspectionData`: the state's data on its way, documents as JSON text.
    pub inspection: Map<String, Value>,
}

/// Steps that are numbers, not documents.
const NUMBERS: [&str; 3] = [
    "maxConcurrency",
    "toleratedFailureCount",
    "toleratedFailurePercentage",
];
/// Steps of `JSONPath` only.
const JSON_PATH: [&str; 5] = [
    "afterInputPath",
    "afterParameters",
    "afterItemsPath",
    "afterResultSelector",
    "afterResultPath",
];

pub(super) fn of(execution: &Execution, given: &Variables) -> Report {
    let seen = execution.tested().map(|tested| tested.seen());
    let mut seen = seen
        .map(|mut seen| std::mem::take(&mut *seen))
        .unwrap_or_default();
    let status = match (&seen.left, seen.catcher, seen.backoff_seconds) {
        (Some(_), Some(_), _) => Status::CaughtError,
        (Some(_), None, _) => Status::Succeeded,
        (None, _, Some(_)) => Status::Retriable,
        (None, _, None) => Status::Failed,
    };
    let inspection = inspection(execution, &seen, status, given);
    let (error, cause) = match (status, seen.failure.take()) {
        (Status::Succeeded, _) | (_, None) => (None, None),
        (_, Some(told)) => told,
    };
    Report {
        status,
        error,
        cause: cause.filter(|cause| !cause.is_empty()),
        next_state: seen
            .left
            .as_ref()
            .and_then(|left| left.next.as_ref())
            .map(ToString::to_string),
        output: seen.left.map(|left| Value::clone(&left.output)),
        inspection,
    }
}

fn inspection(
    execution: &Execution,
    seen: &Seen,
    status: Status,
    given: &Variables,
) -> Map<String, Value> {
    let mut inspection = Map::new();
    inspection.insert("input".to_owned(), text(execution.input()));
    let Some(state) = execution.tested_state() else {
        return inspection;
    };
    let is_json_path = execution.is_json_path();
    if is_json_path && matches!(state.kind, Kind::Fail { .. }) {
        inspection.insert("afterInputPath".to_owned(), text(execution.input()));
    }
    for (step, value) in &seen.steps {
        if shows(step, state, is_json_path) {
            let value = if NUMBERS.contains(step) {
                value.clone()
            } else {
                text(value)
            };
            inspection.insert((*step).to_owned(), value);
        }
    }
    let variables = seen.left.as_ref().map_or(given, |left| &left.variables);
    let variables = variables
        .iter()
        .map(|(name, value)| (name.to_string(), Value::clone(value)));
    let variables: Map<String, Value> = variables.collect();
    if !variables.is_empty() {
        inspection.insert("variables".to_owned(), text(&Value::Object(variables)));
    }
    let details = error_details(seen, status);
    if !details.is_empty() {
        inspection.insert("errorDetails".to_owned(), Value::Object(details));
    }
    inspection
}

/// What has no result of its own has no steps after it.
fn shows(step: &str, state: &State, is_json_path: bool) -> bool {
    if JSON_PATH.contains(&step) && !is_json_path {
        return false;
    }
    let is_after_result = step.starts_with("afterResult");
    !is_after_result || !matches!(state.kind, Kind::Succeed | Kind::Wait(_))
}

/// Who handled the error.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and is never negative"
)]
fn error_details(seen: &Seen, status: Status) -> Map<String, Value> {
    let mut details = Map::new();
    if status == Status::Succeeded {
        return details;
    }
    if let Some(index) = seen.catcher {
        details.insert("catchIndex".to_owned(), json!(index));
    }
    if let Some(index) = seen.retrier {
        details.insert("retryIndex".to_owned(), json!(index));
    }
    if let Some(seconds) = seen.backoff_seconds {
        let seconds = seconds.round() as u64;
        details.insert("retryBackoffIntervalSeconds".to_owned(), json!(seconds));
    }
    details
}

fn text(value: &Value) -> Value {
    Value::String(value.to_string())
}
