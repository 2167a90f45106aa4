//! Runs a test case.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Config, Error, Expected};
use crate::simulation::{Answer, Call, Simulation};
use crate::{Execution, StateMachine, Status};

/// What came of a test case.
#[derive(Debug)]
pub struct Report {
    /// The execution, ended or not.
    pub execution: Execution,
    /// Names of the states in the order in which they were entered, those within a Distributed Map's children apart.
    pub states: Vec<String>,
    /// Why the test failed, a sentence each; empty where it passed.
    pub problems: Vec<String>,
}

impl Config {
    /// Runs a test case on a virtual clock. `input` is for a case whose `Executions` entry has none; without both it
    /// is `{}`. Without an expected Status or Error the case is expected to succeed.
    ///
    /// # Errors
    /// `UnknownMachine`, `UnknownCase`, `UnknownState`.
    pub fn run(
        &self,
        machine: &str,
        case: &str,
        compiled: &Arc<StateMachine>,
        input: Option<Value>,
    ) -> Result<Report, Error> {
        self.check_states(machine, case, compiled)?;
        let mocked = self.case(machine, case)?;
        let nothing = Expected::default();
        let expected = self
            .machine(machine)?
            .executions
            .get(case)
            .unwrap_or(&nothing);
        let mut attempts: HashMap<String, usize> = HashMap::new();
        let mut problems = Vec::new();
        let answer = |call: &Call<'_>| {
            // Where items are read, a call may have no state.
            let key = if mocked.contains_key(call.state) || call.resource.is_empty() {
                call.state
            } else if mocked.contains_key(call.resource) {
                call.resource
            } else {
                let resource = call.resource;
                problems.push(format!(
                    "The state '{}' calls {resource}, and the test case does not mock it.",
                    call.state
                ));
                return not_mocked();
            };
            let attempt = attempts.entry(key.to_owned()).or_default();
            let responses = mocked.get(key).and_then(|name| self.responses.get(name));
            let answer = responses.and_then(|responses| responses.answer(*attempt));
            *attempt += 1;
            answer.unwrap_or_else(|| {
                problems.push(format!(
                    "The state '{key}' makes attempt {}, for which its response has no answer.",
                    *attempt - 1
                ));
                not_mocked()
            })
        };
        let input = expected
            .input
            .clone()
            .or(input)
            .unwrap_or_else(|| json!({}));
        let execution = Simulation::new(answer).run(compiled, input);
        let states = entered(&execution);
        expected.compare(&execution, &states, &mut problems);
        Ok(Report {
            execution,
            states,
            problems,
        })
    }
}

fn not_mocked() -> Answer {
    Answer::throws(
        "States.TaskFailed",
        "The test case has no answer for this call.",
    )
}

fn entered(execution: &Execution) -> Vec<String> {
    let events = execution.history().iter();
    events
        .filter(|event| event.event_type.ends_with("StateEntered"))
        .filter_map(|event| event.text("name").map(str::to_owned))
        .collect()
}

impl Expected {
    fn compare(&self, execution: &Execution, states: &[String], problems: &mut Vec<String>) {
        let usual = if self.error.is_some() || self.cause.is_some() {
            Status::Failed
        } else {
            Status::Succeeded
        };
        let mut differs = |what: &str, expected: Value, found: Value| {
            if expected != found {
                problems.push(format!("{what} is {found}, expected is {expected}."));
            }
        };
        let why = match (execution.error(), execution.cause()) {
            (Some(error), Some(cause)) => format!("Status ({error}: {cause})"),
            (Some(error), None) => format!("Status ({error})"),
            _ => "Status".to_owned(),
        };
        differs(
            &why,
            json!(self.status.unwrap_or(usual)),
            json!(execution.status()),
        );
        if let Some(output) = &self.output {
            differs("Output", output.clone(), json!(execution.output()));
        }
        if let Some(error) = &self.error {
            differs("Error", json!(error), json!(execution.error()));
        }
        if let Some(cause) = &self.cause {
            differs("Cause", json!(cause), json!(execution.cause()));
        }
        if let Some(expected) = &self.states {
            differs("States", json!(expected), json!(states));
        }
    }
}
