//! Bringing an execution back from what was told to it: its start and every event that it handled, each with its time.
//!
//! The engine is deterministic, so the same start and events give the same execution, its history included. What was
//! asked of the driver and has not been answered comes out as [`Pending`], for the driver to do again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::effect::{Effect, Event, MapRunId, TaskId, TimerId, Timestamp};
use crate::{Execution, Start, StateMachine};

/// An execution that was brought back.
#[derive(Debug)]
pub struct Replayed {
    /// The execution, as it was after the last event.
    pub execution: Execution,
    /// What it still waits for; nothing, if it has ended.
    pub pending: Vec<Pending>,
    /// When the last event was handled.
    pub last: Timestamp,
}

/// An effect without its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// The effect: one that starts something.
    pub effect: Effect,
    /// When it was asked for.
    pub since: Timestamp,
    /// The answer of a Task's service that accepted the call ([`Event::TaskSubmitted`]); null where a worker took the task
    /// of an activity ([`Event::TaskStarted`]).
    pub submitted: Option<Value>,
}

/// Replays an execution of `machine` that began at `at`.
pub fn replay(
    machine: Arc<StateMachine>,
    start: Start,
    at: Timestamp,
    events: impl IntoIterator<Item = (Event, Timestamp)>,
) -> Replayed {
    let (mut execution, effects) = Execution::start(machine, start, at);
    let mut open = Open::default();
    open.ask(effects, at);
    let mut last = at;
    for (event, at) in events {
        open.answer(&event);
        open.ask(execution.handle(event, at), at);
        last = at;
    }
    Replayed {
        execution,
        pending: open.0.into_values().collect(),
        last,
    }
}

/// What an effect is answered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Task(TaskId),
    Timer(TimerId),
    Items(MapRunId),
    Child(MapRunId, usize),
    Results(MapRunId),
}

/// The effects without an answer.
#[derive(Debug, Default)]
struct Open(BTreeMap<Key, Pending>);

impl Open {
    fn ask(&mut self, effects: Vec<Effect>, since: Timestamp) {
        for effect in effects {
            let key = match &effect {
                Effect::StartTask { task, .. } => Key::Task(*task),
                Effect::StartTimer { timer, .. } => Key::Timer(*timer),
                Effect::ReadItems { map_run, .. } => Key::Items(*map_run),
                Effect::StartChild { map_run, index, .. }
                | Effect::RedriveChild { map_run, index, .. } => Key::Child(*map_run, *index),
                Effect::WriteResults { map_run, .. } => Key::Results(*map_run),
                Effect::CancelTask { task } => {
                    self.0.remove(&Key::Task(*task));
                    continue;
                }
                Effect::CancelTimer { timer } => {
                    self.0.remove(&Key::Timer(*timer));
                    continue;
                }
                Effect::CancelMapRun { map_run } => {
                    self.forget_map_run(*map_run);
                    continue;
                }
                Effect::Finish => continue,
            };
            let pending = Pending {
                effect,
                since,
                submitted: None,
            };
            self.0.insert(key, pending);
        }
    }

    fn answer(&mut self, event: &Event) {
        let key = match event {
            Event::TaskSubmitted { task, output } => {
                if let Some(pending) = self.0.get_mut(&Key::Task(*task)) {
                    pending.submitted = Some(output.clone());
                }
                return;
            }
            Event::TaskStarted { task, .. } => {
                if let Some(pending) = self.0.get_mut(&Key::Task(*task)) {
                    pending.submitted = Some(Value::Null);
                }
                return;
            }
            Event::TaskSucceeded { task, .. } | Event::TaskFailed { task, .. } => Key::Task(*task),
            Event::TimerFired { timer } => Key::Timer(*timer),
            Event::ItemsRead { map_run, .. } => Key::Items(*map_run),
            Event::ChildEnded { map_run, index, .. } => Key::Child(*map_run, *index),
            Event::ResultsWritten { map_run, .. } => Key::Results(*map_run),
            Event::TaskHeartbeat { .. }
            | Event::MapRunUpdated { .. }
            | Event::Stopped { .. }
            | Event::Redriven => return,
        };
        self.0.remove(&key);
    }

    fn forget_map_run(&mut self, map_run: MapRunId) {
        self.0.retain(|key, _| match key {
            Key::Items(id) | Key::Child(id, _) | Key::Results(id) => *id != map_run,
            Key::Task(_) | Key::Timer(_) => true,
        });
    }
}
