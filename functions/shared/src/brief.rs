//! The brief: its types ([`Brief`] and below), its schema, the model's draft and what is checked in it, and its pages.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::labels::Label;
use crate::location::S3Uri;
use crate::meaning::OnScreenText;
use crate::subtitles::Subtitles;
use crate::transcript::Language;

pub mod draft;
mod findings;
pub mod page;
mod provenance;
pub mod review;
pub mod warning;

pub use findings::{
    Brand, BrandKind, Decision, Entity, EntityType, Moderation, ModerationReason, Person,
    PersonKind, Rendition, RenditionKind, Taxonomy, Topic, Toxicity,
};
pub use provenance::{Cost, CostLine, Engine, MissingAnalysis, Provenance, Quality, Statistics};
pub use warning::{Warning, WarningCode};

/// Version of the schema.
pub const SCHEMA_VERSION: &str = "1.0";
/// Characters of the short abstract.
pub const ABSTRACT_CHARACTERS: usize = 160;
/// JSON Schema of `brief.json`.
pub const SCHEMA: &str = include_str!("../schemas/brief.schema.json");
/// Violations of the schema that are listed: the first ones tell.
const VIOLATIONS_LIMIT: usize = 5;

/// `brief.json`. Times are milliseconds from the start of the video, shares and confidences 0..1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Brief {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// Job id without the number of a forced run.
    pub video_id: String,
    /// Job id.
    pub run_id: String,
    /// When it was written, RFC 3339.
    pub generated_at: String,
    /// The video.
    pub source: Source,
    /// Language of the speech.
    pub language: Language,
    /// Title.
    pub title: Statement,
    /// One paragraph.
    pub summary: Statement,
    /// The summary in at most 160 characters.
    pub abstract_short: String,
    /// Chapters, contiguous.
    pub chapters: Vec<Chapter>,
    /// Moments worth jumping to.
    pub key_moments: Vec<KeyMoment>,
    /// Speakers and people who are mentioned.
    pub people: Vec<Person>,
    /// What it is about.
    pub topics: Vec<Topic>,
    /// What is seen.
    pub labels: Vec<Label>,
    /// What can be read in the picture.
    pub on_screen_text: Vec<OnScreenText>,
    /// Logos and spoken brands.
    pub brands: Vec<Brand>,
    /// Names of things.
    pub entities: Vec<Entity>,
    /// Sentences of the transcript, verbatim.
    pub quotes: Vec<Quote>,
    /// What moderation says.
    pub moderation: Moderation,
    /// Subtitles.
    pub subtitles: Vec<Subtitles>,
    /// Media files.
    pub renditions: Vec<Rendition>,
    /// Counts.
    pub statistics: Statistics,
    /// How far the brief can be trusted.
    pub quality: Quality,
    /// What it cost.
    pub cost: Cost,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// The video as it was uploaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// Version.
    pub version_id: String,
    /// ETag without quotes.
    pub etag: String,
    /// SHA-256 of the file in hexadecimal digits, where S3 knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Size.
    pub size_bytes: u64,
    /// Duration.
    pub duration_ms: u64,
    /// Container.
    pub container: String,
    /// Codec of the picture.
    pub video_codec: String,
    /// Codec of the sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_codec: Option<String>,
    /// Width as displayed.
    pub width: u32,
    /// Height as displayed.
    pub height: u32,
    /// Frames a second.
    pub fps: f64,
    /// Rotation in the file, in degrees.
    pub rotation: u32,
}

/// A sentence or more, and what supports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// Text.
    pub text: String,
    /// Mean confidence of the evidence.
    pub confidence: f64,
    /// Where the words come from.
    pub basis: Basis,
    /// What supports it; never empty for generated words.
    pub evidence: Vec<Evidence>,
}

/// Where the words of a statement come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// They stand in the evidence, letter by letter.
    Extracted,
    /// A model wrote them.
    Generated,
}

/// A place in what a service found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evidence {
    /// Service.
    pub source: EvidenceSource,
    /// Index of its engine in the provenance.
    pub engine_index: usize,
    /// RFC 6901 pointer into the engine's output.
    pub json_pointer: String,
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Words or label at that place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

/// Service that found the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum EvidenceSource {
    /// Speech.
    Transcribe,
    /// Picture.
    Rekognition,
    /// Shots, chapters, topics.
    Bda,
    /// The model that writes.
    Bedrock,
    /// The file itself.
    Probe,
}

/// A chapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Chapter {
    /// `chapter-1`, …
    pub id: String,
    /// Start: the end of the one before.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Title.
    pub title: String,
    /// What happens.
    pub summary: Statement,
    /// Picture from its middle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyframe_uri: Option<S3Uri>,
    /// What it is about.
    pub topics: Vec<String>,
}

/// A moment worth jumping to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyMoment {
    /// `moment-1`, …
    pub id: String,
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Why.
    pub reason: Statement,
    /// Falls with the rank that the model gave it.
    pub score: f64,
}

/// Words of the transcript, letter by letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quote {
    /// The words.
    pub text: String,
    /// Who says them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker_id: Option<String>,
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Always true: what is not verbatim is no quote.
    pub verbatim: bool,
    /// The segment.
    pub evidence: Evidence,
}

static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(SCHEMA).expect("the schema is JSON: a test reads it");
    jsonschema::validator_for(&schema).expect("the schema is one: a test reads it")
});

/// Violations of the schema, the first few, each with its place; none when the document is valid.
pub fn violations(document: &Value) -> Vec<String> {
    let errors = VALIDATOR.iter_errors(document).take(VIOLATIONS_LIMIT);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[cfg(test)]
mod tests;
