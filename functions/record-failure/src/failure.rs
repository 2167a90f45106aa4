//! Which state of an execution failed, by its history.

use serde_json::Value;

/// What matters of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number.
    pub id: i64,
    /// Number of the event that it follows from; 0: none.
    pub previous_id: i64,
    /// What happened.
    pub kind: Kind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A state was entered.
    Entered {
        /// Its name.
        state: String,
        /// Its input.
        input: String,
    },
    /// A state was left.
    Exited {
        /// Its name.
        state: String,
    },
    /// Something failed, timed out or was stopped.
    Failed {
        /// Error.
        error: String,
        /// Cause.
        cause: String,
    },
    /// A service took on a task; for a nested execution it names it.
    Submitted {
        /// The service's answer.
        output: String,
    },
    /// Anything else.
    Other,
}

/// The state that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// Its name.
    pub state: String,
    /// Its input.
    pub input: Option<String>,
    /// Its error.
    pub error: Option<String>,
    /// The cause.
    pub cause: Option<String>,
    /// Nested execution that it waited for.
    pub child: Option<String>,
}

/// Finds the state that failed in the last events of an execution, in any order.
///
/// From the last failure it goes back from event to event to the state that was entered. Executions that were stopped
/// or took too long have no such way: there it is the last state that was entered and never left.
pub fn find(events: &[Event]) -> Failure {
    let last = events
        .iter()
        .filter(|event| matches!(event.kind, Kind::Failed { .. }))
        .max_by_key(|event| event.id);
    let traced = last.map(|event| trace(events, event)).unwrap_or_default();
    if !traced.state.is_empty() {
        return traced;
    }
    let Some(open) = last_open(events) else {
        return traced;
    };
    let child = events.iter().find_map(|event| match &event.kind {
        Kind::Submitted { output } if leads_to(events, event, open.id) => child_of(output),
        _ => None,
    });
    let (state, input) = match &open.kind {
        Kind::Entered { state, input } => (state.clone(), Some(input.clone())),
        _ => (String::new(), None),
    };
    Failure {
        state,
        input,
        child: child.or(traced.child),
        ..traced
    }
}

/// Goes back from `event` to the state that it happened in.
fn trace(events: &[Event], event: &Event) -> Failure {
    let mut failure = Failure::default();
    for event in way_back(events, event) {
        match &event.kind {
            Kind::Failed { error, cause } => {
                // The innermost failure tells most; the outer ones repeat it.
                failure.child = failure.child.or_else(|| child_of(cause));
                failure.error = Some(error.clone())
                    .filter(|error| !error.is_empty())
                    .or(failure.error);
                failure.cause = Some(cause.clone())
                    .filter(|cause| !cause.is_empty())
                    .or(failure.cause);
            }
            Kind::Submitted { output } => failure.child = child_of(output).or(failure.child),
            Kind::Entered { state, input } => {
                failure.state.clone_from(state);
                failure.input = Some(input.clone());
                break;
            }
            Kind::Exited { .. } | Kind::Other => {}
        }
    }
    failure
}

/// The events from `event` back to the first known one. Numbers only fall, so it ends.
fn way_back<'a>(events: &'a [Event], event: &'a Event) -> impl Iterator<Item = &'a Event> {
    std::iter::successors(Some(event), |event| {
        let previous = event.previous_id;
        events
            .iter()
            .find(|candidate| candidate.id == previous && previous < event.id)
    })
}

fn leads_to(events: &[Event], event: &Event, id: i64) -> bool {
    way_back(events, event).any(|event| event.id == id)
}

/// The last state that was entered and never left.
fn last_open(events: &[Event]) -> Option<&Event> {
    let entered = events.iter().filter(|event| match &event.kind {
        Kind::Entered { state, .. } => !events.iter().any(|later| {
            later.id > event.id
                && matches!(&later.kind, Kind::Exited { state: left } if left == state)
        }),
        _ => false,
    });
    entered.max_by_key(|event| event.id)
}

/// ARN of a nested execution in a service's answer or in a cause.
fn child_of(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    let arn = value.get("ExecutionArn").and_then(Value::as_str)?;
    Some(arn.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: i64, previous_id: i64, kind: Kind) -> Event {
        Event {
            id,
            previous_id,
            kind,
        }
    }

    fn entered(id: i64, previous_id: i64, state: &str) -> Event {
        event(
            id,
            previous_id,
            Kind::Entered {
                state: state.into(),
                input: format!("input of {state}"),
            },
        )
    }

    fn exited(id: i64, previous_id: i64, state: &str) -> Event {
        event(
            id,
            previous_id,
            Kind::Exited {
                state: state.into(),
            },
        )
    }

    fn failed(id: i64, previous_id: i64, error: &str, cause: &str) -> Event {
        event(
            id,
            previous_id,
            Kind::Failed {
                error: error.into(),
                cause: cause.into(),
            },
        )
    }

    fn submitted(id: i64, previous_id: i64, child: &str) -> Event {
        event(
            id,
            previous_id,
            Kind::Submitted {
                output: format!(r#"{{"ExecutionArn":"{child}"}}"#),
            },
        )
    }

    fn check(events: &[Event], state: &str, error: Option<&str>, child: Option<&str>) {
        for events in [events.to_vec(), events.iter().rev().cloned().collect()] {
            let failure = find(&events);
            let found = (
                failure.state.as_str(),
                failure.error.as_deref(),
                failure.child.as_deref(),
            );
            assert_eq!(found, (state, error, child));
        }
    }

    #[test]
    fn finds_the_failed_task() {
        let events = [
            entered(2, 1, "First"),
            exited(3, 2, "First"),
            entered(4, 3, "Second"),
            event(5, 4, Kind::Other),
            failed(6, 5, "StorageFailed", "why"),
            failed(7, 6, "StorageFailed", "why"),
        ];
        check(&events, "Second", Some("StorageFailed"), None);
        assert_eq!(find(&events).input.as_deref(), Some("input of Second"));
    }

    #[test]
    fn goes_on_to_the_nested_execution() {
        let events = [
            entered(2, 1, "Preprocess"),
            submitted(3, 2, "arn:child"),
            failed(
                4,
                3,
                "States.TaskFailed",
                r#"{"ExecutionArn":"arn:child","Error":"X"}"#,
            ),
            failed(5, 4, "States.TaskFailed", ""),
        ];
        check(
            &events,
            "Preprocess",
            Some("States.TaskFailed"),
            Some("arn:child"),
        );
    }

    #[test]
    fn finds_the_branch_that_failed() {
        let events = [
            entered(2, 1, "Analyse"),
            entered(3, 2, "Left"),
            entered(4, 2, "Right"),
            failed(5, 4, "Boom", "right"),
            failed(6, 5, "Boom", "right"),
        ];
        check(&events, "Right", Some("Boom"), None);
    }

    #[test]
    fn stopped_executions_stood_in_their_open_state() {
        let events = [
            entered(2, 1, "First"),
            exited(3, 2, "First"),
            entered(4, 3, "Preprocess"),
            submitted(5, 4, "arn:child"),
            failed(6, 0, "", "by hand"),
        ];
        check(&events, "Preprocess", None, Some("arn:child"));
    }

    #[test]
    fn nothing_known_is_nothing() {
        check(&[], "", None, None);
        check(
            &[failed(1, 0, "States.Runtime", "")],
            "",
            Some("States.Runtime"),
            None,
        );
    }
}
