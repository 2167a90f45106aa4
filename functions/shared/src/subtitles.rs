//! Subtitles that can be read: at most two lines of 42 characters, balanced, long enough on the screen; as `WebVTT` and `SubRip`.

use serde::{Deserialize, Serialize};

use crate::location::S3Uri;
use crate::transcript::{Transcript, Word};

/// Characters a line, the usual limit of broadcasters and streaming services.
pub const LINE_CHARACTERS: usize = 42;
/// Lines a cue.
pub const LINES: usize = 2;
/// Longest time on the screen.
const CUE_MS: u64 = 7000;
/// Shortest time on the screen, where the next cue leaves room.
const SHORT_CUE_MS: u64 = 1000;
/// Characters that an ending with punctuation is worth against a more even split.
const PUNCTUATION_WORTH: usize = 16;

/// Subtitles that were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subtitles {
    /// BCP 47 code.
    pub language: String,
    /// `vtt` or `srt`.
    pub format: Format,
    /// Where they are.
    pub uri: S3Uri,
}

/// Format of subtitles.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::EnumIter,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// `WebVTT`.
    Vtt,
    /// `SubRip`.
    Srt,
}

impl Format {
    /// Ending of files, without the dot.
    pub fn ending(self) -> &'static str {
        self.into()
    }

    /// Content type under which files are served.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Vtt => "text/vtt; charset=utf-8",
            Self::Srt => "application/x-subrip; charset=utf-8",
        }
    }

    /// The cues in this format.
    pub fn write(self, cues: &[Cue]) -> String {
        match self {
            Self::Vtt => vtt(cues),
            Self::Srt => srt(cues),
        }
    }
}

/// Text on the screen for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// Appears.
    pub start_ms: u64,
    /// Disappears; after the start.
    pub end_ms: u64,
    /// One or two lines.
    pub lines: Vec<String>,
}

/// The cues of a transcript, in order, without overlap.
pub fn cues(transcript: &Transcript) -> Vec<Cue> {
    let separator = if transcript.is_spaced() { " " } else { "" };
    let mut cues = Vec::new();
    for segment in &transcript.segments {
        let words: Vec<Word> = segment.words.iter().flat_map(cut_long).collect();
        split(&words, separator, &mut cues);
    }
    settle(&mut cues);
    cues
}

/// A word longer than a line (an address, say) in pieces that share its time.
fn cut_long(word: &Word) -> Vec<Word> {
    let characters: Vec<char> = word.text.chars().collect();
    let pieces = characters.len().div_ceil(LINE_CHARACTERS).max(1) as u64;
    let share = (word.end_ms - word.start_ms.min(word.end_ms)) / pieces;
    let mut start_ms = word.start_ms;
    let mut cut = Vec::new();
    for piece in characters.chunks(LINE_CHARACTERS) {
        let text = piece.iter().collect();
        cut.push(Word {
            start_ms,
            end_ms: start_ms + share,
            text,
            confidence: word.confidence,
        });
        start_ms += share;
    }
    cut
}

/// Halves the words, at the best place, until each piece fits.
fn split(words: &[Word], separator: &str, cues: &mut Vec<Cue>) {
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return;
    };
    let fits = last.end_ms.saturating_sub(first.start_ms) <= CUE_MS || words.len() == 1;
    if let (Some(lines), true) = (lines(words, separator), fits) {
        cues.push(Cue {
            start_ms: first.start_ms,
            end_ms: last.end_ms,
            lines,
        });
        return;
    }
    let middle = best_middle(words);
    let (left, right) = words.split_at(middle);
    split(left, separator, cues);
    split(right, separator, cues);
}

/// Index (never 0, never the length) that halves the words most evenly, preferring punctuation and pauses.
fn best_middle(words: &[Word]) -> usize {
    let total: usize = words.iter().map(|word| word.text.chars().count() + 1).sum();
    let mut before = 0;
    let mut best = (usize::MAX, 1);
    for (index, pair) in words.windows(2).enumerate() {
        let [left, right] = pair else { continue };
        before += left.text.chars().count() + 1;
        let pause = right.start_ms.saturating_sub(left.end_ms) / 25;
        let pause = usize::try_from(pause)
            .unwrap_or(usize::MAX)
            .min(2 * PUNCTUATION_WORTH);
        let punctuation = if ends_clause(&left.text) {
            PUNCTUATION_WORTH
        } else {
            0
        };
        let cost = (2 * before).abs_diff(total) + 3 * PUNCTUATION_WORTH - punctuation - pause;
        if cost < best.0 {
            best = (cost, index + 1);
        }
    }
    best.1
}

fn ends_clause(text: &str) -> bool {
    text.ends_with([
        ',', '.', ';', ':', '?', '!', '。', '、', '？', '！', '–', '—',
    ])
}

/// The words in at most two lines, as even as possible with the longer one below; `None` when they do not fit.
fn lines(words: &[Word], separator: &str) -> Option<Vec<String>> {
    let join = |words: &[Word]| {
        words
            .iter()
            .map(|word| word.text.as_str())
            .collect::<Vec<_>>()
            .join(separator)
    };
    let whole = join(words);
    if whole.chars().count() <= LINE_CHARACTERS {
        return Some(vec![whole]);
    }
    let candidates = (1..words.len()).filter_map(|middle| {
        let (left, right) = words.split_at(middle);
        let (left, right) = (join(left), join(right));
        let (upper, lower) = (left.chars().count(), right.chars().count());
        let worth = if ends_clause(&left) {
            PUNCTUATION_WORTH
        } else {
            0
        };
        let cost = upper.abs_diff(lower) + PUNCTUATION_WORTH - worth + usize::from(upper > lower);
        (upper <= LINE_CHARACTERS && lower <= LINE_CHARACTERS).then_some((cost, vec![left, right]))
    });
    candidates
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, lines)| lines)
}

/// Gives short cues time until the next one, and lets none overlap.
fn settle(cues: &mut [Cue]) {
    let starts: Vec<u64> = cues
        .iter()
        .skip(1)
        .map(|cue| cue.start_ms)
        .chain([u64::MAX])
        .collect();
    for (cue, next_ms) in cues.iter_mut().zip(starts) {
        let wanted = cue.end_ms.max(cue.start_ms + SHORT_CUE_MS);
        // A cue without any room keeps one millisecond: formats demand an end after the start.
        cue.end_ms = wanted.min(next_ms).max(cue.start_ms + 1);
    }
}

/// `WebVTT`.
fn vtt(cues: &[Cue]) -> String {
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
fn srt(cues: &[Cue]) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::{Language, Segment};

    /// A transcript of one segment whose words take 400 ms each, with 100 ms between them.
    fn transcript(text: &str) -> Transcript {
        let words: Vec<Word> = text
            .split_whitespace()
            .zip(0_u64..)
            .map(|(word, n)| Word {
                start_ms: n * 500,
                end_ms: n * 500 + 400,
                text: word.into(),
                confidence: 1.0,
            })
            .collect();
        let end_ms = words.last().map_or(0, |word| word.end_ms);
        let segment = Segment {
            id: "s1".into(),
            start_ms: 0,
            end_ms,
            text: text.into(),
            confidence: 1.0,
            speaker: None,
            words,
        };
        let language = Language {
            code: "en-US".into(),
            score: 1.0,
            alternatives: vec![],
        };
        Transcript {
            language,
            segments: vec![segment],
        }
    }

    fn check(text: &str, expected: &[&[&str]]) {
        let cues = cues(&transcript(text));
        let lines: Vec<Vec<&str>> = cues
            .iter()
            .map(|cue| cue.lines.iter().map(String::as_str).collect())
            .collect();
        assert_eq!(lines, expected);
        assert!(cues.iter().all(|cue| cue.start_ms < cue.end_ms));
        assert!(
            cues.windows(2)
                .all(|pair| pair[0].end_ms <= pair[1].start_ms)
        );
        for format in [Format::Vtt, Format::Srt] {
            let ranges = ranges(&format.write(&cues)).unwrap_or_default();
            assert_eq!(
                ranges,
                cues.iter()
                    .map(|cue| (cue.start_ms, cue.end_ms))
                    .collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn short_text_is_one_line() {
        check(
            "He was not an ill disposed young man.",
            &[&["He was not an ill disposed young man."]],
        );
        check("", &[]);
    }

    #[test]
    fn lines_are_even_and_break_at_punctuation() {
        check(
            "Had he married a more amiable woman, he might have been made.",
            &[&[
                "Had he married a more amiable woman,",
                "he might have been made.",
            ]],
        );
    }

    #[test]
    fn long_sentences_become_several_cues() {
        check(
            "And Mister John Dashwood had then leisure to consider how much there might be prudently in his power to do.",
            &[
                &["And Mister John Dashwood", "had then leisure to consider"],
                &["how much there might be", "prudently in his power to do."],
            ],
        );
    }

    #[test]
    fn no_line_is_too_long() {
        let address = "x".repeat(100);
        for cue in cues(&transcript(&format!("see {address} for more"))) {
            assert!(cue.lines.len() <= LINES);
            assert!(
                cue.lines
                    .iter()
                    .all(|line| line.chars().count() <= LINE_CHARACTERS),
                "{cue:?}"
            );
        }
    }

    #[test]
    fn short_cues_stay_for_a_second() {
        assert_eq!(
            cues(&transcript("Yes.")).first().map(|cue| cue.end_ms),
            Some(1000)
        );
    }

    #[test]
    fn markup_is_escaped() {
        let cues = cues(&transcript("<b>A</b> --> B & C"));
        assert_eq!(
            Format::Vtt.write(&cues),
            "WEBVTT\n\n00:00:00.000 --> 00:00:02.400\n&lt;b&gt;A&lt;/b&gt; --&gt; B &amp; C\n"
        );
        assert_eq!(
            Format::Srt.write(&cues),
            "1\n00:00:00,000 --> 00:00:02,400\n<b>A</b> → B & C\n"
        );
    }

    #[test]
    fn reads_times() {
        assert_eq!(
            ranges("01:00:00.001 --> 01:00:01.000 align:start"),
            Some(vec![(3_600_001, 3_601_000)])
        );
        assert_eq!(ranges("00:01.500 --> 00:02.000"), Some(vec![(1500, 2000)]));
        assert_eq!(ranges("x --> 00:00:02.000"), None);
        assert_eq!(ranges("no cue"), Some(vec![]));
    }
}
