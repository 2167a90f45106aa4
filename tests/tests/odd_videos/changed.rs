//! Objects that change while they are processed.

use aws_sdk_mediaconvert::types::JobPhase;
use videoflow_shared::identity::JobId;

use super::recipe::Recipe;
use super::settled::Settled;
use crate::support::up::{SOURCE, Up};

const OLD: &str = "-f lavfi -i testsrc2=s=1920x1080:d=4 -c:v libx264 -preset ultrafast .mp4";
const NEW: &str = "-f lavfi -i testsrc2=s=320x180:d=1 .mp4";

/// Waits until the job's transcode is at work: its file is open.
async fn transcoding(up: &Up, job: &JobId) {
    let mediaconvert = aws_sdk_mediaconvert::Client::new(up.config());
    let look = async || {
        let item = up.job(job).await;
        let id = item["Stages"]["transcode"]["serviceJobId"].as_str()?;
        let answer = mediaconvert.get_job().id(id).send().await.ok()?;
        let phase = answer.job()?.current_phase()?;
        (*phase == JobPhase::Transcoding).then_some(())
    };
    up.until("the transcode is at work", look).await;
}

/// The newer upload is published under a job of its own; the older one ends and publishes nothing.
pub async fn replaced(up: &Up) -> Vec<String> {
    let key = "replaced.mp4";
    let (old, new) = (
        Recipe::Ffmpeg(OLD).make().await,
        Recipe::Ffmpeg(NEW).make().await,
    );
    let older = up.upload(key, old.path(), "default").await;
    transcoding(up, &older).await;
    let newer = up.upload(key, new.path(), "default").await;
    let mut complaints = ended(
        up,
        &older,
        "SourceReplaced",
        "replaced while it was processed",
    )
    .await;
    let newer = Settled::wait(up, &newer).await;
    println!(
        "| replaced while it is processed, newer | {} | | |",
        newer.status
    );
    if newer.status != "PUBLISHED" {
        complaints.push(format!("the newer upload: {newer:?}"));
    }
    complaints
}

/// A source that is deleted while it is processed is not published.
pub async fn deleted(up: &Up) -> Vec<String> {
    let key = "deleted.mp4";
    let file = Recipe::Numbered(OLD, 1).make().await;
    let job = up.upload(key, file.path(), "default").await;
    transcoding(up, &job).await;
    let deleted = up.s3().delete_object().bucket(SOURCE).key(key).send().await;
    deleted.expect("a deletion");
    ended(up, &job, "SourceGone", "deleted while it was processed").await
}

async fn ended(up: &Up, job: &JobId, error: &str, told: &str) -> Vec<String> {
    let settled = Settled::wait(up, job).await;
    println!(
        "| {told} | {} | {}: {} | |",
        settled.status, settled.error, settled.cause
    );
    let mut complaints = Vec::new();
    if (settled.status.as_str(), settled.error.as_str()) != ("FAILED", error)
        || !settled.cause.contains(told)
    {
        complaints.push(format!("{told}: {settled:?}"));
    }
    let published = up
        .keys("videoflow-local-output", &format!("published/{job}/"))
        .await;
    if !published.is_empty() {
        complaints.push(format!("{told}: {published:?} are published"));
    }
    complaints
}
