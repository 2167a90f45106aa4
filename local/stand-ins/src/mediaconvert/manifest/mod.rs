//! The manifests of a CMAF stream, from the media playlists and segments that ffmpeg wrote: HLS and DASH share the
//! segments, and bandwidths are measured, not promised.

use std::path::Path;

use super::plan::{AudioEncode, Encode, Plan, StreamTrack, VideoEncode};
use super::workspace::{INIT_EXTENSION, PLAYLIST};

/// Group of sound tracks where the settings name none.
const AUDIO_GROUP: &str = "program_audio";
pub mod dash;
pub mod hls;

/// Why no manifest can be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the stream cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which.
        path: String,
        /// Cause.
        source: std::io::Error,
    },
    /// ffmpeg's playlist has no segments, or one without a duration.
    #[error("the playlist of {0} cannot be understood")]
    BadPlaylist(String),
    /// The initialisation segment holds no AVC configuration.
    #[error("the initialisation segment of {0} has no decoder configuration")]
    NoDecoderConfiguration(String),
}

/// A stream as written.
pub struct Track<'a> {
    /// Base name of its files.
    pub name: &'a str,
    audio_group: &'a str,
    kind: Kind<'a>,
    codec: String,
    segments: Vec<Segment>,
}

enum Kind<'a> {
    Video(&'a VideoEncode),
    Audio(&'a AudioEncode),
}

struct Segment {
    name: String,
    seconds: f64,
    bytes: u64,
}

/// Reads the stream that `track` names from its folder.
///
/// # Errors
/// Every variant of [`Error`].
pub fn read<'a>(plan: &'a Plan, track: &'a StreamTrack, folder: &Path) -> Result<Track<'a>, Error> {
    let name = track.name.as_str();
    let kind = match track.encode {
        Encode::Video(index) => plan.videos.get(index).map(Kind::Video),
        Encode::Audio(index) => plan.audios.get(index).map(Kind::Audio),
    };
    let kind = kind.ok_or_else(|| Error::BadPlaylist(name.to_owned()))?;
    let codec = match kind {
        Kind::Video(_) => avc_codec(&read_file(
            &folder.join(format!("{name}init.{INIT_EXTENSION}")),
        )?)
        .ok_or_else(|| Error::NoDecoderConfiguration(name.to_owned()))?,
        // AAC-LC, the one profile that is encoded here.
        Kind::Audio(_) => "mp4a.40.2".to_owned(),
    };
    let playlist = read_file(&folder.join(PLAYLIST))?;
    let segments = segments(&String::from_utf8_lossy(&playlist), folder)?;
    if segments.is_empty() {
        return Err(Error::BadPlaylist(name.to_owned()));
    }
    Ok(Track {
        name,
        audio_group: track.audio_group.as_deref().unwrap_or(AUDIO_GROUP),
        kind,
        codec,
        segments,
    })
}

fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Unreadable {
        path: path.display().to_string(),
        source,
    })
}

fn segments(playlist: &str, folder: &Path) -> Result<Vec<Segment>, Error> {
    let mut segments = Vec::new();
    let mut lines = playlist.lines();
    while let Some(line) = lines.next() {
        let Some(duration) = line.strip_prefix("#EXTINF:") else {
            continue;
        };
        let seconds = duration
            .split(',')
            .next()
            .and_then(|text| text.parse().ok());
        let (Some(seconds), Some(name)) = (seconds, lines.find(|line| !line.starts_with('#')))
        else {
            return Err(Error::BadPlaylist(folder.display().to_string()));
        };
        let path = folder.join(name);
        let metadata = std::fs::metadata(&path);
        let bytes = metadata
            .map_err(|source| Error::Unreadable {
                path: path.display().to_string(),
                source,
            })?
            .len();
        segments.push(Segment {
            name: name.to_owned(),
            seconds,
            bytes,
        });
    }
    Ok(segments)
}

/// `avc1.PPCCLL` (RFC 6381) from the `avcC` box: version, profile, compatibility, level.
fn avc_codec(init: &[u8]) -> Option<String> {
    let start = init.windows(4).position(|kind| kind == b"avcC")?;
    let [_, profile, compatibility, level] = *init.get(start + 4..start + 8)? else {
        return None;
    };
    Some(format!("avc1.{profile:02x}{compatibility:02x}{level:02x}"))
}

// Sizes and durations are far below 2^52, bit rates are positive.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn bits_per_second(bytes: u64, seconds: f64) -> u64 {
    (bytes as f64 * 8.0 / seconds.max(0.001)).ceil() as u64
}

impl Track<'_> {
    fn seconds(&self) -> f64 {
        self.segments.iter().map(|segment| segment.seconds).sum()
    }

    fn average_bandwidth(&self) -> u64 {
        bits_per_second(
            self.segments.iter().map(|segment| segment.bytes).sum(),
            self.seconds(),
        )
    }

    /// The greatest rate of a segment. A short last one is no measure, unless it is the only one.
    fn peak_bandwidth(&self) -> u64 {
        let target = self
            .segments
            .iter()
            .map(|segment| segment.seconds)
            .fold(0.0, f64::max);
        let measured = self
            .segments
            .iter()
            .filter(|segment| segment.seconds >= target / 2.0);
        measured
            .map(|segment| bits_per_second(segment.bytes, segment.seconds))
            .max()
            .unwrap_or_default()
    }
}
