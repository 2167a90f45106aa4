//! Subtitles that can be read, as `WebVTT` and `SubRip`.
//!
//! The rules are those of broadcasters and streaming services (figures: Netflix, Timed Text Style Guides): two lines at
//! most, no longer than the eye takes in, time enough to read them, breaks where the sense has them, no word alone.
//! [`cutting`] chooses what is shown together, [`lines`] where a line ends, [`timing`] for how long.

use serde::{Deserialize, Serialize};

use crate::location::S3Uri;
use crate::transcript::{Transcript, Word};

mod cutting;
mod files;
mod language;
mod lines;
mod timing;

pub use files::ranges;
pub use language::Layout;

use lines::Token;

/// Lines a cue.
pub const LINES: usize = 2;
/// Longest time on the screen.
pub const LONGEST_MS: u64 = 7000;
/// Shortest time on the screen, where the next cue leaves room.
pub const SHORTEST_MS: u64 = 1000;
/// Time between two cues, so that the eye sees that the text has changed: two pictures of 24 a second.
pub const GAP_MS: u64 = 84;

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
            Self::Vtt => files::vtt(cues),
            Self::Srt => files::srt(cues),
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
    /// One or two lines, neither empty.
    pub lines: Vec<String>,
}

/// The cues of a transcript, in order, without overlap.
pub fn cues(transcript: &Transcript) -> Vec<Cue> {
    let layout = Layout::of(&transcript.language.code);
    let tokens = tokens(transcript, &layout);
    let blocks = cutting::blocks(&tokens, &layout);
    timing::settle(cutting::shared(blocks, &layout), &layout)
}

/// The cues as far as the video goes: none begins behind its end, none outlasts it.
pub fn within(mut cues: Vec<Cue>, duration_ms: u64) -> Vec<Cue> {
    cues.retain(|cue| cue.start_ms < duration_ms);
    for cue in &mut cues {
        cue.end_ms = cue.end_ms.min(duration_ms);
    }
    cues
}

/// The words of all segments, each no longer than a line and knowing whether its sentence ends with it.
fn tokens<'a>(transcript: &'a Transcript, layout: &Layout) -> Vec<Token<'a>> {
    let mut tokens = Vec::with_capacity(transcript.words());
    for segment in &transcript.segments {
        let first = tokens.len();
        for word in &segment.words {
            tokens.extend(pieces(word, layout).map(|piece| Token {
                speaker: segment.speaker.as_deref(),
                ..piece
            }));
        }
        if tokens.len() > first
            && let Some(last) = tokens.last_mut()
        {
            last.is_sentence_end = lines::ends_sentence(&last.text);
        }
    }
    let breaches: Vec<u32> = tokens
        .windows(2)
        .map(|pair| match pair {
            [left, right] => lines::breach(left, right, layout),
            _ => 0,
        })
        .collect();
    for (token, breach) in tokens.iter_mut().zip(breaches) {
        token.breach = breach;
    }
    tokens
}

/// A word; one that is longer than a line (an address, say) in pieces that share its time.
fn pieces<'a>(word: &Word, layout: &Layout) -> impl Iterator<Item = Token<'a>> {
    let characters: Vec<char> = word
        .text
        .split_whitespace()
        .flat_map(str::chars)
        .filter(|mark| !mark.is_control())
        .collect();
    let count = characters.len().div_ceil(layout.line_characters).max(1) as u64;
    let (start_ms, end_ms) = (word.start_ms, word.end_ms.max(word.start_ms));
    let share = (end_ms - start_ms) / count;
    let texts: Vec<String> = characters
        .chunks(layout.line_characters)
        .map(|piece| piece.iter().collect())
        .collect();
    (0..).zip(texts).map(move |(number, text)| Token {
        characters: text.chars().count(),
        text,
        start_ms: start_ms + share * number,
        end_ms: if number + 1 == count {
            end_ms
        } else {
            start_ms + share * (number + 1)
        },
        speaker: None,
        is_sentence_end: false,
        breach: 0,
    })
}

#[cfg(test)]
mod tests;
