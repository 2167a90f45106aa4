//! An engine for the Amazon States Language: `(execution, event) → effects`. No IO, no clock.
//!
//! [`StateMachine::compile`] checks a definition and tells what is wrong with it, and where. [`Execution::start`] and
//! [`Execution::handle`] run it: what must be done in the world comes out as [`effect::Effect`]s, what happened goes in
//! as [`effect::Event`]s, each with the time. The same seed and events give the same execution.
//!
//! So an execution that must outlive its process is kept as what was told to it, and [`replay`] brings it back.
//!
//! `StateMachine` is `Send + Sync`, `Execution` is `Send`: a driver may keep executions in tasks of a runtime. Two drivers
//! are here: [`simulation`], with a virtual clock and a closure for the Tasks, and [`exec`], which does the same for cases
//! written as JSON.
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
mod machine;
#[cfg(test)]
mod properties;
mod query;
mod random;
pub mod replay;
pub mod results;
pub mod simulation;

pub use diagnostic::{Diagnostic, Severity};
pub use execution::{Execution, Start, Status};
pub use history::HistoryEvent;
pub use machine::{StateMachine, Workflow};
