//! Check of the subtitles.

use videoflow_shared::subtitles::{LINES, Layout};

use super::{Fault, Finding};
use crate::cues::{self, Cue};
use crate::evidence::{Evidence, name};

/// Every cue of every file, and that the formats of one language say the same.
pub(super) fn subtitles(evidence: &Evidence<'_>) -> Finding {
    let last_ms = evidence.duration_ms() + evidence.tolerance_ms();
    let (mut looked_at, mut faults) = (0, Vec::new());
    let mut known: Vec<(&str, &str, Vec<Cue>)> = Vec::new();
    for (subtitles, text) in &evidence.subtitles {
        let file = name(&subtitles.uri.key);
        let cues = match cues::read(subtitles.format, text) {
            Ok(cues) if cues.is_empty() => Err("it has no cues".to_owned()),
            other => other,
        };
        let cues = match cues {
            Ok(cues) => cues,
            Err(reason) => {
                looked_at += 1;
                faults.push(Fault::new(file, reason));
                continue;
            }
        };
        looked_at += cues.len();
        let limit = Layout::of(&subtitles.language).line_characters;
        faults.extend(
            wrong(&cues, last_ms, limit)
                .into_iter()
                .map(|reason| Fault::new(file, reason)),
        );
        let language = subtitles.language.as_str();
        match known.iter().find(|(other, ..)| *other == language) {
            Some((_, other, first)) => faults.extend(
                different(first, &cues).map(|reason| Fault::new(file, format!("{reason} {other}"))),
            ),
            None => known.push((language, file, cues)),
        }
    }
    Finding::of(looked_at, faults)
}

/// What is wrong with cues, once a cue.
fn wrong(cues: &[Cue], last_ms: u64, line_characters: usize) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut before_ms = 0;
    for (cue, number) in cues.iter().zip(1..) {
        let longest = cue.lines.iter().map(|line| line.chars().count()).max();
        let is_empty = cue.lines.iter().all(|line| line.trim().is_empty());
        let (start, end) = (cue.start_ms, cue.end_ms);
        let reason = if start >= end {
            Some(format!("begins at {start} ms and ends at {end} ms"))
        } else if end > last_ms {
            Some(format!("ends at {end} ms, after the video"))
        } else if start < before_ms {
            Some(format!(
                "begins at {start} ms, before the one before it ends"
            ))
        } else if is_empty {
            Some("has no text".to_owned())
        } else if longest > Some(line_characters) {
            let longest = longest.unwrap_or(0);
            Some(format!(
                "has a line of {longest} characters, more than {line_characters}"
            ))
        } else if cue.lines.len() > LINES {
            Some(format!("has {} lines, more than {LINES}", cue.lines.len()))
        } else {
            None
        };
        reasons.extend(reason.map(|reason| format!("cue {number} {reason}")));
        before_ms = end;
    }
    reasons
}

/// Where two formats of the same subtitles part.
fn different(one: &[Cue], other: &[Cue]) -> Option<String> {
    if one.len() != other.len() {
        return Some(format!("{} cues, and not {} as in", other.len(), one.len()));
    }
    let pairs = one.iter().zip(other).zip(1..);
    let mut parted = pairs.filter(|((one, other), _)| one != other);
    let (_, number) = parted.next()?;
    Some(format!("cue {number} is another one than in"))
}
