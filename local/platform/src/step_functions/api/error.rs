//! Error answers of the API.

use std::io;

use serde_json::Value;

use crate::service::ServiceError;

impl From<io::Error> for ServiceError {
    fn from(error: io::Error) -> Self {
        internal(&error.to_string())
    }
}

pub(super) fn required<'a>(parameters: &'a Value, name: &str) -> Result<&'a str, ServiceError> {
    let missing = || refusal("ValidationException", &format!("{name} is required"));
    text(parameters, name).ok_or_else(missing)
}

/// A member that is a text.
pub(super) fn text<'a>(parameters: &'a Value, name: &str) -> Option<&'a str> {
    parameters.get(name).and_then(Value::as_str)
}

/// A member that says yes; one that is not there says no.
pub(super) fn is_set(parameters: &Value, name: &str) -> bool {
    parameters.get(name).and_then(Value::as_bool) == Some(true)
}

pub(super) fn refusal(code: &str, message: &str) -> ServiceError {
    ServiceError {
        code: code.to_owned(),
        message: message.to_owned(),
        status: 400,
    }
}

pub(super) fn invalid(message: &str) -> ServiceError {
    refusal("ValidationException", message)
}

/// Its status is what the API model's documentation says.
pub(super) fn conflict(message: &str) -> ServiceError {
    ServiceError::new("ConflictException", 409, message)
}

/// Its status is what the API model's documentation says.
pub(super) fn quota_exceeded(message: &str) -> ServiceError {
    ServiceError::new("ServiceQuotaExceededException", 402, message)
}

pub(super) fn internal(message: &str) -> ServiceError {
    ServiceError {
        code: "InternalServerException".to_owned(),
        message: message.to_owned(),
        status: 500,
    }
}

pub(super) fn no_machine(arn: &str) -> ServiceError {
    refusal(
        "StateMachineDoesNotExist",
        &format!("State Machine Does Not Exist: '{arn}'"),
    )
}

pub(super) fn deleting(arn: &str) -> ServiceError {
    refusal(
        "StateMachineDeleting",
        &format!("State Machine Deleting: '{arn}'"),
    )
}

pub(super) fn no_resource() -> ServiceError {
    refusal(
        "ResourceNotFound",
        "Request references a resource that does not exist.",
    )
}

pub(super) fn type_not_supported() -> ServiceError {
    refusal(
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )
}

pub(super) fn stale_token() -> ServiceError {
    refusal(
        "TaskTimedOut",
        "Task Timed Out: 'Provided task does not exist anymore'",
    )
}
