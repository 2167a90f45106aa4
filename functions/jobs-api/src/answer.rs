//! Answers: JSON or a document, or a problem (RFC 9457).

use lambda_http::http::response::Builder;
use lambda_http::{Body, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use videoflow_shared::identity::JobId;

use crate::Error;

/// Seconds after which what failed now may be tried again.
const RETRY_AFTER_SECONDS: &str = "5";
/// Form of all answers but documents and problems.
pub const JSON: &str = "application/json";
/// Form of problems.
pub const PROBLEM: &str = "application/problem+json";

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Media type of the body.
    pub content_type: String,
    /// Where the client finds what came of its request, or the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Body.
    pub body: String,
    /// Whether it was given before, to the first request with the same key.
    #[serde(default, skip_serializing)]
    pub is_repeated: bool,
}

impl Answer {
    /// An answer in JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::document(status, JSON, body.to_string())
    }

    /// A document.
    pub fn document(status: u16, content_type: &str, body: String) -> Self {
        Self {
            status,
            content_type: content_type.to_owned(),
            location: None,
            body,
            is_repeated: false,
        }
    }

    /// The request is taken on; the job tells what comes of it.
    pub fn accepted(job: &JobId) -> Self {
        Self::json(202, &json!({"jobId": job})).at(format!("/jobs/{job}"))
    }

    /// With a location.
    #[must_use]
    pub fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// As a response. Nothing of it may be kept: it changes, or it is somebody's own.
    ///
    /// # Errors
    /// The response could not be built.
    pub fn response(self) -> Result<Response<Body>, lambda_http::Error> {
        let mut response = begun(self.status, &self.content_type);
        if let Some(location) = self.location {
            response = response.header("location", location);
        }
        if self.is_repeated {
            response = response.header("idempotency-replayed", "true");
        }
        Ok(response.body(Body::Text(self.body))?)
    }
}

/// The problem document of an error. What went wrong inside is in the log, not in the answer.
pub fn problem_document(error: &Error, path: &str) -> Value {
    let status = error.status();
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

/// An error as a response.
///
/// # Errors
/// The response could not be built.
pub fn problem(error: &Error, path: &str) -> Result<Response<Body>, lambda_http::Error> {
    let mut response = begun(error.status(), PROBLEM);
    if let Error::MethodNotAllowed { allowed, .. } = error {
        response = response.header("allow", allowed);
    }
    if error.status() == 503 || matches!(error, Error::RequestOutstanding) {
        response = response.header("retry-after", RETRY_AFTER_SECONDS);
    }
    let body = problem_document(error, path).to_string();
    Ok(response.body(Body::Text(body))?)
}

fn begun(status: u16, content_type: &str) -> Builder {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .header("cache-control", "no-store")
        .header("x-content-type-options", "nosniff")
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

    fn check(error: &Error, status: u64, title: &str, detail: &str, header: Option<(&str, &str)>) {
        let document = problem_document(error, "/jobs");
        assert_eq!(document["status"], status);
        assert_eq!(document["title"], title);
        assert_eq!(document["detail"], detail);
        let response = problem(error, "/jobs").unwrap_or_else(|error| unreachable!("{error}"));
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        for name in ["allow", "retry-after"] {
            let found = response.headers().get(name);
            let found = found.map(lambda_http::http::HeaderValue::as_bytes);
            let expected = header.filter(|(of, _)| *of == name);
            assert_eq!(found, expected.map(|(_, value)| value.as_bytes()), "{name}");
        }
    }

    #[test]
    fn problems_tell_the_caller_what_is_theirs() {
        check(
            &Error::JobNotFound("v".into()),
            404,
            "Job not found",
            "there is no job v",
            None,
        );
        check(
            &Error::JobRunning("v".into()),
            409,
            "Job running",
            "job v still runs",
            None,
        );
        let wrong = Error::MethodNotAllowed {
            method: "PUT".into(),
            allowed: "GET, POST".into(),
        };
        check(
            &wrong,
            405,
            "Method not allowed",
            "PUT is none of this route's methods: GET, POST",
            Some(("allow", "GET, POST")),
        );
        let outstanding = "the first request with this Idempotency-Key is being carried out";
        check(
            &Error::RequestOutstanding,
            409,
            "Request outstanding",
            outstanding,
            Some(("retry-after", "5")),
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
            None,
        );
        let again = "The request could not be carried out now; it may be repeated.";
        check(
            &Error::ServiceThrottled(inside),
            503,
            "Service throttled",
            again,
            Some(("retry-after", "5")),
        );
    }
}
