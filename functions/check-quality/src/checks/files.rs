//! Checks of the media files: there, whole, of the right size and length.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use videoflow_shared::location::S3Uri;

use super::{Fault, Finding};
use crate::evidence::{Evidence, name};
use crate::manifests::{dash, hls};
use crate::media::movie::{Kind, Movie};

/// Every file of the brief and of the transcode: there, with content, and, where it is an MP4, whole and as announced.
pub(super) fn renditions(evidence: &Evidence<'_>) -> Finding {
    let renditions = &evidence.timeline.renditions;
    let mut expected: BTreeMap<S3Uri, Option<(u32, u32)>> = BTreeMap::new();
    let briefed = evidence.brief.renditions.iter();
    expected.extend(briefed.map(|one| (one.uri.clone(), None)));
    let mut named = Vec::new();
    places(&json!(renditions), &mut named);
    expected.extend(named.into_iter().map(|uri| (uri, None)));
    let sized = renditions.renditions.iter();
    expected.extend(sized.map(|one| (one.uri.clone(), Some((one.width, one.height)))));
    let is_audio = |uri: &S3Uri| renditions.audio.as_ref() == Some(uri);
    let faults = expected.iter().filter_map(|(uri, size)| {
        let reason = if evidence.has(&uri.key) {
            match evidence.movies.get(&uri.key)? {
                Err(reason) => reason.clone(),
                Ok(movie) if is_audio(uri) => without_sound(movie)?,
                Ok(movie) => unlike(movie, *size, evidence)?,
            }
        } else {
            "missing or empty".to_owned()
        };
        Some(Fault::new(name(&uri.key), reason))
    });
    Finding::of(expected.len(), faults.collect())
}

/// Every place that a document names, but for what is only the beginning of names.
fn places(document: &Value, found: &mut Vec<S3Uri>) {
    match document {
        Value::String(text) => found.extend(text.parse::<S3Uri>().ok()),
        Value::Array(items) => items.iter().for_each(|item| places(item, found)),
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| *name != "prefix")
            .for_each(|(_, value)| places(value, found)),
        _ => (),
    }
}

/// What an MP4 with picture lacks, or has otherwise than announced.
fn unlike(movie: &Movie, size: Option<(u32, u32)>, evidence: &Evidence<'_>) -> Option<String> {
    let Some(picture) = movie.picture().filter(|track| track.samples > 0) else {
        return Some("it has no picture".to_owned());
    };
    let is_silent = evidence.sound == crate::evidence::Sound::Absent;
    if let (Some((announced_width, announced_height)), Kind::Picture { width, height }) =
        (size, &picture.kind)
        && (u64::from(announced_width), u64::from(announced_height)) != (*width, *height)
    {
        return Some(format!(
            "{width}x{height} pixels, and the brief says {announced_width}x{announced_height}"
        ));
    }
    if is_silent {
        None
    } else {
        without_sound(movie)
    }
}

fn without_sound(movie: &Movie) -> Option<String> {
    let has_sound = movie.sound().is_some_and(|track| track.samples > 0);
    (!has_sound).then(|| "it has no sound, and the source has".to_owned())
}

/// Pictures of files and streams against the source. Sound may end earlier, and the brief warns of it; longer than the
/// source it may not be.
pub(super) fn durations(evidence: &Evidence<'_>) -> Finding {
    let lengths: Vec<Length> = playlists(evidence)
        .chain(representations(evidence))
        .chain(tracks(evidence))
        .collect();
    let expected_ms = evidence.duration_ms();
    let wrong = lengths.iter().filter(|length| {
        let is_short = length.is_picture && length.ms < expected_ms;
        let is_wrong = is_short || length.ms > expected_ms;
        is_wrong && length.ms.abs_diff(expected_ms) > evidence.tolerance_ms()
    });
    let faults = wrong.map(|length| Fault::new(&length.file, told(length.ms, expected_ms)));
    Finding::of(lengths.len(), faults.collect())
}

struct Length {
    file: String,
    is_picture: bool,
    ms: u64,
}

/// The playlists of the variants are picture, unless there is nothing but sound.
fn playlists<'a>(evidence: &'a Evidence<'_>) -> impl Iterator<Item = Length> + 'a {
    let master = hls::master(&evidence.master);
    evidence.playlists.iter().map(move |(uri, text)| Length {
        file: format!("stream/{uri}"),
        is_picture: master
            .variants
            .iter()
            .any(|one| one.uri == *uri && one.resolution.is_some()),
        ms: milliseconds(hls::media(text).seconds),
    })
}

fn representations<'a>(evidence: &'a Evidence<'_>) -> impl Iterator<Item = Length> + 'a {
    let manifest = dash::read(&evidence.dash);
    let file = evidence.timeline.renditions.stream.dash.file_name();
    let timed = manifest.representations.into_iter();
    timed.filter_map(move |one| {
        Some(Length {
            file: format!("stream/{file}"),
            is_picture: one.is_picture,
            ms: milliseconds(one.seconds?),
        })
    })
}

fn tracks<'a>(evidence: &'a Evidence<'_>) -> impl Iterator<Item = Length> + 'a {
    let movies = evidence.movies.iter();
    let movies = movies.filter_map(|(key, movie)| Some((key, movie.as_ref().ok()?)));
    movies.flat_map(|(key, movie)| {
        movie.tracks.iter().map(|track| Length {
            file: name(key).to_owned(),
            is_picture: matches!(track.kind, Kind::Picture { .. }),
            ms: track.duration_ms,
        })
    })
}

fn told(found_ms: u64, expected_ms: u64) -> String {
    let (found, expected) = (seconds(found_ms), seconds(expected_ms));
    if found_ms < expected_ms {
        format!(
            "The video ends after {found} of {expected} seconds: the upload is damaged or was cut off. Play it from start \
             to end: if it plays, upload it again; if not, export it again."
        )
    } else {
        format!("It lasts {found} seconds, the source {expected}.")
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

/// `1.5`, cut off.
pub(super) fn seconds(ms: u64) -> String {
    format!("{}.{}", ms / 1000, ms % 1000 / 100)
}
