//! Handing a video in: the upload, and the HTTP API for a run by force.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use hyper::Method;
use serde_json::json;
use videoflow_platform::names;
use videoflow_shared::identity::JobId;

use crate::http_api;

/// Entry of an upload's metadata that names its profile: start-processing reads it.
pub const PROFILE_METADATA: &str = "videoflow-profile";

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
    let body = json!({"jobId": job.as_str(), "force": true});
    let answer = http_api::ask(&http_api.to_string(), Method::POST, "/jobs", Some(&body)).await?;
    http_api::job_of(&answer)
}
