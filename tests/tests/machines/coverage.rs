//! Which states and Catch edges of the nine machines the runs went through.

use std::collections::BTreeSet;

use serde_json::Value;
use videoflow_asl::HistoryEvent;

use super::tasks::{definitions, states};
use super::world::Ended;

/// A state, or one of a state's Catch edges by its number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    machine: String,
    state: String,
    catch: Option<usize>,
}

/// Every state and every Catch edge that there is.
pub fn all() -> BTreeSet<Place> {
    let mut places = BTreeSet::new();
    for (machine, definition) in definitions() {
        for (state, json) in states(&definition.json) {
            let catches = json["Catch"].as_array().map_or(0, Vec::len);
            for catch in std::iter::once(None).chain((0..catches).map(Some)) {
                places.insert(Place {
                    machine: machine.clone(),
                    state: state.to_owned(),
                    catch,
                });
            }
        }
    }
    places
}

/// What an execution went through.
pub fn visited(ended: &Ended) -> BTreeSet<Place> {
    let definition = &definitions()[&ended.machine].json;
    let states = states(definition);
    let history = ended.execution.history();
    let mut places = BTreeSet::new();
    for event in history {
        let Some(name) = event.text("name") else {
            continue;
        };
        let catch = if event.event_type.ends_with("StateEntered") {
            None
        } else if event.event_type.ends_with("StateExited") {
            let Some(edge) = caught(history, event, &states, name) else {
                continue;
            };
            Some(edge)
        } else {
            continue;
        };
        places.insert(Place {
            machine: ended.machine.clone(),
            state: name.to_owned(),
            catch,
        });
    }
    places
}

/// Number of the Catch edge by which a state was left: its exit follows from a failure.
fn caught(
    history: &[HistoryEvent],
    exit: &HistoryEvent,
    states: &[(&str, &Value)],
    name: &str,
) -> Option<usize> {
    // Events are numbered from 1.
    let before = usize::try_from(exit.previous_event_id)
        .ok()?
        .checked_sub(1)?;
    let error = history.get(before)?.text("error")?;
    let (_, state) = states.iter().find(|(state, _)| *state == name)?;
    let catches = state["Catch"].as_array()?;
    catches.iter().position(|catch| {
        let errors = catch["ErrorEquals"].as_array().into_iter().flatten();
        errors
            .filter_map(Value::as_str)
            .any(|caught| caught == "States.ALL" || caught == error)
    })
}
