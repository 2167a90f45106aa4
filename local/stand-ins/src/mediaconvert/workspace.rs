//! Where the files of a job's two runs lie, and what they are called.

use std::path::{Path, PathBuf};

use super::plan::{Group, Plan};

/// Digits of a still's number, as `MediaConvert` writes it.
pub const STILL_DIGITS: usize = 7;
/// Digits of a segment's number, as `MediaConvert` writes it.
pub const SEGMENT_DIGITS: usize = 9;
/// Extensions of a stream's files. `MediaConvert` writes `cmfv` and `cmfa`, which ffmpeg's DASH reader refuses; nobody
/// but the manifests names these files.
pub const INIT_EXTENSION: &str = "mp4";
/// The media playlist that ffmpeg writes for the one stream of a track.
pub const PLAYLIST: &str = "media_0.m3u8";
/// Extension of segments.
pub const SEGMENT_EXTENSION: &str = "m4s";

/// Where the files of the two runs lie.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Files below `root`.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// Folders that must be there before ffmpeg runs.
    pub fn folders(&self, plan: &Plan) -> Vec<PathBuf> {
        let captures = (0..plan.captures.len()).map(|index| self.stills(index));
        let groups = plan.groups.iter().enumerate().flat_map(|(index, group)| {
            let tracks = match group {
                Group::Files(_) => 0,
                Group::Stream(stream) => stream.tracks.len(),
            };
            (0..tracks)
                .map(move |track| self.track(index, track))
                .chain([self.group(index)])
        });
        captures.chain(groups).collect()
    }

    /// Folder of a set of stills.
    pub fn stills(&self, capture: usize) -> PathBuf {
        self.root.join(format!("stills-{capture}"))
    }

    /// Folder of a group's outputs.
    pub fn group(&self, group: usize) -> PathBuf {
        self.root.join(format!("group-{group}"))
    }

    /// Folder of a stream's track.
    pub fn track(&self, group: usize, track: usize) -> PathBuf {
        self.group(group).join(format!("track-{track}"))
    }

    /// File of an output of a file group.
    pub fn file(&self, group: usize, output: usize) -> PathBuf {
        self.group(group).join(output.to_string())
    }

    /// File of an encoded H.264 stream.
    pub fn video(&self, index: usize) -> PathBuf {
        self.root.join(format!("video-{index}.mp4"))
    }

    /// File of an encoded AAC stream.
    pub fn audio(&self, index: usize) -> PathBuf {
        self.root.join(format!("audio-{index}.mp4"))
    }
}
