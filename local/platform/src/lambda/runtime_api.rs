//! The Runtime API of one process: `next`, `response`, `error` and `init/error`.
//!
//! Shapes from AWS's "Using the Lambda runtime API" (2018-06-01).

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// Lambda's limit of a synchronous payload (6 MB) and room for its JSON escapes.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// One invocation on its way to a process.
pub(super) struct Invocation {
    /// Request id.
    pub(super) request_id: String,
    /// The event, as JSON text.
    pub(super) payload: Bytes,
    /// When it ends at the latest, milliseconds since 1970.
    pub(super) deadline_ms: i64,
    /// Where the outcome goes.
    pub(super) reply: oneshot::Sender<Outcome>,
}

/// What a process answered.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The function's result, JSON text.
    Succeeded(Bytes),
    /// The function's error: `{"errorType", "errorMessage", …}`.
    Failed(Value),
}

struct Endpoint {
    arn: String,
    invocations: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    pending: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
}

/// Serves the Runtime API on `listener` until the task is aborted. Invocations come from `invocations`.
pub(super) async fn serve(
    listener: TcpListener,
    arn: String,
    invocations: mpsc::Receiver<Invocation>,
) {
    let endpoint = Arc::new(Endpoint {
        arn,
        invocations: tokio::sync::Mutex::new(invocations),
        pending: Mutex::new(None),
    });
    let routes = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{id}/response",
            post(response),
        )
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(endpoint);
    if let Err(error) = axum::serve(listener, routes).await {
        tracing::warn!(%error, "a Runtime API endpoint ended");
    }
}

async fn next(State(endpoint): State<Arc<Endpoint>>) -> Response {
    let Some(invocation) = endpoint.invocations.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let headers = [
        (
            "Lambda-Runtime-Aws-Request-Id",
            invocation.request_id.clone(),
        ),
        (
            "Lambda-Runtime-Deadline-Ms",
            invocation.deadline_ms.to_string(),
        ),
        ("Lambda-Runtime-Invoked-Function-Arn", endpoint.arn.clone()),
        ("Content-Type", "application/json".to_owned()),
    ];
    let pending = (invocation.request_id, invocation.reply);
    *endpoint
        .pending
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = Some(pending);
    (headers, invocation.payload).into_response()
}

async fn response(
    State(endpoint): State<Arc<Endpoint>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    endpoint.settle(Some(&id), Outcome::Succeeded(body))
}

async fn error(
    State(endpoint): State<Arc<Endpoint>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    endpoint.settle(Some(&id), Outcome::Failed(error_document(&body)))
}

async fn init_error(State(endpoint): State<Arc<Endpoint>>, body: Bytes) -> Response {
    // Nothing has asked for an invocation yet: whoever waits gets the error.
    if let Ok(invocation) = endpoint.invocations.lock().await.try_recv() {
        *endpoint
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner) =
            Some((invocation.request_id, invocation.reply));
    }
    endpoint.settle(None, Outcome::Failed(error_document(&body)))
}

impl Endpoint {
    fn settle(&self, id: Option<&str>, outcome: Outcome) -> Response {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = pending
            .as_ref()
            .is_some_and(|(request_id, _)| id.is_none_or(|id| id == request_id));
        let Some((_, reply)) = pending.take_if(|_| is_known) else {
            let body =
                json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"});
            return (StatusCode::BAD_REQUEST, axum::Json(body)).into_response();
        };
        // The invoker may have given up (timeout); then nobody wants the outcome.
        let _ = reply.send(outcome);
        (StatusCode::ACCEPTED, axum::Json(json!({"status": "OK"}))).into_response()
    }
}

/// The body of an error report; a body that is no JSON object is reported as it is.
fn error_document(body: &[u8]) -> Value {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Value::Object(members),
        _ => json!({"errorType": "Runtime.Unknown", "errorMessage": String::from_utf8_lossy(body)}),
    }
}
