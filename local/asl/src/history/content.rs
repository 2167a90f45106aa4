//! What events are about. Those that a machine writes with every state share its state and documents, so that they cost
//! next to nothing to write and to keep; the others list their fields.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::{Assigned, Field, Fields};
use crate::machine::{Family, Kind, State};

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Nothing,
    Entered {
        state: Arc<State>,
        input: Arc<Value>,
    },
    Exited {
        state: Arc<State>,
        output: Arc<Value>,
    },
    /// Exited, with new values of variables.
    Assigned {
        state: Arc<State>,
        exit: Arc<(Arc<Value>, Assigned)>,
    },
    /// Of an iteration of the Map.
    Iteration {
        map: Arc<State>,
        index: u64,
    },
    Scheduled(Box<Scheduled>),
    /// Of a Task, without anything particular.
    Task {
        state: Arc<State>,
    },
    /// Of a Task, with what its service answered.
    Answered {
        state: Arc<State>,
        output: Arc<Value>,
    },
    Listed(Box<Details>),
}

/// The details of an event: member name (e.g. `executionStartedEventDetails`) and fields.
#[derive(Debug, Clone)]
pub(crate) struct Details {
    pub(crate) member: &'static str,
    pub(crate) fields: Fields,
}

/// What is scheduled for a Task.
#[derive(Debug, Clone)]
pub(crate) struct Scheduled {
    pub(crate) state: Arc<State>,
    pub(crate) region: Arc<str>,
    pub(crate) arguments: Arc<Value>,
    pub(crate) timeout: Option<i64>,
    pub(crate) heartbeat: Option<i64>,
}

impl Content {
    pub(crate) fn listed(member: &'static str, fields: Fields) -> Self {
        Self::Listed(Box::new(Details { member, fields }))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self {
            Self::Entered { state, .. }
            | Self::Exited { state, .. }
            | Self::Assigned { state, .. }
            | Self::Iteration { map: state, .. } => (name == "name").then_some(&*state.name),
            Self::Scheduled(scheduled) => named(&scheduled.state, name),
            Self::Task { state } | Self::Answered { state, .. } => named(state, name),
            Self::Listed(details) => details.fields.iter().find_map(|(key, field)| match field {
                Field::Text(text) if *key == name => Some(&**text),
                _ => None,
            }),
            Self::Nothing => None,
        }
    }

    pub(super) fn payload(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Entered { input, .. } => (name == "input").then_some(input),
            Self::Exited { output, .. } | Self::Answered { output, .. } => {
                (name == "output").then_some(output)
            }
            Self::Assigned { exit, .. } => (name == "output").then_some(&exit.0),
            Self::Scheduled(scheduled) => {
                (name == scheduled.arguments_name()).then_some(&scheduled.arguments)
            }
            Self::Listed(details) => details.fields.iter().find_map(|(key, field)| match field {
                Field::Payload(value) if *key == name => Some(&**value),
                _ => None,
            }),
            Self::Nothing | Self::Iteration { .. } | Self::Task { .. } => None,
        }
    }

    /// Member name and fields of the event's details.
    pub(super) fn details(&self, event_type: &str) -> Option<(Cow<'static, str>, Fields)> {
        let fields = match self {
            Self::Nothing => return None,
            Self::Listed(details) => return Some((details.member.into(), details.fields.clone())),
            Self::Entered { state, input } => {
                return Some(("stateEnteredEventDetails".into(), {
                    [name(state), document("input", "inputDetails", input)].concat()
                }));
            }
            Self::Exited { state, output } => {
                return Some(("stateExitedEventDetails".into(), exited(state, output)));
            }
            Self::Assigned { state, exit } => {
                let (output, assigned) = &**exit;
                let mut fields = exited(state, output);
                fields.push(("assignedVariables", Field::Payloads(assigned.clone())));
                fields.push(("assignedVariablesDetails", Field::Whole));
                return Some(("stateExitedEventDetails".into(), fields));
            }
            Self::Iteration { map, index } => {
                [name(map), vec![("index", Field::Number(*index))]].concat()
            }
            Self::Scheduled(scheduled) => scheduled.fields(),
            Self::Task { state } => resource(state),
            Self::Answered { state, output } => {
                [resource(state), document("output", "outputDetails", output)].concat()
            }
        };
        // An activity's or function's start says nothing.
        (!fields.is_empty()).then(|| (member(event_type).into(), fields))
    }
}

impl Scheduled {
    fn is_integration(&self) -> bool {
        matches!(family(&self.state), Some(Family::Integration { .. }) | None)
    }

    fn arguments_name(&self) -> &'static str {
        if self.is_integration() {
            "parameters"
        } else {
            "input"
        }
    }

    fn fields(&self) -> Fields {
        let number = |name, seconds: Option<i64>| {
            seconds.map(|seconds| (name, Field::Number(seconds.unsigned_abs())))
        };
        let mut fields = match family(&self.state) {
            Some(Family::Lambda { arn } | Family::Activity { arn }) => {
                vec![("resource", Field::Text(Arc::clone(arn)))]
            }
            Some(Family::Integration { .. }) | None => resource(&self.state),
        };
        if self.is_integration() {
            fields.push(("region", Field::Text(Arc::clone(&self.region))));
            fields.push((
                self.arguments_name(),
                Field::Payload(Arc::clone(&self.arguments)),
            ));
        } else {
            fields.extend(document(
                self.arguments_name(),
                "inputDetails",
                &self.arguments,
            ));
        }
        fields.extend(number("timeoutInSeconds", self.timeout));
        fields.extend(number("heartbeatInSeconds", self.heartbeat));
        fields
    }
}

/// A document and its `…Details`.
pub(crate) fn document(name: &'static str, details: &'static str, value: &Arc<Value>) -> Fields {
    vec![
        (name, Field::Payload(Arc::clone(value))),
        (details, Field::Whole),
    ]
}

/// `resourceType` and `resource` of a Task that calls an integration, nothing for others.
pub(crate) fn resource(state: &State) -> Fields {
    match family(state) {
        Some(Family::Integration {
            resource_type,
            resource,
        }) => vec![
            ("resourceType", Field::Text(Arc::clone(resource_type))),
            ("resource", Field::Text(Arc::clone(resource))),
        ],
        _ => Fields::new(),
    }
}

fn family(state: &State) -> Option<&Family> {
    match &state.kind {
        Kind::Task(task) => Some(&task.resource.family),
        _ => None,
    }
}

/// `resourceType` or `resource`.
fn named<'s>(state: &'s State, name: &str) -> Option<&'s str> {
    match (family(state)?, name) {
        (Family::Integration { resource_type, .. }, "resourceType") => Some(resource_type),
        (Family::Integration { resource, .. }, "resource") => Some(resource),
        _ => None,
    }
}

fn name(state: &State) -> Fields {
    vec![("name", Field::Text(Arc::clone(&state.name)))]
}

fn exited(state: &State, output: &Arc<Value>) -> Fields {
    [name(state), document("output", "outputDetails", output)].concat()
}

/// The member of an event's details: its type, beginning small.
fn member(event_type: &str) -> String {
    let (first, rest) = event_type.split_at(1);
    format!("{}{rest}EventDetails", first.to_ascii_lowercase())
}
