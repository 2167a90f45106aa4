//! What the checks look at: everything of a job that is about to be published, read once.

use std::collections::BTreeMap;

use serde_json::Value;
use videoflow_shared::brief::Brief;
use videoflow_shared::location::S3Uri;
use videoflow_shared::profiles::QualityThresholds;
use videoflow_shared::subtitles::Subtitles;
use videoflow_shared::timeline::Timeline;

use crate::media::movie::Movie;
use crate::media::picture::Picture;
use crate::media::sound::Heard;

/// Time by which streams and subtitles may miss the source's duration: a segment's rounding, a last frame.
const TOLERANCE_MS: u64 = 1000;
/// Share of the duration by which they may miss it, for long videos.
const TOLERANCE_SHARE: u64 = 50;

/// What the checks look at.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The brief as it is stored.
    pub document: &'a Value,
    /// The brief.
    pub brief: &'a Brief,
    /// Its timeline.
    pub timeline: &'a Timeline,
    /// What the profile takes.
    pub thresholds: QualityThresholds,
    /// Sizes of the job's media files, by key.
    pub sizes: BTreeMap<String, u64>,
    /// The MP4 files, by key, as they are: their index, or why it cannot be read.
    pub movies: BTreeMap<String, Result<Movie, String>>,
    /// Pictures, by key: what is in them, or why they cannot be decoded.
    pub pictures: BTreeMap<String, Result<Picture, String>>,
    /// Sound alone.
    pub sound: Sound,
    /// The HLS master.
    pub master: String,
    /// The playlists that the HLS master names; empty where there is no such file.
    pub playlists: BTreeMap<String, String>,
    /// The DASH manifest.
    pub dash: String,
    /// Subtitles and their text.
    pub subtitles: Vec<(Subtitles, String)>,
    /// Outputs of the engines, in their order.
    pub outputs: Vec<Option<Value>>,
}

/// The sound of a video.
#[derive(Debug, Clone, PartialEq)]
pub enum Sound {
    /// The source has none.
    Absent,
    /// There should be some, and it cannot be heard: why.
    Unreadable(String),
    /// What was heard in so many frames.
    Heard(Heard, usize),
}

impl Evidence<'_> {
    /// Whether a media file exists and has content.
    pub fn has(&self, key: &str) -> bool {
        self.sizes.get(key).is_some_and(|size| *size > 0)
    }

    /// Duration of the source.
    pub fn duration_ms(&self) -> u64 {
        self.brief.source.duration_ms
    }

    /// Time by which a duration may miss the source's.
    pub fn tolerance_ms(&self) -> u64 {
        TOLERANCE_MS.max(self.duration_ms() / TOLERANCE_SHARE)
    }
}

/// A file by its name within its job: `720p.mp4`, `stream/index.m3u8`, `subtitles/en.vtt`.
pub fn name(key: &str) -> &str {
    key.splitn(3, '/').nth(2).unwrap_or(key)
}

/// Folder of an object, with the slash.
pub fn parent(uri: &S3Uri) -> S3Uri {
    let folder = uri.key.strip_suffix(uri.file_name()).unwrap_or(&uri.key);
    S3Uri::new(&uri.bucket, folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_end_with_a_slash() {
        let check =
            |key: &str, expected: &str| assert_eq!(parent(&S3Uri::new("b", key)).key, expected);
        check("media/j/proxy.mp4", "media/j/");
        check("media/j/stream/index.m3u8", "media/j/stream/");
        check("proxy.mp4", "");
    }

    #[test]
    fn files_are_named_within_their_job() {
        assert_eq!(name("media/j/stream/index.m3u8"), "stream/index.m3u8");
        assert_eq!(name("odd"), "odd");
    }
}
