//! Handing a video in: the upload, and the HTTP API for a run by force.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, bail};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use videoflow_platform::names;
use videoflow_shared::identity::JobId;

/// Entry of an upload's metadata that names its profile: start-processing reads it.
const PROFILE_METADATA: &str = "videoflow-profile";

/// Puts the file into the source bucket; its name is the key. Answers the id of the job that the upload wakes.
pub async fn upload(s3: &Client, video: &Path, profile: &str) -> anyhow::Result<JobId> {
    let bucket = names::prefixed("source");
    let key = video
        .file_name()
        .context("the video has no file name")?
        .to_string_lossy()
        .into_owned();
    let body = ByteStream::from_path(video)
        .await
        .with_context(|| format!("cannot read {}", video.display()))?;
    let put = s3
        .put_object()
        .bucket(&bucket)
        .key(&key)
        .metadata(PROFILE_METADATA, profile)
        .body(body)
        .send()
        .await;
    let put = put
        .map_err(aws_sdk_s3::Error::from)
        .with_context(|| format!("cannot upload {}", video.display()))?;
    let version_id = put.version_id().context("the upload has no version id")?;
    Ok(JobId::of(&bucket, &key, version_id, profile))
}

/// Asks the HTTP API to run a settled job again. Answers the id of the new run.
pub async fn run_by_force(http_api: SocketAddr, job: &JobId) -> anyhow::Result<JobId> {
    let answer = post(
        http_api,
        "/jobs",
        &json!({"jobId": job.as_str(), "force": true}),
    )
    .await?;
    let id = answer
        .get("jobId")
        .and_then(Value::as_str)
        .context("the answer names no job")?;
    Ok(id.parse()?)
}

async fn post(address: SocketAddr, path: &str, body: &Value) -> anyhow::Result<Value> {
    let stream = TcpStream::connect(address)
        .await
        .context("cannot reach the HTTP API")?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", address.to_string())
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_string())))?;
    let response = sender
        .send_request(request)
        .await
        .context("the HTTP API does not answer")?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    let text = String::from_utf8_lossy(&body);
    if !status.is_success() {
        bail!("the HTTP API refuses it ({status}): {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("the HTTP API answered {text}"))
}
