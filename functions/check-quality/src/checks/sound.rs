//! Check of the sound.

use super::files::seconds;
use super::{Fault, Finding};
use crate::evidence::{Evidence, Sound, name};
use crate::media::movie::Movie;

/// The sound decodes, no silence is longer than the profile takes, and not all of it is silent.
pub(super) fn silence(evidence: &Evidence<'_>) -> Finding {
    let audio = evidence.timeline.renditions.audio.as_ref();
    let file = audio.map_or("audio.m4a", |uri| name(&uri.key));
    let (heard, frames) = match &evidence.sound {
        Sound::Absent => return Finding::of(0, Vec::new()),
        Sound::Unreadable(reason) => {
            return Finding::with_share(1, 0.0, vec![Fault::new(file, reason)]);
        }
        Sound::Heard(heard, frames) => (heard, *frames),
    };
    let limit = evidence.thresholds.longest_silence_seconds;
    let movie = audio.and_then(|uri| evidence.movies.get(&uri.key)?.as_ref().ok());
    let track_ms = movie
        .and_then(Movie::sound)
        .map_or(0, |track| track.duration_ms);
    let moment = |frame: usize| track_ms * frame as u64 / frames.max(1) as u64;
    let (mut faults, mut lost) = (Vec::new(), 0);
    for stretch in &heard.silences {
        let (start_ms, end_ms) = (moment(stretch.start), moment(stretch.end));
        let is_all = stretch.len() == frames;
        if !is_all && end_ms - start_ms <= u64::from(limit) * 1000 {
            continue;
        }
        lost += stretch.len();
        faults.push(Fault::new(
            file,
            if is_all {
                "silent from beginning to end, and the source has sound".to_owned()
            } else {
                let (from, to) = (seconds(start_ms), seconds(end_ms));
                format!("silent from second {from} to {to}; the profile takes {limit} seconds")
            },
        ));
    }
    if let Some((count, reason)) = &heard.undecodable {
        lost += count * frames / heard.frames.max(1);
        faults.push(Fault::new(
            file,
            format!("{count} frames cannot be decoded: {reason}"),
        ));
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let share = 1.0 - lost as f64 / frames.max(1) as f64;
    Finding::with_share(heard.frames, share, faults)
}
