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

/// Sum of the segments of each playlist that has any.
pub(super) fn duration(evidence: &Evidence<'_>) -> Option<String> {
    let expected_ms = evidence.brief.source.duration_ms;
    let wrong = evidence.playlists.iter().filter_map(|(name, playlist)| {
        let seconds = playlist
            .lines()
            .filter_map(|line| line.strip_prefix("#EXTINF:"));
        let seconds: f64 = seconds
            .filter_map(|rest| rest.split(',').next()?.trim().parse::<f64>().ok())
            .sum();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates"
        )]
        let found_ms = (seconds * 1000.0).round() as u64;
        let misses = found_ms.abs_diff(expected_ms) > evidence.tolerance_ms();
        misses.then(|| format!("{name} lasts {found_ms} ms, the source {expected_ms} ms"))
    });
    listed("", &wrong.collect::<Vec<_>>())
}
