//! The shapes of Data Automation's documents, as far as we read them.

use serde::Deserialize;

use crate::location::S3Uri;
use crate::meaning::PictureBox;

#[derive(Deserialize)]
pub(super) struct JobMetadata {
    pub(super) output_metadata: Vec<AssetMetadata>,
}

#[derive(Deserialize)]
pub(super) struct AssetMetadata {
    #[serde(default)]
    pub(super) segment_metadata: Vec<SegmentMetadata>,
}

#[derive(Deserialize)]
pub(super) struct SegmentMetadata {
    pub(super) standard_output_path: Option<S3Uri>,
}

#[derive(Deserialize)]
pub(super) struct Output {
    #[serde(default)]
    pub(super) video: Video,
    #[serde(default)]
    pub(super) shots: Vec<Span>,
    #[serde(default)]
    pub(super) chapters: Vec<Span>,
    #[serde(default)]
    pub(super) frames: Vec<Frame>,
}

#[derive(Deserialize, Default)]
pub(super) struct Video {
    pub(super) summary: Option<String>,
}

/// A shot or a chapter.
#[derive(Deserialize)]
pub(super) struct Span {
    pub(super) start_timestamp_millis: u64,
    pub(super) end_timestamp_millis: u64,
    pub(super) summary: Option<String>,
    #[serde(default)]
    pub(super) iab_categories: Vec<IabCategory>,
    #[serde(default)]
    pub(super) iab: Iab,
    #[serde(default)]
    pub(super) frames: Vec<Frame>,
}

#[derive(Deserialize, Default)]
pub(super) struct Iab {
    #[serde(default)]
    pub(super) categories: Vec<IabCategory>,
}

#[derive(Deserialize)]
pub(super) struct IabCategory {
    pub(super) category: String,
    #[serde(default)]
    pub(super) confidence: f64,
    pub(super) parent_name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Frame {
    pub(super) timestamp_millis: u64,
    #[serde(default)]
    pub(super) content_moderation: Vec<FrameModeration>,
    #[serde(default)]
    pub(super) text_lines: Vec<FrameText>,
    #[serde(default)]
    pub(super) logos: Vec<FrameLogo>,
}

#[derive(Deserialize)]
pub(super) struct FrameModeration {
    #[serde(default)]
    pub(super) confidence: f64,
    pub(super) category: Option<String>,
    #[serde(default)]
    pub(super) moderation_categories: Vec<ModerationCategory>,
}

#[derive(Deserialize)]
pub(super) struct ModerationCategory {
    pub(super) category: String,
    #[serde(default)]
    pub(super) confidence: f64,
}

#[derive(Deserialize)]
pub(super) struct FrameText {
    pub(super) text: String,
    #[serde(default)]
    pub(super) confidence: f64,
    #[serde(default)]
    pub(super) locations: Vec<TextLocation>,
}

#[derive(Deserialize)]
pub(super) struct TextLocation {
    pub(super) bounding_box: Option<PictureBox>,
}

#[derive(Deserialize)]
pub(super) struct FrameLogo {
    #[serde(alias = "text")]
    pub(super) name: String,
    #[serde(default)]
    pub(super) confidence: f64,
}
