//! From a plan to the arguments of the run that copies packets into the outputs' containers and segments. Pure.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::command::Arguments;
use super::plan::{Encode, FileOutput, Group, Plan, StreamGroup, StreamTrack};
use super::workspace::{INIT_EXTENSION, SEGMENT_DIGITS, SEGMENT_EXTENSION, Workspace};

/// The run that copies into containers and segments; nothing when only stills are made.
pub fn package(plan: &Plan, workspace: &Workspace) -> Option<Vec<OsString>> {
    let mut arguments = Arguments::default();
    arguments.add(["-v", "error"]);
    for index in 0..plan.videos.len() {
        arguments.add(["-i"]).path(workspace.video(index));
    }
    for index in 0..plan.audios.len() {
        arguments.add(["-i"]).path(workspace.audio(index));
    }
    for (index, group) in plan.groups.iter().enumerate() {
        match group {
            Group::Files(outputs) => {
                for (output, file) in outputs.iter().enumerate() {
                    package_file(&mut arguments, plan, file, workspace.file(index, output));
                }
            }
            Group::Stream(stream) => {
                for (number, track) in stream.tracks.iter().enumerate() {
                    package_track(
                        &mut arguments,
                        plan,
                        stream,
                        track,
                        &workspace.track(index, number),
                    );
                }
            }
        }
    }
    (!plan.videos.is_empty() || !plan.audios.is_empty()).then_some(arguments.0)
}

fn package_file(arguments: &mut Arguments, plan: &Plan, file: &FileOutput, path: PathBuf) {
    let FileOutput::Media {
        video,
        audios,
        is_raw,
        ..
    } = file
    else {
        return;
    };
    let inputs = video
        .iter()
        .copied()
        .chain(audios.iter().map(|audio| plan.videos.len() + audio));
    for input in inputs {
        arguments.add(["-map", &input.to_string()]);
    }
    arguments.add(["-c", "copy"]);
    if *is_raw {
        arguments.add(["-f", "adts"]).path(path);
    } else {
        arguments
            .add(["-movflags", "+faststart", "-f", "mp4"])
            .path(path);
    }
}

fn package_track(
    arguments: &mut Arguments,
    plan: &Plan,
    stream: &StreamGroup,
    track: &StreamTrack,
    folder: &Path,
) {
    let input = match track.encode {
        Encode::Video(index) => index,
        Encode::Audio(index) => plan.videos.len() + index,
    };
    let (name, seconds) = (&track.name, stream.segment_seconds.to_string());
    arguments
        .add([
            "-map",
            &input.to_string(),
            "-c",
            "copy",
            "-f",
            "dash",
            "-seg_duration",
            &seconds,
        ])
        .add(["-init_seg_name", &format!("{name}init.{INIT_EXTENSION}")])
        .add([
            "-media_seg_name",
            &format!("{name}_$Number%0{SEGMENT_DIGITS}d$.{SEGMENT_EXTENSION}"),
        ]);
    if let Some(seconds) = stream
        .fragment_seconds
        .filter(|seconds| *seconds < stream.segment_seconds)
    {
        arguments.add([
            "-frag_type",
            "duration",
            "-frag_duration",
            &seconds.to_string(),
        ]);
    }
    // ffmpeg's manifests are only read, for the segments' durations; see the module `manifest`.
    arguments
        .add(["-hls_playlist", "1"])
        .path(folder.join("track.mpd"));
}
