//! What lies in the media folder of a job, against what the plan asked for.

use std::collections::BTreeMap;

use videoflow_shared::location::S3Uri;
use videoflow_shared::plan::{Plan, Rung};
use videoflow_shared::renditions::{
    POSTERS, Rendition, Renditions, Stream, THUMBNAILS, Thumbnails, thumbnail_interval_seconds,
};
use videoflow_shared::storage::Listed;

/// Missing files that a message names; a lost folder would fill pages.
const NAMED_LIMIT: usize = 10;

/// The files of a media folder, by their names below it, with their sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    folder: S3Uri,
    files: BTreeMap<String, u64>,
}

impl Inventory {
    /// Files of a listing below `folder`.
    pub fn new(folder: S3Uri, listed: &[Listed]) -> Self {
        let name = |one: &Listed| {
            one.key
                .strip_prefix(&folder.key)
                .map(|name| (name.to_owned(), one.size_bytes))
        };
        let files = listed.iter().filter_map(name).collect();
        Self { folder, files }
    }

    /// Whether a file is there and has content.
    pub fn has(&self, name: &str) -> bool {
        self.size(name).is_some()
    }

    /// The renditions of a plan.
    ///
    /// # Errors
    /// The names of what is missing or empty.
    pub fn renditions(&self, plan: &Plan) -> Result<Renditions, String> {
        let duration_ms = plan.video.duration_ms;
        let mut missing = Vec::new();
        let mut renditions = Vec::new();
        for rung in &plan.ladder {
            match self.rendition(rung, duration_ms) {
                Ok(rendition) => renditions.push(rendition),
                Err(name) => missing.push(name),
            }
        }
        let audio = plan.video.has_audio.then_some("audio.m4a");
        let wanted = ["proxy.mp4", "stream/index.m3u8", "stream/index.mpd"]
            .into_iter()
            .chain(audio);
        missing.extend(wanted.filter(|name| !self.has(name)).map(str::to_owned));
        let (first, count) = self.thumbnails();
        if count == 0 {
            missing.push(format!("{THUMBNAILS}.*.jpg"));
        }
        if !missing.is_empty() {
            return Err(named(&missing));
        }
        Ok(Renditions {
            renditions,
            proxy: self.uri("proxy.mp4"),
            audio: audio.map(|name| self.uri(name)),
            stream: Stream {
                hls: self.uri("stream/index.m3u8"),
                dash: self.uri("stream/index.mpd"),
                variants: Vec::new(),
            },
            thumbnails: Thumbnails {
                prefix: self.uri(THUMBNAILS),
                first,
                count,
                interval_ms: Some(thumbnail_interval_seconds(duration_ms) * 1000),
            },
            duration_ms,
            transcoded_ms: None,
            poster: None,
            sprite: None,
            warnings: Vec::new(),
        })
    }

    fn rendition(&self, rung: &Rung, duration_ms: u64) -> Result<Rendition, String> {
        let name = format!("{}p.mp4", rung.height);
        let Some(size_bytes) = self.size(&name) else {
            return Err(name);
        };
        let bitrate = size_bytes.saturating_mul(8000) / duration_ms.max(1);
        Ok(Rendition {
            uri: self.uri(&name),
            height: rung.height,
            width: rung.width,
            bitrate: bitrate.max(1),
            size_bytes,
        })
    }

    /// The pictures that the poster is chosen from.
    pub fn posters(&self) -> Vec<S3Uri> {
        let captures = self.captures(POSTERS);
        captures.map(|(name, _)| self.uri(name)).collect()
    }

    /// Frame captures, as names and numbers.
    fn captures(&self, prefix: &str) -> impl Iterator<Item = (&str, u32)> {
        let files = self.files.iter().filter(|(_, size)| **size > 0);
        files.filter_map(move |(name, _)| {
            let number = name
                .strip_prefix(prefix)?
                .strip_prefix('.')?
                .strip_suffix(".jpg")?;
            let number = (number.len() == 7).then_some(number)?;
            Some((name.as_str(), number.parse().ok()?))
        })
    }

    /// Number of the first thumbnail, and how many there are.
    fn thumbnails(&self) -> (u32, u32) {
        let numbers: Vec<u32> = self
            .captures(THUMBNAILS)
            .map(|(_, number)| number)
            .collect();
        let first = numbers.iter().min().copied().unwrap_or(0);
        // Only the run from the first one on is found by number.
        let count = (first..)
            .zip(&numbers)
            .take_while(|(expected, number)| expected == *number)
            .count();
        (first, u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn size(&self, name: &str) -> Option<u64> {
        self.files.get(name).copied().filter(|size| *size > 0)
    }

    fn uri(&self, name: &str) -> S3Uri {
        S3Uri::new(&self.folder.bucket, format!("{}{name}", self.folder.key))
    }
}

/// The first few names, and how many more.
pub(crate) fn named(missing: &[String]) -> String {
    let names: Vec<&str> = missing
        .iter()
        .take(NAMED_LIMIT)
        .map(String::as_str)
        .collect();
    match missing.len().saturating_sub(NAMED_LIMIT) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(has_audio: bool) -> Plan {
        let plan = json!({
            "jobId": format!("v-{}", "0".repeat(40)), "profile": "default",
            "source": {"bucket": "b", "key": "k", "versionId": "1", "etag": "e", "sizeBytes": 1},
            "video": {"container": "mp4", "durationMs": 10000, "width": 1280, "height": 720, "frameRate": 25.0,
                "rotation": 0, "videoCodec": "h264", "audioTracks": 1, "hasAudio": has_audio, "hasVideo": true},
            "analyses": {"labels": true, "moderation": false, "transcription": true, "meaning": true},
            "ladder": [{"height": 720, "width": 1280, "bitrate": 1}, {"height": 360, "width": 640, "bitrate": 1}],
            "languages": [], "expectedSeconds": {"transcode": 1, "labels": 1, "transcription": 1, "meaning": 1},
            "predictedCost": {"totalUsd": 0.0, "lines": []}
        });
        serde_json::from_value(plan).unwrap_or_else(|error| unreachable!("{error}"))
    }

    const WHOLE: [&str; 8] = [
        "360p.mp4",
        "720p.mp4",
        "audio.m4a",
        "proxy.mp4",
        "stream/index.m3u8",
        "stream/index.mpd",
        "thumbnails/thumb.0000000.jpg",
        "thumbnails/thumb.0000001.jpg",
    ];

    fn inventory(names: &[&str], empty: &str) -> Inventory {
        let size = |name: &str| if name == empty { 0 } else { 1250 };
        let listed: Vec<Listed> = names
            .iter()
            .map(|name| Listed {
                key: format!("media/j/{name}"),
                size_bytes: size(name),
            })
            .collect();
        Inventory::new(S3Uri::new("out", "media/j/"), &listed)
    }

    fn check(names: &[&str], empty: &str, has_audio: bool, expected: Result<(u32, u32), &str>) {
        let found = inventory(names, empty).renditions(&plan(has_audio));
        let found = found.map(|found| (found.thumbnails.first, found.thumbnails.count));
        assert_eq!(found, expected.map_err(str::to_owned), "{names:?}");
    }

    fn without(name: &str) -> Vec<&'static str> {
        WHOLE.into_iter().filter(|one| *one != name).collect()
    }

    #[test]
    fn everything_planned_must_be_there() {
        check(&WHOLE, "", true, Ok((0, 2)));
        for name in &WHOLE[..6] {
            check(&without(name), "", true, Err(name));
            check(&WHOLE, name, true, Err(name));
        }
        check(
            &[],
            "",
            false,
            Err(
                "720p.mp4, 360p.mp4, proxy.mp4, stream/index.m3u8, stream/index.mpd, thumbnails/thumb.*.jpg",
            ),
        );
    }

    #[test]
    fn silent_videos_have_no_audio_file() {
        check(&without("audio.m4a"), "", false, Ok((0, 2)));
        assert_eq!(
            inventory(&WHOLE, "")
                .renditions(&plan(false))
                .map(|found| found.audio),
            Ok(None)
        );
    }

    #[test]
    fn thumbnails_are_counted_from_the_first() {
        let mut names = without("thumbnails/thumb.0000000.jpg");
        check(&names, "", true, Ok((1, 1)));
        names.extend([
            "thumbnails/thumb.0000002.jpg",
            "thumbnails/thumb.0000009.jpg",
            "thumbnails/thumb.x.jpg",
        ]);
        check(&names, "", true, Ok((1, 2)));
    }

    #[test]
    fn posters_are_the_captures_made_for_them() {
        let names = [
            "posters/poster.0000000.jpg",
            "posters/poster.0000004.jpg",
            "posters/poster.jpg",
            "poster.jpg",
        ];
        let found = inventory(&names, "posters/poster.0000000.jpg").posters();
        let expected = S3Uri::new("out", "media/j/posters/poster.0000004.jpg");
        assert_eq!(found, [expected]);
    }

    #[test]
    fn bitrate_is_size_over_duration() {
        let first = inventory(&WHOLE, "")
            .renditions(&plan(true))
            .ok()
            .and_then(|found| found.renditions.first().cloned());
        assert_eq!(
            first.map(|one| (one.height, one.size_bytes, one.bitrate)),
            Some((720, 1250, 1000))
        );
    }

    #[test]
    fn messages_stay_short() {
        let many: Vec<String> = (0..12).map(|n| n.to_string()).collect();
        assert_eq!(named(&many), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
    }
}
