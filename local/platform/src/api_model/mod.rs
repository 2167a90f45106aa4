//! AWS's API models: every call that the platform answers is held to them, and every answer that it gives.
//!
//! The models are botocore's, pinned and reduced by `local/models`; a service's is read at its first call. A member is
//! checked for its name, type, enumeration, presence, pattern, length and range. What is wrong is answered as the service
//! answers it ([`refusal`]):
//!
//! - Most services list all broken constraints in one message ("2 validation errors detected: …"), with the code
//!   `ValidationException`; Transcribe's is `BadRequestException`, the Query protocol's `ValidationError`. A value of
//!   another type is a `SerializationException`; its words were measured on Athena (AWS-JSON 1.1) and DynamoDB by others.
//!   SQS names a missing parameter, `MediaConvert` the place in the settings. S3 has codes of its own ([`s3`]).
//! - Members that the API does not have: services ignore them, so that SDKs may be newer than the service. The call is let
//!   through, and noted as below. Nulls are members that are not there.
//! - Step Functions knows the API itself. A Task with such a member, or a value of another type, fails with
//!   `States.Runtime`: "The Parameters '…' could not be used to start the Task: [The field "X" is not supported by Step
//!   Functions]". On AWS it fails before it is scheduled; here its history has a `TaskScheduled` too. Whether AWS says
//!   "Arguments" in JSONata is not known. Everything else the service judges, so a member that is missing fails as the
//!   service's own error, also where AWS sees it when the machine is created (the linter does).
//!
//! Knowingly otherwise: values of enumerations are listed in the model's order (AWS's is random); at most ten deviations
//! are named; idempotency tokens are never missed, because SDKs make them up; patterns with look-around, which the crate
//! `regex` does not have, are passed over; patterns hold for the whole text, as AWS's Java services have it; keys of maps
//! are not checked; for what `MediaConvert` says of other than missing and too few members no words were found.
//!
//! An answer that is not as the model says is our own fault, and so is a member too many a caller's: both are warnings in
//! the log and lines of `deviations.jsonl`, and change nothing for the caller.

mod deviation;
mod http;
mod mock;
mod model;
mod refusal;
mod s3;
mod task;
#[cfg(test)]
pub(crate) mod tests;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ::http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::service::{Call, ServiceError};
use crate::services::Check;
use deviation::{Cause, TextsForScalars, deviations};
pub(crate) use model::capitalised;
use model::{Model, Operation};

pub(crate) use mock::Strictness;
pub(crate) use task::Integration;

/// Folder of the models below that of all models.
pub const FOLDER: &str = "aws-api";

/// Models by the service's name in the `SigV4` scope. Bedrock's runtimes share one.
const MODELS: [(&str, &str); 15] = [
    ("bedrock", "bedrock-data-automation-runtime"),
    ("bedrock", "bedrock-runtime"),
    ("dynamodb", "dynamodb"),
    ("events", "events"),
    ("lambda", "lambda"),
    ("logs", "logs"),
    ("mediaconvert", "mediaconvert"),
    ("monitoring", "cloudwatch"),
    ("rekognition", "rekognition"),
    ("s3", "s3"),
    ("sns", "sns"),
    ("sqs", "sqs"),
    ("states", "stepfunctions"),
    ("sts", "sts"),
    ("transcribe", "transcribe"),
];

/// Cause why there are no models.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is missing or cannot be read.
    #[error("AWS's API models are missing: cannot read {path}: {reason}; run `make setup`")]
    Missing {
        /// The file.
        path: String,
        /// What the system said.
        reason: io::Error,
    },
    /// A file is no model.
    #[error("{path} is no API model: {reason}; run `make setup`")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong.
        reason: serde_json::Error,
    },
    /// The deviations cannot be written down.
    #[error("cannot append to {path}: {reason}")]
    Unwritable {
        /// The file.
        path: String,
        /// What the system said.
        reason: io::Error,
    },
}

/// The API models of all services that the platform answers.
#[derive(Debug)]
pub struct ApiModels {
    entries: Vec<Entry>,
    deviations: Option<Mutex<File>>,
}

#[derive(Debug)]
struct Entry {
    service: &'static str,
    file: PathBuf,
    model: OnceLock<Option<Model>>,
}

/// What deviates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Call,
    Answer,
}

impl ApiModels {
    /// The models of `folder`.
    ///
    /// # Errors
    /// `Missing`, when a service has none.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let entries = MODELS.into_iter().map(|(service, name)| {
            let file = folder.join(FOLDER).join(format!("{name}.json"));
            match file.metadata() {
                Ok(_) => Ok(Entry {
                    service,
                    file,
                    model: OnceLock::new(),
                }),
                Err(reason) => Err(Error::Missing {
                    path: file.display().to_string(),
                    reason,
                }),
            }
        });
        Ok(Self {
            entries: entries.collect::<Result<_, _>>()?,
            deviations: None,
        })
    }

    /// Appends deviations that are nobody's error to `file`.
    ///
    /// # Errors
    /// `Unwritable`.
    pub fn noting_in(self, file: &Path) -> Result<Self, Error> {
        let opened = crate::lines::open(file).map_err(|reason| Error::Unwritable {
            path: file.display().to_string(),
            reason,
        })?;
        Ok(Self {
            deviations: Some(Mutex::new(opened)),
            ..self
        })
    }

    /// The model of `service` that has the operation.
    fn operation(&self, service: &str, operation: &str) -> Option<(&Model, &Operation)> {
        let entries = self.entries.iter().filter(|entry| entry.service == service);
        entries
            .filter_map(Entry::model)
            .find_map(|model| Some((model, model.operation(operation)?)))
    }

    /// Parameters of an S3 request: its headers and its query by the model's locations.
    pub(crate) fn located(
        &self,
        service: &str,
        operation: &str,
        query: &[(String, String)],
        headers: &HeaderMap,
    ) -> Map<String, Value> {
        self.operation(service, operation)
            .and_then(|(model, operation)| {
                Some(http::parameters(model, operation.input?, query, headers))
            })
            .unwrap_or_default()
    }

    /// The parameters of a Task as the API names and types them.
    ///
    /// # Errors
    /// What Step Functions says against them.
    pub(crate) fn of_task(
        &self,
        integration: Integration,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, Vec<String>> {
        match self.operation(service, operation) {
            Some((model, operation)) => {
                task::parameters(model, operation.input, integration, parameters)
            }
            None => Ok(parameters),
        }
    }

    /// An answer with the names that a Task sees.
    pub(crate) fn to_task(
        &self,
        integration: Integration,
        service: &str,
        operation: &str,
        answer: Value,
    ) -> Value {
        match self.operation(service, operation) {
            Some((model, operation)) if integration == Integration::Sdk => {
                task::answer(model, operation.output, answer)
            }
            _ => answer,
        }
    }

    /// Whether a Task could have that result.
    ///
    /// # Errors
    /// What `TestState` says against it.
    pub(crate) fn check_mock(
        &self,
        integration: Integration,
        service: &str,
        operation: &str,
        strictness: Strictness,
        result: &Value,
    ) -> Result<(), String> {
        match self.operation(service, operation) {
            Some((model, operation)) => {
                mock::check(model, operation.output, integration, strictness, result)
            }
            None => Ok(()),
        }
    }

    /// Whether the service's API has an error of this code.
    pub(crate) fn has_error(&self, service: &str, operation: &str, code: &str) -> bool {
        self.operation(service, operation)
            .is_none_or(|(model, _)| model.has_error(code))
    }

    /// Notes where an answer is not as the model says.
    pub(crate) fn check_answer(&self, service: &str, operation: &str, answer: &Value) {
        let Some((model, shapes)) = self.operation(service, operation) else {
            return;
        };
        let Some(output) = shapes.output else { return };
        for deviation in deviations(model, output, answer, TextsForScalars::Nowhere) {
            // Answers are typed; how long texts are and what they look like is their own affair.
            let is_shape = matches!(
                deviation.cause,
                Cause::Unknown | Cause::Missing | Cause::Type { .. } | Cause::Enum(_)
            );
            if is_shape {
                let what = refusal::described(&deviation);
                self.note(Side::Answer, service, operation, &what);
            }
        }
    }

    fn note(&self, side: Side, service: &str, operation: &str, what: &str) {
        let side = match side {
            Side::Call => "call",
            Side::Answer => "answer",
        };
        tracing::warn!(
            service,
            operation,
            "the {side} is not as AWS's API model says: {what}"
        );
        let Some(file) = &self.deviations else { return };
        let line = json!({"in": side, "service": service, "action": operation, "what": what});
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(format!("{line}\n").as_bytes()) {
            tracing::warn!(%error, "the deviations cannot be written");
        }
    }
}

impl Check for ApiModels {
    fn check(&self, service: &str, call: &Call) -> Result<(), ServiceError> {
        let Some((model, operation)) = self.operation(service, &call.operation) else {
            return Ok(());
        };
        let texts = if model.is_textual {
            TextsForScalars::Anywhere
        } else {
            TextsForScalars::InHead
        };
        let found = match operation.input {
            Some(input) => deviations(model, input, &call.parameters, texts),
            None => Vec::new(),
        };
        if let Some(error) = refusal::refusal(service, &found) {
            return Err(error);
        }
        for deviation in found {
            let what = refusal::described(&deviation);
            self.note(Side::Call, service, &call.operation, &what);
        }
        match service {
            "s3" => s3::beyond_model(&call.parameters).map_or(Ok(()), Err),
            _ => Ok(()),
        }
    }
}

impl Entry {
    /// The model; none when the file is not what `make setup` made, which is said once.
    fn model(&self) -> Option<&Model> {
        let read = || match self.read() {
            Ok(model) => Some(model),
            Err(error) => {
                tracing::error!(%error, "calls of {} are not checked", self.service);
                None
            }
        };
        self.model.get_or_init(read).as_ref()
    }

    fn read(&self) -> Result<Model, Error> {
        let path = || self.file.display().to_string();
        let text = std::fs::read_to_string(&self.file).map_err(|reason| Error::Missing {
            path: path(),
            reason,
        })?;
        Model::parse(&text).map_err(|reason| Error::Malformed {
            path: path(),
            reason,
        })
    }
}
