//! The checks, each a function from what was gathered to nothing or a complaint.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::IntoEnumIterator;
use videoflow_shared::brief::{self, Brief, Decision, Statement};
use videoflow_shared::location::S3Uri;
use videoflow_shared::timeline::Timeline;

mod files;

/// Time by which streams and subtitles may miss the source's duration: a segment's rounding, a last frame.
const TOLERANCE_MS: u64 = 1000;
/// Share of the duration by which they may miss it, for long videos.
const TOLERANCE_SHARE: u64 = 50;
/// Share of the video that chapters have to cover.
const COVERAGE: f64 = 0.95;
/// Names that a complaint lists.
const NAMED_LIMIT: usize = 5;

/// A check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::EnumIter)]
#[serde(rename_all = "camelCase")]
pub enum Check {
    /// The document is valid against its schema.
    Schema,
    /// The media files of the brief exist and have content.
    Renditions,
    /// The manifests name files that exist.
    Manifests,
    /// The chapters' pictures exist and have content.
    Thumbnails,
    /// Subtitles can be read and lie within the video.
    Subtitles,
    /// The stream is as long as the source: nothing was cut off.
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
    /// All checks.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// Its part in the score.
    pub fn weight(self) -> u32 {
        match self {
            Self::Schema | Self::Renditions | Self::Moderation => 3,
            Self::Manifests | Self::Duration | Self::Chapters | Self::Quotes | Self::Evidence => 2,
            Self::Thumbnails | Self::Subtitles | Self::Times => 1,
        }
    }

    /// Whether nothing is published when it fails.
    pub fn is_essential(self) -> bool {
        matches!(
            self,
            Self::Schema | Self::Renditions | Self::Duration | Self::Moderation
        )
    }

    fn complaint(self, evidence: &Evidence<'_>) -> Option<String> {
        match self {
            Self::Schema => listed("", &brief::violations(evidence.document)),
            Self::Renditions => files::renditions(evidence),
            Self::Manifests => files::references(evidence),
            Self::Thumbnails => files::thumbnails(evidence),
            Self::Subtitles => files::captions(evidence),
            Self::Duration => files::duration(evidence),
            Self::Chapters => chapters(evidence.brief),
            Self::Times => times(evidence.brief),
            Self::Quotes => quotes(evidence),
            Self::Evidence => pointers(evidence),
            Self::Moderation => moderation(evidence.brief),
        }
    }
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcome {
    /// The check.
    pub check: Check,
    /// Whether it passed.
    pub passed: bool,
    /// What is wrong.
    pub message: Option<String>,
}

/// What the checks look at.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The brief as it is stored.
    pub document: &'a Value,
    /// The brief.
    pub brief: &'a Brief,
    /// Its timeline.
    pub timeline: &'a Timeline,
    /// Sizes of the job's media files, by key.
    pub sizes: BTreeMap<String, u64>,
    /// Folder of the streams.
    pub stream: S3Uri,
    /// The playlists that the HLS master names.
    pub playlists: BTreeMap<String, String>,
    /// The DASH manifest.
    pub dash: String,
    /// Subtitles: where they are, and their text.
    pub subtitles: Vec<(String, String)>,
    /// Outputs of the engines, in their order.
    pub outputs: Vec<Option<Value>>,
}

/// Runs all checks.
pub fn all(evidence: &Evidence<'_>) -> Vec<Outcome> {
    let outcome = |check: Check| {
        let message = check.complaint(evidence);
        Outcome {
            check,
            passed: message.is_none(),
            message,
        }
    };
    Check::iter().map(outcome).collect()
}

/// A complaint that lists the first few names; none when there are none.
fn listed(what: &str, names: &[String]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let first: Vec<&str> = names.iter().take(NAMED_LIMIT).map(String::as_str).collect();
    let more = names.len().saturating_sub(NAMED_LIMIT);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Some(format!("{what}{}{more}", first.join("; ")))
}

impl Evidence<'_> {
    fn has(&self, key: &str) -> bool {
        self.sizes.get(key).is_some_and(|size| *size > 0)
    }

    fn tolerance_ms(&self) -> u64 {
        TOLERANCE_MS.max(self.brief.source.duration_ms / TOLERANCE_SHARE)
    }
}

fn chapters(brief: &Brief) -> Option<String> {
    let are_contiguous = brief
        .chapters
        .iter()
        .zip(brief.chapters.iter().skip(1))
        .all(|(one, next)| one.end_ms == next.start_ms);
    if brief.chapters.is_empty() || !are_contiguous {
        return Some("there are gaps or overlaps between chapters".to_owned());
    }
    (brief.quality.coverage < COVERAGE)
        .then(|| format!("chapters cover {} of the video", brief.quality.coverage))
}

fn times(brief: &Brief) -> Option<String> {
    let duration_ms = brief.source.duration_ms;
    let chapters = brief
        .chapters
        .iter()
        .map(|one| (one.id.as_str(), one.start_ms, one.end_ms));
    let moments = brief
        .key_moments
        .iter()
        .map(|one| (one.id.as_str(), one.start_ms, one.end_ms));
    let quotes = brief
        .quotes
        .iter()
        .map(|one| (one.text.as_str(), one.start_ms, one.end_ms));
    let wrong = chapters
        .chain(moments)
        .chain(quotes)
        .filter(|(_, start, end)| start >= end || *end > duration_ms);
    listed(
        "outside the video: ",
        &wrong.map(|(id, ..)| id.to_owned()).collect::<Vec<_>>(),
    )
}

fn quotes(evidence: &Evidence<'_>) -> Option<String> {
    let said = |text: &str| {
        evidence
            .timeline
            .segments
            .iter()
            .any(|segment| segment.text.contains(text))
    };
    let wrong = evidence
        .brief
        .quotes
        .iter()
        .filter(|quote| !quote.verbatim || !said(&quote.text));
    listed(
        "never said: ",
        &wrong.map(|quote| quote.text.clone()).collect::<Vec<_>>(),
    )
}

fn pointers(evidence: &Evidence<'_>) -> Option<String> {
    let brief = evidence.brief;
    let statements: Vec<&Statement> = [&brief.title, &brief.summary]
        .into_iter()
        .chain(brief.chapters.iter().map(|chapter| &chapter.summary))
        .chain(brief.key_moments.iter().map(|moment| &moment.reason))
        .collect();
    let bare = statements
        .iter()
        .filter(|one| one.evidence.is_empty())
        .map(|one| one.text.clone());
    let cited = statements.iter().flat_map(|one| &one.evidence);
    let cited = cited.chain(brief.people.iter().flat_map(|one| &one.evidence));
    let cited = cited.chain(brief.quotes.iter().map(|one| &one.evidence));
    let lost = cited.filter(|one| {
        let output = evidence
            .outputs
            .get(one.engine_index)
            .and_then(Option::as_ref);
        let place = output.and_then(|output| output.pointer(&one.json_pointer));
        place.is_none() || one.start_ms >= one.end_ms || one.end_ms > brief.source.duration_ms
    });
    let lost = lost.map(|one| format!("{} of engine {}", one.json_pointer, one.engine_index));
    listed("unsupported: ", &bare.chain(lost).collect::<Vec<_>>())
}

fn moderation(brief: &Brief) -> Option<String> {
    let is_blocked = brief.moderation.decision == Decision::Block;
    is_blocked.then(|| "the moderation policy forbids publication".to_owned())
}

#[cfg(test)]
pub(crate) mod tests;
