//! From executions to a tree, down to the state that failed.

use serde_json::Value;
use videoflow_platform::names;
use videoflow_platform::step_functions::Station;

use super::event::{Event, Kind};
use super::{Execution, Source};

/// Executions of one tree: a job has eight, and a few more for every retry and redrive.
const MAX_EXECUTIONS: usize = 500;

/// An execution and those that it started.
#[derive(Debug)]
pub struct Node {
    /// The parent's state that started it.
    pub state: Option<String>,
    /// The execution.
    pub execution: Execution,
    /// The state in which it failed.
    pub failed: Option<FailedState>,
    /// What it started, in order.
    pub children: Vec<Node>,
}

impl Node {
    /// Where the execution and all that it started stand, parents first.
    pub fn stations(&self) -> Vec<Station> {
        let mut stations = Vec::new();
        self.add_stations(None, &mut stations);
        stations
    }

    fn add_stations(&self, parent_arn: Option<&str>, stations: &mut Vec<Station>) {
        let description = &self.execution.description;
        let entered = self.execution.events.iter().rev();
        let mut entered = entered.filter_map(|event| match &event.kind {
            Kind::Entered { state, .. } => Some(state.clone()),
            _ => None,
        });
        let machine = description.state_machine_arn.rsplit(':').next();
        stations.push(Station {
            execution_arn: description.execution_arn.clone(),
            parent_arn: parent_arn.map(str::to_owned),
            machine: names::unprefixed(machine.unwrap_or_default()).to_owned(),
            name: description.name.clone(),
            status: description.status.clone(),
            state: entered.next(),
            start_seconds: description.start_date,
            stop_seconds: description.stop_date,
        });
        for child in &self.children {
            child.add_stations(Some(&description.execution_arn), stations);
        }
    }
}

/// A state that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedState {
    /// Name.
    pub name: String,
    /// Input, JSON text.
    pub input: String,
    /// What its service had answered before it failed, if anything; JSON text.
    pub output: Option<String>,
    /// Error name.
    pub error: String,
    /// Cause.
    pub cause: String,
}

/// Reads the tree below an execution.
///
/// # Errors
/// The source cannot be read, or the tree has more than 500 executions.
pub async fn read_tree(source: &Source, root_arn: &str) -> anyhow::Result<Node> {
    let mut budget = MAX_EXECUTIONS;
    read_node(source, None, root_arn.to_owned(), &mut budget).await
}

async fn read_node(
    source: &Source,
    state: Option<String>,
    arn: String,
    budget: &mut usize,
) -> anyhow::Result<Node> {
    anyhow::ensure!(*budget > 0, "more than {MAX_EXECUTIONS} executions");
    *budget -= 1;
    let execution = source.execution(&arn).await?;
    let failed = if matches!(
        execution.description.status.as_str(),
        "RUNNING" | "SUCCEEDED"
    ) {
        None
    } else {
        failed_state(&execution.events)
    };
    let mut children = Vec::new();
    for (state, arn) in started(&execution.events) {
        children.push(Box::pin(read_node(source, Some(state), arn, budget)).await?);
    }
    Ok(Node {
        state,
        execution,
        failed,
        children,
    })
}

/// The state that an event belongs to: the nearest entry among the events that led to it.
fn state_of(events: &[Event], event: &Event) -> Option<(String, String)> {
    let mut current = event;
    // Every step goes back to an older event, so the walk ends.
    loop {
        if let Kind::Entered { state, input } = &current.kind {
            return Some((state.clone(), input.clone()));
        }
        let previous_id = current.previous_id;
        current = events
            .iter()
            .find(|event| event.id == previous_id && event.id < current.id)?;
    }
}

/// The executions that these events started: state and ARN.
fn started(events: &[Event]) -> Vec<(String, String)> {
    let submitted = events.iter().filter_map(|event| {
        let Kind::Submitted { output } = &event.kind else {
            return None;
        };
        let answer: Value = serde_json::from_str(output).ok()?;
        let arn = answer
            .get("ExecutionArn")
            .or_else(|| answer.get("executionArn"))?
            .as_str()?
            .to_owned();
        Some((
            state_of(events, event)
                .map(|(state, _)| state)
                .unwrap_or_default(),
            arn,
        ))
    });
    submitted.collect()
}

/// The state that ended the execution.
fn failed_state(events: &[Event]) -> Option<FailedState> {
    let end = events.iter().rev().find(|event| event.kind == Kind::Ended);
    // ParallelStateFailed and MapStateFailed name no error: the one within does.
    let is_named =
        |event: &&Event| matches!(&event.kind, Kind::Failed { error, .. } if !error.is_empty());
    let failure = events.iter().rev().find(is_named);
    let last_entered = || {
        events
            .iter()
            .rev()
            .find(|event| matches!(event.kind, Kind::Entered { .. }))
    };
    // The failure names the state best; without one (a Fail state, a stop, a timeout of the whole machine) the end's own
    // way back does.
    let cause_of_end = end.and_then(|end| events.iter().find(|event| event.id == end.previous_id));
    let event = match (failure, cause_of_end) {
        (Some(failure), Some(before)) if is_led_to_by(events, before, failure) => failure,
        (_, Some(before)) if state_of(events, before).is_some() => before,
        (Some(failure), _) => failure,
        _ => last_entered()?,
    };
    let (name, input) = state_of(events, event).or_else(|| {
        let entered = last_entered()?;
        state_of(events, entered)
    })?;
    let (error, cause) = match &event.kind {
        Kind::Failed { error, cause } => (error.clone(), cause.clone()),
        _ => (String::new(), String::new()),
    };
    Some(FailedState {
        name,
        input,
        output: answered(events, event),
        error,
        cause,
    })
}

/// Does `wanted` lie on the way back from `event` to the state that it belongs to?
fn is_led_to_by(events: &[Event], event: &Event, wanted: &Event) -> bool {
    let mut current = Some(event);
    while let Some(event) = current {
        if event.id == wanted.id {
            return true;
        }
        if matches!(event.kind, Kind::Entered { .. }) {
            break;
        }
        current = events
            .iter()
            .find(|older| older.id == event.previous_id && older.id < event.id);
    }
    // Failures within a Parallel or Map come right before it; their chain may go past them.
    wanted.id + 2 >= event.id
}

/// What the state's service had answered before the state failed.
fn answered(events: &[Event], event: &Event) -> Option<String> {
    let mut current = event;
    loop {
        match &current.kind {
            Kind::Succeeded { output } => return Some(output.clone()),
            Kind::Entered { .. } => return None,
            _ => {
                let previous_id = current.previous_id;
                current = events
                    .iter()
                    .find(|older| older.id == previous_id && older.id < current.id)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u64, previous_id: u64, kind: Kind) -> Event {
        Event {
            id,
            previous_id,
            kind,
        }
    }

    fn entered(state: &str) -> Kind {
        Kind::Entered {
            state: state.into(),
            input: format!("\"{state}\""),
        }
    }

    fn failed(error: &str) -> Kind {
        Kind::Failed {
            error: error.into(),
            cause: "because".into(),
        }
    }

    fn check(events: &[Event], state: &str, error: &str, output: Option<&str>) {
        let found =
            failed_state(events).map(|found| (found.name, found.input, found.error, found.output));
        let expected = (
            state.to_owned(),
            format!("\"{state}\""),
            error.to_owned(),
            output.map(str::to_owned),
        );
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn finds_the_task_that_failed() {
        let events = [
            event(1, 0, Kind::Other),
            event(2, 0, entered("A")),
            event(3, 2, Kind::Other),
            event(4, 3, failed("X")),
            event(5, 4, Kind::Ended),
        ];
        check(&events, "A", "X", None);
    }

    #[test]
    fn a_caught_failure_is_not_the_end() {
        let events = [
            event(2, 0, entered("A")),
            event(3, 2, failed("Caught")),
            event(4, 3, entered("B")),
            event(5, 4, Kind::Other),
            event(6, 5, Kind::Other),
            event(7, 6, Kind::Other),
            event(8, 7, entered("GiveUp")),
            event(9, 8, Kind::Ended),
        ];
        check(&events, "GiveUp", "", None);
    }

    #[test]
    fn shows_what_a_service_answered_before_an_expression_failed() {
        let events = [
            event(2, 0, entered("A")),
            event(
                3,
                2,
                Kind::Succeeded {
                    output: "{\"a\":1}".into(),
                },
            ),
            event(4, 3, failed("States.QueryEvaluationError")),
            event(5, 4, Kind::Ended),
        ];
        check(
            &events,
            "A",
            "States.QueryEvaluationError",
            Some("{\"a\":1}"),
        );
    }

    #[test]
    fn finds_the_branch_of_a_parallel() {
        let events = [
            event(2, 0, entered("Parallel")),
            event(3, 2, Kind::Other),
            event(4, 3, entered("Branch")),
            event(5, 4, failed("X")),
            event(6, 5, failed("")),
            event(7, 6, Kind::Ended),
        ];
        let found = failed_state(&events).map(|found| found.name);
        assert_eq!(found.as_deref(), Some("Branch"));
    }

    #[test]
    fn names_the_state_that_started_a_child() {
        let output = "{\"ExecutionArn\":\"arn:child\",\"StartDate\":1}".to_owned();
        let events = [
            event(2, 0, entered("A")),
            event(3, 2, Kind::Other),
            event(4, 3, Kind::Submitted { output }),
        ];
        assert_eq!(started(&events), [("A".to_owned(), "arn:child".to_owned())]);
    }
}
