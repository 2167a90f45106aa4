//! History events, reduced to what the tree shows.

use serde_json::Value;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Number, from 1.
    pub id: u64,
    /// The event that led to this one, 0 for none.
    pub previous_id: u64,
    /// What happened.
    pub kind: Kind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A state was entered.
    Entered {
        /// Name of the state.
        state: String,
        /// Its input, JSON text.
        input: String,
    },
    /// A `.sync` Task was accepted.
    Submitted {
        /// The service's answer, JSON text.
        output: String,
    },
    /// A Task's service answered.
    Succeeded {
        /// JSON text.
        output: String,
    },
    /// A Task, an evaluation or a state failed.
    Failed {
        /// Error name.
        error: String,
        /// Cause.
        cause: String,
    },
    /// The execution failed, timed out or was stopped.
    Ended,
    /// Anything else.
    Other,
}

impl Event {
    /// Reads an event of `GetExecutionHistory` as JSON.
    pub fn from_json(event: &Value) -> Self {
        let number = |name: &str| event.get(name).and_then(Value::as_u64).unwrap_or(0);
        let kind = event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let members = event.as_object().into_iter().flatten();
        let details = members
            .into_iter()
            .find(|(name, _)| name.ends_with("EventDetails"))
            .map(|(_, details)| details);
        let text = |name: &str| {
            let field = details
                .and_then(|details| details.get(name))
                .and_then(Value::as_str);
            field.unwrap_or_default().to_owned()
        };
        let kind = match kind {
            "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted" => Kind::Ended,
            "TaskSubmitted" => Kind::Submitted {
                output: text("output"),
            },
            "TaskSucceeded" | "LambdaFunctionSucceeded" => Kind::Succeeded {
                output: text("output"),
            },
            kind if kind.ends_with("StateEntered") => Kind::Entered {
                state: text("name"),
                input: text("input"),
            },
            kind if kind.ends_with("Failed") || kind.ends_with("TimedOut") => Kind::Failed {
                error: text("error"),
                cause: text("cause"),
            },
            _ => Kind::Other,
        };
        Self {
            id: number("id"),
            previous_id: number("previousEventId"),
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_events_of_the_api() {
        let check = |event: Value, expected: Kind| {
            assert_eq!(
                Event::from_json(&event),
                Event {
                    id: 7,
                    previous_id: 6,
                    kind: expected
                },
                "{event}"
            );
        };
        check(
            json!({"id": 7, "previousEventId": 6, "type": "TaskStateEntered",
                "stateEnteredEventDetails": {"name": "A", "input": "{}"}}),
            Kind::Entered {
                state: "A".into(),
                input: "{}".into(),
            },
        );
        check(
            json!({"id": 7, "previousEventId": 6, "type": "TaskFailed",
                "taskFailedEventDetails": {"resource": "invoke", "error": "InvalidInput", "cause": "no"}}),
            Kind::Failed {
                error: "InvalidInput".into(),
                cause: "no".into(),
            },
        );
        check(
            json!({"id": 7, "previousEventId": 6, "type": "TaskTimedOut", "taskTimedOutEventDetails": {"error": "States.Timeout"}}),
            Kind::Failed {
                error: "States.Timeout".into(),
                cause: String::new(),
            },
        );
        check(
            json!({"id": 7, "previousEventId": 6, "type": "ParallelStateStarted"}),
            Kind::Other,
        );
        check(
            json!({"id": 7, "previousEventId": 6, "type": "ExecutionFailed", "executionFailedEventDetails": {"error": "E"}}),
            Kind::Ended,
        );
    }
}
