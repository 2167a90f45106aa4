//! What was found in the video: people, topics, brands, what moderation says; and the files made of it.

use serde::{Deserialize, Serialize};

use super::{Evidence, EvidenceSource};
use crate::labels::{Flag, TimeRange};
use crate::location::S3Uri;

/// Someone who is seen, heard or spoken of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    /// `person-1`, …
    pub id: String,
    /// How we know of them.
    pub kind: PersonKind,
    /// Name, where it is known.
    pub display_name: Option<String>,
    /// Time for which they speak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaking_ms: Option<u64>,
    /// Their share of all that is spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_of_talk: Option<f64>,
    /// When.
    pub instances: Vec<TimeRange>,
    /// What supports it.
    pub evidence: Vec<Evidence>,
}

/// How a person is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonKind {
    /// By the voice.
    Speaker,
    /// By the face.
    Face,
    /// By name, from the face.
    Celebrity,
    /// By name, from the speech.
    Mentioned,
}

/// What the video is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Topic {
    /// Name.
    pub name: String,
    /// Taxonomy that the name is from.
    pub taxonomy: Taxonomy,
    /// Names from the top of the taxonomy to this one.
    pub path: Vec<String>,
    /// Confidence.
    pub confidence: f64,
    /// When.
    pub instances: Vec<TimeRange>,
}

/// Taxonomy of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Taxonomy {
    /// Interactive Advertising Bureau.
    #[serde(rename = "IAB")]
    Iab,
    /// International Press Telecommunications Council.
    #[serde(rename = "IPTC")]
    Iptc,
    /// The model's own words.
    #[serde(rename = "free")]
    Free,
}

/// A brand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Brand {
    /// Name.
    pub name: String,
    /// How it appears.
    pub kind: BrandKind,
    /// When.
    pub instances: Vec<TimeRange>,
}

/// How a brand appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BrandKind {
    /// In the picture.
    Logo,
    /// In the speech.
    Spoken,
}

/// A named thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entity {
    /// Name.
    pub text: String,
    /// What it is.
    pub r#type: EntityType,
    /// When.
    pub instances: Vec<TimeRange>,
}

/// What a named thing is.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum EntityType {
    /// A brand; it is listed as one.
    Brand,
    /// An event.
    Event,
    /// A company, an authority, a club.
    Organization,
    /// A place.
    Place,
    /// Something that is made or sold.
    Product,
    /// A book, a film, a song.
    Work,
    /// Anything else.
    #[default]
    Other,
}

/// What moderation says, decided by rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Moderation {
    /// Decision.
    pub decision: Decision,
    /// Version of the profile's policy.
    pub policy_version: String,
    /// What was flagged.
    pub flags: Vec<Flag>,
    /// What was flagged in the speech.
    pub speech_toxicity: Vec<Toxicity>,
    /// What the decision rests on, the strictest and surest first.
    pub reasons: Vec<ModerationReason>,
    /// Whether one service flags what the other, which also looked, does not.
    pub disagreement: bool,
}

/// What is to become of the video.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Decision {
    /// Publish.
    Allow,
    /// A person looks first.
    Review,
    /// Do not publish.
    Block,
}

/// Why a video is not simply allowed: of each category the surest flag that counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModerationReason {
    /// What the policy makes of it.
    pub decision: Decision,
    /// Category.
    pub category: String,
    /// Who says so.
    pub source: EvidenceSource,
    /// Confidence.
    pub confidence: f64,
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
}

/// A flag on the speech.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Toxicity {
    /// Category.
    pub category: String,
    /// Confidence.
    pub confidence: f64,
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
}

/// A media file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rendition {
    /// What it is.
    pub kind: RenditionKind,
    /// Where it is.
    pub uri: S3Uri,
    /// Width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Bits a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bitrate: Option<u64>,
}

/// Kind of a media file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RenditionKind {
    /// File to play.
    Mp4,
    /// HLS manifest.
    Hls,
    /// DASH manifest.
    Dash,
    /// Sound alone.
    Audio,
}
