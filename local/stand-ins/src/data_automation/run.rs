//! Carrying out an invocation.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_platform::service::Objects;

use super::output::{self, Video};
use super::{CLIENT_ERROR, chapters, shots, spoken};
use crate::jobs::JobError;
use crate::location::Location;
use crate::media_file::{MediaFile, Ratio, TrackType};

/// Name of errors on this side.
const SERVICE_ERROR: &str = "ServiceError";
/// The service's longest video: 240 minutes.
const LONGEST_SECONDS: f64 = 240.0 * 60.0;
/// Containers that the service takes.
const CONTAINER: &str = "mov,mp4,m4a,3gp,3g2,mj2";

/// An invocation.
pub struct Work {
    /// S3.
    pub objects: Arc<dyn Objects>,
    /// For temporary files.
    pub scratch: PathBuf,
    /// Weights of models.
    pub models: PathBuf,
    /// The video.
    pub input: Location,
    /// The invocation's folder.
    pub output: Location,
    /// The invocation's id.
    pub id: String,
}

fn failed(cause: &dyn std::error::Error) -> JobError {
    JobError::new(SERVICE_ERROR, cause.to_string())
}

impl Work {
    /// Watches the video, writes the results, and hands back the output configuration that names them.
    ///
    /// # Errors
    /// `ClientError` for a video that is not there or not suitable, else `ServiceError`.
    pub async fn run(self) -> Result<Value, JobError> {
        let refuse = |why: String| JobError::new(CLIENT_ERROR, format!("{}: {why}", self.input));
        let file = self
            .objects
            .file(&self.input.bucket, &self.input.key)
            .await
            .map_err(|cause| refuse(cause.message))?;
        let media = MediaFile::read(&file)
            .await
            .map_err(|cause| refuse(cause.to_string()))?;
        let (video, stream) = self.facts(&media).map_err(refuse)?;
        let shots = shots::detect(&file, stream, video.duration_ms)
            .await
            .map_err(|cause| failed(&cause))?;
        // The video is more than its speech: shots stand without it, and the result says why it is not there.
        let spoken = spoken::listen(&self.models, &file)
            .await
            .map_err(|cause| cause.to_string());
        let spoken = spoken.as_deref().map_err(String::as_str);
        let chapters = chapters::divide(&shots, spoken.unwrap_or_default(), video.duration_ms);
        let standard = self.place("0/standard_output/0/result.json");
        self.put(
            &standard,
            &output::standard_output(&video, &shots, &chapters, spoken),
        )
        .await?;
        let metadata = self.place("job_metadata.json");
        self.put(
            &metadata,
            &output::job_metadata(&self.id, &self.input, &standard),
        )
        .await?;
        Ok(json!({ "S3Uri": metadata.to_string() }))
    }

    fn facts(&self, media: &MediaFile) -> Result<(Video, u32), String> {
        if media.format.format_name != CONTAINER {
            return Err(format!(
                "the container {} is not supported, only MP4 and MOV",
                media.format.format_name
            ));
        }
        let stream = media
            .tracks(TrackType::Video)
            .next()
            .ok_or("it has no video track")?;
        let seconds = media
            .duration_seconds()
            .filter(|seconds| *seconds > 0.0)
            .ok_or("its duration is not known")?;
        if seconds > LONGEST_SECONDS {
            return Err("it is longer than 240 minutes".to_owned());
        }
        // Bounded just above.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let duration_ms = (seconds * 1000.0).round() as u64;
        let video = Video {
            location: self.input.clone(),
            format: "QuickTime / MOV".to_owned(),
            codec: stream.codec_name.clone().unwrap_or_default(),
            frame_rate: stream.frame_rate().map_or(25.0, Ratio::value),
            duration_ms,
            width: stream.width,
            height: stream.height,
        };
        Ok((video, stream.index))
    }

    fn place(&self, name: &str) -> Location {
        Location {
            bucket: self.output.bucket.clone(),
            key: format!("{}/{name}", self.output.key),
        }
    }

    async fn put(&self, location: &Location, document: &Value) -> Result<(), JobError> {
        let file = write(&self.scratch, document).map_err(|cause| failed(&cause))?;
        let done = self
            .objects
            .put(
                &location.bucket,
                &location.key,
                file.path(),
                "application/json",
            )
            .await;
        done.map_err(|cause| JobError::new(CLIENT_ERROR, format!("{location}: {}", cause.message)))
    }
}

fn write(scratch: &Path, document: &Value) -> std::io::Result<tempfile::NamedTempFile> {
    std::fs::create_dir_all(scratch)?;
    let file = tempfile::NamedTempFile::new_in(scratch)?;
    serde_json::to_writer_pretty(&file, document)?;
    Ok(file)
}
