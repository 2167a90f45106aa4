//! The HTTP API: requests become API Gateway's events (HTTP API, payload 2.0) for jobs-api, its answers responses.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::lambda::Host;
use crate::listen::Listener;
use crate::names;

/// API Gateway takes bodies of 10 MB.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// Routes of the API, as `METHOD` and `/path/{parameter}`: those of its description, of which Terraform makes them too.
static ROUTES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let description = include_str!("../../../../functions/jobs-api/openapi.json");
    let description: Value =
        serde_json::from_str(description).expect("the committed file is read by every test");
    let paths = description["paths"].as_object().into_iter().flatten();
    let routes = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        let methods = methods.filter(|(method, _)| METHODS.contains(&method.as_str()));
        methods.map(|(method, _)| (method.to_uppercase(), path.clone()))
    });
    routes.collect()
});

/// Members of a path's description that are methods.
const METHODS: [&str; 6] = ["delete", "get", "head", "patch", "post", "put"];
/// The route of what fits no other.
const DEFAULT: &str = "$default";

/// Serves the API until the task is aborted.
pub(super) async fn serve(listener: Listener, host: Arc<Host>) {
    let app = Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(host);
    listener.serve(app).await;
}

async fn handle(
    State(host): State<Arc<Host>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let event = event(&method, &uri, &headers, &body);
    match host.invoke("jobs-api", &event).await {
        Ok(answer) if answer.function_error.is_none() => response(answer.payload),
        Ok(answer) => {
            tracing::warn!(error = %answer.payload, "jobs-api failed");
            internal_error()
        }
        Err(error) => {
            tracing::error!(%error, "jobs-api could not be asked");
            internal_error()
        }
    }
}

fn internal_error() -> Response {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        axum::Json(json!({"message": "Internal Server Error"})),
    )
        .into_response()
}

/// Does the path fit the route? Then these are its parameters.
fn parameters(route: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (mut route, mut path) = (route.split('/'), path.split('/'));
    let mut parameters = BTreeMap::new();
    loop {
        match (route.next(), path.next()) {
            (None, None) => return Some(parameters),
            (Some(wanted), Some(found)) => match wanted
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                Some(name) if !found.is_empty() => {
                    parameters.insert(name.to_owned(), found.to_owned());
                }
                None if wanted == found => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// API Gateway's event of a request.
fn event(method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Value {
    let path = uri.path();
    let route = ROUTES
        .iter()
        .filter(|(wanted, _)| method.as_str() == wanted)
        .find_map(|(_, route)| Some((route, parameters(route, path)?)));
    let (route_key, parameters) = match route {
        Some((route, parameters)) => (format!("{method} {route}"), parameters),
        None => (DEFAULT.to_owned(), BTreeMap::new()),
    };
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let query: BTreeMap<String, String> = uri
        .query()
        .and_then(|query| serde_urlencoded::from_str(query).ok())
        .unwrap_or_default();
    let now = time::OffsetDateTime::now_utc();
    let (body, is_base64) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(body), true),
    };
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": uri.query().unwrap_or_default(),
        "headers": header_map(headers),
        "requestContext": {
            "accountId": names::ACCOUNT,
            "apiId": "local",
            "domainName": text("host"),
            "domainPrefix": "local",
            "http": {
                "method": method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": text("user-agent"),
            },
            "requestId": Uuid::new_v4().to_string(),
            "routeKey": route_key,
            "stage": "$default",
            "time": now.format(&time::format_description::well_known::Rfc2822).unwrap_or_default(),
            "timeEpoch": now.unix_timestamp() * 1000,
        },
        "isBase64Encoded": is_base64,
    });
    if let Some(members) = event.as_object_mut() {
        let optional = [
            (
                "pathParameters",
                (!parameters.is_empty()).then(|| json!(parameters)),
            ),
            (
                "queryStringParameters",
                (!query.is_empty()).then(|| json!(query)),
            ),
            ("body", (!body.is_empty()).then(|| json!(body))),
        ];
        members.extend(
            optional
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?))),
        );
    }
    event
}

/// Headers in lower case, several of one name joined by commas.
fn header_map(headers: &HeaderMap) -> Map<String, Value> {
    let names = headers.keys().map(|name| {
        let values: Vec<&str> = headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        (name.as_str().to_owned(), json!(values.join(",")))
    });
    names.collect()
}

/// The response that a function's answer means; an answer without status is a body.
fn response(answer: Value) -> Response {
    let Some(status) = answer.get("statusCode").and_then(Value::as_u64) else {
        return axum::Json(answer).into_response();
    };
    let status = u16::try_from(status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok());
    let text = answer
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is_base64 = answer
        .get("isBase64Encoded")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let body = if is_base64 {
        STANDARD.decode(text).unwrap_or_default()
    } else {
        text.as_bytes().to_vec()
    };
    let mut response = (status.unwrap_or(StatusCode::BAD_GATEWAY), body).into_response();
    let headers = answer
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    for (name, value) in headers {
        let name = axum::http::HeaderName::try_from(name.as_str());
        let value = value.as_str().map(axum::http::HeaderValue::try_from);
        if let (Ok(name), Some(Ok(value))) = (name, value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_have_the_api_gateway_shape() {
        let check = |method: Method, path: &str, key: &str, parameters: Value| {
            let uri = Uri::try_from(path).unwrap_or_default();
            let event = event(&method, &uri, &HeaderMap::new(), &Bytes::from_static(b"{}"));
            assert_eq!(event["routeKey"], key, "{method} {path}");
            assert_eq!(event["pathParameters"], parameters, "{method} {path}");
        };
        let job = || json!({"jobId": "v-1"});
        check(Method::GET, "/jobs?status=FAILED", "GET /jobs", Value::Null);
        check(Method::GET, "/jobs/v-1", "GET /jobs/{jobId}", job());
        check(
            Method::POST,
            "/jobs/v-1/approve",
            "POST /jobs/{jobId}/approve",
            job(),
        );
        check(Method::GET, "/jobs/", "$default", Value::Null);
        check(Method::DELETE, "/jobs", "$default", Value::Null);
        check(Method::GET, "/other", "$default", Value::Null);
    }

    #[test]
    fn answers_become_responses() {
        let check = |answer: Value, status: u16, content_type: Option<&str>| {
            let response = response(answer);
            let found = response
                .headers()
                .get("content-type")
                .and_then(|value| value.to_str().ok());
            assert_eq!((response.status().as_u16(), found), (status, content_type));
        };
        check(
            json!({"statusCode": 202, "headers": {"content-type": "application/json"}, "body": "{}"}),
            202,
            Some("application/json"),
        );
        check(json!({"jobId": "v-1"}), 200, Some("application/json"));
        check(
            json!({"statusCode": 99_999, "body": ""}),
            502,
            Some("application/octet-stream"),
        );
    }
}
