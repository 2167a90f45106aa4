//! Error answers of the API.

use serde_json::Value;

use crate::service::ServiceError;

pub(super) fn required<'a>(parameters: &'a Value, name: &str) -> Result<&'a str, ServiceError> {
    let missing = || refusal("ValidationException", &format!("{name} is required"));
    parameters
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(missing)
}

pub(super) fn refusal(code: &str, message: &str) -> ServiceError {
    ServiceError {
        code: code.to_owned(),
        message: message.to_owned(),
        status: 400,
    }
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

pub(super) fn stale_token() -> ServiceError {
    refusal(
        "TaskTimedOut",
        "Task Timed Out: 'Provided task does not exist anymore'",
    )
}
