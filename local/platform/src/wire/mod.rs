//! All services on one port, in the protocols that AWS's SDKs speak.
//!
//! A request is routed ([`route`]) by its target, its RPC path or the service in the scope of its signature; what is
//! left is S3. Each protocol turns the request into a [`Call`](crate::service::Call), and the answer or error back.

mod cbor;
mod json;
mod names;
mod query;
mod rest;
mod route;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;
use uuid::Uuid;

use crate::listen::Listener;
use crate::s3::HttpService;
use crate::service::{Call, Failure, Principal, ServiceError};
use crate::services::Services;
pub(crate) use rest::decoded;
use route::{Protocol, Route};

/// Longest body of a call that is not S3's (S3 streams): Converse takes 25 MB, more than any other operation here.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Longest body that is read to its end although it is refused, so that the client gets to the answer.
const MAX_DRAINED_BYTES: usize = 2 * 1024 * 1024 * 1024;

/// A server that is bound to its port and not yet serving.
pub struct Server {
    listener: Listener,
}

/// What every request needs.
#[derive(Clone)]
struct Wire {
    services: Arc<Services>,
    s3: HttpService,
}

impl Server {
    /// Binds to `port` of an address; 0 takes any free one.
    ///
    /// # Errors
    /// When the port is taken, or the address is none of this machine's.
    pub async fn bind(host: IpAddr, port: u16) -> io::Result<Self> {
        let listener = Listener::bind(host, port).await?;
        Ok(Self { listener })
    }

    /// URL of the server for this machine: `http://127.0.0.1:4566`.
    pub fn url(&self) -> String {
        format!("http://{}", reachable(self.listener.address()))
    }

    /// Serves until the task is aborted.
    pub async fn serve(self, services: Arc<Services>, s3: HttpService) {
        let wire = Wire { services, s3 };
        self.listener
            .serve(Router::new().fallback(answer).with_state(wire))
            .await;
    }
}

/// The address by which this machine reaches itself where it listens on all of them.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

async fn answer(State(wire): State<Wire>, request: Request) -> Response<Body> {
    match Route::of(request.method(), request.uri(), request.headers()) {
        Route::S3 => s3(&wire, request).await,
        Route::Service(protocol) => {
            let (parts, body) = request.into_parts();
            match whole(body).await {
                Ok(body) => serve(&wire, &protocol, &parts, &body).await,
                Err(error) => protocol_failure(&protocol, &error.into()),
            }
        }
    }
}

/// A body, if it is short enough. The rest of one that is not is read and dropped, because a client that is still sending
/// does not look at the answer.
async fn whole(mut body: Body) -> Result<Bytes, ServiceError> {
    if body.size_hint().lower() <= MAX_BODY_BYTES as u64 {
        match Limited::new(&mut body, MAX_BODY_BYTES).collect().await {
            Ok(whole) => return Ok(whole.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {}
            Err(error) => {
                let message = format!("the body of the request did not arrive: {error}");
                return Err(ServiceError::new("RequestTimeout", 408, message));
            }
        }
    }
    let mut left = MAX_DRAINED_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => break,
        }
    }
    let message = format!("the request is longer than {MAX_BODY_BYTES} bytes");
    Err(ServiceError::new(
        "RequestEntityTooLargeException",
        413,
        message,
    ))
}

async fn serve(wire: &Wire, protocol: &Protocol, parts: &Parts, body: &Bytes) -> Response<Body> {
    let read = match protocol {
        Protocol::Json {
            service, operation, ..
        } => json::parameters(service, body).map(|read| (service, operation.clone(), read)),
        Protocol::Cbor { service, operation } => {
            cbor::parameters(body).map(|read| (service, operation.clone(), read))
        }
        Protocol::Query { service } => {
            query::parameters(body).map(|(operation, read)| (service, operation, read))
        }
        Protocol::Rest(rest) => rest
            .parameters(body)
            .map(|read| (&rest.service, rest.operation.clone(), read)),
    };
    let (service, operation, parameters) = match read {
        Ok(read) => read,
        Err(message) => {
            let code = match protocol {
                Protocol::Rest(rest) if rest.service == "lambda" => {
                    "InvalidRequestContentException"
                }
                _ => "SerializationException",
            };
            let error = ServiceError::new(code, 400, message);
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
        } => json::answer(*version, service, names::respelt(operation, answer)),
        Protocol::Cbor { .. } => cbor::answer(&answer),
        Protocol::Query { service } => query::answer(service, operation, &answer),
        Protocol::Rest(rest) => rest.answer(answer),
    }
}

fn protocol_failure(protocol: &Protocol, failure: &Failure) -> Response<Body> {
    match protocol {
        Protocol::Json {
            service, version, ..
        } => json::failure(*version, service, failure),
        Protocol::Cbor { service, .. } => cbor::failure(service, failure),
        Protocol::Query { service } => query::failure(service, failure),
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
