//! Putting the results of a job into S3.

use std::path::{Path, PathBuf};

use videoflow_platform::service::Objects;

use super::manifest::{self, Track, dash, hls};
use super::plan::{Encode, FileOutput, Group, Plan, StreamGroup};
use super::run::transcoding_failed;
use super::settings::Switch;
use super::workspace::{INIT_EXTENSION, SEGMENT_EXTENSION, Workspace};
use crate::jobs::JobError;
use crate::location::Location;

/// Code of `MediaConvert`'s errors for outputs.
const OUTPUT_ERROR: &str = "1404";
/// The same, where the job's role may not write.
const OUTPUT_REFUSED: &str = "3403";

/// Puts the outputs of a group, which is the `index`th of the plan.
///
/// # Errors
/// The job's error.
pub async fn upload_group(
    objects: &dyn Objects,
    plan: &Plan,
    index: usize,
    group: &Group,
    workspace: &Workspace,
) -> Result<(), JobError> {
    match group {
        Group::Files(outputs) => {
            for (output, file) in outputs.iter().enumerate() {
                upload_file(objects, file, &workspace.file(index, output), workspace).await?;
            }
            Ok(())
        }
        Group::Stream(stream) => upload_stream(objects, plan, (index, stream), workspace).await,
    }
}

async fn upload_file(
    objects: &dyn Objects,
    output: &FileOutput,
    file: &Path,
    workspace: &Workspace,
) -> Result<(), JobError> {
    match output {
        FileOutput::Media {
            location,
            video,
            is_raw,
            ..
        } => {
            let content_type = match (video, is_raw) {
                (Some(_), _) => "video/mp4",
                (None, false) => "audio/mp4",
                (None, true) => "audio/aac",
            };
            put(objects, location, file, content_type).await
        }
        FileOutput::Stills {
            location,
            extension,
            capture,
        } => {
            for file in files(&workspace.stills(*capture))? {
                let number = file
                    .file_stem()
                    .and_then(|stem| stem.to_str())
                    .unwrap_or_default();
                let key = format!("{}.{number}.{extension}", location.key);
                put(
                    objects,
                    &Location {
                        bucket: location.bucket.clone(),
                        key,
                    },
                    &file,
                    "image/jpeg",
                )
                .await?;
            }
            Ok(())
        }
    }
}

/// Segments first, manifests last: who sees a manifest finds what it names.
async fn upload_stream(
    objects: &dyn Objects,
    plan: &Plan,
    (index, stream): (usize, &StreamGroup),
    workspace: &Workspace,
) -> Result<(), JobError> {
    let (parent, base) = stream
        .location
        .key
        .rsplit_once('/')
        .unwrap_or(("", &stream.location.key));
    let location = |name: &str| {
        let key = if parent.is_empty() {
            name.to_owned()
        } else {
            format!("{parent}/{name}")
        };
        Location {
            bucket: stream.location.bucket.clone(),
            key,
        }
    };
    let mut tracks = Vec::new();
    for (number, track) in stream.tracks.iter().enumerate() {
        let folder = workspace.track(index, number);
        tracks.push(
            manifest::read(plan, track, &folder).map_err(|cause| transcoding_failed(&cause))?,
        );
        let content_type = match track.encode {
            Encode::Audio(_) => "audio/mp4",
            Encode::Video(_) => "video/mp4",
        };
        for file in files(&folder)?
            .iter()
            .filter(|file| has_extension(file, &[INIT_EXTENSION, SEGMENT_EXTENSION]))
        {
            let name = file
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            put(objects, &location(name), file, content_type).await?;
        }
    }
    for (name, text, content_type) in manifests(stream, base, &tracks) {
        let file = workspace.group(index).join(&name);
        std::fs::write(&file, text).map_err(|cause| transcoding_failed(&cause))?;
        put(objects, &location(&name), &file, content_type).await?;
    }
    Ok(())
}

/// Names, texts and content types (RFC 8216, ISO/IEC 23009-1).
fn manifests(
    stream: &StreamGroup,
    base: &str,
    tracks: &[Track<'_>],
) -> Vec<(String, String, &'static str)> {
    let mut manifests = Vec::new();
    if stream.hls == Switch::Enabled {
        let media = tracks
            .iter()
            .map(|track| (format!("{}.m3u8", track.name), hls::media_playlist(track)));
        let all = media.chain([(format!("{base}.m3u8"), hls::multivariant_playlist(tracks))]);
        manifests.extend(all.map(|(name, text)| (name, text, "application/vnd.apple.mpegurl")));
    }
    if stream.dash == Switch::Enabled {
        manifests.push((
            format!("{base}.mpd"),
            dash::manifest(stream, tracks),
            "application/dash+xml",
        ));
    }
    manifests
}

fn has_extension(file: &Path, wanted: &[&str]) -> bool {
    file.extension()
        .is_some_and(|extension| wanted.iter().any(|wanted| extension == *wanted))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, JobError> {
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut files: Vec<_> = entries
        .map_err(|cause| transcoding_failed(&cause))?
        .iter()
        .map(std::fs::DirEntry::path)
        .collect();
    files.sort();
    Ok(files)
}

async fn put(
    objects: &dyn Objects,
    location: &Location,
    file: &Path,
    content_type: &str,
) -> Result<(), JobError> {
    let done = objects
        .put(&location.bucket, &location.key, file, content_type)
        .await;
    done.map_err(|cause| match cause.code.as_str() {
        "AccessDenied" => JobError::new(
            OUTPUT_REFUSED,
            format!(
                "Unable to write to output file [{location}]: [Failed to write data: Access Denied]"
            ),
        ),
        _ => JobError::new(
            OUTPUT_ERROR,
            format!("unable to write {location}: {}", cause.message),
        ),
    })
}
