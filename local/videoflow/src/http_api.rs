//! The HTTP API of a local platform.

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use videoflow_shared::identity::JobId;

/// Where the HTTP API of the platform is whose services are at `endpoint_url`: one port further.
///
/// # Errors
/// An address without port.
pub fn address_beside(endpoint_url: &str) -> anyhow::Result<String> {
    let address = endpoint_url.trim_end_matches('/').rsplit("//").next();
    let parts = address.and_then(|address| address.rsplit_once(':'));
    let port = parts.and_then(|(_, port)| port.parse::<u16>().ok()?.checked_add(1));
    match parts.zip(port) {
        Some(((host, _), port)) => Ok(format!("{host}:{port}")),
        None => bail!("{endpoint_url} names no port, such as http://127.0.0.1:4566"),
    }
}

/// The job that an answer is about.
///
/// # Errors
/// It names none.
pub fn job_of(answer: &Value) -> anyhow::Result<JobId> {
    let id = answer.get("jobId").and_then(Value::as_str);
    Ok(id.context("the answer names no job")?.parse()?)
}

/// Asks the HTTP API, and gives its answer.
///
/// # Errors
/// It does not answer, or refuses: then with the detail of its problem.
pub async fn ask(
    address: &str,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> anyhow::Result<Value> {
    let stream = TcpStream::connect(address)
        .await
        .with_context(|| format!("cannot reach the HTTP API at {address}"))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", address)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))?;
    let response = sender
        .send_request(request)
        .await
        .context("the HTTP API does not answer")?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    let text = String::from_utf8_lossy(&body);
    let answer: Option<Value> = serde_json::from_str(&text).ok();
    if !status.is_success() {
        let detail = answer
            .as_ref()
            .and_then(|problem| problem.get("detail")?.as_str());
        bail!("{}", detail.unwrap_or(&text));
    }
    answer.with_context(|| format!("the HTTP API answered {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_is_one_port_further() {
        let check = |url: &str, expected: Option<&str>| {
            assert_eq!(address_beside(url).ok().as_deref(), expected, "{url}");
        };
        check("http://127.0.0.1:4566", Some("127.0.0.1:4567"));
        check("http://[::1]:4566/", Some("[::1]:4567"));
        check("http://localhost", None);
        check("http://localhost:65535", None);
    }
}
