//! The job settings that are carried out here: the members that change what comes out, as types. Members without such
//! an effect are taken away first ([`super::neutral`]); what is left and unknown is refused by name.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::codec::{AudioCodecSettings, AudioNormalization, VideoCodecSettings};
use crate::location::Location;

/// Parameters of `CreateJob`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateJob {
    /// Role that the service takes on.
    pub role: String,
    /// What to do.
    pub settings: Settings,
    /// Idempotency token.
    pub client_request_token: Option<String>,
    // Echoed as they came, and without effect on the work: first come, first served; no bill, no CloudWatch.
    #[serde(rename = "UserMetadata")]
    _user_metadata: Option<BTreeMap<String, String>>,
    #[serde(rename = "Queue")]
    _queue: Option<String>,
    #[serde(rename = "Priority")]
    _priority: Option<i32>,
    #[serde(rename = "Tags")]
    _tags: Option<BTreeMap<String, String>>,
    #[serde(rename = "StatusUpdateInterval")]
    _status_update_interval: Option<String>,
    #[serde(rename = "BillingTagsSource")]
    _billing_tags_source: Option<String>,
    #[serde(rename = "AccelerationSettings")]
    _acceleration_settings: Option<IgnoredAny>,
}

/// What to do.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Settings {
    /// Exactly one.
    pub inputs: Vec<Input>,
    /// At least one.
    pub output_groups: Vec<OutputGroup>,
}

/// The source.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Input {
    /// Where it lies.
    #[allow(clippy::struct_field_names)]
    pub file_input: Location,
    /// Its sound tracks, by the names that outputs use.
    #[serde(default)]
    pub audio_selectors: BTreeMap<String, AudioSelector>,
    /// How to read its pictures.
    #[serde(default)]
    pub video_selector: VideoSelector,
}

/// Which sound track.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AudioSelector {
    /// `DEFAULT` for outputs that name no selector.
    pub default_selection: Option<DefaultSelection>,
    /// Track numbers among the sound tracks, from 1; one at most. None: the first.
    #[serde(default)]
    pub tracks: Vec<usize>,
}

/// Whether a selector is the default one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum DefaultSelection {
    Default,
    NotDefault,
}

/// How to read pictures.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct VideoSelector {
    /// Turning before encoding.
    #[serde(default)]
    pub rotate: Rotate,
    /// What is shown while there is sound and no picture.
    #[serde(default)]
    pub pad_video: PadVideo,
}

/// What is shown before the first picture and after the last one while there is sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PadVideo {
    /// The first picture; nothing after the last one.
    #[default]
    Disabled,
    /// Black.
    Black,
}

/// Turning, clockwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)]
pub enum Rotate {
    #[default]
    #[serde(rename = "DEGREE_0")]
    None,
    #[serde(rename = "DEGREES_90")]
    Right,
    #[serde(rename = "DEGREES_180")]
    Over,
    #[serde(rename = "DEGREES_270")]
    Left,
    /// As the file says.
    #[serde(rename = "AUTO")]
    Auto,
}

/// Outputs that lie together.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OutputGroup {
    /// Kind and place.
    #[allow(clippy::struct_field_names)]
    pub output_group_settings: OutputGroupSettings,
    /// Whether renditions are chosen by the service.
    pub automated_encoding_settings: Option<AutomatedEncoding>,
    /// The outputs.
    pub outputs: Vec<Output>,
}

/// Renditions that the service chooses.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AutomatedEncoding {
    /// Within what.
    pub abr_settings: AutomatedAbr,
}

/// Bounds of the renditions that the service chooses.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AutomatedAbr {
    /// At most so many, 3 to 15; 15 unless told.
    pub max_renditions: Option<usize>,
    /// Bits per second on average of the best one at most; 8 Mbit/s unless told.
    pub max_abr_bitrate: Option<u32>,
    /// Bits per second on average of any at least; 600 kbit/s unless told.
    pub min_abr_bitrate: Option<u32>,
}

/// Kind and place of a group.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OutputGroupSettings {
    /// Which kind.
    #[serde(rename = "Type")]
    pub kind: GroupType,
    /// For files.
    pub file_group_settings: Option<FileGroupSettings>,
    /// For streams.
    pub cmaf_group_settings: Option<CmafGroupSettings>,
}

/// Kind of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum GroupType {
    FileGroupSettings,
    CmafGroupSettings,
}

/// Files.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FileGroupSettings {
    /// Folder and base of the names.
    pub destination: Location,
}

/// Streams.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CmafGroupSettings {
    /// Folder and base of the names.
    pub destination: Location,
    /// Seconds; 10 unless told.
    pub segment_length: Option<u32>,
    /// Seconds.
    pub fragment_length: Option<u32>,
    /// Seconds that a player buffers before it begins, for the DASH manifest.
    pub min_buffer_time: Option<u32>,
    /// HLS manifests, unless disabled.
    #[serde(default)]
    pub write_hls_manifest: Switch,
    /// DASH manifest, unless disabled.
    #[serde(default)]
    pub write_dash_manifest: Switch,
}

/// On or off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum Switch {
    #[default]
    Enabled,
    Disabled,
}

/// One output.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Output {
    /// Added to the group's base name.
    pub name_modifier: Option<String>,
    /// File name extension, without the dot.
    pub extension: Option<String>,
    /// Container.
    pub container_settings: Option<ContainerSettings>,
    /// Pictures.
    pub video_description: Option<VideoDescription>,
    /// Sound tracks.
    #[serde(default)]
    pub audio_descriptions: Vec<AudioDescription>,
}

/// Container of an output.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ContainerSettings {
    /// Which.
    pub container: ContainerType,
    // All members that are known are neutral.
    #[serde(rename = "Mp4Settings")]
    _mp4_settings: Option<Empty>,
    /// Further settings.
    pub cmfc_settings: Option<CmfcSettings>,
}

/// An object of which every member was without effect.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// Container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum ContainerType {
    Mp4,
    Raw,
    Cmfc,
}

/// An output of a stream.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CmfcSettings {
    /// Name of the group of alternative sound tracks in the HLS manifest.
    pub audio_group_id: Option<String>,
}

/// Pictures of an output.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct VideoDescription {
    /// Width; from the height when absent.
    pub width: Option<u32>,
    /// Height; from the width when absent, and both from the source.
    pub height: Option<u32>,
    /// What to do when the shapes differ.
    #[serde(default)]
    pub scaling_behavior: ScalingBehavior,
    /// What is done to the pictures before.
    #[serde(default)]
    pub video_preprocessors: VideoPreprocessors,
    /// Codec.
    pub codec_settings: VideoCodecSettings,
}

/// What is done to pictures before they are encoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct VideoPreprocessors {
    /// Interlaced pictures become progressive.
    pub deinterlacer: Option<Deinterlacer>,
    /// Colours become others.
    pub color_corrector: Option<ColorCorrector>,
}

/// Interlaced pictures become progressive; all of its members are neutral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deinterlacer {}

/// Colours become others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ColorCorrector {
    /// Which.
    #[serde(default)]
    pub color_space_conversion: ColorSpaceConversion,
}

/// Which colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum ColorSpaceConversion {
    /// The source's.
    #[default]
    #[serde(rename = "NONE")]
    None,
    /// ITU 709. A source of standard range stays as it is here.
    #[serde(rename = "FORCE_709")]
    Force709,
}

/// How a picture gets into another shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScalingBehavior {
    /// Fit inside, black bars around.
    #[default]
    Default,
    /// Distort.
    StretchToOutput,
    /// Fit inside, no bars: one side gets shorter.
    Fit,
    /// The same, and never larger than the source.
    FitNoUpscale,
}

/// A sound track of an output.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AudioDescription {
    /// Selector of the input.
    pub audio_source_name: Option<String>,
    /// How loud.
    pub audio_normalization_settings: Option<AudioNormalization>,
    /// Codec.
    pub codec_settings: AudioCodecSettings,
}
