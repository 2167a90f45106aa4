//! The checks, each a function from what was gathered to what is wrong, by file and reason.

use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;
use videoflow_shared::brief::review::clipped;
use videoflow_shared::labels::rounded;

use crate::evidence::Evidence;

mod captions;
mod document;
mod files;
mod pictures;
mod sound;
mod streams;

/// Faults of a check that are kept: the first ones tell.
pub const FAULTS_LIMIT: usize = 50;
/// Characters of a reason.
const REASON_CHARACTERS: usize = 300;

/// A check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::EnumIter)]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// The document is valid against its schema.
    Schema,
    /// The media files are there, whole, and of the size that the brief says.
    Renditions,
    /// The manifests are in order, and every segment that they name is there.
    Manifests,
    /// Frame captures, the chapters' among them, are there and can be decoded.
    Thumbnails,
    /// No stretch of black picture is longer than the profile takes.
    Picture,
    /// The sound can be decoded, and no silence is longer than the profile takes.
    Sound,
    /// Subtitles are well formed, readable, within the video, and the same in every format.
    Subtitles,
    /// Files and streams are as long as the source: nothing was cut off.
    Duration,
    /// Chapters are contiguous and cover the video.
    Chapters,
    /// Times of the brief lie within the video.
    Times,
    /// Quotes are verbatim.
    Quotes,
    /// Evidence points at something, and at what it quotes.
    Evidence,
    /// Moderation does not forbid publication.
    Moderation,
}

impl Check {
    /// Its part in the score.
    pub fn weight(self) -> u32 {
        match self {
            Self::Schema | Self::Renditions | Self::Manifests | Self::Moderation => 3,
            Self::Duration | Self::Chapters | Self::Quotes | Self::Evidence | Self::Sound => 2,
            Self::Thumbnails | Self::Picture | Self::Subtitles | Self::Times => 1,
        }
    }

    /// Whether nothing is published when it fails.
    pub fn is_essential(self) -> bool {
        matches!(
            self,
            Self::Schema | Self::Renditions | Self::Manifests | Self::Duration | Self::Moderation
        )
    }

    fn finding(self, evidence: &Evidence<'_>) -> Finding {
        match self {
            Self::Schema => document::schema(evidence),
            Self::Renditions => files::renditions(evidence),
            Self::Manifests => streams::manifests(evidence),
            Self::Thumbnails => pictures::thumbnails(evidence),
            Self::Picture => pictures::black(evidence),
            Self::Sound => sound::silence(evidence),
            Self::Subtitles => captions::subtitles(evidence),
            Self::Duration => files::durations(evidence),
            Self::Chapters => document::chapters(evidence.brief),
            Self::Times => document::times(evidence.brief),
            Self::Quotes => document::quotes(evidence),
            Self::Evidence => document::pointers(evidence),
            Self::Moderation => document::moderation(evidence.brief),
        }
    }
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Its name within the job: `720p.mp4`, `stream/index.m3u8`, `brief.json`.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Fault {
    fn new(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            reason: clipped(&reason.into(), REASON_CHARACTERS),
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
struct Finding {
    /// How many things were looked at.
    looked_at: usize,
    /// Share of what it looked at that is as it should be.
    score: f64,
    faults: Vec<Fault>,
}

impl Finding {
    /// Each fault takes one of the things that were looked at.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn of(looked_at: usize, faults: Vec<Fault>) -> Self {
        let lost = faults.len() as f64 / looked_at.max(1) as f64;
        Self::with_share(looked_at, 1.0 - lost, faults)
    }

    /// Faults that leave `share` of what was looked at.
    fn with_share(looked_at: usize, share: f64, faults: Vec<Fault>) -> Self {
        let score = if faults.is_empty() { 1.0 } else { share };
        Self {
            looked_at,
            score: score.clamp(0.0, 1.0),
            faults,
        }
    }
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcome {
    /// The check.
    pub check: Check,
    /// Whether there is no fault.
    pub passed: bool,
    /// Its part in the score.
    pub weight: u32,
    /// Things that it looked at: files, segments, cues, frames, statements.
    pub looked_at: usize,
    /// Share of them that is as it should be.
    pub score: f64,
    /// Faults in all.
    pub fault_count: usize,
    /// The first faults.
    pub faults: Vec<Fault>,
}

/// Runs all checks.
pub fn all(evidence: &Evidence<'_>) -> Vec<Outcome> {
    Check::iter()
        .map(|check| outcome(check, check.finding(evidence)))
        .collect()
}

/// The outcome for a document that is not even a brief: its faults, and nothing else to judge.
pub fn unreadable(document: &serde_json::Value) -> Vec<Outcome> {
    let mut faults = document::violations(document);
    if faults.is_empty() {
        faults.push(Fault::new(document::BRIEF, "it is no brief"));
    }
    let finding = Finding::with_share(1, 0.0, faults);
    vec![outcome(Check::Schema, finding)]
}

fn outcome(check: Check, finding: Finding) -> Outcome {
    Outcome {
        check,
        passed: finding.faults.is_empty(),
        weight: check.weight(),
        looked_at: finding.looked_at,
        score: rounded(finding.score),
        fault_count: finding.faults.len(),
        faults: finding.faults.into_iter().take(FAULTS_LIMIT).collect(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
