//! What is said: sentences with words and times (`work/<job>/transcript.json`), read from Transcribe's output.

use serde::{Deserialize, Serialize};

use crate::brief::Toxicity;

mod transcribe;

pub use transcribe::parse;

/// Languages that are written without spaces between words.
const UNSPACED_LANGUAGES: [&str; 3] = ["ja", "th", "zh"];

/// Output of Transcribe that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not the JSON that Transcribe documents.
    #[error("the transcript is not in Transcribe's form: {0}")]
    Malformed(String),
}

/// The speech of a video.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Transcript {
    /// Its language.
    pub language: Language,
    /// Sentences in the order of time.
    pub segments: Vec<Segment>,
    /// Whether personal data were taken out; `[PII]` stands in their place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
    /// What is toxic in it, in the order of time; empty also where nobody looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub toxicity: Vec<Toxicity>,
}

/// A language and how sure that is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Language {
    /// BCP 47 code; `und` when nobody speaks.
    pub code: String,
    /// 0..1; 1 when the language was given, not identified.
    pub score: f64,
    /// Other candidates, the best first.
    pub alternatives: Vec<Candidate>,
}

impl Default for Language {
    fn default() -> Self {
        Self {
            code: "und".to_owned(),
            score: 0.0,
            alternatives: Vec::new(),
        }
    }
}

/// A candidate of the language identification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Candidate {
    /// BCP 47 code.
    pub code: String,
    /// 0..1.
    pub score: f64,
}

/// A sentence, or as much of one as one speaker says without a pause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Segment {
    /// `s1`, `s2`, … in the order of time.
    pub id: String,
    /// Start of the first word.
    pub start_ms: u64,
    /// End of the last word.
    pub end_ms: u64,
    /// The words with their punctuation.
    pub text: String,
    /// Mean confidence of the words, 0..1.
    pub confidence: f64,
    /// Label of the speaker, where speakers were told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// The words.
    pub words: Vec<Word>,
}

/// A word with the punctuation behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Word {
    /// Start.
    pub start_ms: u64,
    /// End, never before the start.
    pub end_ms: u64,
    /// Text.
    pub text: String,
    /// 0..1.
    pub confidence: f64,
}

impl Transcript {
    /// Number of words.
    pub fn words(&self) -> usize {
        self.segments
            .iter()
            .map(|segment| segment.words.len())
            .sum()
    }

    /// Whether words of this language are written with spaces between them.
    pub fn is_spaced(&self) -> bool {
        is_spaced(&self.language.code)
    }
}

/// Whether words of a language are written with spaces between them.
pub(crate) fn is_spaced(code: &str) -> bool {
    !UNSPACED_LANGUAGES.contains(&code.split('-').next().unwrap_or_default())
}
