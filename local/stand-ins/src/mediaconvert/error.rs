//! `MediaConvert`'s error answers.

use serde::de::DeserializeOwned;
use serde_json::Value;
use videoflow_platform::service::ServiceError;

fn answer(code: &str, message: impl Into<String>, status: u16) -> ServiceError {
    ServiceError {
        code: code.to_owned(),
        message: message.into(),
        status,
    }
}

/// The request is wrong.
pub fn bad_request(message: impl Into<String>) -> ServiceError {
    answer("BadRequestException", message, 400)
}

/// The file is understood but cannot be worked with.
pub fn unprocessable(message: impl Into<String>) -> ServiceError {
    answer("UnprocessableEntityException", message, 422)
}

/// There is no such thing.
pub fn not_found(message: impl Into<String>) -> ServiceError {
    answer("NotFoundException", message, 404)
}

/// The request does not go with the state of things.
pub fn conflict(message: impl Into<String>) -> ServiceError {
    answer("ConflictException", message, 409)
}

/// This side failed.
pub fn internal(cause: &dyn std::error::Error) -> ServiceError {
    answer("InternalServerErrorException", cause.to_string(), 500)
}

/// What S3's answer means for the caller of `MediaConvert`.
pub fn of_object(cause: ServiceError) -> ServiceError {
    match cause.code.as_str() {
        "NoSuchKey" | "NoSuchBucket" => not_found(cause.message),
        "AccessDenied" => answer("ForbiddenException", cause.message, 403),
        _ => internal(&cause),
    }
}

/// Parses the parameters of a call. What is not known here is refused, with its path: to leave it out in silence would
/// give another result than AWS gives.
///
/// # Errors
/// `BadRequestException`.
pub fn parse<T: DeserializeOwned>(parameters: Value) -> Result<T, ServiceError> {
    serde_path_to_error::deserialize(parameters)
        .map_err(|error| bad_request(format!("{}: {}", error.path(), error.inner())))
}
