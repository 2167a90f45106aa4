//! One state alone, as `TestState` runs it: by the engine itself, with a mocked or a real call, and with what its data
//! looked like on the way. <https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html>
//!
//! Pure: what must be called comes out as [`Test::call`], its answer goes in by [`Test::answer`].
//!
//! ```
//! use serde_json::json;
//! use videoflow_asl::test_state::{Request, Status, Test};
//!
//! let test = Test::begin(Request {
//!     definition: r#"{ "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.n + 1 %}", "Next": "B" }"#,
//!     input: json!({ "n": 1 }),
//!     ..Request::default()
//! })?;
//! let report = test.report();
//! assert_eq!((report.status, report.output), (Status::Succeeded, Some(json!(2))));
//! assert_eq!(report.next_state.as_deref(), Some("B"));
//! # Ok::<(), videoflow_asl::test_state::Error>(())
//! ```
//!
//! What AWS does comes from answers that were recorded there (of `LocalStack`'s tests, 2025-11 to 2026-02). Where there are
//! none: a Wait state does not wait; a context object without a mock, and a mock without result and error, are refused in
//! words of our own. HTTP Tasks have no `request` and `response` at TRACE.

mod context;
mod mock;
mod report;
mod request;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::Execution;
use crate::effect::{Effect, Event, Pattern, TaskId, Timestamp};
use crate::execution::{Tested, Told};
use crate::machine::Kind;
use crate::query::Variables;
use crate::random::Random;
pub use report::{Report, Status};
pub use request::{Configuration, ErrorOutput, Mock, Request};

/// Why nothing is tested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `InvalidDefinition`.
    #[error("{0}")]
    Definition(String),
    /// `ValidationException`.
    #[error("{0}")]
    Request(String),
}

/// A call that a test waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// ARN, e.g. `arn:aws:states:::lambda:invoke`.
    pub resource: String,
    /// Evaluated Arguments or Parameters.
    pub arguments: Value,
    /// `TimeoutSeconds`, where the state has it.
    pub timeout_ms: Option<i64>,
    task: TaskId,
}

/// A state that is tested.
#[derive(Debug)]
pub struct Test {
    execution: Execution,
    variables: Variables,
    call: Option<Call>,
    now: Timestamp,
}

impl Test {
    /// Lets the state do what it does before its call, or all of it where nothing is to be called.
    ///
    /// # Errors
    /// [`Error`].
    pub fn begin(request: Request<'_>) -> Result<Self, Error> {
        let machine = state::machine(request.definition, request.state_name)?;
        let region = Arc::clone(&machine.region);
        let state = region.states.get(region.start_at);
        let state = state.ok_or_else(|| Error::Definition("There is no state.".to_owned()))?;
        request.check(state)?;
        let mocked = request.mock.as_ref();
        let mocked = mocked.map(|mock| mock::outcome(mock, state)).transpose()?;
        let random = Random::new(request.seed);
        let names = context::Names::new(&random, request.region_and_account);
        let context = match request.context {
            Some(text) => context::given(text, state)?,
            None => context::made(&names, &request, state),
        };
        let variables = variables(request.variables);
        let configuration = request.configuration;
        let tested = Tested {
            context,
            is_given_context: request.context.is_some(),
            mock: mocked.clone(),
            retry_count: configuration.retrier_retry_count,
            failed_iterations: configuration.map_iteration_failure_count.map(i64::from),
            reader_data: configuration.map_item_reader_data,
            ..Tested::default()
        };
        let start = names.start(request.role_arn, request.input, random.next());
        let (execution, effects) =
            Execution::test(machine, start, request.now, variables.clone(), tested);
        let mut test = Self {
            execution,
            variables,
            call: None,
            now: request.now,
        };
        test.carry_out(effects, matches!(state.kind, Kind::Wait(_)));
        if let Some(mocked) = mocked {
            let told =
                |(error, cause): Told| (error.unwrap_or_default(), cause.unwrap_or_default());
            test.answer(mocked.map_err(told));
        }
        Ok(test)
    }

    fn carry_out(&mut self, effects: Vec<Effect>, is_wait: bool) {
        for effect in effects {
            match effect {
                Effect::StartTask {
                    task,
                    resource,
                    arguments,
                    ..
                } => {
                    self.call = Some(Call {
                        resource,
                        arguments,
                        timeout_ms: None,
                        task,
                    });
                }
                Effect::StartTimer { timer, due, .. } if is_wait => {
                    self.execution.handle(Event::TimerFired { timer }, due);
                }
                Effect::StartTimer { due, scalable, .. } if !scalable => {
                    let ms = due.0 - self.now.0;
                    if let Some(call) = &mut self.call {
                        call.timeout_ms = Some(call.timeout_ms.map_or(ms, |other| other.min(ms)));
                    }
                }
                _ => {}
            }
        }
    }

    /// The resource of a Task whose call's answer is its result, mocked or not.
    pub fn resource(&self) -> Option<&str> {
        match &self.execution.tested_state()?.kind {
            Kind::Task(task) if task.resource.pattern == Pattern::RequestResponse => {
                Some(&task.resource.arn)
            }
            _ => None,
        }
    }

    /// What is to be called, and not mocked.
    pub fn call(&self) -> Option<&Call> {
        self.call.as_ref()
    }

    /// What the call gave: a result, or error name and cause.
    pub fn answer(&mut self, answer: Result<Value, (String, String)>) {
        let Some(Call { task, .. }) = self.call.take() else {
            return;
        };
        let event = match answer {
            Ok(output) => Event::TaskSucceeded { task, output },
            Err((error, cause)) => Event::TaskFailed { task, error, cause },
        };
        self.execution.handle(event, self.now);
    }

    /// What came of it. A call without an answer has failed.
    pub fn report(mut self) -> Report {
        self.answer(Err(("States.Timeout".to_owned(), String::new())));
        report::of(&self.execution, &self.variables)
    }
}

fn variables(given: Map<String, Value>) -> Variables {
    let given = given.into_iter();
    let given = given.map(|(name, value)| (Arc::from(name), Arc::new(value)));
    let mut variables = Variables::default();
    variables.assign(&given.collect::<Vec<_>>());
    variables
}
