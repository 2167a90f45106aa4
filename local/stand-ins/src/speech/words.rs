//! What was said: segments of words with times and confidence.

use super::decode::{Segment as TokenSegment, Token};
use super::vocabulary::Vocabulary;

/// A silence that ends a segment even inside a sentence.
const PAUSE_MS: u64 = 1500;
/// No joined segment is longer.
const SENTENCE_MAX_MS: u64 = 20_000;

/// What a sound track says. Times are milliseconds from its start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transcript {
    /// Length of the sound.
    pub duration_ms: u64,
    /// In order; empty when nobody speaks.
    pub segments: Vec<Segment>,
}

/// A stretch of speech, about a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// The words with single spaces between them.
    pub text: String,
    /// In order; never empty.
    pub words: Vec<Word>,
}

/// One word with the signs written to it: `power,`.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Text without spaces.
    pub text: String,
    /// Geometric mean of its tokens' probabilities, 0 to 1.
    pub confidence: f32,
}

impl Transcript {
    /// The whole text.
    pub fn text(&self) -> String {
        self.segments
            .iter()
            .map(|segment| segment.text.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Mean confidence of the words, 0 to 1; 0 without words.
    #[expect(clippy::cast_precision_loss, reason = "a mean")]
    pub fn confidence(&self) -> f32 {
        let words = || self.segments.iter().flat_map(|segment| &segment.words);
        words().map(|word| word.confidence).sum::<f32>() / words().count().max(1) as f32
    }
}

/// Joins segments that end inside a sentence to the next one, as long as nobody pauses and it does not get too long.
pub(super) fn join_sentences(segments: Vec<Segment>) -> Vec<Segment> {
    let mut joined: Vec<Segment> = Vec::new();
    for next in segments {
        let is_open = |last: &Segment| {
            !last.text.ends_with(['.', '?', '!'])
                && next.start_ms.saturating_sub(last.end_ms) <= PAUSE_MS
                && next.end_ms.saturating_sub(last.start_ms) <= SENTENCE_MAX_MS
        };
        match joined.last_mut().filter(|last| is_open(last)) {
            Some(last) => {
                last.end_ms = next.end_ms;
                last.text = format!("{} {}", last.text, next.text);
                last.words.extend(next.words);
            }
            None => joined.push(next),
        }
    }
    joined
}

/// A word that has no place in time yet.
#[derive(Debug, PartialEq)]
struct Spelled {
    text: String,
    confidence: f32,
    /// Index of its first token and of the one after its last.
    tokens: (usize, usize),
}

/// The segment's words at the times of their tokens (one time more than tokens, the last an end), else each as long as
/// its share of the segment's letters. Times are from the start of the window. `None` without any word.
pub(super) fn place(
    segment: &TokenSegment,
    vocabulary: &Vocabulary,
    window_start_ms: u64,
    token_times: Option<&[u64]>,
) -> Option<Segment> {
    let spelled = spell(&segment.tokens, vocabulary);
    let times = match token_times {
        Some(times) => from_tokens(&spelled, times, segment),
        None => from_letters(&spelled, segment),
    };
    let words: Vec<Word> = spelled
        .into_iter()
        .zip(times)
        .map(|(word, (start, end))| Word {
            start_ms: window_start_ms + start,
            end_ms: window_start_ms + end,
            text: word.text,
            confidence: word.confidence,
        })
        .collect();
    let (start_ms, end_ms) = (words.first()?.start_ms, words.last()?.end_ms);
    let text = words
        .iter()
        .map(|word| word.text.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    Some(Segment {
        start_ms,
        end_ms,
        text,
        words,
    })
}

fn from_tokens(words: &[Spelled], times: &[u64], segment: &TokenSegment) -> Vec<(u64, u64)> {
    let mut earliest = segment.start_ms;
    let mut time = |index: usize| {
        let time = times.get(index).copied().unwrap_or(segment.end_ms);
        earliest = time.clamp(earliest, segment.end_ms.max(earliest));
        earliest
    };
    words
        .iter()
        .map(|word| (time(word.tokens.0), time(word.tokens.1)))
        .collect()
}

fn from_letters(words: &[Spelled], segment: &TokenSegment) -> Vec<(u64, u64)> {
    let letters = |word: &Spelled| word.text.chars().count() as u64 + 1;
    let total = words.iter().map(letters).sum::<u64>().max(1);
    let length = segment.end_ms.saturating_sub(segment.start_ms);
    let mut before = 0;
    let time = |before: u64| segment.start_ms + length * before / total;
    let span = |word: &Spelled| {
        let start = time(before);
        before += letters(word);
        (start, time(before))
    };
    words.iter().map(span).collect()
}

/// A token that begins with a space begins a word.
fn spell(tokens: &[Token], vocabulary: &Vocabulary) -> Vec<Spelled> {
    let mut groups: Vec<(Vec<u8>, Vec<f32>, usize)> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let bytes = vocabulary.bytes(token.id);
        match groups.last_mut().filter(|_| !bytes.starts_with(b" ")) {
            Some((word, probabilities, _)) => {
                word.extend_from_slice(bytes);
                probabilities.push(token.log_probability);
            }
            None => groups.push((bytes.to_vec(), vec![token.log_probability], index)),
        }
    }
    groups
        .into_iter()
        .filter_map(|(bytes, logs, first)| spelled(&bytes, &logs, first))
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "a mean")]
fn spelled(bytes: &[u8], logs: &[f32], first: usize) -> Option<Spelled> {
    let text = String::from_utf8_lossy(bytes)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let confidence = (logs.iter().sum::<f32>() / logs.len() as f32).exp();
    let tokens = (first, first + logs.len());
    text.contains(char::is_alphanumeric).then_some(Spelled {
        text,
        confidence,
        tokens,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(start_ms: u64, end_ms: u64, text: &str) -> Segment {
        Segment {
            start_ms,
            end_ms,
            text: text.to_owned(),
            words: vec![],
        }
    }

    fn check(segments: &[(u64, u64, &str)], expected: &[(u64, u64, &str)]) {
        let made = |all: &[(u64, u64, &str)]| {
            all.iter()
                .map(|(start, end, text)| segment(*start, *end, text))
                .collect()
        };
        let expected: Vec<Segment> = made(expected);
        assert_eq!(join_sentences(made(segments)), expected);
    }

    #[test]
    fn joins_open_sentences_only() {
        check(
            &[(0, 1000, "to be"), (1100, 2000, "or not.")],
            &[(0, 2000, "to be or not.")],
        );
        check(
            &[(0, 1000, "Be."), (1000, 2000, "Not.")],
            &[(0, 1000, "Be."), (1000, 2000, "Not.")],
        );
        check(
            &[(0, 1000, "to be"), (3000, 4000, "or")],
            &[(0, 1000, "to be"), (3000, 4000, "or")],
        );
        check(
            &[(0, 15_000, "to be"), (15_000, 21_000, "or")],
            &[(0, 15_000, "to be"), (15_000, 21_000, "or")],
        );
    }

    #[test]
    fn words_take_the_times_of_their_tokens_or_of_their_letters() {
        let words = [("One", (0, 1)), ("seven", (1, 3))];
        let words = words.map(|(text, tokens)| Spelled {
            text: text.to_owned(),
            confidence: 1.0,
            tokens,
        });
        let segment = TokenSegment {
            start_ms: 1000,
            end_ms: 2000,
            tokens: vec![],
        };
        assert_eq!(
            from_tokens(&words, &[900, 1300, 1500, 2100], &segment),
            [(1000, 1300), (1300, 2000)]
        );
        assert_eq!(from_letters(&words, &segment), [(1000, 1400), (1400, 2000)]);
    }
}
