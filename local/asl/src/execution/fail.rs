//! Failures: who handles them, and what ends with them.

use std::sync::Arc;

use super::Execution;
use super::events::{error_fields, names};
use super::thread::{Thread, Waiting};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::history::Field;
use crate::machine::Kind;
use crate::map_runs::MapRunStatus;

impl Execution {
    /// A state has failed: retries it, catches the failure, or fails what is around it.
    pub(super) fn fail(&mut self, mut thread: Box<Thread>, failure: Failure) {
        self.release(&mut thread);
        self.note_failure(&failure);
        let failure = self.tell(&mut thread, failure);
        if failure.kind == FailureKind::Fatal {
            return self.fail_execution(thread, &failure);
        }
        let Err(mut thread) = self.retry(thread, &failure) else {
            return;
        };
        match thread.state.kind {
            Kind::Map(_) => self.record_in(&mut thread, "MapStateFailed", None),
            Kind::Parallel { .. } => self.record_in(&mut thread, "ParallelStateFailed", None),
            _ => {}
        }
        let Err(thread) = self.catch(thread, &failure) else {
            return;
        };
        self.fail_region(thread, failure);
    }

    /// A failure that the state's own handlers do not get: one within a Catch.
    pub(super) fn fail_unhandled(&mut self, mut thread: Box<Thread>, failure: Failure) {
        self.note_failure(&failure);
        let failure = self.tell(&mut thread, failure);
        if failure.kind == FailureKind::Fatal {
            return self.fail_execution(thread, &failure);
        }
        self.fail_region(thread, failure);
    }

    /// The execution fails by this thread, which stays where it is for a redrive.
    fn fail_execution(&mut self, thread: Box<Thread>, failure: &Failure) {
        let previous = thread.previous;
        self.park(thread);
        self.end_failed(previous, failure);
    }

    /// Completes the cause with the state's name, and writes the event of a failed expression.
    fn tell(&mut self, thread: &mut Thread, mut failure: Failure) -> Failure {
        if failure.kind == FailureKind::Reported {
            return failure;
        }
        failure.cause = failure.cause.map(|cause| {
            let (state, event) = (&thread.state.name, thread.entered_event);
            format!("An error occurred while executing the state '{state}' (entered at the event id #{event}). {cause}")
        });
        if failure.kind == FailureKind::Evaluation {
            let mut fields = error_fields(failure.error.as_deref(), failure.cause.as_deref());
            fields.extend(
                failure
                    .location
                    .as_deref()
                    .map(|location| ("location", Field::Text(Arc::from(location)))),
            );
            fields.push(("state", Field::Text(Arc::clone(&thread.state.name))));
            if thread.previous == thread.entered_event {
                thread.previous = thread.before_entered;
            }
            self.record_in(
                thread,
                "EvaluationFailed",
                Some(("evaluationFailedEventDetails", fields)),
            );
        }
        failure
    }

    /// The thread's region fails: so does the state around it, or the execution.
    fn fail_region(&mut self, thread: Box<Thread>, failure: Failure) {
        let Some((parent, index)) = thread.parent else {
            return self.fail_execution(thread, &failure);
        };
        let Some(mut parent) = self.take_thread(parent) else {
            return;
        };
        if let Kind::Map(_) = parent.state.kind {
            let content = super::map::iteration(&parent, index);
            self.record(thread.previous, "MapIterationFailed", content);
        }
        parent.previous = thread.previous;
        if let Waiting::Children(children) = &mut parent.waiting {
            children.running.remove(&index);
            children.halted.insert(index, thread);
        }
        let failure = Failure {
            kind: FailureKind::Reported,
            ..failure
        };
        self.fail(parent, failure);
    }

    /// Aborts what runs within a Parallel or Map, and writes so.
    fn abort_children(&mut self, parent: &mut Thread) {
        let Waiting::Children(mut children) = std::mem::take(&mut parent.waiting) else {
            return;
        };
        for (index, id) in children.take_running() {
            let Some(mut child) = self.take_thread(id) else {
                continue;
            };
            // A child that has not entered its state yet has nothing to abort.
            let is_inside = !matches!(child.waiting, Waiting::Nothing);
            self.release(&mut child);
            if is_inside {
                self.record_aborted(&mut child);
            }
            if let Kind::Map(_) = parent.state.kind {
                let content = super::map::iteration(parent, index);
                self.record_next(&mut child, "MapIterationAborted", content);
            }
            children.halted.insert(index, child);
        }
        parent.halted = Some(Box::new(children));
    }

    fn record_aborted(&mut self, thread: &mut Thread) {
        if let Some(event) = names(&thread.state.kind).aborted {
            self.record_in(thread, event, None);
        }
    }

    /// Ends everything that runs, without a word: the execution's own last event says it. What ran is kept for a
    /// redrive.
    pub(super) fn abort_all(&mut self) {
        self.ready.clear();
        let mut threads = self.threads.values();
        let root = threads.find_map(|thread| thread.parent.is_none().then_some(thread.id));
        if let Some(mut root) = root.and_then(|id| self.take_thread(id)) {
            self.halt(&mut root);
            self.halted = Some(root);
        }
    }

    /// Stops a thread and all within it.
    fn halt(&mut self, thread: &mut Thread) {
        if !matches!(thread.waiting, Waiting::Children(_)) {
            return self.release(thread);
        }
        if let Waiting::Children(mut children) = std::mem::take(&mut thread.waiting) {
            for (index, id) in children.take_running() {
                if let Some(mut child) = self.take_thread(id) {
                    self.halt(&mut child);
                    children.halted.insert(index, child);
                }
            }
            thread.halted = Some(Box::new(children));
        }
    }

    /// Cancels what a thread waits for outside of the execution.
    pub(super) fn release(&mut self, thread: &mut Thread) {
        match std::mem::take(&mut thread.waiting) {
            Waiting::Nothing => {}
            waiting @ Waiting::Children(_) => {
                thread.waiting = waiting;
                self.abort_children(thread);
            }
            Waiting::Timer(timer) => self.cancel_timer(timer),
            Waiting::Task(run) => {
                let (task, timers) = (
                    run.task,
                    [run.timeout, run.heartbeat.map(|(timer, _)| timer)],
                );
                timers
                    .into_iter()
                    .flatten()
                    .for_each(|timer| self.cancel_timer(timer));
                if self.tasks.remove(&task).is_some() {
                    self.effects.push(Effect::CancelTask { task });
                }
            }
            Waiting::MapRun(run) => {
                let map_run = run.id;
                if self.map_runs.remove(&map_run).is_some() {
                    self.end_map_run(map_run, MapRunStatus::Aborted);
                    self.effects.push(Effect::CancelMapRun { map_run });
                }
                thread.halted_run = Some(run);
            }
        }
    }
}
