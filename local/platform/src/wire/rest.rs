//! REST-JSON: MediaConvert, Bedrock's Converse and Lambda's Invoke.

use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
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
    /// Parameters that are in the query.
    in_query: Map<String, Value>,
    success: StatusCode,
}

impl Rest {
    /// The operation of a request, by the URIs of the API models.
    pub fn of(service: &str, method: &Method, uri: &Uri) -> Option<Self> {
        let path = uri.path();
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
                ("mediaconvert", "GET", ["2017-08-29", "search"]) => {
                    ("mediaconvert", "SearchJobs", None, StatusCode::OK)
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
            in_query: query_parameters(uri.query().unwrap_or_default())?,
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
        parameters.extend(self.in_query.clone());
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

/// The query's parameters as members: `maxResults=20` is `MaxResults`, a number.
fn query_parameters(query: &str) -> Option<Map<String, Value>> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).ok()?;
    let members = pairs.into_iter().map(|(name, value)| {
        let mut letters = name.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        let value = match name.as_str() {
            "maxResults" => value.parse::<u64>().map_or(json!(value), Value::from),
            _ => json!(value),
        };
        (first.into_iter().chain(letters).collect(), value)
    });
    Some(members.collect())
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
        let route = |service: &str, method: &Method, uri: &'static str| {
            Rest::of(service, method, &Uri::from_static(uri)).expect("a route")
        };
        let converse = route("bedrock", &Method::POST, "/model/us.model%3A1/converse");
        let parameters = converse.parameters(b"{\"messages\":[]}");
        assert_eq!(
            parameters,
            Ok(json!({"Messages": [], "ModelId": "us.model:1"}))
        );
        assert!(converse.parameters(b"[]").is_err());

        let invoke = route(
            "lambda",
            &Method::POST,
            "/2015-03-31/functions/f/invocations",
        );
        assert_eq!(
            invoke.parameters(b"[1]"),
            Ok(json!({"Payload": [1], "FunctionName": "f"}))
        );

        let search = "/2017-08-29/search?inputFile=s3%3A%2F%2Fb%2Fa%20b&maxResults=20";
        assert_eq!(
            route("mediaconvert", &Method::GET, search).parameters(b""),
            Ok(json!({"InputFile": "s3://b/a b", "MaxResults": 20}))
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
