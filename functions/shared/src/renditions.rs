//! What the transcode made: what collect-renditions hands on, and what the brief and its page show.

use serde::{Deserialize, Serialize};

use crate::location::S3Uri;

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
    /// Duration that the transcode reported, or the plan's.
    pub duration_ms: u64,
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
}

impl Thumbnails {
    /// The picture that shows the moment `at_ms` of a video of `duration_ms`; `None` when there are no pictures.
    pub fn at(&self, at_ms: u64, duration_ms: u64) -> Option<S3Uri> {
        let last = self.count.checked_sub(1)?;
        let index = at_ms.saturating_mul(u64::from(self.count)) / duration_ms.max(1);
        let number = self
            .first
            .saturating_add(u32::try_from(index).unwrap_or(last).min(last));
        Some(S3Uri::new(
            &self.prefix.bucket,
            format!("{}.{number:07}.jpg", self.prefix.key),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(count: u32, at_ms: u64, expected: Option<&str>) {
        let prefix = S3Uri::new("b", "media/j/thumbnails/thumb");
        let picture = Thumbnails {
            prefix,
            first: 1,
            count,
        }
        .at(at_ms, 10_000);
        assert_eq!(picture.as_ref().map(S3Uri::file_name), expected);
    }

    #[test]
    fn finds_the_picture_of_a_moment() {
        check(0, 0, None);
        check(5, 0, Some("thumb.0000001.jpg"));
        check(5, 1999, Some("thumb.0000001.jpg"));
        check(5, 2000, Some("thumb.0000002.jpg"));
        check(5, 10_000, Some("thumb.0000005.jpg"));
        check(1, u64::MAX, Some("thumb.0000001.jpg"));
    }
}
