//! The ends of executions, their redrives, and what is told in the end.

use std::collections::BTreeSet;

use super::super::draft::{Child, Draft, Failure};
use super::super::event::Event;
use super::super::story::{Moment, State, Status};
use super::{Walk, failed_or_aborted};

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

impl Walk {
    /// The execution begins, ends or is redriven.
    pub(super) fn execution(&mut self, event: &Event) {
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
        for index in std::mem::take(&mut self.open) {
            let is_failed = status != Status::Aborted && chain.contains(&index);
            self.end(index, failed_or_aborted(is_failed), event.at);
        }
    }

    /// The state that ended the execution, and all around it.
    fn chain(&self) -> BTreeSet<usize> {
        let around = |index: &usize| self.drafts.get(*index)?.place.within;
        std::iter::successors(self.culprit, around).collect()
    }

    /// What all events tell.
    pub(super) fn told(self) -> Told {
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
