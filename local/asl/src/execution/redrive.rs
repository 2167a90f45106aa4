//! Redriving an execution that ended unsuccessfully.

use std::sync::Arc;

use super::map::INLINE_CONCURRENCY;
use super::map_run::Phase;
use super::thread::{Children, Thread, Waiting};
use super::{Execution, Status};
use crate::history::{Content, Field};
use crate::machine::Kind;

impl Execution {
    /// Goes on where the execution ended: states that failed or were aborted are entered again with the input that they
    /// had, branches, iterations and children that succeeded keep their results, retries and the machine's timeout begin anew.
    pub(super) fn redrive(&mut self) {
        let has_failed = !matches!(self.status, Status::Running | Status::Succeeded);
        if !has_failed || self.is_history_full() {
            return;
        }
        let Some(root) = self.halted.take() else {
            return;
        };
        self.status = Status::Running;
        self.error = None;
        self.cause = None;
        self.start.redrive_count += 1;
        let count = Field::Number(u64::from(self.start.redrive_count));
        let content = Content::listed(
            "executionRedrivenEventDetails",
            vec![("redriveCount", count)],
        );
        let redriven = self.record(self.last_event(), "ExecutionRedriven", content);
        self.start_machine_timeout();
        self.go_on(root, redriven);
    }

    /// Lets a halted thread go on: at the entry of its state, or with the children of that state.
    fn go_on(&mut self, mut thread: Box<Thread>, redriven: u64) {
        thread.previous = redriven;
        match (thread.halted.take(), thread.halted_run.take()) {
            (Some(children), _) => self.children_go_on(thread, *children, redriven),
            (None, Some(run)) if !matches!(run.phase, Phase::Reading) => {
                self.map_run_redriven(thread, run);
            }
            (None, _) => self.make_ready(thread),
        }
    }

    fn children_go_on(&mut self, mut thread: Box<Thread>, mut children: Children, redriven: u64) {
        thread.retries = vec![0; thread.state.retry.len()];
        let halted = std::mem::take(&mut children.halted);
        let running = halted.iter().map(|(index, child)| (*index, child.id));
        children.running = running.collect();
        thread.waiting = Waiting::Children(children);
        if halted.is_empty() {
            return self.iterations_go_on(thread, redriven);
        }
        for child in halted.into_values() {
            self.go_on(child, redriven);
        }
        self.park(thread);
    }

    /// A Map that failed because an iteration could not be started: begins with that one.
    fn iterations_go_on(&mut self, mut thread: Box<Thread>, redriven: u64) {
        let state = Arc::clone(&thread.state);
        let Kind::Map(map) = &state.kind else {
            return self.make_ready(thread);
        };
        let begun = self
            .max_concurrency(&thread, map, INLINE_CONCURRENCY)
            .and_then(|most| {
                (0..most).try_for_each(|_| self.start_iteration(&mut thread, map, redriven))
            });
        match begun {
            Ok(()) => self.park(thread),
            Err(failure) => self.fail(thread, failure),
        }
    }
}
