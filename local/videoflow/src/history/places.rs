//! Which state an event belongs to. Events name the event before them, not their state, and those of a Parallel or Map
//! follow the last of what is within: the way is from the event before to its state, and outwards from there.

use std::collections::HashMap;

use super::draft::Draft;
use super::event::Event;

/// What begins after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opens {
    /// The next state of the same sequence.
    Next,
    /// A branch of a Parallel.
    Branch,
    /// An iteration of a Map.
    Iteration(Option<u64>),
    /// What had halted before a redrive.
    Redrive,
}

/// Where a state is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The Parallel or Map around it.
    pub within: Option<usize>,
    /// Branch of that Parallel.
    pub branch: Option<u64>,
    /// Iteration of that Map.
    pub iteration: Option<u64>,
}

/// The states of events.
#[derive(Debug, Default)]
pub struct Places {
    known: HashMap<u64, (Option<usize>, Opens)>,
    /// States that failed or were aborted, and were not left: a redrive enters them again.
    halted: Vec<usize>,
}

impl Places {
    /// Remembers whose an event is.
    pub fn learn(&mut self, event: &Event, state: Option<usize>) {
        let opens = match event.kind.as_str() {
            "ParallelStateStarted" => Opens::Branch,
            "MapIterationStarted" => Opens::Iteration(event.details.index),
            "ExecutionRedriven" => Opens::Redrive,
            _ => Opens::Next,
        };
        self.known.insert(event.id, (state, opens));
    }

    /// A state failed or was aborted, and was not left.
    pub fn halt(&mut self, state: usize) {
        self.halted.push(state);
    }

    /// The state of the event before this one.
    pub fn before(&self, event: &Event) -> Option<usize> {
        self.known.get(&event.previous_id)?.0
    }

    /// Where a state is that is entered now, and the state that it is the redrive of.
    pub fn of_entry(&mut self, event: &Event, drafts: &mut [Draft]) -> (Place, Option<usize>) {
        let Some((before, opens)) = self.known.get(&event.previous_id).copied() else {
            return (Place::default(), None);
        };
        match opens {
            Opens::Branch => (
                Place {
                    within: before,
                    branch: before.and_then(|parallel| next_branch(drafts, parallel)),
                    iteration: None,
                },
                None,
            ),
            Opens::Iteration(iteration) => (
                Place {
                    within: before,
                    branch: None,
                    iteration,
                },
                None,
            ),
            Opens::Next => (place_of(drafts, before), None),
            Opens::Redrive => {
                let halted = self.take_halted(event, drafts);
                (place_of(drafts, halted), halted)
            }
        }
    }

    /// The halted state that a redrive enters again: the last of its name, with the same input where there is one.
    fn take_halted(&mut self, event: &Event, drafts: &[Draft]) -> Option<usize> {
        let is_named = |index: &usize| {
            drafts.get(*index).map(|draft| draft.name.as_str()) == event.details.name.as_deref()
        };
        let is_same = |index: &usize| {
            drafts.get(*index).map(|draft| draft.input.as_str()) == event.details.input.as_deref()
        };
        let mut named = self.halted.iter().rev().copied().filter(is_named);
        let found = named.clone().find(is_same).or_else(|| named.next())?;
        self.halted.retain(|halted| *halted != found);
        Some(found)
    }

    /// The state that an event is of which is no entry.
    pub fn of(&self, event: &Event, drafts: &[Draft]) -> Option<usize> {
        let before = self.before(event);
        let kind = event.kind.as_str();
        let name = event.details.name.as_ref().or(event.details.state.as_ref());
        if let Some(name) = name {
            let is_named = |draft: &Draft| draft.is_open() && draft.name == *name;
            return outwards(drafts, before, is_named)
                .or_else(|| drafts.iter().rposition(is_named));
        }
        let container = ["Parallel", "Map"]
            .into_iter()
            .find(|container| kind.starts_with(&format!("{container}State")));
        match container {
            // A Parallel that is tried again was settled before.
            Some(container) if kind.ends_with("Started") => outwards(drafts, before, |draft| {
                draft.is_open() && draft.kind == container
            }),
            Some(container) => outwards(drafts, before, |draft| {
                draft.is_open() && !draft.is_settled && draft.kind == container
            }),
            None if kind.starts_with("Execution") => None,
            // A redriven Task that is not entered again.
            None => before.or_else(|| self.halted.last().copied()),
        }
    }
}

/// The innermost state that is wanted, from one outwards.
fn outwards(
    drafts: &[Draft],
    from: Option<usize>,
    is_wanted: impl Fn(&Draft) -> bool,
) -> Option<usize> {
    // Every state is entered after the one around it, so the way ends.
    std::iter::successors(from, |index| drafts.get(*index)?.place.within)
        .find(|index| drafts.get(*index).is_some_and(&is_wanted))
}

fn place_of(drafts: &[Draft], state: Option<usize>) -> Place {
    let draft = state.and_then(|state| drafts.get(state));
    draft.map(|draft| draft.place).unwrap_or_default()
}

fn next_branch(drafts: &mut [Draft], parallel: usize) -> Option<u64> {
    let parallel = drafts.get_mut(parallel)?;
    let branch = parallel.branches;
    parallel.branches += 1;
    Some(branch)
}
