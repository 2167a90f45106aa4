//! The plan of a job: what was found in its file and what is to be done with it (`work/<job>/plan.json`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::identity::JobId;
use crate::location::Places;
use crate::prices::Prediction;
use crate::profiles::{Speech, Streaming};
use crate::storage::{Error, Objects};

/// The one version of an object that a job processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceVersion {
    /// Bucket.
    pub bucket: String,
    /// Key, not encoded.
    pub key: String,
    /// Version id; `null` (the word) in a bucket that was never versioned.
    pub version_id: String,
}

/// The source as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedSource {
    /// Bucket.
    pub bucket: String,
    /// Key, not encoded.
    pub key: String,
    /// Version id.
    pub version_id: String,
    /// ETag without quotes.
    pub etag: String,
    /// Size in bytes.
    pub size_bytes: u64,
}

/// What the file is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Video {
    /// Container format as Probe names it: `mp4`, `quicktime`, `matroska`.
    pub container: String,
    /// Duration.
    pub duration_ms: u64,
    /// Width as displayed, after rotation; 0 without picture.
    pub width: u32,
    /// Height as displayed, after rotation; 0 without picture.
    pub height: u32,
    /// Frames a second; 0 without picture.
    pub frame_rate: f64,
    /// Clockwise rotation in the file: 0, 90, 180, 270.
    pub rotation: u32,
    /// Codec of the first video track as Probe names it; empty without picture.
    pub video_codec: String,
    /// Codec of the first audio track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_codec: Option<String>,
    /// Number of audio tracks.
    pub audio_tracks: u32,
    /// Whether there is sound.
    pub has_audio: bool,
    /// Whether there is a picture.
    pub has_video: bool,
    /// Bits a colour component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bit_depth: Option<u32>,
    /// Number of video tracks; only the first one is used.
    #[serde(default)]
    pub video_tracks: u32,
    /// Duration of the first video track, where the container tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture_ms: Option<u64>,
    /// Duration of the first audio track, where the container tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound_ms: Option<u64>,
    /// Range of its colours.
    #[serde(default)]
    pub range: DynamicRange,
}

/// Range of colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DynamicRange {
    /// Standard: ITU 709, or what is shown as it is.
    #[default]
    Standard,
    /// Beyond what ITU 709 holds: PQ, HLG, or the primaries of ITU 2020.
    High,
    /// Dolby Vision without a base layer that others show (IPT): refused, for `MediaConvert` converts from no such space.
    DolbyVision,
}

/// What was noticed of a video: it decides what is worth its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trait {
    /// It has no sound.
    Silent,
    /// Shorter than ten seconds.
    Short,
    /// Higher than wide.
    Portrait,
    /// 2160 lines or more.
    UltraHd,
    /// A recording of a screen, or slides.
    Screencast,
}

/// The analyses to be made.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the shape of the plan: four independent switches"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Analyses {
    /// Rekognition labels.
    pub labels: bool,
    /// Rekognition content moderation.
    pub moderation: bool,
    /// Transcribe.
    pub transcription: bool,
    /// Data Automation.
    pub meaning: bool,
}

/// One rendition to be made; display orientation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rung {
    /// Height in pixels, even.
    pub height: u32,
    /// Width in pixels, even.
    pub width: u32,
    /// Highest bitrate in bits a second.
    pub bitrate: u32,
}

impl Rung {
    /// The shorter side, by which resolutions are called and paid: 1080 for 1080p, upright or not.
    pub fn short_side(self) -> u32 {
        self.width.min(self.height)
    }
}

/// Short side of the proxy, where the ladder has it: the analyses see no more above it.
const PROXY_SHORT_SIDE: u32 = 720;

/// The rung that the proxy is made at: the highest that is enough for analyses, else the lowest.
pub fn proxy_rung(ladder: &[Rung]) -> Option<Rung> {
    ladder
        .iter()
        .find(|rung| rung.short_side() <= PROXY_SHORT_SIDE)
        .or(ladder.last())
        .copied()
}

/// Expected durations of the service jobs, for the first wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedSeconds {
    /// `MediaConvert`.
    pub transcode: u32,
    /// Rekognition.
    pub labels: u32,
    /// Transcribe.
    pub transcription: u32,
    /// Data Automation.
    pub meaning: u32,
}

/// The plan of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Job.
    pub job_id: JobId,
    /// Source.
    pub source: PlannedSource,
    /// Name of the profile.
    pub profile: String,
    /// Variant of the profile that the job drew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What the file is.
    pub video: Video,
    /// What was noticed of it.
    #[serde(default)]
    pub traits: Vec<Trait>,
    /// What is analysed.
    pub analyses: Analyses,
    /// Analyses that the profile asks for and that are not made, with the reason in words.
    #[serde(default)]
    pub omitted: BTreeMap<String, String>,
    /// Renditions, highest first; never above the source.
    pub ladder: Vec<Rung>,
    /// Languages that the speech may be in (BCP 47, as Transcribe writes them); empty: any.
    pub languages: Vec<String>,
    /// What is asked of speech recognition.
    #[serde(default)]
    pub speech: Speech,
    /// How the adaptive stream gets its renditions.
    #[serde(default)]
    pub streaming: Streaming,
    /// Expected durations.
    pub expected_seconds: ExpectedSeconds,
    /// Predicted cost.
    pub predicted_cost: Prediction,
}

/// Reads the plan of a job; `None` when there is none.
///
/// # Errors
/// All of [`Error`].
pub async fn read(
    objects: &Objects,
    output_bucket: &str,
    job: &JobId,
) -> Result<Option<Plan>, Error> {
    objects
        .get_json(&Places::new(output_bucket, job).plan())
        .await
}

/// Writes the plan of a job.
///
/// # Errors
/// [`Error::StorageFailed`], [`Error::StorageRefused`].
pub async fn write(objects: &Objects, output_bucket: &str, plan: &Plan) -> Result<(), Error> {
    objects
        .put_json(&Places::new(output_bucket, &plan.job_id).plan(), plan)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ladder: &[(u32, u32)], expected_height: Option<u32>) {
        let rung = |(height, width): &(u32, u32)| Rung {
            height: *height,
            width: *width,
            bitrate: 1,
        };
        let ladder: Vec<Rung> = ladder.iter().map(rung).collect();
        assert_eq!(
            proxy_rung(&ladder).map(|rung| rung.height),
            expected_height,
            "{ladder:?}"
        );
    }

    #[test]
    fn proxy_goes_by_the_short_side() {
        check(&[(1080, 1920), (720, 1280), (360, 640)], Some(720));
        check(&[(1920, 1080), (1280, 720)], Some(1280));
        check(&[(1080, 1920)], Some(1080));
        check(&[], None);
    }
}
