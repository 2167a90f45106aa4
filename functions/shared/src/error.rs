//! Failures of the AWS services that functions start or ask, told apart by who has to act.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// Failure of a started or asked service. The names are what Retry and Catch see.
#[derive(
    Debug, Clone, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames,
)]
pub enum Error {
    /// Throttled, or a concurrency limit is reached: try again later, slowly. Transient.
    #[error("{0}")]
    ServiceThrottled(String),
    /// The service or the way to it broke. Transient.
    #[error("{0}")]
    ServiceFailed(String),
    /// The service refuses what we ask: validation, access denied, unknown resource. Final.
    #[error("{0}")]
    ServiceRefused(String),
}

/// Codes with which AWS services say "not so fast" or "not so many", beside HTTP status 429.
const THROTTLE_CODES: [&str; 13] = [
    "ExecutionLimitExceeded",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "ServiceQuotaExceededException",
    "SlowDown",
    "Throttling",
    "ThrottledException",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Classifies an SDK error of `operation` by its code and HTTP status.
pub fn classify<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let code = context.err().code().unwrap_or("Unknown");
            let message = context.err().message().unwrap_or("no message");
            from_answer(operation, context.raw().status().as_u16(), code, message)
        }
        SdkError::ConstructionFailure(_) => {
            Error::ServiceRefused(format!("{operation}: {}", DisplayErrorContext(error)))
        }
        other => Error::ServiceFailed(format!("{operation}: {}", DisplayErrorContext(other))),
    }
}

/// Classifies an error answer by HTTP status and code.
fn from_answer(operation: &str, status: u16, code: &str, message: &str) -> Error {
    let text = format!("{operation}: {code}: {message}");
    if status == 429 || THROTTLE_CODES.contains(&code) {
        Error::ServiceThrottled(text)
    } else if status >= 500 {
        Error::ServiceFailed(text)
    } else {
        Error::ServiceRefused(text)
    }
}

/// Lets `?` turn [`Error`] into the function's own variants of the same names.
#[macro_export]
macro_rules! from_service_error {
    ($error:ty) => {
        impl From<$crate::error::Error> for $error {
            fn from(error: $crate::error::Error) -> Self {
                match error {
                    $crate::error::Error::ServiceThrottled(message) => {
                        Self::ServiceThrottled(message)
                    }
                    $crate::error::Error::ServiceFailed(message) => Self::ServiceFailed(message),
                    $crate::error::Error::ServiceRefused(message) => Self::ServiceRefused(message),
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, code: &str, expected: &str) {
        let name: &str = (&from_answer("Op", status, code, "m")).into();
        assert_eq!(name, expected, "{status} {code}");
    }

    #[test]
    fn tells_throttling_from_faults_and_refusals() {
        check(400, "ThrottlingException", "ServiceThrottled");
        check(400, "LimitExceededException", "ServiceThrottled");
        check(429, "Anything", "ServiceThrottled");
        check(503, "SlowDown", "ServiceThrottled");
        check(500, "InternalServerError", "ServiceFailed");
        check(599, "Odd", "ServiceFailed");
        check(400, "ValidationException", "ServiceRefused");
        check(403, "AccessDeniedException", "ServiceRefused");
        check(499, "Odd", "ServiceRefused");
    }
}
