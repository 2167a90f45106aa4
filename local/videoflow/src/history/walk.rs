//! From the events of an execution to its states, in one pass.

use std::collections::BTreeSet;

use super::draft::{Child, Draft, Failure};
use super::event::Event;
use super::places::Places;
use super::story::{Moment, State, StateStatus, Status};

/// What the events of one execution tell.
#[derive(Debug)]
pub struct Told {
    /// States in order of entry.
    pub states: Vec<State>,
    /// How it stands.
    pub status: Status,
    /// Start.
    pub started_at: Option<Moment>,
    /// End.
    pub stopped_at: Option<Moment>,
    /// JSON text.
    pub input: String,
    /// JSON text.
    pub output: Option<String>,
    /// What it failed with.
    pub failure: Option<Failure>,
    /// Redrives.
    pub redrive_count: u64,
    /// Version of its machine.
    pub version_arn: Option<String>,
    /// State and execution that it started, in order.
    pub children: Vec<(String, Child)>,
    /// The state that ended it.
    pub culprit: Option<usize>,
}

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

    fn execution(&mut self, event: &Event) {
        let details = &event.details;
        let status = match event.kind.as_str() {
            "ExecutionStarted" => {
                self.started_at = Some(event.at);
                self.input = details.input.clone().unwrap_or_default();
                self.version_arn
                    .clone_from(&details.state_machine_version_arn);
                Status::Running
            }
            "ExecutionRedriven" => {
                self.redrive_count = details.redrive_count.unwrap_or(self.redrive_count + 1);
                self.stopped_at = None;
                self.failure = None;
                self.culprit = None;
                Status::Running
            }
            "ExecutionSucceeded" => {
                self.output.clone_from(&details.output);
                Status::Succeeded
            }
            "ExecutionFailed" => Status::Failed,
            "ExecutionTimedOut" => Status::TimedOut,
            "ExecutionAborted" => Status::Aborted,
            _ => return,
        };
        self.status = Some(status);
        if status != Status::Running {
            self.stopped_at = Some(event.at);
            let overdue = (status == Status::TimedOut).then(Failure::overdue);
            self.failure = Failure::of(details).or(overdue);
            self.stop(event, status);
        }
    }

    /// All that is open ends with the execution.
    fn stop(&mut self, event: &Event, status: Status) {
        let culprit = match status {
            Status::Failed => self.places.before(event).map(|state| self.innermost(state)),
            _ => None,
        };
        // An execution that is stopped or overdue stands in a state; of several, in the one that was entered last.
        let mut open = self.open.iter().rev().copied();
        let leaf = open.find(|index| !self.drafts.get(*index).is_some_and(Draft::is_container));
        self.culprit = culprit.or(leaf);
        if let (Some(draft), Some(failure)) = (
            self.culprit
                .and_then(|culprit| self.drafts.get_mut(culprit)),
            &self.failure,
        ) && status != Status::Aborted
        {
            // A Fail state, an error that no event told, the machine's own timeout.
            let told = draft.failure.take().filter(|_| status == Status::Failed);
            draft.failure = told.or_else(|| Some(failure.clone()));
        }
        let chain = self.chain();
        let open = std::mem::take(&mut self.open);
        for index in open.iter().copied() {
            let is_failed = status != Status::Aborted && chain.contains(&index);
            self.end(index, failed_or_aborted(is_failed), event.at);
        }
        self.places.halt(open);
    }

    /// The state that ended the execution, and all around it.
    fn chain(&self) -> BTreeSet<usize> {
        let around = |index: &usize| self.drafts.get(*index)?.place.within;
        std::iter::successors(self.culprit, around).collect()
    }

    fn told(self) -> Told {
        let ids: Vec<u64> = self.drafts.iter().map(|draft| draft.id).collect();
        let children = self.drafts.iter().flat_map(|draft| {
            let named = |child: &Child| (draft.name.clone(), child.clone());
            draft.children.iter().map(named)
        });
        Told {
            children: children.collect(),
            states: self
                .drafts
                .into_iter()
                .map(|draft| {
                    let within = draft.place.within.and_then(|within| ids.get(within));
                    let within = within.copied();
                    draft.into_state(within)
                })
                .collect(),
            status: self.status.unwrap_or(Status::Unknown),
            started_at: self.started_at,
            stopped_at: self.stopped_at,
            input: self.input,
            output: self.output,
            failure: self.failure,
            redrive_count: self.redrive_count,
            version_arn: self.version_arn,
            culprit: self.culprit,
        }
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
