//! Uploads: a video goes from the browser to the source bucket, piece by piece; no more than one piece is in memory.

use anyhow::Context;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::json;
use videoflow_shared::identity::JobId;
use videoflow_shared::profiles;

use super::{Answer, Problem, Shared};
use crate::job::submit::PROFILE_METADATA;

/// Least size of a piece; S3 takes 5 MiB and more.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;
/// Most pieces of an upload; S3 takes 10,000.
const PIECES_LIMIT: u64 = 9_000;
/// Largest video: what MediaConvert reads, and what the sanitizer accepts.
const VIDEO_LIMIT_BYTES: u64 = 500_000_000_000;
/// Longest key of S3, in bytes.
const KEY_LIMIT_BYTES: usize = 1024;

/// What is uploaded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    name: String,
    profile: Option<String>,
}

/// Takes a video, and tells the job that it wakes.
pub async fn upload(
    State(console): Shared,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    console.check_write("an upload")?;
    let size = size(&headers)?;
    let key = key(&asked.name)?;
    let profile = asked
        .profile
        .as_deref()
        .filter(|profile| !profile.is_empty());
    let profile = profile.unwrap_or(profiles::DEFAULT);
    if profiles::find(profile).is_none() {
        return Err(refused(&format!("there is no profile {profile}")));
    }
    let upload = Upload {
        s3: console.environment.s3(),
        bucket: console.environment.bucket("source").await?,
        key,
    };
    let version = upload.run(body, size, profile).await?;
    let job = JobId::of(&upload.bucket, &upload.key, &version, profile);
    Ok(Json(
        json!({"jobId": job, "bucket": upload.bucket, "key": upload.key, "versionId": version}),
    ))
}

fn refused(detail: &str) -> Problem {
    Problem(StatusCode::BAD_REQUEST, detail.to_owned())
}

fn size(headers: &HeaderMap) -> Result<u64, Problem> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    let length = length.and_then(|length| length.parse::<u64>().ok());
    match length {
        None => Err(Problem(
            StatusCode::LENGTH_REQUIRED,
            "an upload says how long it is".to_owned(),
        )),
        Some(0) => Err(refused("the file is empty")),
        Some(length) if length > VIDEO_LIMIT_BYTES => {
            let detail = format!(
                "a video has at most {} GB",
                VIDEO_LIMIT_BYTES / 1_000_000_000
            );
            Err(Problem(StatusCode::PAYLOAD_TOO_LARGE, detail))
        }
        Some(length) => Ok(length),
    }
}

/// The name without folders: a browser's file has none, and a program's should not choose where it lies.
fn key(name: &str) -> Result<String, Problem> {
    let key = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_odd = key.is_empty() || key.len() > KEY_LIMIT_BYTES || key.chars().any(char::is_control);
    if is_odd || key.chars().all(|character| character == '.') {
        return Err(refused("the file's name cannot be the key of an object"));
    }
    Ok(key.to_owned())
}

struct Upload {
    s3: Client,
    bucket: String,
    key: String,
}

impl Upload {
    /// Writes the whole object, or nothing; answers its version.
    async fn run(&self, body: Body, size: u64, profile: &str) -> Result<String, Problem> {
        let begun = self
            .s3
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(&self.key)
            .metadata(PROFILE_METADATA, profile)
            // A checksum of the whole is what a content is recognised by.
            .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
            .checksum_type(ChecksumType::FullObject)
            .send();
        let begun = begun
            .await
            .map_err(aws_sdk_s3::Error::from)
            .context("cannot begin the upload")?;
        let id = begun.upload_id.context("the upload has no id")?;
        match self.pieces(&id, body, size).await {
            Ok(pieces) => self.complete(&id, pieces).await.map_err(Problem::from),
            Err(problem) => {
                let given_up = self
                    .s3
                    .abort_multipart_upload()
                    .bucket(&self.bucket)
                    .key(&self.key)
                    .upload_id(id);
                // The bucket's rule for unfinished uploads removes what this leaves.
                let _ = given_up.send().await;
                Err(problem)
            }
        }
    }

    async fn pieces(
        &self,
        id: &str,
        mut body: Body,
        size: u64,
    ) -> Result<Vec<CompletedPart>, Problem> {
        let piece_bytes = usize::try_from(PIECE_BYTES.max(size.div_ceil(PIECES_LIMIT)));
        let piece_bytes = piece_bytes.context("a piece is too large for this machine")?;
        let (mut pieces, mut held, mut read) = (Vec::new(), BytesMut::new(), 0_u64);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| refused("the upload broke off; nothing was kept"))?;
            let Ok(chunk) = frame.into_data() else {
                continue;
            };
            read += chunk.len() as u64;
            held.extend_from_slice(&chunk);
            while held.len() >= piece_bytes {
                let piece = held.split_to(piece_bytes).freeze();
                pieces.push(self.piece(id, pieces.len() + 1, piece).await?);
            }
        }
        if read != size {
            return Err(refused("the upload broke off; nothing was kept"));
        }
        if !held.is_empty() {
            pieces.push(self.piece(id, pieces.len() + 1, held.freeze()).await?);
        }
        Ok(pieces)
    }

    async fn piece(&self, id: &str, number: usize, bytes: Bytes) -> anyhow::Result<CompletedPart> {
        let number = i32::try_from(number).context("too many pieces")?;
        let sent = self
            .s3
            .upload_part()
            .bucket(&self.bucket)
            .key(&self.key)
            .upload_id(id)
            .part_number(number)
            .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
            .body(ByteStream::from(bytes))
            .send();
        let sent = sent.await.map_err(aws_sdk_s3::Error::from);
        let sent = sent.with_context(|| format!("cannot upload piece {number}"))?;
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(sent.e_tag)
            .set_checksum_crc64_nvme(sent.checksum_crc64_nvme)
            .build())
    }

    async fn complete(&self, id: &str, pieces: Vec<CompletedPart>) -> anyhow::Result<String> {
        let whole = CompletedMultipartUpload::builder()
            .set_parts(Some(pieces))
            .build();
        let done = self
            .s3
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(&self.key)
            .upload_id(id)
            .checksum_type(ChecksumType::FullObject)
            .multipart_upload(whole)
            .send();
        let done = done
            .await
            .map_err(aws_sdk_s3::Error::from)
            .context("cannot end the upload")?;
        done.version_id.context("the upload has no version id")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_keys_without_folders() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(key(name).ok().as_deref(), expected, "{name}");
        };
        check("holiday.mp4", Some("holiday.mp4"));
        check("../../smoke/x.mp4", Some("x.mp4"));
        check("C:\\fakepath\\x.mp4", Some("x.mp4"));
        check("Ferien – Tag 1.mp4", Some("Ferien – Tag 1.mp4"));
        for odd in ["", "a/", "..", "a\nb"] {
            check(odd, None);
        }
        check(&"a".repeat(1025), None);
    }

    #[test]
    fn an_upload_says_how_long_it_is() {
        let check = |length: Option<&str>, expected: Result<u64, u16>| {
            let mut headers = HeaderMap::new();
            if let Some(length) = length {
                headers.insert(header::CONTENT_LENGTH, length.parse().expect("a header"));
            }
            assert_eq!(
                size(&headers).map_err(|problem| problem.0.as_u16()),
                expected,
                "{length:?}"
            );
        };
        check(None, Err(411));
        check(Some("0"), Err(400));
        check(Some("1"), Ok(1));
        check(Some("500000000001"), Err(413));
    }
}
