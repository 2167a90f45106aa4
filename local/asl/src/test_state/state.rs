//! The machine whose only state is the one that is tested.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Error;
use crate::diagnostic::Diagnostic;
use crate::machine::{Kind, Processor, Region, StateMachine};

/// AWS's name for a state that comes without one.
const NAME: &str = "StateName";
/// Deepest nesting that is searched for a state.
const MAX_DEPTH: usize = 25;

/// A machine of the state, whose transitions lead to states that end.
pub(super) fn machine(source: &str, name: Option<&str>) -> Result<Arc<StateMachine>, Error> {
    let definition: Value = serde_json::from_str(source)
        .map_err(|error| invalid(&format!("INVALID_JSON_DESCRIPTION: {error}")))?;
    let mut alone = Map::new();
    let state = match name {
        None => &definition,
        Some(name) => {
            if let Err(findings) = StateMachine::compile(source) {
                return Err(refused(&findings));
            }
            for key in ["QueryLanguage", "Version"] {
                let value = definition.get(key);
                alone.extend(value.map(|value| (key.to_owned(), value.clone())));
            }
            find(&definition, name, 0)
                .ok_or_else(|| Error::Request("State not found in definition".to_owned()))?
        }
    };
    let name = name.unwrap_or(NAME);
    let ends = targets(state).into_iter();
    let ends = ends.map(|target| (target.to_owned(), json!({ "Type": "Succeed" })));
    let mut states: Map<String, Value> = ends.collect();
    states.insert(name.to_owned(), state.clone());
    alone.insert("StartAt".to_owned(), name.into());
    alone.insert("States".to_owned(), states.into());
    let machine = StateMachine::compile(&Value::Object(alone).to_string());
    machine.map(Arc::new).map_err(|findings| refused(&findings))
}

fn refused(findings: &[Diagnostic]) -> Error {
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == crate::Severity::Error);
    let errors = errors.map(|finding| {
        format!(
            "{}: {} at {}",
            finding.code, finding.message, finding.location
        )
    });
    invalid(&errors.collect::<Vec<_>>().join(", "))
}

fn invalid(why: &str) -> Error {
    Error::Definition(format!("Invalid State Machine Definition: '{why}'"))
}

/// The state of that name, wherever it is in the machine.
fn find<'a>(region: &'a Value, name: &str, depth: usize) -> Option<&'a Value> {
    let states = region.get("States")?.as_object()?;
    states.get(name).or_else(|| {
        let mut inner = states.values().flat_map(regions);
        (depth < MAX_DEPTH)
            .then(|| inner.find_map(|region| find(region, name, depth + 1)))
            .flatten()
    })
}

fn regions(state: &Value) -> impl Iterator<Item = &Value> {
    let processors = ["ItemProcessor", "Iterator"]
        .into_iter()
        .filter_map(|key| state.get(key));
    let branches = state.get("Branches").and_then(Value::as_array);
    processors.chain(branches.into_iter().flatten())
}

/// Where the state may lead.
fn targets(state: &Value) -> Vec<&str> {
    let lists = ["Choices", "Catch"]
        .into_iter()
        .filter_map(|key| state.get(key)?.as_array())
        .flatten()
        .filter_map(|item| item.get("Next"));
    let own = ["Next", "Default"]
        .into_iter()
        .filter_map(|key| state.get(key));
    own.chain(lists).filter_map(Value::as_str).collect()
}

/// Whether a state of that name is within the Map or Parallel.
pub(super) fn contains(kind: &Kind, name: &str) -> bool {
    let within = |region: &Region| {
        let mut states = region.states.iter();
        states.any(|state| *state.name == *name || contains(&state.kind, name))
    };
    match kind {
        Kind::Parallel { branches } => branches.iter().any(|branch| within(branch)),
        Kind::Map(map) => match &map.processor {
            Processor::Inline(region) => within(region),
            Processor::Distributed(map) => within(&map.machine.region),
        },
        _ => false,
    }
}
