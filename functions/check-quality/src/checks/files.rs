//! Checks of the files: they exist, have content and belong together.

use videoflow_shared::{manifests, subtitles};

use super::{Evidence, listed};

pub(super) fn renditions(evidence: &Evidence<'_>) -> Option<String> {
    let missing = evidence
        .brief
        .renditions
        .iter()
        .filter(|one| !evidence.has(&one.uri.key));
    listed(
        "missing or empty: ",
        &missing.map(|one| one.uri.to_string()).collect::<Vec<_>>(),
    )
}

pub(super) fn references(evidence: &Evidence<'_>) -> Option<String> {
    if evidence.playlists.is_empty() {
        return Some("the HLS master names no playlist".to_owned());
    }
    let segments = evidence
        .playlists
        .values()
        .flat_map(|playlist| manifests::hls_references(playlist));
    let named = evidence
        .playlists
        .keys()
        .cloned()
        .chain(segments)
        .chain(manifests::dash_references(&evidence.dash));
    let missing = named.filter(|name| !evidence.has(&format!("{}{name}", evidence.stream.key)));
    listed("missing or empty: ", &missing.collect::<Vec<_>>())
}

pub(super) fn thumbnails(evidence: &Evidence<'_>) -> Option<String> {
    let pictures = evidence
        .brief
        .chapters
        .iter()
        .map(|chapter| (chapter, chapter.keyframe_uri.as_ref()));
    let missing = pictures.filter(|(_, uri)| !uri.is_some_and(|uri| evidence.has(&uri.key)));
    listed(
        "no picture of: ",
        &missing
            .map(|(chapter, _)| chapter.id.clone())
            .collect::<Vec<_>>(),
    )
}

pub(super) fn captions(evidence: &Evidence<'_>) -> Option<String> {
    let last_ms = evidence.brief.source.duration_ms + evidence.tolerance_ms();
    let wrong = evidence.subtitles.iter().filter_map(|(uri, text)| {
        let Some(ranges) = subtitles::ranges(text) else {
            return Some(format!("{uri} cannot be read"));
        };
        let are_inside = ranges
            .iter()
            .all(|(start, end)| start < end && *end <= last_ms);
        let are_apart = ranges
            .iter()
            .zip(ranges.iter().skip(1))
            .all(|(one, next)| one.1 <= next.0);
        if ranges.is_empty() {
            Some(format!("{uri} is empty"))
        } else if are_inside && are_apart {
            None
        } else {
            Some(format!(
                "{uri} has cues that overlap or lie outside the video"
            ))
        }
    });
    listed("", &wrong.collect::<Vec<_>>())
}

/// The longest playlist against the source: sound alone may end earlier, and the brief warns of it.
pub(super) fn duration(evidence: &Evidence<'_>) -> Option<String> {
    let expected_ms = evidence.brief.source.duration_ms;
    let lengths = evidence
        .playlists
        .values()
        .map(|playlist| length_ms(playlist));
    let found_ms = lengths.max()?;
    if found_ms.abs_diff(expected_ms) <= evidence.tolerance_ms() {
        return None;
    }
    let (found, expected) = (seconds(found_ms), seconds(expected_ms));
    Some(if found_ms < expected_ms {
        format!(
            "The video ends after {found} of {expected} seconds: the file is damaged or was cut off. Play it from start \
             to end: if it plays, upload it again; if not, export it again."
        )
    } else {
        format!("The stream lasts {found} seconds, the source {expected}.")
    })
}

/// Sum of a playlist's segments.
fn length_ms(playlist: &str) -> u64 {
    let segments = playlist
        .lines()
        .filter_map(|line| line.strip_prefix("#EXTINF:"));
    let seconds: f64 = segments
        .filter_map(|rest| rest.split(',').next()?.trim().parse::<f64>().ok())
        .sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates"
    )]
    let milliseconds = (seconds * 1000.0).round() as u64;
    milliseconds
}

/// `1.5`, cut off.
fn seconds(ms: u64) -> String {
    format!("{}.{}", ms / 1000, ms % 1000 / 100)
}
