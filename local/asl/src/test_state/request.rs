//! What a test takes, and what cannot be tested.

use serde_json::{Map, Value};

use super::{Error, mock, state};
use crate::effect::{Pattern, Timestamp};
use crate::machine::{Family, Kind, State};

/// The result or the error of what is not called.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mock {
    /// The result, as JSON text.
    pub result: Option<String>,
    /// The error.
    pub error_output: Option<ErrorOutput>,
}

/// A mocked error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorOutput {
    /// Error name.
    pub error: Option<String>,
    /// Cause.
    pub cause: Option<String>,
}

/// Where the state stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configuration {
    /// Retries that the state's retrier has made.
    pub retrier_retry_count: u32,
    /// Within a Map or Parallel, the state that the mocked error comes from.
    pub error_caused_by_state: Option<String>,
    /// Iterations of a Map that have failed.
    pub map_iteration_failure_count: Option<u32>,
    /// What a Map's `ItemReader` reads, as it lies there.
    pub map_item_reader_data: Option<String>,
}

/// What is tested, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    /// A state, or a machine where there is a name of a state.
    pub definition: &'a str,
    /// The state of the machine, or of a region within it.
    pub state_name: Option<&'a str>,
    /// The state's input.
    pub input: Value,
    /// Variables with their values.
    pub variables: Map<String, Value>,
    /// The context object, as JSON text.
    pub context: Option<&'a str>,
    /// The role that the call is made by.
    pub role_arn: Option<&'a str>,
    /// In the place of a call.
    pub mock: Option<Mock>,
    /// Where the state stands.
    pub configuration: Configuration,
    /// Whether secrets are to be shown.
    pub reveals_secrets: bool,
    /// `us-east-1:111122223333`, for the ARNs of the context object.
    pub region_and_account: &'a str,
    /// Now.
    pub now: Timestamp,
    /// Seeds `$random`, `$uuid`, jitter and names.
    pub seed: u64,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            definition: "",
            state_name: None,
            input: Value::Object(Map::new()),
            variables: Map::new(),
            context: None,
            role_arn: None,
            mock: None,
            configuration: Configuration::default(),
            reveals_secrets: false,
            region_and_account: "us-east-1:000000000000",
            now: Timestamp(0),
            seed: 0,
        }
    }
}

impl Request<'_> {
    /// Refuses what cannot be tested that way.
    pub(super) fn check(&self, state: &State) -> Result<(), Error> {
        match &self.mock {
            Some(mock) => self.check_with(mock, state),
            None => self.check_without_mock(state),
        }
    }

    fn check_with(&self, mock: &Mock, state: &State) -> Result<(), Error> {
        let kind = match state.kind {
            Kind::Task(_) | Kind::Map(_) | Kind::Parallel { .. } => None,
            Kind::Pass { .. } => Some("Pass"),
            Kind::Choice { .. } => Some("Choice"),
            Kind::Wait(_) => Some("Wait"),
            Kind::Succeed => Some("Succeed"),
            Kind::Fail { .. } => Some("Fail"),
        };
        if let Some(kind) = kind {
            let message = format!("State type '{kind}' is not supported when a mock is specified");
            return Err(Error::Request(message));
        }
        if self.reveals_secrets {
            let message = "TestState does not support RevealSecrets when a mock is specified.";
            return Err(Error::Request(message.to_owned()));
        }
        mock::check_one_of(mock)?;
        let cause = self.configuration.error_caused_by_state.as_deref();
        match cause.filter(|name| !state::contains(&state.kind, name)) {
            None => Ok(()),
            Some(name) => Err(Error::Request(format!(
                "State not found in definition: '{name}'"
            ))),
        }
    }

    fn check_without_mock(&self, state: &State) -> Result<(), Error> {
        if self.context.is_some() {
            let message = "Context can only be specified when a mock is specified.";
            return Err(Error::Request(message.to_owned()));
        }
        match &state.kind {
        Kind::Map(_) | Kind::Parallel { .. } => Err(Error::Definition(
            "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]".to_owned(),
        )),
        Kind::Task(task) => match (&task.resource.family, task.resource.pattern) {
            (Family::Activity { .. }, _) => Err(Error::Definition(
                "TestState API does not support Activity tasks without a mock.".to_owned(),
            )),
            (_, Pattern::RequestResponse) if self.role_arn.is_none() => Err(Error::Request(
                "RoleArn must be specified when testing a Task state".to_owned(),
            )),
            (_, Pattern::RequestResponse) => Ok(()),
            _ => Err(Error::Definition(
                "TestState API does not support the '.sync' and '.waitForTaskToken' service integration patterns without a mock.".to_owned(),
            )),
        },
        _ => Ok(()),
    }
    }
}
