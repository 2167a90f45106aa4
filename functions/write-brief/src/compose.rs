//! Puts the brief together from the checked draft and what the services found. No words are added but those of the
//! evidence: where the model brought nothing usable, sentences of the transcript or names of labels stand in.

use std::collections::BTreeMap;

use videoflow_shared::brief::draft::{Draft, PartDraft};
use videoflow_shared::brief::review::clipped;
use videoflow_shared::brief::{
    ABSTRACT_CHARACTERS, Brief, Chapter, KeyMoment, Provenance, Quote, Rendition, RenditionKind,
    SCHEMA_VERSION,
};
use videoflow_shared::jobs::Job;
use videoflow_shared::labels::{Labels, Moderation, rounded};
use videoflow_shared::location::S3Uri;
use videoflow_shared::meaning::Meaning;
use videoflow_shared::plan::Plan;
use videoflow_shared::profiles::ModerationPolicy;
use videoflow_shared::prompt;
use videoflow_shared::timeline::Timeline;
use videoflow_shared::transcript::Transcript;

use crate::model::Written;

mod citation;
mod engines;
mod figures;
mod moderation;
mod people;
mod topics;

use citation::{Citations, Fallback};
use topics::{brands, entities, topics};

/// Labels in a brief, the surest first.
const LABELS_LIMIT: usize = 200;

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source<T> {
    /// Where it is.
    pub uri: S3Uri,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// What it says.
    pub document: T,
}

/// Everything that goes into a brief.
#[derive(Debug)]
pub struct Material<'a> {
    /// Plan of the job.
    pub plan: &'a Plan,
    /// Moderation policy of its profile.
    pub policy: &'a ModerationPolicy,
    /// Item of the job.
    pub job: &'a Job,
    /// Timeline.
    pub timeline: &'a Timeline,
    /// `transcript.json`.
    pub transcript: Option<Source<Transcript>>,
    /// `labels.json`.
    pub labels: Option<Source<Labels>>,
    /// `moderation.json`.
    pub moderation: Option<Source<Moderation>>,
    /// `meaning.json`.
    pub meaning: Option<Source<Meaning>>,
    /// Parts that were summarised apart.
    pub parts: &'a [PartDraft],
    /// The checked draft.
    pub written: Written,
    /// Model that wrote it.
    pub model_id: &'a str,
    /// Region of the services.
    pub region: Option<&'a str>,
    /// Versions of the state machines, by their names.
    pub state_machine_version_arns: &'a BTreeMap<String, String>,
    /// `plan.json`.
    pub plan_uri: S3Uri,
    /// When writing began.
    pub started_at: String,
    /// When it ended.
    pub ended_at: String,
}

/// The brief; `quality.schemaValid` is still false.
pub fn compose(material: &Material<'_>) -> Brief {
    let citations = Citations::new(material);
    let draft = &material.written.reviewed.draft;
    let title = citations
        .statement(&draft.title)
        .unwrap_or_else(|| citations.fallback(Fallback::Title));
    let summary = citations
        .statement(&draft.summary)
        .unwrap_or_else(|| citations.fallback(Fallback::Summary));
    let abstract_short = Some(draft.abstract_short.clone()).filter(|text| !text.is_empty());
    let people = people::people(material, &citations);
    let chapters = chapters(material, &citations);
    Brief {
        schema_version: SCHEMA_VERSION.to_owned(),
        video_id: material.plan.job_id.base().to_string(),
        run_id: material.plan.job_id.to_string(),
        generated_at: material.ended_at.clone(),
        source: source(material.plan),
        language: material.timeline.language.clone(),
        abstract_short: abstract_short
            .unwrap_or_else(|| clipped(&summary.text, ABSTRACT_CHARACTERS)),
        title,
        summary,
        key_moments: key_moments(draft, &citations),
        quotes: quotes(draft, material, &citations, &people),
        topics: topics(draft, material, &citations),
        labels: material
            .labels
            .iter()
            .flat_map(|one| &one.document.labels)
            .take(LABELS_LIMIT)
            .cloned()
            .collect(),
        on_screen_text: material
            .meaning
            .iter()
            .flat_map(|one| &one.document.on_screen_text)
            .cloned()
            .collect(),
        brands: brands(draft, material, &citations),
        entities: entities(draft, &citations),
        moderation: moderation::moderation(material),
        subtitles: material.timeline.subtitles.clone(),
        renditions: renditions(material.timeline),
        statistics: figures::statistics(material, chapters.len(), &people),
        quality: figures::quality(material, &chapters),
        cost: figures::cost(material),
        provenance: provenance(material, citations),
        people,
        chapters,
    }
}

fn source(plan: &Plan) -> videoflow_shared::brief::Source {
    let (source, video) = (plan.source.clone(), plan.video.clone());
    videoflow_shared::brief::Source {
        bucket: source.bucket,
        key: source.key,
        version_id: source.version_id,
        etag: source.etag,
        sha256: None,
        size_bytes: source.size_bytes,
        duration_ms: video.duration_ms,
        container: video.container,
        video_codec: video.video_codec,
        audio_codec: video.audio_codec,
        width: video.width,
        height: video.height,
        fps: video.frame_rate,
        rotation: video.rotation,
    }
}

/// A checked time of the draft.
fn unsigned(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}

fn chapters(material: &Material<'_>, citations: &Citations<'_>) -> Vec<Chapter> {
    let thumbnails = &material.timeline.renditions.thumbnails;
    let chapter = |(number, drafted): (usize, &videoflow_shared::brief::draft::Chapter)| {
        let (start_ms, end_ms) = (unsigned(drafted.start_ms), unsigned(drafted.end_ms));
        let middle_ms = start_ms.midpoint(end_ms);
        let summary = citations.statement(&drafted.summary);
        let title = Some(drafted.title.clone()).filter(|title| !title.is_empty());
        Chapter {
            id: format!("chapter-{number}"),
            title: title.unwrap_or_else(|| citations.heading(start_ms, end_ms, number)),
            summary: summary
                .unwrap_or_else(|| citations.fallback(Fallback::Chapter { start_ms, end_ms })),
            keyframe_uri: thumbnails.at(middle_ms, material.timeline.duration_ms),
            topics: drafted.topics.clone(),
            start_ms,
            end_ms,
        }
    };
    (1..)
        .zip(&material.written.reviewed.draft.chapters)
        .map(chapter)
        .collect()
}

fn key_moments(draft: &Draft, citations: &Citations<'_>) -> Vec<KeyMoment> {
    #[expect(clippy::cast_precision_loss, reason = "a dozen at most")]
    let score = |rank: usize| rounded(1.0 - rank as f64 / draft.key_moments.len().max(1) as f64);
    let moments = draft
        .key_moments
        .iter()
        .enumerate()
        .filter_map(|(rank, drafted)| {
            let reason = citations.statement(&drafted.reason)?;
            let (start_ms, end_ms) = (unsigned(drafted.start_ms), unsigned(drafted.end_ms));
            Some(KeyMoment {
                id: format!("moment-{}", rank + 1),
                start_ms,
                end_ms,
                reason,
                score: score(rank),
            })
        });
    moments.collect()
}

fn quotes(
    draft: &Draft,
    material: &Material<'_>,
    citations: &Citations<'_>,
    people: &[videoflow_shared::brief::Person],
) -> Vec<Quote> {
    let quotes = draft.quotes.iter().filter_map(|drafted| {
        let mut evidence = citations.evidence(&drafted.segment_id)?;
        evidence.quote = Some(drafted.text.clone());
        let segments = material
            .transcript
            .iter()
            .flat_map(|source| &source.document.segments);
        let speaker = segments
            .filter(|segment| segment.id == drafted.segment_id)
            .find_map(|one| one.speaker.as_ref());
        let speaker_id = speaker.and_then(|label| people::speaker_id(people, material, label));
        let (start_ms, end_ms) = (evidence.start_ms, evidence.end_ms);
        Some(Quote {
            text: drafted.text.clone(),
            speaker_id,
            start_ms,
            end_ms,
            verbatim: true,
            evidence,
        })
    });
    quotes.collect()
}

fn renditions(timeline: &Timeline) -> Vec<Rendition> {
    let made = &timeline.renditions;
    let plain = |kind, uri: &S3Uri| Rendition {
        kind,
        uri: uri.clone(),
        width: None,
        height: None,
        bitrate: None,
    };
    let files = made.renditions.iter().map(|one| Rendition {
        width: Some(one.width),
        height: Some(one.height),
        bitrate: Some(one.bitrate),
        ..plain(RenditionKind::Mp4, &one.uri)
    });
    let streams = [
        plain(RenditionKind::Hls, &made.stream.hls),
        plain(RenditionKind::Dash, &made.stream.dash),
    ];
    let audio = made
        .audio
        .iter()
        .map(|uri| plain(RenditionKind::Audio, uri));
    files.chain(streams).chain(audio).collect()
}

fn provenance(material: &Material<'_>, citations: Citations<'_>) -> Provenance {
    Provenance {
        pipeline_version: env!("CARGO_PKG_VERSION").to_owned(),
        state_machine_version_arns: material.state_machine_version_arns.clone(),
        variant: material.plan.variant.clone(),
        prompt_id: prompt::PROMPT_ID.to_owned(),
        prompt_sha256: prompt::digest(),
        engines: citations.into_engines(),
    }
}

#[cfg(test)]
mod tests;
