//! A driver with a virtual clock: Tasks are answered by a closure, and waiting costs nothing.
//!
//! ```
//! use std::sync::Arc;
//! use serde_json::json;
//! use videoflow_asl::StateMachine;
//! use videoflow_asl::simulation::{Answer, Call, Simulation};
//!
//! let machine = StateMachine::compile(r#"{
//!     "QueryLanguage": "JSONata", "StartAt": "Ask",
//!     "States": { "Ask": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true } }
//! }"#).map_err(|findings| format!("{findings:?}"))?;
//! let answer = |call: &Call<'_>| Answer::returns(json!({ "state": call.state })).after_ms(500);
//! let execution = Simulation::new(answer).run(&Arc::new(machine), json!({}));
//! assert_eq!(execution.output(), Some(&json!({ "state": "Ask" })));
//! # Ok::<(), String>(())
//! ```

mod answer;
mod nested;
mod start;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::effect::{Effect, Event, MapRunId, Pattern, TaskId, TimerId, Timestamp};
use crate::{Execution, Start, StateMachine, Status};

use answer::What;
pub use answer::{Answer, Call, Nested, Outcome};
use nested::ended;
use start::named;

/// When simulated executions begin: 2026-01-01T00:00:00Z.
pub const EPOCH: Timestamp = Timestamp(1_767_225_600_000);

/// Most steps of a simulation for each execution that it is asked for, so that a machine that never ends does.
const MAX_STEPS: usize = 10_000_000;

/// Who waits for the end of an execution.
#[derive(Clone, Copy)]
enum Parent {
    /// A Distributed Map, for its child of this index.
    Map(usize, MapRunId, usize),
    /// A Task, which waits by its pattern.
    Task(usize, TaskId, Pattern),
}

/// Runs executions, those that their Tasks start, and the children of their Distributed Maps, on a virtual clock.
pub struct Simulation<F> {
    answer: F,
    now: Timestamp,
    executions: Vec<Execution>,
    parents: HashMap<usize, Parent>,
    queue: BinaryHeap<Reverse<(Timestamp, u64)>>,
    events: HashMap<u64, (usize, Event)>,
    cancelled: HashSet<(usize, TimerId)>,
    silent: Vec<(usize, TaskId)>,
    sequence: u64,
}

impl<F: FnMut(&Call<'_>) -> Answer> Simulation<F> {
    /// A simulation whose Tasks are answered by `answer`.
    pub fn new(answer: F) -> Self {
        Self {
            answer,
            now: EPOCH,
            executions: Vec::new(),
            parents: HashMap::new(),
            queue: BinaryHeap::new(),
            events: HashMap::new(),
            cancelled: HashSet::new(),
            silent: Vec::new(),
            sequence: 0,
        }
    }

    /// Runs `machine` to its end. An execution that waits for what never comes is given back as it is, running.
    pub fn run(self, machine: &Arc<StateMachine>, input: Value) -> Execution {
        let start = named("machine", "simulation", input, 1);
        self.run_with(machine, start)
    }

    /// As [`Simulation::run`], with the execution's names and seed.
    pub fn run_with(self, machine: &Arc<StateMachine>, start: Start) -> Execution {
        self.run_all(machine, start).swap_remove(0)
    }

    /// As [`Simulation::run_with`]; after the execution come those that it started.
    pub fn run_all(mut self, machine: &Arc<StateMachine>, start: Start) -> Vec<Execution> {
        self.begin(machine, start);
        self.go_on(MAX_STEPS);
        self.executions
    }

    /// Runs many executions of `machine` at once, all begun at the same moment; they come back in the order of `starts`.
    pub fn run_many(
        mut self,
        machine: &Arc<StateMachine>,
        starts: impl IntoIterator<Item = Start>,
    ) -> Vec<Execution> {
        let begin = |start| self.begin(machine, start);
        let indexes: Vec<usize> = starts.into_iter().map(begin).collect();
        self.go_on(indexes.len().saturating_mul(MAX_STEPS));
        // Between them are those that they started.
        let executions = self.executions.into_iter().enumerate();
        let asked_for = executions.filter(|(index, _)| indexes.binary_search(index).is_ok());
        asked_for.map(|(_, execution)| execution).collect()
    }

    /// Lets time pass until nothing is left to happen, or for so many steps.
    fn go_on(&mut self, most: usize) {
        for _ in 0..most {
            let Some(Reverse((due, key))) = self.queue.pop() else {
                if !self.end_silence() {
                    break;
                }
                continue;
            };
            let Some((index, event)) = self.events.remove(&key) else {
                continue;
            };
            if let Event::TimerFired { timer } = event
                && self.cancelled.remove(&(index, timer))
            {
                continue;
            }
            self.now = self.now.max(due);
            self.tell(index, event);
        }
    }

    /// A Task that is never answered and has no timer of its own runs into AWS's default timeout.
    fn end_silence(&mut self) -> bool {
        self.silent.reverse();
        while let Some((index, task)) = self.silent.pop() {
            let is_open = self
                .executions
                .get(index)
                .is_some_and(|execution| execution.state_of(task).is_some());
            if is_open {
                self.silent.reverse();
                let (error, cause) = ("States.Timeout".to_owned(), String::new());
                self.push(0, index, Event::TaskFailed { task, error, cause });
                return true;
            }
        }
        false
    }

    fn begin(&mut self, machine: &Arc<StateMachine>, start: Start) -> usize {
        let index = self.executions.len();
        let (execution, effects) = Execution::start(Arc::clone(machine), start, self.now);
        self.executions.push(execution);
        self.carry_out(index, effects);
        index
    }

    fn tell(&mut self, index: usize, event: Event) {
        let now = self.now;
        let effects = self
            .executions
            .get_mut(index)
            .map(|execution| execution.handle(event, now));
        self.carry_out(index, effects.unwrap_or_default());
    }

    fn push(&mut self, after_ms: i64, index: usize, event: Event) {
        self.push_at(self.now.plus_ms(after_ms), index, event);
    }

    fn push_at(&mut self, due: Timestamp, index: usize, event: Event) {
        self.sequence += 1;
        self.queue.push(Reverse((due, self.sequence)));
        self.events.insert(self.sequence, (index, event));
    }

    fn carry_out(&mut self, index: usize, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::StartTask {
                    task,
                    resource,
                    arguments,
                    pattern,
                    token,
                } => {
                    let call = (resource.as_str(), &arguments, pattern, token.as_deref());
                    self.start_task(index, task, call);
                }
                Effect::StartTimer { timer, due, .. } => {
                    self.push_at(due, index, Event::TimerFired { timer });
                }
                Effect::CancelTimer { timer } => {
                    self.cancelled.insert((index, timer));
                }
                Effect::ReadItems {
                    map_run,
                    resource,
                    arguments,
                    ..
                } => self.read_items(index, map_run, &resource, &arguments),
                Effect::StartChild {
                    map_run,
                    index: child,
                    input,
                }
                | Effect::RedriveChild {
                    map_run,
                    index: child,
                    input,
                } => self.start_child(index, map_run, child, input),
                // There is no bucket: they are as good as written.
                Effect::WriteResults {
                    map_run,
                    arguments,
                    folder,
                    ..
                } => {
                    let key = crate::results::manifest_key(&folder);
                    let written = Ok(json!({ "Bucket": arguments.get("Bucket"), "Key": key }));
                    self.push(0, index, Event::ResultsWritten { map_run, written });
                }
                Effect::CancelTask { task } => self.cancel(index, task),
                // What the children of a Distributed Map end with later does nothing.
                Effect::CancelMapRun { .. } => {}
                Effect::Finish => self.finish(index),
            }
        }
    }

    fn start_task(
        &mut self,
        index: usize,
        task: TaskId,
        call: (&str, &Value, Pattern, Option<&str>),
    ) {
        let (resource, arguments, pattern, token) = call;
        let state = self
            .executions
            .get(index)
            .and_then(|execution| execution.state_of(task))
            .unwrap_or_default();
        let call = Call {
            state,
            resource,
            arguments,
            pattern,
            token,
            now: self.now,
        };
        let answer = (self.answer)(&call);
        let outcome = match answer.what {
            What::Outcome(outcome) => outcome,
            What::Nested(nested) => return self.start_nested((index, task), pattern, *nested),
        };
        // An activity's task has a token, too.
        if pattern == Pattern::RequestResponse && token.is_some() {
            let worker = None;
            self.push(0, index, Event::TaskStarted { task, worker });
        }
        if pattern != Pattern::RequestResponse {
            self.push(
                0,
                index,
                Event::TaskSubmitted {
                    task,
                    output: json!({}),
                },
            );
        }
        match outcome {
            Outcome::Return(output) => self.push(
                answer.after_ms,
                index,
                Event::TaskSucceeded { task, output },
            ),
            Outcome::Throw { error, cause } => self.push(
                answer.after_ms,
                index,
                Event::TaskFailed { task, error, cause },
            ),
            Outcome::Silence => self.silent.push((index, task)),
        }
    }

    fn read_items(&mut self, index: usize, map_run: MapRunId, resource: &str, arguments: &Value) {
        let pattern = Pattern::RequestResponse;
        let answer = (self.answer)(&Call {
            state: "",
            resource,
            arguments,
            pattern,
            token: None,
            now: self.now,
        });
        let items = match answer.what {
            What::Outcome(Outcome::Return(Value::Array(items))) => Ok(items),
            What::Outcome(Outcome::Return(other)) => Ok(vec![other]),
            What::Outcome(Outcome::Throw { error, cause }) => Err((error, cause)),
            What::Outcome(Outcome::Silence) | What::Nested(_) => return,
        };
        self.push(answer.after_ms, index, Event::ItemsRead { map_run, items });
    }

    fn start_child(&mut self, index: usize, map_run: MapRunId, child: usize, input: Value) {
        let Some(machine) = self
            .executions
            .get(index)
            .and_then(|execution| execution.item_processor(map_run))
        else {
            return;
        };
        let name = format!("{index}-{}-{child}", map_run.0);
        let seed = map_run
            .0
            .wrapping_mul(1_000_003)
            .wrapping_add(u64::try_from(child).unwrap_or(u64::MAX));
        let start = named("machine/map", &name, input, seed);
        self.parents
            .insert(self.executions.len(), Parent::Map(index, map_run, child));
        self.begin(&machine, start);
    }

    fn finish(&mut self, index: usize) {
        let (Some(parent), Some(execution)) =
            (self.parents.remove(&index), self.executions.get(index))
        else {
            return;
        };
        let (parent, event) = match parent {
            Parent::Map(parent, map_run, index) => {
                let outcome = match execution.status() {
                    Status::Succeeded => Ok(execution.output().cloned().unwrap_or_default()),
                    _ => Err((
                        execution.error().unwrap_or_default().to_owned(),
                        execution.cause().unwrap_or_default().to_owned(),
                    )),
                };
                let ended = Event::ChildEnded {
                    map_run,
                    index,
                    outcome,
                };
                (parent, ended)
            }
            Parent::Task(parent, task, pattern) => (parent, ended(execution, task, pattern)),
        };
        self.push(0, parent, event);
    }
}
