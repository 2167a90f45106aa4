//! From the events of an execution to its states, in one pass.

mod ends;

use std::collections::BTreeSet;

use super::draft::{Draft, Failure};
use super::event::Event;
use super::places::Places;
use super::story::{Moment, StateStatus, Status};
pub use ends::Told;

/// Reads the events of one execution, oldest first.
pub fn walk(events: &[Event]) -> Told {
    let mut walk = Walk::default();
    for event in events {
        walk.take(event);
    }
    walk.told()
}

#[derive(Debug, Default)]
struct Walk {
    drafts: Vec<Draft>,
    places: Places,
    open: BTreeSet<usize>,
    status: Option<Status>,
    started_at: Option<Moment>,
    stopped_at: Option<Moment>,
    input: String,
    output: Option<String>,
    failure: Option<Failure>,
    redrive_count: u64,
    version_arn: Option<String>,
    culprit: Option<usize>,
}

impl Walk {
    fn take(&mut self, event: &Event) {
        if event.kind.ends_with("StateEntered") {
            return self.enter(event);
        }
        let state = self.places.of(event, &self.drafts);
        self.places.learn(event, state);
        if event.kind.starts_with("Execution") {
            self.execution(event);
        } else if let Some(state) = state {
            self.happen(event, state);
        }
    }

    fn enter(&mut self, event: &Event) {
        let (place, halted) = self.places.of_entry(event, &mut self.drafts);
        let index = self.drafts.len();
        self.drafts.push(Draft::new(event, place));
        self.open.insert(index);
        self.places.learn(event, Some(index));
        if halted.is_some() {
            self.reopen_around(index);
        }
    }

    /// What is around a redriven state goes on with it.
    fn reopen_around(&mut self, index: usize) {
        let mut around = self.drafts.get(index).and_then(|draft| draft.place.within);
        while let Some(index) = around {
            let Some(draft) = self.drafts.get_mut(index) else {
                return;
            };
            draft.reopen();
            self.open.insert(index);
            around = draft.place.within;
        }
    }

    fn happen(&mut self, event: &Event, index: usize) {
        let kind = event.kind.as_str();
        let is_ended = self.drafts.get(index).is_some_and(|draft| !draft.is_open());
        if is_ended && kind.ends_with("Scheduled") {
            // A redriven Task that is not entered again.
            if let Some(draft) = self.drafts.get_mut(index) {
                draft.reopen();
            }
            self.open.insert(index);
            self.reopen_around(index);
        }
        if let "ParallelStateStarted" | "MapStateStarted" = kind {
            // Tried again: what the try before left is over.
            self.end_within(index, event.at);
        }
        let before = self.places.before(event);
        let Some(draft) = self.drafts.get_mut(index) else {
            return;
        };
        match kind {
            "ParallelStateStarted" | "MapStateStarted" => draft.begin_attempt(event),
            "ParallelStateSucceeded" | "MapStateSucceeded" => {
                draft.is_settled = true;
                draft.answer(event);
            }
            "ParallelStateFailed" | "MapStateFailed" => {
                draft.is_settled = true;
                self.fail_by(event, index, before);
            }
            "MapIterationFailed" => self.fail_by(event, index, before),
            "MapRunStarted" | "MapRunRedriven" => {
                draft.map_run_arn.clone_from(&event.details.map_run_arn);
            }
            "MapRunFailed" | "EvaluationFailed" => draft.fail(event),
            "TaskSubmitted" => draft.submit(&event.details),
            "TaskScheduled" | "LambdaFunctionScheduled" | "ActivityScheduled" => {
                draft.begin_attempt(event);
            }
            "TaskSucceeded" | "LambdaFunctionSucceeded" | "ActivitySucceeded" => {
                draft.answer(event);
            }
            _ if kind.ends_with("StateExited") => self.exit(event, index),
            _ if kind.ends_with("StateAborted") => {
                self.end(index, StateStatus::Aborted, event.at);
            }
            _ if is_of_task(kind) && (kind.ends_with("Failed") || kind.ends_with("TimedOut")) => {
                draft.fail(event);
            }
            _ => {}
        }
    }

    /// A Parallel or Map fails by what is within; a state's own failure has been told already.
    fn fail_by(&mut self, event: &Event, container: usize, before: Option<usize>) {
        let by = before.filter(|before| *before != container);
        if let Some(by) = by.map(|by| self.innermost(by)) {
            let failure = self.drafts.get(by).and_then(|draft| draft.failure.clone());
            if let Some(draft) = self.drafts.get_mut(container) {
                draft.failed_by = Some(by);
                draft.fail(event);
                draft.failure = failure;
            }
        }
    }

    /// The state that made a Parallel or Map fail; any other state itself.
    fn innermost(&self, state: usize) -> usize {
        // One step is enough: a container knows the innermost already.
        let draft = self.drafts.get(state);
        draft.and_then(|draft| draft.failed_by).unwrap_or(state)
    }

    fn exit(&mut self, event: &Event, index: usize) {
        self.end_within(index, event.at);
        let Some(draft) = self.drafts.get_mut(index) else {
            return;
        };
        draft.output.clone_from(&event.details.output);
        let status = if draft.failure.is_some() || draft.failed_by.is_some() {
            StateStatus::Caught
        } else {
            StateStatus::Succeeded
        };
        self.end(index, status, event.at);
    }

    fn end(&mut self, index: usize, status: StateStatus, at: Moment) {
        self.open.remove(&index);
        if matches!(status, StateStatus::Failed | StateStatus::Aborted) {
            self.places.halt(index);
        }
        if let Some(draft) = self.drafts.get_mut(index) {
            draft.end(status, at);
        }
    }

    /// Ends what is open within a Parallel or Map: by then it has failed, or was aborted.
    fn end_within(&mut self, container: usize, at: Moment) {
        if !self.drafts.get(container).is_some_and(Draft::is_container) {
            return;
        }
        let by = self.drafts.get(container).and_then(|draft| draft.failed_by);
        let later = self.open.range(container + 1..).copied();
        let within: Vec<usize> = later
            .filter(|index| self.is_within(*index, container))
            .collect();
        for index in within {
            // Before another try no event says which of them made it fail.
            let is_failed = match by {
                Some(by) => by == index || self.failed_by(index) == Some(by),
                None => self.drafts.get(index).is_some_and(Draft::has_failure),
            };
            self.end(index, failed_or_aborted(is_failed), at);
        }
    }

    fn failed_by(&self, index: usize) -> Option<usize> {
        self.drafts.get(index).and_then(|draft| draft.failed_by)
    }

    fn is_within(&self, index: usize, container: usize) -> bool {
        let around = |index: &usize| self.drafts.get(*index)?.place.within;
        std::iter::successors(around(&index), around).any(|around| around == container)
    }
}

fn is_of_task(kind: &str) -> bool {
    ["Task", "LambdaFunction", "Activity"]
        .iter()
        .any(|family| kind.starts_with(family))
}

fn failed_or_aborted(is_failed: bool) -> StateStatus {
    if is_failed {
        StateStatus::Failed
    } else {
        StateStatus::Aborted
    }
}

#[cfg(test)]
mod tests;
