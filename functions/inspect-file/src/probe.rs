//! `MediaConvert`'s Probe result as Step Functions hands it on, and what it says of a video.

use serde::Deserialize;
use videoflow_shared::plan::{DynamicRange, Video};

/// Result of a Probe of one file. An AWS shape: unknown members are none of our business.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Probe {
    /// The container.
    pub container: Container,
    /// The file.
    pub metadata: Metadata,
}

/// Container and tracks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Container {
    duration: Option<f64>,
    format: Option<String>,
    tracks: Vec<Track>,
}

/// The file as S3 has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// ETag, perhaps in quotes.
    #[serde(rename = "ETag", alias = "Etag")]
    pub etag: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Track {
    codec: Option<String>,
    #[serde(rename = "TrackType")]
    kind: Option<String>,
    duration: Option<f64>,
    video_properties: Option<VideoProperties>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VideoProperties {
    width: Option<u32>,
    height: Option<u32>,
    rotation: Option<i32>,
    bit_depth: Option<u32>,
    frame_rate: Option<Fraction>,
    color_primaries: Option<String>,
    transfer_characteristics: Option<String>,
    matrix_coefficients: Option<String>,
    sample_aspect_ratio: Option<Fraction>,
    codec_metadata: Option<CodecMetadata>,
}

/// What the picture's own stream says, which the container may leave out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct CodecMetadata {
    color_primaries: Option<String>,
    transfer_characteristics: Option<String>,
    matrix_coefficients: Option<String>,
    sample_aspect_ratio: Option<Fraction>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Fraction {
    numerator: f64,
    denominator: f64,
}

/// Containers of sound alone; a picture in them is a cover.
const AUDIO_CONTAINERS: [&str; 7] = ["aac", "ac3", "eac3", "flac", "mp3", "ogg", "wave"];
/// Longest duration that is one: a year. Beyond it the container lies.
const DURATION_LIMIT_SECONDS: f64 = 366.0 * 24.0 * 3600.0;

/// Transfer characteristics of a high dynamic range: PQ and HLG.
const HIGH_RANGE_TRANSFERS: [&str; 2] = ["SMPTE_2084", "ARIB_B67"];
/// Primaries and matrix of Dolby Vision's own colours.
const DOLBY_VISION: &str = "IPT";
/// Shapes of a pixel, width to height, that are believed: anamorphic film has 2. Beyond it the file lies.
const ASPECTS: std::ops::RangeInclusive<f64> = 0.25..=4.0;

/// What Probe says of the video: first video track, first audio track, sizes as displayed.
pub fn describe(probe: &Probe) -> Video {
    let container = &probe.container;
    let format = container.format.clone().unwrap_or_default().to_lowercase();
    let of_type = |kind: &'static str| {
        let is_kind = move |track: &&Track| {
            track
                .kind
                .as_deref()
                .is_some_and(|found| found.eq_ignore_ascii_case(kind))
        };
        container.tracks.iter().filter(is_kind)
    };
    let is_audio_only = AUDIO_CONTAINERS.contains(&format.as_str());
    let picture = of_type("video").next().filter(|_| !is_audio_only);
    let sound = of_type("audio").next();
    let properties = picture
        .and_then(|track| track.video_properties.clone())
        .unwrap_or_default();
    let rotation = u32::try_from(properties.rotation.unwrap_or(0).rem_euclid(360)).unwrap_or(0);
    let (width, height) = shown(&properties);
    let (width, height) = if rotation % 180 == 90 {
        (height, width)
    } else {
        (width, height)
    };
    Video {
        container: format,
        duration_ms: milliseconds(longest(container)),
        width,
        height,
        frame_rate: properties.frame_rate.as_ref().map_or(0.0, rate),
        rotation,
        video_codec: picture
            .and_then(|track| track.codec.clone())
            .unwrap_or_default(),
        audio_codec: sound.and_then(|track| track.codec.clone()),
        audio_tracks: count(of_type("audio")),
        has_audio: sound.is_some(),
        has_video: picture.is_some(),
        bit_depth: properties.bit_depth,
        video_tracks: picture.map_or(0, |_| count(of_type("video"))),
        picture_ms: picture.and_then(duration_ms),
        sound_ms: sound.and_then(duration_ms),
        range: range(&properties),
    }
}

/// Width and height with square pixels, before rotation.
fn shown(properties: &VideoProperties) -> (u32, u32) {
    let (width, height) = (
        properties.width.unwrap_or(0),
        properties.height.unwrap_or(0),
    );
    let essence = properties.codec_metadata.as_ref();
    let aspect = properties
        .sample_aspect_ratio
        .as_ref()
        .or_else(|| essence?.sample_aspect_ratio.as_ref())
        .map(ratio)
        .filter(|aspect| ASPECTS.contains(aspect));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive and saturating"
    )]
    let width = aspect.map_or(width, |aspect| (f64::from(width) * aspect).round() as u32);
    (width, height)
}

fn range(properties: &VideoProperties) -> DynamicRange {
    let essence = properties.codec_metadata.as_ref();
    let primaries = properties
        .color_primaries
        .as_ref()
        .or_else(|| essence?.color_primaries.as_ref());
    let transfer = properties
        .transfer_characteristics
        .as_ref()
        .or_else(|| essence?.transfer_characteristics.as_ref());
    let matrix = properties
        .matrix_coefficients
        .as_ref()
        .or_else(|| essence?.matrix_coefficients.as_ref());
    if [primaries, matrix]
        .iter()
        .flatten()
        .any(|name| *name == DOLBY_VISION)
    {
        return DynamicRange::DolbyVision;
    }
    let is_high = primaries.is_some_and(|name| name == "ITU_2020")
        || transfer.is_some_and(|name| HIGH_RANGE_TRANSFERS.contains(&name.as_str()));
    if is_high {
        DynamicRange::High
    } else {
        DynamicRange::Standard
    }
}

fn count<'a>(tracks: impl Iterator<Item = &'a Track>) -> u32 {
    u32::try_from(tracks.count()).unwrap_or(u32::MAX)
}

fn duration_ms(track: &Track) -> Option<u64> {
    let seconds = track.duration.filter(|seconds| *seconds > 0.0)?;
    Some(milliseconds(seconds))
}

/// Duration of the container, or of its longest track where the container names none.
fn longest(container: &Container) -> f64 {
    let tracks = container.tracks.iter().filter_map(|track| track.duration);
    container
        .duration
        .filter(|seconds| *seconds > 0.0)
        .unwrap_or_else(|| tracks.fold(0.0, f64::max))
}

/// A fraction's value; 0 where it has none.
fn ratio(fraction: &Fraction) -> f64 {
    if fraction.denominator > 0.0 {
        fraction.numerator / fraction.denominator
    } else {
        0.0
    }
}

/// Frames a second, to a thousandth.
fn rate(fraction: &Fraction) -> f64 {
    (ratio(fraction) * 1000.0).round() / 1000.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped before the cast"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds.clamp(0.0, DURATION_LIMIT_SECONDS) * 1000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(probe: &Value, expected: (u32, u32, u64, f64, bool, u32)) {
        let probe: Probe =
            Deserialize::deserialize(probe).unwrap_or_else(|error| unreachable!("{error}"));
        let video = describe(&probe);
        let found = (
            video.width,
            video.height,
            video.duration_ms,
            video.frame_rate,
            video.has_video,
            video.audio_tracks,
        );
        assert_eq!(found, expected);
    }

    fn picture(properties: &Value) -> Value {
        json!({"TrackType": "video", "Codec": "AVC", "Duration": 2.5, "VideoProperties": properties})
    }

    #[test]
    fn reads_size_rate_and_tracks() {
        let rate = json!({"Numerator": 30000, "Denominator": 1001});
        let video =
            picture(&json!({"Width": 1920, "Height": 1080, "FrameRate": rate, "BitDepth": 8}));
        let sound = json!({"TrackType": "audio", "Codec": "AAC"});
        let container =
            json!({"Format": "mp4", "Duration": 25.04, "Tracks": [video, sound, sound], "New": 1});
        check(
            &json!({"Container": container, "Metadata": {"ETag": "x"}}),
            (1920, 1080, 25_040, 29.97, true, 2),
        );
    }

    #[test]
    fn upright_phones_are_upright() {
        for rotation in [90, 270, -90] {
            let video = picture(&json!({"Width": 1920, "Height": 1080, "Rotation": rotation}));
            check(
                &json!({"Container": {"Tracks": [video]}}),
                (1080, 1920, 2500, 0.0, true, 0),
            );
        }
        let video = picture(&json!({"Width": 1920, "Height": 1080, "Rotation": 180}));
        check(
            &json!({"Container": {"Tracks": [video]}}),
            (1920, 1080, 2500, 0.0, true, 0),
        );
    }

    #[test]
    fn pixels_become_square() {
        let check = |aspect: &Value, expected: (u32, u32)| {
            let properties = json!({"Width": 720, "Height": 576, "SampleAspectRatio": aspect});
            let essence = json!({"Width": 720, "Height": 576, "CodecMetadata": {"SampleAspectRatio": aspect}});
            for properties in [properties, essence] {
                let probe = json!({"Container": {"Tracks": [picture(&properties)]}});
                let (width, height) = expected;
                self::check(&probe, (width, height, 2500, 0.0, true, 0));
            }
        };
        check(&json!({"Numerator": 64, "Denominator": 45}), (1024, 576));
        check(&json!({"Numerator": 1, "Denominator": 1}), (720, 576));
        check(&json!({"Numerator": 8, "Denominator": 9}), (640, 576));
        check(&json!({"Numerator": 900, "Denominator": 1}), (720, 576));
        check(&json!({"Numerator": 1, "Denominator": 0}), (720, 576));
        check(&Value::Null, (720, 576));
    }

    #[test]
    fn high_range_is_told_by_transfer_or_primaries() {
        let check = |properties: &Value, expected: DynamicRange| {
            let probe = json!({"Container": {"Tracks": [picture(properties)]}});
            let probe: Probe =
                Deserialize::deserialize(&probe).unwrap_or_else(|error| unreachable!("{error}"));
            assert_eq!(describe(&probe).range, expected, "{properties}");
        };
        for name in ["SMPTE_2084", "ARIB_B67"] {
            check(
                &json!({"TransferCharacteristics": name}),
                DynamicRange::High,
            );
            let essence = json!({"CodecMetadata": {"TransferCharacteristics": name}});
            check(&essence, DynamicRange::High);
        }
        check(&json!({"ColorPrimaries": "ITU_2020"}), DynamicRange::High);
        check(
            &json!({"MatrixCoefficients": "IPT"}),
            DynamicRange::DolbyVision,
        );
        let essence = json!({"CodecMetadata": {"ColorPrimaries": "IPT"}});
        check(&essence, DynamicRange::DolbyVision);
        let usual = json!({"ColorPrimaries": "ITU_709", "TransferCharacteristics": "ITU_709"});
        check(&usual, DynamicRange::Standard);
        check(&json!({}), DynamicRange::Standard);
    }

    #[test]
    fn a_cover_is_no_video() {
        let container =
            json!({"Format": "mp3", "Duration": 1.0, "Tracks": [picture(&json!({"Width": 9}))]});
        check(
            &json!({"Container": container}),
            (0, 0, 1000, 0.0, false, 0),
        );
    }

    #[test]
    fn nothing_known_is_nothing() {
        check(&json!({}), (0, 0, 0, 0.0, false, 0));
        let odd = json!({"Container": {"Duration": -1.0, "Tracks": [{"TrackType": "video", "VideoProperties":
            {"FrameRate": {"Numerator": 25, "Denominator": 0}}}]}});
        check(&odd, (0, 0, 0, 0.0, true, 0));
    }
}
