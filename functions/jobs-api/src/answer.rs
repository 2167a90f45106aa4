//! Answers: JSON, or a problem document (RFC 9457).

use lambda_http::{Body, Response};
use serde_json::{Value, json};
use videoflow_shared::identity::JobId;

use crate::Error;

/// An answer.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Value,
}

impl Answer {
    /// The job is taken on.
    pub fn accepted(job: &JobId) -> Self {
        Self {
            status: 202,
            body: json!({"jobId": job}),
        }
    }
}

/// HTTP status of an error.
pub fn status(error: &Error) -> u16 {
    match error {
        Error::InvalidInput(_) => 400,
        Error::RouteNotFound(_) | Error::JobNotFound(_) | Error::SourceNotFound(_) => 404,
        Error::JobRunning(_) | Error::ReviewNotAwaited(_) | Error::TooManyRuns(_) => 409,
        Error::StorageFailed(_) | Error::ServiceThrottled(_) | Error::ServiceFailed(_) => 503,
        Error::StorageRefused(_) | Error::RecordUnreadable(_) | Error::ServiceRefused(_) => 500,
    }
}

/// The problem document of an error. What went wrong inside is in the log, not in the answer.
pub fn problem_document(error: &Error, path: &str) -> Value {
    let status = status(error);
    let name: &str = error.into();
    let detail = match status {
        500 => "The request could not be carried out.".to_owned(),
        503 => "The request could not be carried out now; it may be repeated.".to_owned(),
        _ => error.to_string(),
    };
    json!({
        "type": format!("urn:videoflow:problem:{name}"),
        "title": title(name),
        "status": status,
        "detail": detail,
        "instance": path,
    })
}

/// An answer as a response.
///
/// # Errors
/// The response could not be built.
pub fn json(answer: &Answer) -> Result<Response<Body>, lambda_http::Error> {
    response(answer.status, "application/json", &answer.body)
}

/// An error as a response.
///
/// # Errors
/// The response could not be built.
pub fn problem(error: &Error, path: &str) -> Result<Response<Body>, lambda_http::Error> {
    response(
        status(error),
        "application/problem+json",
        &problem_document(error, path),
    )
}

fn response(
    status: u16,
    content_type: &str,
    body: &Value,
) -> Result<Response<Body>, lambda_http::Error> {
    let response = Response::builder()
        .status(status)
        .header("content-type", content_type);
    Ok(response
        .header("cache-control", "no-store")
        .body(Body::Text(body.to_string()))?)
}

/// `JobNotFound` as `Job not found`.
fn title(name: &str) -> String {
    let mut title = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !title.is_empty() {
            title.push(' ');
            title.push(letter.to_ascii_lowercase());
        } else {
            title.push(letter);
        }
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: &Error, status: u64, title: &str, detail: &str) {
        let document = problem_document(error, "/jobs");
        assert_eq!(document["status"], status);
        assert_eq!(document["title"], title);
        assert_eq!(document["detail"], detail);
        let response = problem(error, "/jobs").unwrap_or_else(|error| unreachable!("{error}"));
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
    }

    #[test]
    fn problems_tell_the_caller_what_is_theirs() {
        check(
            &Error::JobNotFound("v".into()),
            404,
            "Job not found",
            "there is no job v",
        );
        check(
            &Error::JobRunning("v".into()),
            409,
            "Job running",
            "job v still runs; a new run can be forced when it has ended",
        );
        check(
            &Error::InvalidInput("why".into()),
            400,
            "Invalid input",
            "why",
        );
    }

    #[test]
    fn problems_keep_what_is_ours() {
        let inside = "GetItem: AccessDenied: arn:…".to_owned();
        check(
            &Error::StorageRefused(inside.clone()),
            500,
            "Storage refused",
            "The request could not be carried out.",
        );
        let again = "The request could not be carried out now; it may be repeated.";
        check(
            &Error::ServiceThrottled(inside),
            503,
            "Service throttled",
            again,
        );
    }
}
