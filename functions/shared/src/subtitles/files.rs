//! The two formats of subtitle files: `WebVTT` and `SubRip`.

use super::Cue;

/// `WebVTT`: markup of the text is escaped, so that no word becomes a tag or a time.
pub(super) fn vtt(cues: &[Cue]) -> String {
    let mut text = String::from("WEBVTT\n");
    for cue in cues {
        let lines = cue
            .lines
            .join("\n")
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let (start, end) = (stamp(cue.start_ms, '.'), stamp(cue.end_ms, '.'));
        text.extend(["\n", &start, " --> ", &end, "\n", &lines, "\n"]);
    }
    text
}

/// `SubRip`; `-->` inside a text would be taken for times.
pub(super) fn srt(cues: &[Cue]) -> String {
    let cue = |(index, cue): (usize, &Cue)| {
        let lines = cue.lines.join("\n").replace("-->", "→");
        format!(
            "{}\n{} --> {}\n{lines}\n",
            index + 1,
            stamp(cue.start_ms, ','),
            stamp(cue.end_ms, ',')
        )
    };
    cues.iter()
        .enumerate()
        .map(cue)
        .collect::<Vec<_>>()
        .join("\n")
}

/// `00:00:00.000` with the format's own decimal mark.
fn stamp(ms: u64, mark: char) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!(
        "{:02}:{:02}:{:02}{mark}{ms:03}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// Times of the cues of `WebVTT` or `SubRip`; `None` for a time line that cannot be read.
pub fn ranges(text: &str) -> Option<Vec<(u64, u64)>> {
    let times = text.lines().filter_map(|line| line.split_once("-->"));
    times
        .map(|(start, end)| Some((milliseconds(start)?, milliseconds(end)?)))
        .collect()
}

/// Milliseconds of `00:00:00.000`, `00:00:00,000` or `00:00.000`, settings behind it ignored.
fn milliseconds(text: &str) -> Option<u64> {
    let stamp = text.split_whitespace().next()?.replace(',', ".");
    let (clock, ms) = stamp.split_once('.')?;
    let mut seconds: u64 = 0;
    for part in clock.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    let ms: u64 = if ms.len() == 3 {
        ms.parse().ok()?
    } else {
        return None;
    };
    seconds.checked_mul(1000)?.checked_add(ms)
}
