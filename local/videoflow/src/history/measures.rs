//! Times and sums of a story.

use serde::{Serialize, Serializer};
use serde_json::Value;
use videoflow_asl::effect::Timestamp;

use super::story::{Execution, Status};

/// Sums over all executions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Executions.
    pub executions: usize,
    /// Entries of states.
    pub states: usize,
    /// Transitions: entries and retries.
    pub transitions: usize,
    /// Tries after the first.
    pub retries: usize,
    /// In Wait states, between retries, and for task tokens.
    pub waited_ms: i64,
    /// In Tasks that start no execution, without their waits.
    pub worked_ms: i64,
}

/// Calls of APIs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calls {
    /// Answered, logs aside.
    pub made: u64,
    /// Refused because they were too many, and repeated.
    pub throttled: u64,
}

/// A moment, milliseconds since 1970; serialised as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// RFC 3339 in UTC.
    pub fn rfc3339(self) -> String {
        Timestamp(self.0).rfc3339()
    }

    /// Milliseconds since an earlier one.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

/// JSON text as its value, any other text as it is.
pub fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

impl Execution {
    /// The execution and all below it, parents first.
    pub fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        for child in &self.children {
            all.extend(child.all());
        }
        all
    }

    /// Whether it ended, and not well.
    pub fn has_failed(&self) -> bool {
        matches!(
            self.status,
            Status::Failed | Status::TimedOut | Status::Aborted
        )
    }
}

impl Totals {
    /// Sums over an execution and all below it.
    pub fn of(root: &Execution) -> Self {
        let mut totals = Self::default();
        for execution in root.all() {
            totals.executions += 1;
            totals.states += execution.states.len();
            for state in &execution.states {
                let retries = state.attempts.len().saturating_sub(1);
                totals.retries += retries;
                totals.transitions += retries + 1;
                totals.waited_ms += state.waited_ms;
                if state.kind == "Task" && state.child_arns.is_empty() {
                    totals.worked_ms += state.duration_ms.unwrap_or(0) - state.waited_ms;
                }
            }
        }
        totals
    }
}
