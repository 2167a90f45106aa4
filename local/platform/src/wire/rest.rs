//! REST-JSON: MediaConvert, Bedrock's Converse and Lambda.

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use serde_json::{Map, Value, json};

use super::names::{from_wire, to_wire, with_numeric_times};
use super::{response, status};
use crate::service::Failure;

/// Content type of bodies.
const JSON: &str = "application/json";

/// Operations by service, method and path as in the API models, with the status of success.
const OPERATIONS: [(&str, &str, &str, &str, StatusCode); 11] = [
    (
        "bedrock",
        "POST",
        "/model/{ModelId}/converse",
        "Converse",
        StatusCode::OK,
    ),
    (
        "lambda",
        "GET",
        "/2015-03-31/functions",
        "ListFunctions",
        StatusCode::OK,
    ),
    (
        "lambda",
        "GET",
        "/2015-03-31/functions/{FunctionName}",
        "GetFunction",
        StatusCode::OK,
    ),
    (
        "lambda",
        "GET",
        "/2015-03-31/functions/{FunctionName}/configuration",
        "GetFunctionConfiguration",
        StatusCode::OK,
    ),
    (
        "lambda",
        "GET",
        "/2015-03-31/functions/{FunctionName}/versions",
        "ListVersionsByFunction",
        StatusCode::OK,
    ),
    (
        "lambda",
        "POST",
        "/2015-03-31/functions/{FunctionName}/invocations",
        INVOKE,
        StatusCode::OK,
    ),
    (
        "mediaconvert",
        "DELETE",
        "/2017-08-29/jobs/{Id}",
        "CancelJob",
        StatusCode::ACCEPTED,
    ),
    (
        "mediaconvert",
        "GET",
        "/2017-08-29/jobs/{Id}",
        "GetJob",
        StatusCode::OK,
    ),
    (
        "mediaconvert",
        "GET",
        "/2017-08-29/search",
        "SearchJobs",
        StatusCode::OK,
    ),
    (
        "mediaconvert",
        "POST",
        "/2017-08-29/jobs",
        "CreateJob",
        StatusCode::CREATED,
    ),
    (
        "mediaconvert",
        "POST",
        "/2017-08-29/probe",
        "Probe",
        StatusCode::OK,
    ),
];

/// The operation whose bodies are not JSON objects but payloads.
const INVOKE: &str = "Invoke";

/// Parameters that are in a header.
const IN_HEADERS: [(&str, &str); 2] = [
    ("x-amz-invocation-type", "InvocationType"),
    ("x-amz-log-type", "LogType"),
];

/// An operation recognised by its method and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rest {
    pub service: String,
    /// Name of the operation; of one that is not here, method and path.
    pub operation: String,
    /// Parameters that are in the path, the query and the headers.
    around: Map<String, Value>,
    success: StatusCode,
}

impl Rest {
    /// The operation of a request.
    pub fn of(service: String, method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        // ListFunctions has a slash at the end.
        let path = uri.path().trim_end_matches('/');
        let known = OPERATIONS
            .iter()
            .find_map(|(of, by, pattern, operation, success)| {
                let is_meant = *of == service && *by == method.as_str();
                let in_path = is_meant
                    .then(|| parameters_in_path(pattern, path))
                    .flatten()?;
                Some(((*operation).to_owned(), in_path, *success))
            });
        let (operation, mut around, success) =
            known.unwrap_or_else(|| (format!("{method} {path}"), Map::new(), StatusCode::OK));
        around.extend(query_parameters(uri.query().unwrap_or_default()));
        for (header, name) in IN_HEADERS {
            if let Some(Ok(value)) = headers.get(header).map(HeaderValue::to_str) {
                around.insert(name.to_owned(), json!(value));
            }
        }
        Self {
            service,
            operation,
            around,
            success,
        }
    }

    /// Parameters of a request, or why it cannot be read.
    pub fn parameters(&self, body: &[u8]) -> Result<Value, String> {
        let body: Value = if body.is_empty() {
            json!({})
        } else {
            serde_json::from_slice(body).map_err(|error| error.to_string())?
        };
        let mut parameters = match body {
            payload if self.operation == INVOKE => {
                Map::from_iter([("Payload".to_owned(), payload)])
            }
            body @ Value::Object(_) => match from_wire(&self.service, body) {
                Value::Object(members) => members,
                _ => Map::new(),
            },
            _ => return Err("the request is not a JSON object".to_owned()),
        };
        parameters.extend(self.around.clone());
        Ok(Value::Object(parameters))
    }

    pub fn answer(&self, answer: Value) -> Response<Body> {
        if self.operation == INVOKE {
            return invocation(&answer);
        }
        let answer = with_numeric_times(&self.service, to_wire(&self.service, answer));
        response(self.success, JSON, answer.to_string().into_bytes())
    }
}

/// An invocation's answer is its payload; the rest is in the status and headers.
fn invocation(answer: &Value) -> Response<Body> {
    let payload = answer.get("Payload").map(Value::to_string);
    let status = answer
        .get("StatusCode")
        .and_then(Value::as_u64)
        .and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
    let mut response = response(
        status.unwrap_or(StatusCode::OK),
        JSON,
        payload.unwrap_or_default().into_bytes(),
    );
    for (name, header) in [
        ("FunctionError", "x-amz-function-error"),
        ("LogResult", "x-amz-log-result"),
        ("ExecutedVersion", "x-amz-executed-version"),
    ] {
        let value = answer.get(name).and_then(Value::as_str);
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(header), value);
        }
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

/// The parameters in a path, if the pattern fits it.
fn parameters_in_path(pattern: &str, path: &str) -> Option<Map<String, Value>> {
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    let mut parameters = Map::new();
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return Some(parameters),
            (Some(wanted), Some(found)) => {
                let name = wanted
                    .strip_prefix('{')
                    .and_then(|name| name.strip_suffix('}'));
                match name {
                    Some(name) => {
                        parameters.insert(name.to_owned(), json!(decoded(found)?));
                    }
                    None if wanted == found => {}
                    None => return None,
                }
            }
            _ => return None,
        }
    }
}

/// The query's parameters as members: `maxResults=20` is `MaxResults`, a number.
fn query_parameters(query: &str) -> Map<String, Value> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let members = pairs.into_iter().map(|(name, value)| {
        let mut letters = name.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        let value = match name.as_str() {
            "maxResults" | "MaxItems" => value.parse::<u64>().map_or(json!(value), Value::from),
            _ => json!(value),
        };
        (first.into_iter().chain(letters).collect(), value)
    });
    members.collect()
}

/// A percent-encoded part of a path; none when it is no UTF-8.
pub(crate) fn decoded(part: &str) -> Option<String> {
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
            let headers = HeaderMap::new();
            Rest::of(service.to_owned(), method, &Uri::from_static(uri), &headers)
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
