//! Checks of the pictures: frame captures, and what they show of the video.

use videoflow_shared::location::S3Uri;

use super::files::seconds;
use super::{Fault, Finding};
use crate::evidence::{Evidence, name};

/// Every frame capture, every chapter's picture, and every other picture that lies beside them.
pub(super) fn thumbnails(evidence: &Evidence<'_>) -> Finding {
    let captures = captures(evidence);
    let mut faults: Vec<Fault> = captures
        .iter()
        .filter(|key| !evidence.has(key))
        .map(|key| Fault::new(name(key), "missing or empty"))
        .collect();
    let undecodable = evidence.pictures.iter();
    let undecodable = undecodable.filter_map(|(key, picture)| {
        let reason = picture.as_ref().err()?;
        Some(Fault::new(name(key), format!("no picture: {reason}")))
    });
    faults.extend(undecodable);
    for chapter in &evidence.brief.chapters {
        let has_picture = |uri: &S3Uri| evidence.has(&uri.key);
        if !chapter.keyframe_uri.as_ref().is_some_and(has_picture) {
            let reason = format!("no picture of {}", chapter.id);
            faults.push(Fault::new(super::document::BRIEF, reason));
        }
    }
    if captures.is_empty() {
        let file = name(&evidence.timeline.renditions.thumbnails.prefix.key);
        faults.push(Fault::new(file, "there are no frame captures"));
    }
    let looked_at = captures.len().max(evidence.pictures.len()) + evidence.brief.chapters.len();
    Finding::of(looked_at, faults)
}

/// Black from one capture to the next means black between them: captures lie evenly, at most 120 in a video. A stretch
/// counts from its first capture to its last, or to the end of the video.
pub(super) fn black(evidence: &Evidence<'_>) -> Finding {
    let captures = captures(evidence);
    let is_black = |key: &String| {
        let picture = evidence.pictures.get(key).and_then(|one| one.as_ref().ok());
        picture.is_some_and(|picture| picture.is_black)
    };
    let blacks: Vec<bool> = captures.iter().map(is_black).collect();
    let limit_ms = u64::from(evidence.thresholds.longest_black_seconds) * 1000;
    let moment =
        |index: usize| evidence.duration_ms() * index as u64 / captures.len().max(1) as u64;
    let (mut faults, mut lost, mut first) = (Vec::new(), 0, 0);
    for stretch in blacks.chunk_by(|one, next| one == next) {
        let next = first + stretch.len();
        let end = if next == blacks.len() { next } else { next - 1 };
        let (start_ms, end_ms) = (moment(first), moment(end));
        let is_long = end_ms - start_ms > limit_ms || stretch.len() == blacks.len();
        if let (Some(true), true, Some(key)) = (stretch.first(), is_long, captures.get(first)) {
            lost += stretch.len();
            let (from, to) = (seconds(start_ms), seconds(end_ms));
            let limit = evidence.thresholds.longest_black_seconds;
            let reason =
                format!("black from second {from} to {to}; the profile takes {limit} seconds");
            faults.push(Fault::new(name(key), reason));
        }
        first = next;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most some hundred")]
    let share = 1.0 - lost as f64 / blacks.len().max(1) as f64;
    Finding::with_share(captures.len(), share, faults)
}

/// Keys of the frame captures, in order.
fn captures(evidence: &Evidence<'_>) -> Vec<String> {
    let thumbnails = &evidence.timeline.renditions.thumbnails;
    let numbers = thumbnails.first..thumbnails.first.saturating_add(thumbnails.count);
    numbers
        .map(|number| format!("{}.{number:07}.jpg", thumbnails.prefix.key))
        .collect()
}
