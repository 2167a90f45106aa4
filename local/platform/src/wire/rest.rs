//! REST-JSON: MediaConvert, Bedrock's Converse and Lambda's Invoke.

use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::names::{from_wire, to_wire, with_numeric_times};
use super::{response, status};
use crate::service::Failure;

/// Content type of bodies.
const JSON: &str = "application/json";

/// An operation recognised by its method and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rest {
    pub service: &'static str,
    pub operation: &'static str,
    /// Parameter that is in the path.
    in_path: Option<(&'static str, String)>,
    success: StatusCode,
}

impl Rest {
    /// The operation of a request, by the URIs of the API models.
    pub fn of(service: &str, method: &Method, path: &str) -> Option<Self> {
        let decoded = |part: &str| decoded(part);
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let (service, operation, in_path, success) =
            match (service, method.as_str(), parts.as_slice()) {
                ("mediaconvert", "POST", ["2017-08-29", "jobs"]) => {
                    ("mediaconvert", "CreateJob", None, StatusCode::CREATED)
                }
                ("mediaconvert", "GET", ["2017-08-29", "jobs", id]) => (
                    "mediaconvert",
                    "GetJob",
                    Some(("Id", decoded(id)?)),
                    StatusCode::OK,
                ),
                ("mediaconvert", "DELETE", ["2017-08-29", "jobs", id]) => (
                    "mediaconvert",
                    "CancelJob",
                    Some(("Id", decoded(id)?)),
                    StatusCode::ACCEPTED,
                ),
                ("mediaconvert", "POST", ["2017-08-29", "probe"]) => {
                    ("mediaconvert", "Probe", None, StatusCode::OK)
                }
                ("bedrock", "POST", ["model", id, "converse"]) => (
                    "bedrock",
                    "Converse",
                    Some(("ModelId", decoded(id)?)),
                    StatusCode::OK,
                ),
                ("lambda", "POST", ["2015-03-31", "functions", name, "invocations"]) => (
                    "lambda",
                    "Invoke",
                    Some(("FunctionName", decoded(name)?)),
                    StatusCode::OK,
                ),
                _ => return None,
            };
        Some(Self {
            service,
            operation,
            in_path,
            success,
        })
    }

    /// Parameters of a request, or why it cannot be read.
    pub fn parameters(&self, body: &[u8]) -> Result<Value, String> {
        let body: Value = if body.is_empty() {
            json!({})
        } else {
            serde_json::from_slice(body).map_err(|error| error.to_string())?
        };
        // Lambda's body is the payload itself.
        let mut parameters = match (self.service, body) {
            ("lambda", payload) => Map::from_iter([("Payload".to_owned(), payload)]),
            (service, body @ Value::Object(_)) => match from_wire(service, body) {
                Value::Object(members) => members,
                _ => Map::new(),
            },
            _ => return Err("the request is not a JSON object".to_owned()),
        };
        if let Some((name, value)) = &self.in_path {
            parameters.insert((*name).to_owned(), json!(value));
        }
        Ok(Value::Object(parameters))
    }

    pub fn answer(&self, answer: Value) -> Response<Body> {
        if self.service == "lambda" {
            return invocation(answer);
        }
        let answer = with_numeric_times(self.service, to_wire(self.service, answer));
        response(self.success, JSON, answer.to_string().into_bytes())
    }
}

/// An invocation's answer is its payload; that the function failed is in a header.
fn invocation(mut answer: Value) -> Response<Body> {
    let payload = answer
        .get_mut("Payload")
        .map(Value::take)
        .unwrap_or_default();
    let mut response = response(StatusCode::OK, JSON, payload.to_string().into_bytes());
    let error = answer.get("FunctionError").and_then(Value::as_str);
    if let Some(Ok(error)) = error.map(HeaderValue::from_str) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-amz-function-error"), error);
    }
    response
}

pub(super) fn failure(failure: &Failure) -> Response<Body> {
    let mut body = Map::new();
    body.insert("message".to_owned(), json!(failure.error.message));
    body.extend(failure.members.clone());
    let mut response = response(
        status(failure),
        JSON,
        Value::Object(body).to_string().into_bytes(),
    );
    if let Ok(code) = HeaderValue::from_str(&failure.error.code) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-amzn-errortype"), code);
    }
    response
}

/// A percent-encoded part of a path; none when it is no UTF-8.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = (first == b'%').then(|| after.get(..2)).flatten();
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_parameters_from_path_and_body() {
        let converse =
            Rest::of("bedrock", &Method::POST, "/model/us.model%3A1/converse").expect("a route");
        let parameters = converse.parameters(b"{\"messages\":[]}");
        assert_eq!(
            parameters,
            Ok(json!({"Messages": [], "ModelId": "us.model:1"}))
        );
        assert!(converse.parameters(b"[]").is_err());

        let invoke = Rest::of(
            "lambda",
            &Method::POST,
            "/2015-03-31/functions/f/invocations",
        )
        .expect("a route");
        assert_eq!(
            invoke.parameters(b"[1]"),
            Ok(json!({"Payload": [1], "FunctionName": "f"}))
        );
    }

    #[test]
    fn decodes_paths() {
        for (part, expected) in [
            ("a%2Fb", Some("a/b")),
            ("a%2", Some("a%2")),
            ("%zz", Some("%zz")),
            ("%ff", None),
        ] {
            assert_eq!(decoded(part).as_deref(), expected, "{part}");
        }
    }
}
