//! An execution: `(execution, event) → effects`.
//!
//! Each line of control (the machine's own, a branch's, an iteration's) is a [`Thread`]. A thread that works is out of the
//! table, so that what it does may touch the others; one that waits is in it. What is ready to enter its next state
//! stands in a queue, first in first out, as AWS interleaves the events of concurrent threads.

mod batch;
mod catch;
mod described_runs;
mod distributed;
mod enter;
mod events;
mod fail;
mod leave;
mod map;
mod map_run;
mod parallel;
mod redrive;
mod result_writer;
mod scope;
mod settings;
mod size;
mod task;
mod task_events;
mod tested;
mod thread;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use crate::effect::{Effect, Event, MapRunId, TaskId, TimerId, Timestamp};
use crate::failure::Failure;
use crate::history::HistoryEvent;
use crate::machine::StateMachine;
use crate::map_runs::MapRun;
use crate::query::Variables;
use crate::random::Random;
#[cfg(test)]
pub(crate) use size::json_size;
pub(crate) use tested::{Seen, Tested, Told};
use thread::{Thread, TimerUse};

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Not ended.
    Running,
    /// Ended well; there is an output.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// The machine's `TimeoutSeconds` ran out.
    TimedOut,
    /// Stopped from outside.
    Aborted,
}

/// What an execution begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// ARN of the execution.
    pub execution_arn: String,
    /// Name of the execution.
    pub execution_name: String,
    /// ARN of the state machine (or of its version).
    pub state_machine_arn: String,
    /// Name of the state machine.
    pub state_machine_name: String,
    /// Role that the execution runs as.
    pub role_arn: String,
    /// Its input.
    pub input: Value,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// Seeds jitter, `$random`, `$uuid` and task tokens: the same seed and events give the same execution.
    pub seed: u64,
}

/// A running or ended execution. `Send`: it may move between threads.
#[derive(Debug)]
pub struct Execution {
    machine: Arc<StateMachine>,
    start: Start,
    input: Arc<Value>,
    /// Region of the state machine's ARN.
    aws_region: Arc<str>,
    started: Timestamp,
    now: Timestamp,
    random: Random,
    history: Vec<HistoryEvent>,
    threads: BTreeMap<u64, Box<Thread>>,
    ready: VecDeque<u64>,
    tasks: BTreeMap<TaskId, u64>,
    timers: BTreeMap<TimerId, TimerUse>,
    map_runs: BTreeMap<MapRunId, u64>,
    /// All that were begun, in the order of their beginnings.
    begun_map_runs: Vec<(MapRunId, MapRun)>,
    /// The machine's own thread, with all within it, of an execution that ended unsuccessfully.
    halted: Option<Box<Thread>>,
    last_id: u64,
    effects: Vec<Effect>,
    status: Status,
    output: Option<Arc<Value>>,
    error: Option<String>,
    cause: Option<String>,
    /// Of an execution that tests one state.
    tested: Option<Box<Tested>>,
}

impl Execution {
    /// Begins an execution of `machine` at `now`; carry the effects out in their order.
    pub fn start(machine: Arc<StateMachine>, start: Start, now: Timestamp) -> (Self, Vec<Effect>) {
        let mut execution = Self::new(machine, start, now);
        execution.begin(Variables::default());
        let effects = std::mem::take(&mut execution.effects);
        (execution, effects)
    }

    fn new(machine: Arc<StateMachine>, mut start: Start, now: Timestamp) -> Self {
        let input = Arc::new(start.input.take());
        let aws_region = start.state_machine_arn.split(':').nth(3);
        Self {
            aws_region: Arc::from(aws_region.unwrap_or_default()),
            random: Random::new(start.seed),
            input,
            started: now,
            now,
            history: Vec::new(),
            threads: BTreeMap::new(),
            ready: VecDeque::new(),
            tasks: BTreeMap::new(),
            timers: BTreeMap::new(),
            map_runs: BTreeMap::new(),
            begun_map_runs: Vec::new(),
            halted: None,
            last_id: 0,
            effects: Vec::new(),
            status: Status::Running,
            output: None,
            error: None,
            cause: None,
            tested: None,
            machine,
            start,
        }
    }

    fn begin(&mut self, variables: Variables) {
        self.record_started();
        self.start_machine_timeout();
        let region = Arc::clone(&self.machine.region);
        let input = Arc::clone(&self.input);
        if let Some(mut thread) = Thread::new(self.new_id(), None, &region, input) {
            thread.variables = variables;
            self.make_ready(Box::new(thread));
        } else {
            let failure = Failure::runtime("The state machine has no first state.");
            self.end_failed(0, &failure);
        }
        self.run();
    }

    /// Tells the execution what happened. Events that no longer matter (of cancelled Tasks, old timers) do nothing.
    pub fn handle(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        if self.status == Status::Running || event == Event::Redriven {
            self.dispatch(event);
            self.run();
        }
        std::mem::take(&mut self.effects)
    }

    fn dispatch(&mut self, event: Event) {
        match event {
            Event::TaskSubmitted { task, output } => self.task_submitted(task, output),
            Event::TaskSucceeded { task, output } => self.task_succeeded(task, output),
            Event::TaskFailed { task, error, cause } => self.task_failed(task, error, cause),
            Event::TaskStarted { task, worker } => self.task_started(task, worker),
            Event::TaskHeartbeat { task } => self.task_heartbeat(task),
            Event::TimerFired { timer } => self.timer_fired(timer),
            Event::ItemsRead { map_run, items } => self.items_read(map_run, items),
            Event::ChildEnded {
                map_run,
                index,
                outcome,
            } => self.child_ended(map_run, index, outcome),
            Event::ResultsWritten { map_run, written } => self.results_written(map_run, written),
            Event::MapRunUpdated { map_run, settings } => self.map_run_updated(map_run, settings),
            Event::Stopped { error, cause } => self.stop(error, cause),
            Event::Redriven => self.redrive(),
        }
    }

    /// Lets every ready thread enter its next state, until all wait.
    fn run(&mut self) {
        while let Some(id) = self.ready.pop_front() {
            if let Some(thread) = self.threads.remove(&id) {
                self.enter(thread);
            }
            if self.status == Status::Running && self.is_history_full() {
                self.abort_all();
                let failure = Failure::fatal(
                    "States.Runtime",
                    "The execution reached the maximum number of history events (25000).",
                );
                self.end_failed(self.last_event(), &failure);
            }
        }
    }

    fn timer_fired(&mut self, timer: TimerId) {
        match self.timers.remove(&timer) {
            None => {}
            Some(TimerUse::Machine) => self.time_out(),
            Some(TimerUse::Wait(id)) => {
                if let Some(thread) = self.take_thread(id) {
                    self.complete_with_input(thread);
                }
            }
            Some(TimerUse::Retry(id)) => {
                if let Some(thread) = self.take_thread(id) {
                    self.attempt(thread);
                }
            }
            Some(TimerUse::TaskTimeout(id)) => self.task_timed_out(id, None),
            Some(TimerUse::Heartbeat(id)) => {
                self.task_timed_out(id, Some("States.HeartbeatTimeout"));
            }
        }
    }

    fn start_machine_timeout(&mut self) {
        if let Some(seconds) = self.machine.timeout_seconds {
            let ms = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
            self.start_timer(TimerUse::Machine, self.now.plus_ms(ms), false);
        }
    }

    /// The events so far.
    pub fn history(&self) -> &[HistoryEvent] {
        &self.history
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        self.status
    }

    /// How often it was redriven.
    pub fn redrive_count(&self) -> u32 {
        self.start.redrive_count
    }

    /// The input.
    pub fn input(&self) -> &Value {
        &self.input
    }

    /// The output of a succeeded execution.
    pub fn output(&self) -> Option<&Value> {
        self.output.as_deref()
    }

    /// The error name of a failed execution.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// The cause of a failed execution.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The state whose attempt a running Task is.
    pub fn state_of(&self, task: TaskId) -> Option<&str> {
        let thread = self.threads.get(self.tasks.get(&task)?)?;
        Some(&thread.state.name)
    }

    fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Lets a thread enter its state when its turn comes.
    fn make_ready(&mut self, thread: Box<Thread>) {
        self.ready.push_back(thread.id);
        self.threads.insert(thread.id, thread);
    }

    /// Puts a waiting thread into the table.
    fn park(&mut self, thread: Box<Thread>) {
        self.threads.insert(thread.id, thread);
    }

    fn take_thread(&mut self, id: u64) -> Option<Box<Thread>> {
        self.threads.remove(&id)
    }

    fn start_timer(&mut self, purpose: TimerUse, due: Timestamp, scalable: bool) -> TimerId {
        let timer = TimerId(self.new_id());
        self.timers.insert(timer, purpose);
        self.effects.push(Effect::StartTimer {
            timer,
            due,
            scalable,
        });
        timer
    }

    fn cancel_timer(&mut self, timer: TimerId) {
        if self.timers.remove(&timer).is_some() {
            self.effects.push(Effect::CancelTimer { timer });
        }
    }
}
