//! One execution: tells the engine what happens, carries out what it asks for.

mod distributed;
mod tasks;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use videoflow_asl::Status;
use videoflow_asl::effect::{Effect, Event, MapRunId, TaskId, TimerId, Timestamp};
use videoflow_asl::replay::Pending;

use super::driver::{Shared, now};
use super::entry::{Entry, Inbox};
use super::journal::{Blueprint, Journal};
use super::log::{self, Moment};
use crate::service::Principal;
use crate::{arn, names};
use distributed::MapRun;
pub(super) use distributed::child_name;
use tasks::Task;
pub(super) use tasks::Try;

/// Pause between two tries to write a journal on a full disk.
const JOURNAL_PAUSE: Duration = Duration::from_secs(1);

/// Owns one running execution.
pub(super) struct Actor {
    shared: Arc<Shared>,
    entry: Arc<Entry>,
    machine_name: String,
    blueprint: Blueprint,
    journal: Journal,
    tasks: HashMap<TaskId, Running>,
    timers: HashMap<TimerId, AbortHandle>,
    map_runs: HashMap<MapRunId, MapRun>,
}

/// What a Task left behind that its cancellation must undo.
struct Running {
    /// Breaks when the Task is forgotten, which stops a nested execution.
    _guard: oneshot::Sender<()>,
    token: Option<String>,
}

impl Actor {
    pub(super) fn new(shared: Arc<Shared>, entry: Arc<Entry>, blueprint: Blueprint) -> Self {
        let description = entry.description();
        let (tasks, timers, map_runs) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self {
            journal: shared.store.journal(&description.execution_arn),
            machine_name: description.machine_name().to_owned(),
            shared,
            entry,
            blueprint,
            tasks,
            timers,
            map_runs,
        }
    }

    /// After a restart: does again what the execution waits for, which was told something `last` then. Its time stands
    /// still from there to now.
    pub(super) fn take_up(&mut self, pending: Vec<Pending>, last: Timestamp) {
        for Pending {
            effect,
            since,
            submitted,
        } in pending
        {
            self.carry_out_one(effect, Try::Again(submitted), (since, last));
        }
    }

    /// Runs the execution to its end, beginning with what the engine asked for `at` that time.
    pub(super) async fn run(
        mut self,
        mut inbox: mpsc::UnboundedReceiver<Event>,
        effects: Vec<Effect>,
        at: Timestamp,
    ) {
        self.carry_out(effects, at);
        while !self.has_ended() {
            let Some(event) = inbox.recv().await else {
                break;
            };
            if self.shared.is_stopped() {
                return;
            }
            if !self.handle(event).await {
                return;
            }
        }
        self.finish();
    }

    /// The event is in the journal before anything follows from it. False: the platform ended before it was there.
    async fn handle(&mut self, event: Event) -> bool {
        let name = log::name(&event);
        log::tell(&self.entry, Moment::Come(name));
        let Some(at) = self.keep(&event).await else {
            return false;
        };
        log::tell(&self.entry, Moment::Kept(name));
        self.forget(&event);
        let effects = self
            .entry
            .live()
            .as_mut()
            .map(|execution| execution.handle(event, at));
        self.carry_out(effects.unwrap_or_default(), at);
        true
    }

    /// Puts an event into the journal and answers when. While that cannot be, because the disk is full, the execution
    /// stands still.
    async fn keep(&self, event: &Event) -> Option<Timestamp> {
        while !self.shared.is_stopped() {
            let at = now();
            let Err(error) = self.journal.append(at, event) else {
                self.shared.is_halted.store(false, Ordering::Relaxed);
                return Some(at);
            };
            if !self.shared.is_halted.swap(true, Ordering::Relaxed) {
                let path = self.journal.path().display();
                tracing::error!(
                    "cannot write {path}: {error}; executions stand still until that can be"
                );
            }
            tokio::time::sleep(JOURNAL_PAUSE).await;
        }
        None
    }

    /// Who calls: the machine's role, which the project's own machines share their names with.
    fn principal(&self) -> Principal {
        let role = match &self.blueprint.configuration {
            Some(configuration) => arn::last_part(&configuration.role_arn),
            None => self.machine_name.split('/').next().unwrap_or_default(),
        };
        Principal(names::unprefixed(role).to_owned())
    }

    fn has_ended(&self) -> bool {
        self.entry
            .live()
            .as_ref()
            .is_none_or(|execution| execution.status() != Status::Running)
    }

    fn finish(mut self) {
        self.tasks
            .values()
            .filter_map(|task| task.token.as_deref())
            .for_each(|token| self.shared.tokens.revoke(token));
        self.tasks.clear();
        self.timers.drain().for_each(|(_, timer)| timer.abort());
        if let Some(execution) = self.entry.live().as_ref() {
            self.entry
                .describe(|description| description.update(execution));
        }
        // The news first: a crash in between tells it again, the other way round nobody would hear of it.
        self.shared.announce(&self.entry.description());
        log::tell(&self.entry, Moment::Announced);
        if let Err(error) = self.shared.store.write(&self.entry, &self.blueprint) {
            tracing::error!(%error, "cannot write the record of an execution");
        }
        log::tell(&self.entry, Moment::Recorded);
        self.entry.end();
    }

    /// A Task or timer that has answered needs no cancelling.
    fn forget(&mut self, event: &Event) {
        match event {
            Event::TaskSucceeded { task, .. } | Event::TaskFailed { task, .. } => {
                self.cancel(*task);
            }
            Event::TimerFired { timer } => drop(self.timers.remove(timer)),
            _ => {}
        }
    }

    fn cancel(&mut self, task: TaskId) {
        if let Some(token) = self.tasks.remove(&task).and_then(|running| running.token) {
            self.shared.tokens.revoke(&token);
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>, at: Timestamp) {
        for effect in effects {
            self.carry_out_one(effect, Try::First, (at, at));
        }
    }

    /// Carries out an effect that the engine asked for `since` that time, now or, after a restart, as of `last`.
    fn carry_out_one(
        &mut self,
        effect: Effect,
        attempt: Try,
        (since, last): (Timestamp, Timestamp),
    ) {
        match effect {
            Effect::StartTask {
                task,
                resource,
                arguments,
                pattern,
                token,
            } => {
                let task = Task {
                    id: task,
                    resource,
                    arguments,
                    pattern,
                    token,
                };
                self.start_task(task, attempt);
            }
            Effect::CancelTask { task } => self.cancel(task),
            Effect::StartTimer {
                timer,
                due,
                scalable,
            } => {
                let rest = rest((since, due), self.time_scale(scalable), last);
                self.start_timer(timer, rest);
            }
            Effect::CancelTimer { timer } => {
                if let Some(timer) = self.timers.remove(&timer) {
                    timer.abort();
                }
            }
            Effect::ReadItems {
                map_run,
                resource,
                arguments,
                config,
            } => {
                self.read_items(map_run, resource, arguments, config);
            }
            Effect::StartChild {
                map_run,
                index,
                input,
            } => self.start_child(map_run, index, &input),
            Effect::RedriveChild {
                map_run,
                index,
                input,
            } => self.redrive_child(map_run, index, &input),
            Effect::WriteResults {
                map_run,
                arguments,
                folder,
                format,
                results,
                ..
            } => self.write_results(map_run, &arguments, folder, (format, results)),
            Effect::CancelMapRun { map_run } => self.cancel_map_run(map_run),
            // The loop sees the execution's status.
            Effect::Finish => {}
        }
    }

    fn time_scale(&self, is_scalable: bool) -> f64 {
        if is_scalable {
            self.shared.time_scale
        } else {
            1.0
        }
    }

    fn start_timer(&mut self, timer: TimerId, rest: Duration) {
        let inbox = self.entry.inbox.clone();
        let sleeping = tokio::spawn(async move {
            tokio::time::sleep(rest).await;
            tell(&inbox, Event::TimerFired { timer });
        });
        self.timers.insert(timer, sleeping.abort_handle());
    }
}

/// How long a timer that began and is due at these times, which are to be scaled, still runs at `now`.
fn rest((since, due): (Timestamp, Timestamp), time_scale: f64, now: Timestamp) -> Duration {
    let ms = |from: Timestamp, to: Timestamp| {
        Duration::from_millis(u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0))
    };
    let whole = ms(since, due).mul_f64(time_scale);
    whole.saturating_sub(ms(since, now))
}

/// The execution may have ended; then nobody wants to know.
fn tell(inbox: &Inbox, event: Event) {
    let _ = inbox.send(event);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_runs_for_the_rest_of_its_time() {
        let check = |time_scale: f64, now: i64, expected: u64| {
            let times = (Timestamp(1000), Timestamp(61_000));
            let rest = rest(times, time_scale, Timestamp(now));
            assert_eq!(rest, Duration::from_millis(expected), "{time_scale} {now}");
        };
        check(1.0, 1000, 60_000);
        check(1.0, 31_000, 30_000);
        check(1.0, 99_000, 0);
        check(0.02, 1000, 1200);
        check(0.02, 1700, 500);
        check(0.02, 31_000, 0);
        check(0.0, 1000, 0);
    }
}
