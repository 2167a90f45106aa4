//! An engine for the Amazon States Language: `(execution, event) → effects`. No IO, no clock.
//!
//! [`StateMachine::compile`] checks a definition and tells what is wrong with it. [`Execution::start`] and
//! [`Execution::handle`] run it: what must be done in the world comes out as [`effect::Effect`]s, what happened goes in
//! as [`effect::Event`]s, each with the time. The history ([`HistoryEvent`]) is that of AWS Step Functions.
//!
//! # Running a definition
//! [`simulation::Simulation`] has a virtual clock and a closure for the Tasks. Waiting costs nothing:
//!
//! ```
//! use std::sync::Arc;
//! use serde_json::json;
//! use videoflow_asl::simulation::{Answer, EPOCH, Simulation};
//! use videoflow_asl::{StateMachine, Status};
//!
//! let machine = StateMachine::compile(r#"{
//!     "QueryLanguage": "JSONata", "StartAt": "Ask",
//!     "States": {
//!         "Ask": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
//!                  "Output": "{% $states.result.Payload %}", "Next": "Rest" },
//!         "Rest": { "Type": "Wait", "Seconds": 86400, "End": true }
//!     }
//! }"#).map_err(|findings| format!("{findings:?}"))?;
//! let execution = Simulation::new(|call| Answer::returns(json!({ "Payload": call.state })))
//!     .run(&Arc::new(machine), json!({}));
//! assert_eq!((execution.status(), execution.output()), (Status::Succeeded, Some(&json!("Ask"))));
//! let end = execution.history().last().map(|event| event.timestamp);
//! assert_eq!(end, Some(EPOCH.plus_ms(86_400_000)));
//! # Ok::<(), String>(())
//! ```
//!
//! [`mock`] runs test cases that are written in AWS's form for Step Functions Local, [`exec`] cases that come as requests
//! in JSON. [`test_state`] runs one state alone and tells what its data looks like on the way. [`lint`] says what is wrong with a definition, where in its text, and what to do about it.
//!
//! # Writing a driver
//! A driver carries out effects and tells events, each with the time of its own clock:
//!
//! 1. Call [`Execution::start`], carry out the effects, and keep the execution by its name.
//! 2. [`Effect::StartTask`](effect::Effect::StartTask): call the resource, and tell
//!    [`Event::TaskSucceeded`](effect::Event::TaskSucceeded) or [`Event::TaskFailed`](effect::Event::TaskFailed) with the
//!    same id. [`Effect::StartTimer`](effect::Effect::StartTimer): tell
//!    [`Event::TimerFired`](effect::Event::TimerFired) when it is due. Distributed Maps read items and start children.
//! 3. Every [`Execution::handle`] gives further effects. Those that cancel say what no longer matters; an answer that
//!    comes all the same does nothing.
//! 4. [`Effect::Finish`](effect::Effect::Finish): read status, output, error and cause.
//!
//! The same start, seed and events give the same execution: a driver that writes each event down before it tells it can
//! bring the execution back by [`replay`]. `StateMachine` is `Send + Sync`, `Execution` is `Send`.
//!
//! ```
//! use std::sync::Arc;
//! use serde_json::json;
//! use videoflow_asl::effect::{Effect, Event, Timestamp};
//! use videoflow_asl::{Execution, Start, StateMachine, Status};
//!
//! let machine = StateMachine::compile(r#"{
//!     "QueryLanguage": "JSONata", "StartAt": "Wait",
//!     "States": { "Wait": { "Type": "Wait", "Seconds": 60, "Output": "{% $states.input.n + 1 %}", "End": true } }
//! }"#).map_err(|findings| format!("{findings:?}"))?;
//! let start = Start {
//!     execution_arn: "arn:aws:states:us-east-1:000000000000:execution:m:e".into(),
//!     execution_name: "e".into(),
//!     state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m".into(),
//!     state_machine_name: "m".into(),
//!     role_arn: "arn:aws:iam::000000000000:role/r".into(),
//!     input: json!({ "n": 1 }),
//!     redrive_count: 0,
//!     seed: 7,
//! };
//! let (mut execution, effects) = Execution::start(Arc::new(machine), start, Timestamp(0));
//! let Some(Effect::StartTimer { timer, due: Timestamp(60_000), .. }) = effects.first() else {
//!     return Err(format!("{effects:?}"));
//! };
//! let effects = execution.handle(Event::TimerFired { timer: *timer }, Timestamp(60_000));
//! assert_eq!(effects, [Effect::Finish]);
//! assert_eq!((execution.status(), execution.output()), (Status::Succeeded, Some(&json!(2))));
//! assert_eq!(execution.history().len(), 4);
//! # Ok::<(), String>(())
//! ```
//!
//! # Inside
//! `compile` turns a definition into a `machine`; `query` holds the two languages, of which a `Template` may hold either;
//! `execution` runs threads (the machine's own, branches, iterations) through states; `history` is what it leaves.

mod choice;
mod compile;
mod diagnostic;
pub mod effect;
pub mod exec;
mod execution;
mod failure;
mod history;
pub mod items;
pub mod lint;
mod machine;
pub mod map_runs;
pub mod mock;
#[cfg(test)]
mod properties;
mod query;
mod random;
pub mod replay;
pub mod results;
pub mod simulation;
pub mod test_state;

pub use diagnostic::{Diagnostic, Severity};
pub use execution::{Execution, Start, Status};
pub use history::HistoryEvent;
pub use machine::{StateMachine, Workflow};
