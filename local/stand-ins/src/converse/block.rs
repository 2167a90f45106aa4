//! The timeline that a prompt holds (see `functions/shared/schemas/README.md`).

use serde::Deserialize;

/// The timeline.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Length of the video.
    pub duration_ms: u64,
    /// The part that the answer is about, if not the whole.
    #[serde(default)]
    pub window: Option<Span>,
    /// What was said.
    #[serde(default)]
    pub segments: Vec<Spoken>,
    /// What was seen.
    #[serde(default)]
    pub labels: Vec<Seen>,
    /// Shots.
    #[serde(default)]
    pub shots: Vec<Cut>,
    /// Chapters of an automatic cut.
    #[serde(default)]
    pub chapters: Vec<Cut>,
    /// What was written about the parts of a long video.
    #[serde(default)]
    pub parts: Vec<Part>,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
}

impl Span {
    /// Whether both share some time.
    pub fn overlaps(self, other: Self) -> bool {
        self.start_ms < other.end_ms && other.start_ms < self.end_ms
    }

    /// Time in the middle.
    pub fn middle_ms(self) -> u64 {
        self.start_ms.midpoint(self.end_ms)
    }

    /// Length.
    pub fn length_ms(self) -> u64 {
        self.end_ms.saturating_sub(self.start_ms)
    }
}

/// A segment of speech.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Spoken {
    /// Id.
    pub id: String,
    /// When.
    #[serde(flatten)]
    pub span: Span,
    /// Words.
    pub text: String,
}

/// A label and a time in which it is seen.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Seen {
    /// Id.
    pub id: String,
    /// Label.
    pub name: String,
    /// When.
    #[serde(flatten)]
    pub span: Span,
    /// 0 to 1.
    #[serde(default)]
    pub confidence: f64,
}

/// A shot or a chapter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Cut {
    /// Id.
    pub id: String,
    /// When.
    #[serde(flatten)]
    pub span: Span,
}

/// What was written about a part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Part {
    /// When.
    #[serde(flatten)]
    pub span: Span,
    /// Text.
    pub summary: String,
    /// Ids that support it.
    #[serde(default)]
    pub evidence: Vec<String>,
}

impl Block {
    /// The time that the answer is about.
    pub fn window(&self) -> Span {
        self.window.unwrap_or(Span {
            start_ms: 0,
            end_ms: self.duration_ms,
        })
    }
}
