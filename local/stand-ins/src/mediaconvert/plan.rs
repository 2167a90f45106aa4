//! What a job's work is: every distinct stream is encoded once, and outputs are put together from the encoded streams.

use super::codec::CodecProfile;
use super::geometry::Picture;
use super::settings::{Rotate, Switch};
use crate::location::Location;
use crate::media_file::Ratio;

/// The work of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Index of the video stream, when pictures are needed.
    pub video_stream: Option<u32>,
    /// Turning before scaling.
    pub rotate: Rotate,
    /// Whether interlaced pictures become progressive.
    pub is_deinterlaced: bool,
    /// What is done to the colours.
    pub colours: Colours,
    /// Black around the pictures.
    pub padding: Option<Padding>,
    /// Distinct H.264 streams.
    pub videos: Vec<VideoEncode>,
    /// Distinct sets of stills.
    pub captures: Vec<Capture>,
    /// Distinct AAC streams.
    pub audios: Vec<AudioEncode>,
    /// What is put together from them, in the settings' order.
    pub groups: Vec<Group>,
    /// Duration of the source.
    pub duration_seconds: f64,
}

/// What is done to the colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// Nothing.
    Kept,
    /// From primaries of ITU 2020 to those of ITU 709.
    Narrowed,
    /// From PQ to standard range.
    FromPq,
    /// From HLG to standard range.
    FromHlg,
}

/// Black before the first picture and after the last one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Padding {
    /// Seconds before.
    pub before_seconds: f64,
    /// Seconds after.
    pub after_seconds: f64,
    /// Frames per second.
    pub frame_rate: Ratio,
}

/// An H.264 stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoEncode {
    /// Shape.
    pub picture: Picture,
    /// Frames per second.
    pub frame_rate: Ratio,
    /// Frames from key frame to key frame.
    pub gop_frames: u32,
    /// Bits per second aimed at.
    pub average_bitrate: u32,
    /// Bits per second at most.
    pub max_bitrate: u32,
    /// Bits of the decoder's buffer.
    pub buffer_bits: u32,
    /// Profile.
    pub profile: CodecProfile,
}

/// Stills.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capture {
    /// Shape.
    pub picture: Picture,
    /// Stills per second.
    pub rate: Ratio,
    /// At most so many.
    pub max_count: u32,
    /// 1 to 100.
    pub quality: u32,
}

/// An AAC stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AudioEncode {
    /// Index of the stream in the source.
    pub stream: u32,
    /// Bits per second.
    pub bitrate: u32,
    /// Samples per second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
    /// How loud it becomes; as loud as it is, where there is none.
    pub loudness: Option<Loudness>,
}

/// How loud a sound becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loudness {
    /// Loudness wanted, in LUFS.
    pub target: f64,
    /// Sound that is less loud than this is left as it is.
    pub gate: f64,
    /// Highest true peak, in dBFS.
    pub peak: f64,
}

/// Outputs that lie together.
#[derive(Debug, Clone, PartialEq)]
pub enum Group {
    /// Single files.
    Files(Vec<FileOutput>),
    /// A stream.
    Stream(Box<StreamGroup>),
}

/// A single file, or a set of stills.
#[derive(Debug, Clone, PartialEq)]
pub enum FileOutput {
    /// Media in a container.
    Media {
        /// Where it goes.
        location: Location,
        /// Index of the H.264 stream.
        video: Option<usize>,
        /// Indexes of the AAC streams.
        audios: Vec<usize>,
        /// Bare AAC, without a container.
        is_raw: bool,
    },
    /// Stills: `<location>.0000000.<extension>`.
    Stills {
        /// Beginning of their places.
        location: Location,
        /// Extension.
        extension: String,
        /// Index of the set.
        capture: usize,
    },
}

/// A CMAF stream with its manifests.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamGroup {
    /// Folder and base of the names.
    pub location: Location,
    /// Seconds of a segment.
    pub segment_seconds: u32,
    /// Seconds of a fragment.
    pub fragment_seconds: Option<u32>,
    /// For the DASH manifest.
    pub min_buffer_ms: Option<u32>,
    /// Whether HLS manifests are written.
    pub hls: Switch,
    /// Whether a DASH manifest is written.
    pub dash: Switch,
    /// Its streams.
    pub tracks: Vec<StreamTrack>,
}

/// One stream of a CMAF group.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamTrack {
    /// Base name of its files.
    pub name: String,
    /// What it holds.
    pub encode: Encode,
    /// Name of its group of sound tracks.
    pub audio_group: Option<String>,
}

/// Which encoded stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encode {
    /// Index of an H.264 stream.
    Video(usize),
    /// Index of an AAC stream.
    Audio(usize),
}
