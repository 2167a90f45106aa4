//! One execution: tells the engine what happens, carries out what it asks for.

mod distributed;
mod tasks;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use videoflow_asl::Status;
use videoflow_asl::effect::{Effect, Event, MapRunId, TaskId, TimerId, Timestamp};

use super::driver::{Shared, now};
use super::store::{Entry, Inbox};
use crate::names;
use crate::service::Principal;
use distributed::MapRun;
use tasks::Task;

/// A running execution's record is at most this old on disk: often enough for `history` beside a running platform,
/// rare enough that long histories do not keep the disk busy.
const WRITE_INTERVAL: Duration = Duration::from_millis(250);

/// Owns one running execution.
pub(super) struct Actor {
    shared: Arc<Shared>,
    entry: Arc<Entry>,
    machine_name: String,
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
    pub(super) fn new(shared: Arc<Shared>, entry: Arc<Entry>, machine_name: &str) -> Self {
        let (tasks, timers, map_runs) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self {
            shared,
            entry,
            machine_name: machine_name.to_owned(),
            tasks,
            timers,
            map_runs,
        }
    }

    /// Runs the execution to its end.
    pub(super) async fn run(
        mut self,
        mut inbox: mpsc::UnboundedReceiver<Event>,
        effects: Vec<Effect>,
    ) {
        self.carry_out(effects);
        let mut unwritten_since = Some(Instant::now());
        while !self.has_ended() {
            let write_at = unwritten_since.map(|since| since + WRITE_INTERVAL);
            let event = tokio::select! {
                event = inbox.recv() => event,
                () = tokio::time::sleep_until(write_at.unwrap_or_else(Instant::now)), if write_at.is_some() => {
                    self.write();
                    unwritten_since = None;
                    continue;
                }
            };
            let Some(event) = event else { break };
            self.forget(&event);
            let effects = self
                .entry
                .live()
                .as_mut()
                .map(|execution| execution.handle(event, now()));
            self.carry_out(effects.unwrap_or_default());
            unwritten_since.get_or_insert_with(Instant::now);
        }
        self.finish();
    }

    /// Who calls: the machine, also for its Map's children.
    fn principal(&self) -> Principal {
        let machine = names::unprefixed(&self.machine_name);
        Principal(machine.split('/').next().unwrap_or(machine).to_owned())
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
            let stopped = execution
                .history()
                .last()
                .map_or_else(now, |event| event.timestamp);
            self.entry.describe(|description| {
                status_name(execution.status()).clone_into(&mut description.status);
                description.stop_date = Some(stopped.seconds());
                description.output = execution.output().map(Value::to_string);
                description.error = execution.error().map(str::to_owned);
                description.cause = execution.cause().map(str::to_owned);
            });
        }
        self.write();
        self.entry.end();
        self.shared.announce(&self.entry.description());
    }

    fn write(&self) {
        if let Err(error) = self.shared.store.write(&self.entry) {
            tracing::error!(%error, "cannot write the record of an execution");
        }
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

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::StartTask {
                    task,
                    resource,
                    arguments,
                    pattern,
                    token,
                } => {
                    self.start_task(Task {
                        id: task,
                        resource,
                        arguments,
                        pattern,
                        token,
                    });
                }
                Effect::CancelTask { task } => self.cancel(task),
                Effect::StartTimer {
                    timer,
                    due,
                    scalable,
                } => self.start_timer(timer, due, scalable),
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
                Effect::CancelMapRun { map_run } => self.cancel_map_run(map_run),
                // The loop sees the execution's status.
                Effect::Finish => {}
            }
        }
    }

    fn start_timer(&mut self, timer: TimerId, due: Timestamp, scalable: bool) {
        let wait = Duration::from_millis(u64::try_from(due.0.saturating_sub(now().0)).unwrap_or(0));
        let wait = if scalable {
            wait.mul_f64(self.shared.time_scale)
        } else {
            wait
        };
        let inbox = self.entry.inbox.clone();
        let sleeping = tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            tell(&inbox, Event::TimerFired { timer });
        });
        self.timers.insert(timer, sleeping.abort_handle());
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
    }
}

/// The execution may have ended; then nobody wants to know.
fn tell(inbox: &Inbox, event: Event) {
    let _ = inbox.send(event);
}
