//! What the transcode made: what collect-renditions hands on, and what the brief and its page show.

use serde::{Deserialize, Serialize};

use crate::location::S3Uri;

/// What names of thumbnails begin with, below the media folder.
pub const THUMBNAILS: &str = "thumbnails/thumb";
/// What names of the pictures begin with that the poster is chosen from, below the media folder.
pub const POSTERS: &str = "posters/poster";

/// Most thumbnails of a video: what a seek bar needs.
const THUMBNAILS_LIMIT: u64 = 120;
/// Shortest time between thumbnails.
const THUMBNAIL_SECONDS: u64 = 2;

/// Seconds between thumbnails.
pub fn thumbnail_interval_seconds(duration_ms: u64) -> u64 {
    duration_ms
        .div_ceil(1000)
        .div_ceil(THUMBNAILS_LIMIT)
        .max(THUMBNAIL_SECONDS)
}

/// The media files of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Renditions {
    /// Files to play, highest first.
    pub renditions: Vec<Rendition>,
    /// File that the analyses read.
    pub proxy: S3Uri,
    /// Sound alone, when the source has any.
    pub audio: Option<S3Uri>,
    /// Adaptive streams.
    pub stream: Stream,
    /// Frame captures.
    pub thumbnails: Thumbnails,
    /// Duration by the plan.
    pub duration_ms: u64,
    /// Duration that the transcode reported, which is what is paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcoded_ms: Option<u64>,
    /// The picture that stands for the video; none where no capture could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poster: Option<Poster>,
    /// All thumbnails in one picture; none where no capture could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sprite: Option<Sprite>,
    /// What the transcode found odd.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<TranscodeWarning>,
}

/// The picture that stands for the video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Poster {
    /// Where it is.
    pub uri: S3Uri,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// All thumbnails in one picture, for the preview of a seek bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sprite {
    /// The picture.
    pub sheet: S3Uri,
    /// `WebVTT` whose cues name the part of the sheet that shows their time.
    pub vtt: S3Uri,
}

/// What a transcode that ended well found odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TranscodeWarning {
    /// `MediaConvert`'s number.
    pub code: u32,
    /// How often.
    pub count: u32,
    /// In words, with what to do.
    pub message: String,
}

/// A file to play.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rendition {
    /// Where it is.
    pub uri: S3Uri,
    /// Height in pixels.
    pub height: u32,
    /// Width in pixels.
    pub width: u32,
    /// Mean bits a second, from size and duration.
    pub bitrate: u64,
    /// Size.
    pub size_bytes: u64,
}

/// Manifests of the adaptive streams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stream {
    /// HLS.
    pub hls: S3Uri,
    /// DASH.
    pub dash: S3Uri,
    /// What players choose from, highest first: the ladder, or what automated ABR made of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
}

/// A rendition of a stream, as its HLS playlist tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Variant {
    /// Height in pixels.
    pub height: u32,
    /// Width in pixels.
    pub width: u32,
    /// Highest bits a second, with the sound.
    pub bitrate: u64,
}

/// Frame captures, evenly spread over the duration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Thumbnails {
    /// What their names begin with: `…/thumbnails/thumb`.
    pub prefix: S3Uri,
    /// Number of the first one, seven digits in its name.
    pub first: u32,
    /// How many there are.
    pub count: u32,
    /// Time between them; unknown for those of older jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u64>,
}

impl Thumbnails {
    /// The picture that shows the moment `at_ms` of a video of `duration_ms`; `None` when there are no pictures.
    pub fn at(&self, at_ms: u64, duration_ms: u64) -> Option<S3Uri> {
        let last = self.count.checked_sub(1)?;
        let spread = || at_ms.saturating_mul(u64::from(self.count)) / duration_ms.max(1);
        let interval = self.interval_ms.filter(|interval| *interval > 0);
        let index = interval.map_or_else(spread, |interval| at_ms / interval);
        Some(self.picture(u32::try_from(index).unwrap_or(last).min(last)))
    }

    /// All of them, in order.
    pub fn all(&self) -> impl Iterator<Item = S3Uri> {
        (0..self.count).map(|index| self.picture(index))
    }

    fn picture(&self, index: u32) -> S3Uri {
        let number = self.first.saturating_add(index);
        S3Uri::new(
            &self.prefix.bucket,
            format!("{}.{number:07}.jpg", self.prefix.key),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(count: u32, interval_ms: Option<u64>, at_ms: u64, expected: Option<&str>) {
        let prefix = S3Uri::new("b", "media/j/thumbnails/thumb");
        let picture = Thumbnails {
            prefix,
            first: 1,
            count,
            interval_ms,
        }
        .at(at_ms, 10_000);
        assert_eq!(picture.as_ref().map(S3Uri::file_name), expected);
    }

    #[test]
    fn finds_the_picture_of_a_moment() {
        check(0, Some(2000), 0, None);
        check(4, Some(3000), 0, Some("thumb.0000001.jpg"));
        check(4, Some(3000), 2999, Some("thumb.0000001.jpg"));
        check(4, Some(3000), 3000, Some("thumb.0000002.jpg"));
        check(4, Some(3000), 10_000, Some("thumb.0000004.jpg"));
        check(4, Some(3000), u64::MAX, Some("thumb.0000004.jpg"));
    }

    #[test]
    fn spreads_pictures_of_unknown_distance_evenly() {
        check(0, None, 0, None);
        check(5, None, 0, Some("thumb.0000001.jpg"));
        check(5, None, 1999, Some("thumb.0000001.jpg"));
        check(5, None, 2000, Some("thumb.0000002.jpg"));
        check(5, None, 10_000, Some("thumb.0000005.jpg"));
        check(1, Some(0), u64::MAX, Some("thumb.0000001.jpg"));
    }

    #[test]
    fn thumbnails_lie_two_seconds_apart_and_never_exceed_their_number() {
        for (seconds, expected) in [(1, 2), (25, 2), (240, 2), (241, 3), (14_400, 120)] {
            assert_eq!(thumbnail_interval_seconds(seconds * 1000), expected);
        }
    }

    #[test]
    fn documents_of_older_jobs_still_read() {
        let old = serde_json::json!({
            "renditions": [], "proxy": "s3://b/p.mp4", "audio": null, "durationMs": 1,
            "stream": {"hls": "s3://b/i.m3u8", "dash": "s3://b/i.mpd"},
            "thumbnails": {"prefix": "s3://b/t", "first": 0, "count": 1},
        });
        let read: Result<Renditions, _> = serde_json::from_value(old.clone());
        let written = read.map(|read| serde_json::json!(read));
        assert_eq!(written.map_err(|error| error.to_string()), Ok(old));
    }
}
