//! `MediaConvert`'s Probe result as Step Functions hands it on, and what it says of a video.

use serde::Deserialize;
use videoflow_shared::plan::Video;

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
    frame_rate: Option<FrameRate>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct FrameRate {
    numerator: f64,
    denominator: f64,
}

/// Containers of sound alone; a picture in them is a cover.
const AUDIO_CONTAINERS: [&str; 7] = ["aac", "ac3", "eac3", "flac", "mp3", "ogg", "wave"];
/// Longest duration that is one: a year. Beyond it the container lies.
const DURATION_LIMIT_SECONDS: f64 = 366.0 * 24.0 * 3600.0;

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
    let (width, height) = (
        properties.width.unwrap_or(0),
        properties.height.unwrap_or(0),
    );
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
        frame_rate: properties.frame_rate.map_or(0.0, |rate| ratio(&rate)),
        rotation,
        video_codec: picture
            .and_then(|track| track.codec.clone())
            .unwrap_or_default(),
        audio_codec: sound.and_then(|track| track.codec.clone()),
        audio_tracks: u32::try_from(of_type("audio").count()).unwrap_or(u32::MAX),
        has_audio: sound.is_some(),
        has_video: picture.is_some(),
        bit_depth: properties.bit_depth,
    }
}

/// Duration of the container, or of its longest track where the container names none.
fn longest(container: &Container) -> f64 {
    let tracks = container.tracks.iter().filter_map(|track| track.duration);
    container
        .duration
        .filter(|seconds| *seconds > 0.0)
        .unwrap_or_else(|| tracks.fold(0.0, f64::max))
}

fn ratio(rate: &FrameRate) -> f64 {
    if rate.denominator > 0.0 {
        (rate.numerator / rate.denominator * 1000.0).round() / 1000.0
    } else {
        0.0
    }
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
