//! Test cases for state machines in AWS's form: the `MockConfigFile.json` of Step Functions Local.
//!
//! A [`Config`] says what the Tasks of a machine answer in each test case; [`Config::run`] runs one on a virtual clock.
//! What is expected of it may stand beside the test cases, as `Executions`; Step Functions Local has no such key.
//!
//! ```
//! use videoflow_asl::StateMachine;
//! use videoflow_asl::mock::Config;
//!
//! let machine = StateMachine::compile(r#"{ "QueryLanguage": "JSONata", "StartAt": "Ask", "States": {
//!     "Ask": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Output": "{% $states.result.Payload %}",
//!              "Retry": [{ "ErrorEquals": ["Busy"], "MaxAttempts": 2 }], "End": true } } }"#).unwrap();
//! let config = Config::parse(r#"{
//!     "StateMachines": { "Asking": {
//!         "TestCases": { "SecondTry": { "Ask": "BusyOnce" } },
//!         "Executions": { "SecondTry": { "Input": {}, "Status": "SUCCEEDED", "Output": 42, "States": ["Ask"] } } } },
//!     "MockedResponses": { "BusyOnce": {
//!         "0": { "Throw": { "Error": "Busy", "Cause": "try again" } },
//!         "1": { "Return": { "Payload": 42 } } } }
//! }"#)?;
//! let report = config.run("Asking", "SecondTry", &machine.into(), None)?;
//! assert_eq!(report.problems, [""; 0]);
//! # Ok::<(), videoflow_asl::mock::Error>(())
//! ```

mod responses;
mod run;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::{StateMachine, Status};
use responses::Responses;

pub use run::Report;

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not of the form.
    #[error("the mock configuration is not of AWS's form")]
    Malformed(#[from] serde_json::Error),
    /// A machine that the configuration does not have.
    #[error("there is no state machine '{0}' in the mock configuration")]
    UnknownMachine(String),
    /// A test case that its machine does not have.
    #[error("the state machine '{machine}' has no test case '{case}'")]
    UnknownCase {
        /// The machine.
        machine: String,
        /// The test case.
        case: String,
    },
    /// A test case names a state that the definition does not have.
    #[error("{machine}#{case}: the definition has no Task state '{state}'")]
    UnknownState {
        /// The machine.
        machine: String,
        /// The test case.
        case: String,
        /// The state.
        state: String,
    },
    /// A test case names a response that there is not.
    #[error(
        "{machine}#{case}: the state '{state}' names the response '{response}', which is not in MockedResponses"
    )]
    UnknownResponse {
        /// The machine.
        machine: String,
        /// The test case.
        case: String,
        /// The state.
        state: String,
        /// The response.
        response: String,
    },
    /// An attempt that is neither a number nor a range of numbers.
    #[error(
        "MockedResponses, {response}: '{attempt}' is no attempt: write \"0\", or a range like \"1-2\""
    )]
    Attempt {
        /// The response.
        response: String,
        /// The attempt as written.
        attempt: String,
    },
    /// Attempts that leave one out, or have one twice.
    #[error("MockedResponses, {response}: the attempts must follow each other without gaps from 0: attempt {expected} is {}", if *.is_twice { "there twice" } else { "missing" })]
    Gap {
        /// The response.
        response: String,
        /// The attempt that should come.
        expected: usize,
        /// Whether it is there twice.
        is_twice: bool,
    },
    /// An attempt with both or neither of Return and Throw.
    #[error("MockedResponses, {response}: attempt '{attempt}' must have either Return or Throw")]
    ReturnOrThrow {
        /// The response.
        response: String,
        /// The attempt as written.
        attempt: String,
    },
}

/// A mock configuration.
#[derive(Debug)]
pub struct Config {
    machines: BTreeMap<String, Machine>,
    responses: BTreeMap<String, Responses>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct File {
    state_machines: BTreeMap<String, Machine>,
    #[serde(default)]
    mocked_responses: BTreeMap<String, BTreeMap<String, responses::Written>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Machine {
    /// By state, the name of its response.
    test_cases: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    executions: BTreeMap<String, Expected>,
}

/// How a test case is started, and what is expected of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Expected {
    input: Option<Value>,
    status: Option<Status>,
    #[serde(default, deserialize_with = "present")]
    output: Option<Value>,
    error: Option<String>,
    cause: Option<String>,
    /// Names of the states in the order in which they are entered.
    states: Option<Vec<String>>,
}

/// An output of null is one.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// `Malformed`, `UnknownResponse`, `UnknownCase` of an expectation, and what is wrong with a response: `Attempt`,
    /// `Gap`, `ReturnOrThrow`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let file: File = serde_json::from_str(text)?;
        let responses = file.mocked_responses.into_iter().map(|(name, written)| {
            let responses = Responses::parse(&name, written)?;
            Ok((name, responses))
        });
        let config = Self {
            machines: file.state_machines,
            responses: responses.collect::<Result<_, Error>>()?,
        };
        config.check_names()?;
        Ok(config)
    }

    fn check_names(&self) -> Result<(), Error> {
        for (machine, cases) in &self.machines {
            for case in cases.executions.keys() {
                self.case(machine, case)?;
            }
            for (case, states) in &cases.test_cases {
                let unknown = |name: &&String| !self.responses.contains_key(*name);
                if let Some((state, response)) = states.iter().find(|(_, name)| unknown(name)) {
                    return Err(Error::UnknownResponse {
                        machine: machine.clone(),
                        case: case.clone(),
                        state: state.clone(),
                        response: response.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    /// The names of the machines.
    pub fn machines(&self) -> impl Iterator<Item = &str> {
        self.machines.keys().map(String::as_str)
    }

    /// The names of a machine's test cases.
    ///
    /// # Errors
    /// `UnknownMachine`.
    pub fn cases(&self, machine: &str) -> Result<impl Iterator<Item = &str>, Error> {
        Ok(self.machine(machine)?.test_cases.keys().map(String::as_str))
    }

    fn machine(&self, machine: &str) -> Result<&Machine, Error> {
        let found = self.machines.get(machine);
        found.ok_or_else(|| Error::UnknownMachine(machine.to_owned()))
    }

    /// The mocked states of a test case.
    fn case(&self, machine: &str, case: &str) -> Result<&BTreeMap<String, String>, Error> {
        let found = self.machine(machine)?.test_cases.get(case);
        found.ok_or_else(|| Error::UnknownCase {
            machine: machine.to_owned(),
            case: case.to_owned(),
        })
    }

    /// Every mocked state must be one that can call something.
    fn check_states(
        &self,
        machine: &str,
        case: &str,
        compiled: &StateMachine,
    ) -> Result<(), Error> {
        let mut known = BTreeSet::new();
        collect_callers(compiled.definition(), &mut known);
        let mut states = self.case(machine, case)?.keys();
        match states.find(|state| !known.contains(state.as_str())) {
            None => Ok(()),
            Some(state) => Err(Error::UnknownState {
                machine: machine.to_owned(),
                case: case.to_owned(),
                state: state.clone(),
            }),
        }
    }
}

/// The names of Tasks, and of Maps that read their items, whose reader may also be named by its resource.
fn collect_callers<'a>(region: &'a Value, known: &mut BTreeSet<&'a str>) {
    for (name, state) in region
        .get("States")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let reader = state
            .pointer("/ItemReader/Resource")
            .and_then(Value::as_str);
        if reader.is_some() || state.get("Type").is_some_and(|kind| kind == "Task") {
            known.insert(name);
        }
        known.extend(reader);
        let branches = state.get("Branches").and_then(Value::as_array);
        let processors = ["ItemProcessor", "Iterator"]
            .into_iter()
            .filter_map(|key| state.get(key));
        for inner in branches.into_iter().flatten().chain(processors) {
            collect_callers(inner, known);
        }
    }
}
