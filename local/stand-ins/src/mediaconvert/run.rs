//! Carrying out a job: probe, encode, package, put the results into S3.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use videoflow_platform::service::Objects;

use super::plan::{Encode, FileOutput, Group, Plan};
use super::settings::CreateJob;
use super::workspace::Workspace;
use super::{command, loudness, package, planner, upload};
use crate::ffmpeg;
use crate::jobs::{JobError, Progress};
use crate::media_file::MediaFile;

/// Phases in `MediaConvert`'s words.
const PROBING: &str = "PROBING";
const TRANSCODING: &str = "TRANSCODING";
const UPLOADING: &str = "UPLOADING";

/// Time that ffmpeg may take: a slow machine with a large ladder needs some multiple of the running time.
const SHORTEST_LIMIT: Duration = Duration::from_mins(10);
const LIMIT_FACTOR: f64 = 60.0;
/// Share of the progress that encoding takes; the rest is packaging and uploading.
const ENCODING_PERCENT: f64 = 90.0;

/// Codes of `MediaConvert`'s errors, in their groups: input and transcoding.
const INPUT_ERROR: &str = "1010";
/// What a source has been seen to fail with that the job's role may not read.
const INPUT_REFUSED: &str = "1404";
const TRANSCODING_ERROR: &str = "1999";

/// Carries out a job and hands back the result: `OutputGroupDetails` as `GetJob` shows them.
///
/// # Errors
/// The error of the job, with `MediaConvert`'s number as its code.
pub async fn run(
    objects: Arc<dyn Objects>,
    scratch: PathBuf,
    job: CreateJob,
    progress: Progress,
) -> Result<Value, JobError> {
    progress.report(PROBING, 0);
    let input = job
        .settings
        .inputs
        .first()
        .map(|input| input.file_input.clone());
    let input = input.ok_or_else(|| JobError::new(INPUT_ERROR, "no input"))?;
    let unreadable = |cause: String| {
        JobError::new(
            INPUT_ERROR,
            format!("unable to open input file {input}: {cause}"),
        )
    };
    let file = objects.file(&input.bucket, &input.key).await;
    let file = file.map_err(|cause| match cause.code.as_str() {
        "AccessDenied" => JobError::new(
            INPUT_REFUSED,
            format!("Unable to open input file [{input}]: [Failed probe/open: [Failed to read data: HeadObject failed]]"),
        ),
        _ => unreadable(cause.message),
    })?;
    let source = MediaFile::read(&file)
        .await
        .map_err(|cause| unreadable(cause.to_string()))?;
    let plan = planner::plan(&job, &source)?;

    let folder = temporary_folder(&scratch)?;
    let workspace = Workspace::new(folder.path());
    for folder in workspace.folders(&plan) {
        std::fs::create_dir_all(folder).map_err(|cause| transcoding_failed(&cause))?;
    }
    transcode(&plan, &file, &workspace, &progress).await?;
    progress.report(UPLOADING, 95);
    for (index, group) in plan.groups.iter().enumerate() {
        upload::upload_group(objects.as_ref(), &plan, index, group, &workspace).await?;
    }
    Ok(details(&plan))
}

fn temporary_folder(scratch: &Path) -> Result<tempfile::TempDir, JobError> {
    let folder = std::fs::create_dir_all(scratch).and_then(|()| tempfile::tempdir_in(scratch));
    folder.map_err(|cause| transcoding_failed(&cause))
}

pub(super) fn transcoding_failed(cause: &dyn std::error::Error) -> JobError {
    JobError::new(TRANSCODING_ERROR, cause.to_string())
}

async fn transcode(
    plan: &Plan,
    file: &Path,
    workspace: &Workspace,
    progress: &Progress,
) -> Result<(), JobError> {
    let limit = Duration::from_secs_f64(plan.duration_seconds * LIMIT_FACTOR).max(SHORTEST_LIMIT);
    progress.report(TRANSCODING, 1);
    let report = |done: Duration| {
        let share = (done.as_secs_f64() / plan.duration_seconds.max(0.1)).clamp(0.0, 1.0);
        // 0 to 90.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        progress.report(TRANSCODING, (share * ENCODING_PERCENT) as u8);
    };
    let mut corrections = Vec::new();
    for audio in &plan.audios {
        let correction = loudness::correction(file, audio, limit).await;
        corrections.push(correction.map_err(|cause| transcoding_failed(&cause))?);
    }
    let arguments = command::encode(plan, &corrections, file, workspace);
    ffmpeg::convert(arguments, limit, report)
        .await
        .map_err(|cause| transcoding_failed(&cause))?;
    if let Some(arguments) = package::package(plan, workspace) {
        ffmpeg::convert(arguments, limit, |_| ())
            .await
            .map_err(|cause| transcoding_failed(&cause))?;
    }
    Ok(())
}

/// Durations and sizes of every output, in the settings' order, and no paths: that is all that `MediaConvert` tells.
fn details(plan: &Plan) -> Value {
    // A duration in milliseconds is far below 2^53.
    #[allow(clippy::cast_possible_truncation)]
    let milliseconds = (plan.duration_seconds * 1000.0).round() as i64;
    let video_size = |index: usize| plan.videos.get(index).map(|video| video.picture);
    let detail = |picture: Option<super::geometry::Picture>| match picture {
        Some(picture) => json!({
            "DurationInMs": milliseconds,
            "VideoDetails": { "WidthInPx": picture.width, "HeightInPx": picture.height },
        }),
        None => json!({ "DurationInMs": milliseconds }),
    };
    let group = |group: &Group| -> Vec<Value> {
        match group {
            Group::Files(outputs) => outputs
                .iter()
                .map(|output| match output {
                    FileOutput::Media { video, .. } => detail(video.and_then(video_size)),
                    FileOutput::Stills { capture, .. } => {
                        detail(plan.captures.get(*capture).map(|capture| capture.picture))
                    }
                })
                .collect(),
            Group::Stream(stream) => stream
                .tracks
                .iter()
                .map(|track| match track.encode {
                    Encode::Video(index) => detail(video_size(index)),
                    Encode::Audio(_) => detail(None),
                })
                .collect(),
        }
    };
    plan.groups
        .iter()
        .map(|outputs| json!({ "OutputDetails": group(outputs) }))
        .collect()
}
