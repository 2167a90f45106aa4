//! From one window of sound to timed text: greedy decoding under Whisper's timestamp rules, again at rising
//! temperatures when the result looks invented (Radford et al. 2022, section 4.5).

use candle_core::{Result, Tensor};

use super::model::{Decoding, Whisper};
use super::vocabulary::Vocabulary;

/// Half of the model's text positions, as in the original: 30 s of speech are about 100 tokens.
const TOKENS_MAX: usize = 224;
const TEMPERATURES: [f32; 4] = [0.0, 0.4, 0.8, 1.0];
/// Mean log probability below which a decoding is tried again (the original's value).
const LOG_PROBABILITY_MIN: f32 = -1.0;
/// Probability of no speech above which an unlikely text is dropped (the original's value).
const NO_SPEECH_MAX: f32 = 0.6;
/// Probability of no speech above which any text is dropped: tiny.en writes "you" over tones and noise with confidence.
const NO_SPEECH_CERTAIN: f32 = 0.9;
/// The first words begin in the first second, else the window begins with silence.
const FIRST_TIMESTAMP_MAX_MS: u64 = 1000;
/// Text is a loop when fewer than this share of its three-token sequences are different.
const DISTINCT_MIN: f32 = 0.5;

/// A token with its log probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Token {
    /// Id in the vocabulary.
    pub id: u32,
    /// Natural logarithm of its probability.
    pub log_probability: f32,
}

/// Text tokens between two timestamps, in milliseconds from the start of the window.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Text.
    pub tokens: Vec<Token>,
}

/// What one window says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Window {
    /// In order; empty when nobody speaks.
    pub segments: Vec<Segment>,
    /// Where the next window begins; `None` when this one is used up.
    pub next_ms: Option<u64>,
}

struct Attempt {
    tokens: Vec<Token>,
    no_speech: f32,
}

impl Attempt {
    #[expect(clippy::cast_precision_loss, reason = "at most 225 tokens")]
    fn mean_log_probability(&self) -> f32 {
        let sum: f32 = self.tokens.iter().map(|token| token.log_probability).sum();
        sum / (self.tokens.len() + 1) as f32
    }

    fn is_good(&self, vocabulary: &Vocabulary) -> bool {
        !self.is_loop(vocabulary)
            && (self.mean_log_probability() >= LOG_PROBABILITY_MIN || self.is_silence())
    }

    fn is_silence(&self) -> bool {
        self.no_speech > NO_SPEECH_CERTAIN
            || (self.no_speech > NO_SPEECH_MAX && self.mean_log_probability() < LOG_PROBABILITY_MIN)
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 224 tokens")]
    fn is_loop(&self, vocabulary: &Vocabulary) -> bool {
        let text: Vec<u32> = self
            .tokens
            .iter()
            .map(|token| token.id)
            .filter(|id| vocabulary.is_text(*id))
            .collect();
        let sequences: Vec<&[u32]> = text.windows(3).collect();
        let distinct: std::collections::HashSet<&[u32]> = sequences.iter().copied().collect();
        sequences.len() >= 12 && (distinct.len() as f32) < DISTINCT_MIN * sequences.len() as f32
    }
}

/// Decodes one window of `window_ms` milliseconds.
///
/// # Errors
/// Those of the tensor library.
pub fn decode(
    model: &Whisper,
    vocabulary: &Vocabulary,
    heard: &Tensor,
    window_ms: u64,
) -> Result<Window> {
    for temperature in TEMPERATURES {
        let attempt = attempt(model.decode(heard)?, vocabulary, temperature)?;
        if attempt.is_good(vocabulary) {
            let silent = attempt.is_silence();
            return Ok(if silent {
                Window::default()
            } else {
                split(&attempt.tokens, vocabulary, window_ms)
            });
        }
    }
    tracing::warn!("a window of sound gave no believable text and is left out");
    Ok(Window::default())
}

fn attempt(
    mut decoding: Decoding<'_>,
    vocabulary: &Vocabulary,
    temperature: f32,
) -> Result<Attempt> {
    let mut random = Random(0x5EED);
    let mut tokens: Vec<Token> = Vec::new();
    let mut scores = decoding.step(&[vocabulary.start])?;
    let no_speech = probability(&scores, vocabulary.no_speech);
    if no_speech > NO_SPEECH_CERTAIN {
        return Ok(Attempt { tokens, no_speech });
    }
    while tokens.len() < TOKENS_MAX {
        constrain(&mut scores, vocabulary, &tokens);
        let Some(token) = choose(&scores, temperature, &mut random) else {
            break;
        };
        if token.id == vocabulary.end {
            break;
        }
        tokens.push(token);
        scores = decoding.step(&[token.id])?;
    }
    Ok(Attempt { tokens, no_speech })
}

/// Splits at pairs of timestamps. A last timestamp that stands alone closes the window; text after the last pair is
/// heard again in the next window.
fn split(tokens: &[Token], vocabulary: &Vocabulary, window_ms: u64) -> Window {
    let mut segments = Vec::new();
    let (mut start, mut text): (Option<u64>, Vec<Token>) = (None, Vec::new());
    let mut last_end = None;
    for token in tokens {
        match vocabulary.timestamp_ms(token.id) {
            None if vocabulary.is_text(token.id) => text.push(*token),
            None => {}
            Some(time) if text.is_empty() => start = Some(time),
            Some(time) => {
                let tokens = std::mem::take(&mut text);
                segments.push(Segment {
                    start_ms: start.unwrap_or(0),
                    end_ms: time.min(window_ms),
                    tokens,
                });
                (start, last_end) = (None, Some(time));
            }
        }
    }
    if text.is_empty() {
        let next_ms = last_end.filter(|_| start.is_some());
        return Window { segments, next_ms };
    }
    if last_end.is_none() {
        segments.push(Segment {
            start_ms: start.unwrap_or(0),
            end_ms: window_ms,
            tokens: text,
        });
    }
    Window {
        segments,
        next_ms: last_end,
    }
}

/// Removes what may not follow `earlier`.
fn constrain(scores: &mut [f32], vocabulary: &Vocabulary, earlier: &[Token]) {
    let is_timestamp = |token: &Token| token.id >= vocabulary.first_timestamp;
    let forbidden = vocabulary
        .suppressed
        .iter()
        .chain([&vocabulary.no_timestamps, &vocabulary.no_speech]);
    forbidden.for_each(|id| forbid(scores, *id, *id + 1));
    let (end, first) = (vocabulary.end, vocabulary.first_timestamp);
    let beyond = u32::try_from(scores.len()).unwrap_or(u32::MAX);
    let Some(last) = earlier.last() else {
        vocabulary
            .suppressed_first
            .iter()
            .for_each(|id| forbid(scores, *id, *id + 1));
        forbid(scores, 0, first);
        let late =
            (first..beyond).find(|id| vocabulary.timestamp_ms(*id) > Some(FIRST_TIMESTAMP_MAX_MS));
        forbid(scores, late.unwrap_or(beyond), beyond);
        return;
    };
    let before_last = earlier
        .len()
        .checked_sub(2)
        .and_then(|index| earlier.get(index));
    let is_pair_closed = before_last.is_none_or(is_timestamp);
    if is_timestamp(last) && is_pair_closed {
        forbid(scores, first, beyond);
    } else if is_timestamp(last) {
        forbid(scores, 0, end);
    }
    if let Some(latest) = earlier.iter().rev().find(|token| is_timestamp(token)) {
        let may_repeat = is_timestamp(last) && !is_pair_closed;
        forbid(
            scores,
            first,
            if may_repeat { latest.id } else { latest.id + 1 },
        );
    }
    prefer_timestamps(scores, vocabulary);
}

/// When all timestamps together are likelier than any text, one of them is next.
fn prefer_timestamps(scores: &mut [f32], vocabulary: &Vocabulary) {
    let first = usize::try_from(vocabulary.first_timestamp).unwrap_or(usize::MAX);
    let Some((text, timestamps)) = scores.split_at_mut_checked(first) else {
        return;
    };
    let likeliest = text.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if log_sum(timestamps) > likeliest {
        text.fill(f32::NEG_INFINITY);
    }
}

fn forbid(scores: &mut [f32], from: u32, to: u32) {
    let range =
        usize::try_from(from).unwrap_or(usize::MAX)..usize::try_from(to).unwrap_or(usize::MAX);
    if let Some(range) = scores.get_mut(range) {
        range.fill(f32::NEG_INFINITY);
    }
}

/// Logarithm of the sum of the exponentials.
fn log_sum(scores: &[f32]) -> f32 {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if most == f32::NEG_INFINITY {
        most
    } else {
        most + scores.iter().map(|s| (s - most).exp()).sum::<f32>().ln()
    }
}

fn probability(scores: &[f32], token: u32) -> f32 {
    let score = usize::try_from(token)
        .ok()
        .and_then(|index| scores.get(index));
    score.map_or(0.0, |score| (score - log_sum(scores)).exp())
}

/// The likeliest token, or at a temperature one drawn by its probability.
fn choose(scores: &[f32], temperature: f32, random: &mut Random) -> Option<Token> {
    let best = if temperature == 0.0 {
        scores
            .iter()
            .enumerate()
            .max_by(|(_, a), (_, b)| a.total_cmp(b))?
            .0
    } else {
        let cooled: Vec<f32> = scores.iter().map(|score| score / temperature).collect();
        let total = log_sum(&cooled);
        let mut left = random.next();
        cooled.iter().position(|score| {
            left -= (score - total).exp();
            left <= 0.0
        })?
    };
    let log_probability = scores.get(best)? - log_sum(scores);
    let possible = log_probability > f32::NEG_INFINITY;
    possible.then_some(Token {
        id: u32::try_from(best).ok()?,
        log_probability,
    })
}

/// Numbers from a fixed seed (xorshift64*), so that the same sound always gives the same text.
struct Random(u64);

impl Random {
    /// In 0..1.
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40) as f32 / (1_u32 << 24) as f32
    }
}
