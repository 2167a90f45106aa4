//! AWS-JSON 1.0 and 1.1.

use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::names::{from_wire, to_wire, with_numeric_times};
use super::query::query_code;
use super::{response, status};
use crate::service::Failure;

/// Version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1_0,
    V1_1,
}

impl Version {
    fn content_type(self) -> &'static str {
        match self {
            Self::V1_0 => "application/x-amz-json-1.0",
            Self::V1_1 => "application/x-amz-json-1.1",
        }
    }
}

/// Parameters of a request, or why it cannot be read.
pub(super) fn parameters(service: &str, body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    let parameters: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if parameters.is_object() {
        Ok(from_wire(service, parameters))
    } else {
        Err("the request is not a JSON object".to_owned())
    }
}

pub(super) fn answer(version: Version, service: &str, answer: Value) -> Response<Body> {
    let answer = with_numeric_times(service, to_wire(service, answer));
    response(
        StatusCode::OK,
        version.content_type(),
        answer.to_string().into_bytes(),
    )
}

pub(super) fn failure(version: Version, service: &str, failure: &Failure) -> Response<Body> {
    let mut body = Map::new();
    body.insert("__type".to_owned(), json!(failure.error.code));
    body.insert("message".to_owned(), json!(failure.error.message));
    body.extend(failure.members.clone());
    let body = Value::Object(body).to_string().into_bytes();
    let mut response = response(status(failure), version.content_type(), body);
    set_query_error(&mut response, service, failure);
    response
}

/// Services that spoke Query before also tell the code that they had there, which clients still go by.
pub(super) fn set_query_error(response: &mut Response<Body>, service: &str, failure: &Failure) {
    let code = match failure.error.code.as_str() {
        code if service == "monitoring" => query_code(code),
        _ if service != "sqs" => return,
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "BatchEntryIdsNotDistinct" => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        code => code,
    };
    let fault = if failure.error.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    if let Ok(value) = HeaderValue::from_str(&format!("{code};{fault}")) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-amzn-query-error"), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::ServiceError;

    #[test]
    fn reads_objects_only() {
        assert_eq!(
            parameters("states", b"{\"name\":\"n\"}"),
            Ok(json!({"Name": "n"}))
        );
        assert_eq!(parameters("sqs", b""), Ok(json!({})));
        assert!(parameters("sqs", b"[]").is_err());
        assert!(parameters("sqs", b"{").is_err());
    }

    #[test]
    fn sqs_tells_its_former_codes() {
        let error = ServiceError::new("QueueDoesNotExist", 400, "no queue");
        let response = failure(Version::V1_0, "sqs", &error.into());
        let header = response.headers().get("x-amzn-query-error");
        assert_eq!(
            header.and_then(|value| value.to_str().ok()),
            Some("AWS.SimpleQueueService.NonExistentQueue;Sender")
        );
        assert_eq!(response.status(), 400);
    }
}
