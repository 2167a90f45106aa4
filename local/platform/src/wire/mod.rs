//! All services on one port of the loopback interface, in the protocols that AWS's SDKs speak.
//!
//! A request is routed ([`route`]) by its target, its RPC path or the service in the scope of its signature; what is
//! left is S3. Each protocol turns the request into a [`Call`](crate::service::Call), and the answer or error back.

mod cbor;
mod json;
mod names;
mod query;
mod rest;
mod route;

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::s3::HttpService;
use crate::service::{Call, Failure, Principal, ServiceError};
use crate::services::Services;
use route::{Protocol, Route};

/// Longest body of a call that is not S3's (S3 streams): Converse takes 25 MB, more than any other operation here.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// A server that is bound to its port and not yet serving.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// What every request needs.
#[derive(Clone)]
struct Wire {
    services: Arc<Services>,
    s3: HttpService,
}

impl Server {
    /// Binds to `port` of 127.0.0.1; 0 takes any free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// URL of the server: `http://127.0.0.1:4566`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until `shutdown` ends, then finishes the requests that are being answered.
    ///
    /// # Errors
    /// When the port cannot be listened on any longer.
    pub async fn serve(
        self,
        services: Arc<Services>,
        s3: HttpService,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let router = Router::new()
            .fallback(answer)
            .with_state(Wire { services, s3 });
        axum::serve(self.listener, router)
            .with_graceful_shutdown(shutdown)
            .await
    }
}

async fn answer(State(wire): State<Wire>, request: Request) -> Response<Body> {
    let route = Route::of(request.method(), request.uri(), request.headers());
    let protocol = match route {
        Some(Route::S3) => return s3(&wire, request).await,
        Some(Route::Service(protocol)) => protocol,
        None => return json::failure(json::Version::V1_1, "", &unknown_service()),
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return protocol_failure(&protocol, &too_long());
    };
    serve(&wire, &protocol, &parts, &body).await
}

async fn serve(wire: &Wire, protocol: &Protocol, parts: &Parts, body: &Bytes) -> Response<Body> {
    let read = match protocol {
        Protocol::Json {
            service, operation, ..
        } => json::parameters(service, body).map(|read| (*service, operation.clone(), read)),
        Protocol::Cbor { service, operation } => {
            cbor::parameters(body).map(|read| (*service, operation.clone(), read))
        }
        Protocol::Query { service } => {
            query::parameters(body).map(|(operation, read)| (*service, operation, read))
        }
        Protocol::Rest(rest) => rest
            .parameters(body)
            .map(|read| (rest.service, rest.operation.to_owned(), read)),
    };
    let (service, operation, parameters) = match read {
        Ok(read) => read,
        Err(message) => {
            let error = ServiceError::new("SerializationException", 400, message);
            return protocol_failure(protocol, &error.into());
        }
    };
    let call = Call {
        principal: principal(&parts.headers),
        operation: operation.clone(),
        parameters,
    };
    match wire.services.answer(service, call).await {
        Ok(answer) => protocol_answer(protocol, &operation, answer),
        Err(failure) => protocol_failure(protocol, &failure),
    }
}

fn protocol_answer(protocol: &Protocol, operation: &str, answer: Value) -> Response<Body> {
    match protocol {
        Protocol::Json {
            service, version, ..
        } => json::answer(*version, service, answer),
        Protocol::Cbor { .. } => cbor::answer(&answer),
        Protocol::Query { .. } => query::answer(operation, &answer),
        Protocol::Rest(rest) => rest.answer(answer),
    }
}

fn protocol_failure(protocol: &Protocol, failure: &Failure) -> Response<Body> {
    match protocol {
        Protocol::Json {
            service, version, ..
        } => json::failure(*version, service, failure),
        Protocol::Cbor { .. } => cbor::failure(failure),
        Protocol::Query { .. } => query::failure(failure),
        Protocol::Rest(_) => rest::failure(failure),
    }
}

async fn s3(wire: &Wire, request: Request) -> Response<Body> {
    let request = request.map(s3s::Body::http_body_unsync);
    match wire.s3.call(request).await {
        Ok(answer) => answer.map(Body::new),
        Err(error) => {
            tracing::error!(error = ?error, "S3 cannot answer");
            response(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", Vec::new())
        }
    }
}

/// The access key of the signature.
fn principal(headers: &HeaderMap) -> Principal {
    let key = route::scope(headers).map_or("anonymous", |scope| scope.access_key);
    Principal(key.to_owned())
}

fn unknown_service() -> Failure {
    ServiceError::new(
        "UnknownOperationException",
        404,
        "no service of the local platform answers this request",
    )
    .into()
}

fn too_long() -> Failure {
    let message = format!("the request is longer than {MAX_BODY_BYTES} bytes");
    ServiceError::new("RequestEntityTooLargeException", 413, message).into()
}

/// A response with a request id.
fn response(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static(content_type),
    );
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
    }
    response
}

/// Status of an error answer.
fn status(failure: &Failure) -> StatusCode {
    StatusCode::from_u16(failure.error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
