//! What is shown: shots, chapters, topics, text on screen (`meaning.json`), read from Data Automation's standard output.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::labels::{Flag, FlagSource, Severity, TimeRange, merged, rounded};

mod data_automation;

pub use data_automation::{parse, standard_outputs};

/// Output of Data Automation that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not the JSON that Data Automation documents.
    #[error("the output is not in Data Automation's form: {0}")]
    Malformed(String),
}

/// The meaning of a video.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Meaning {
    /// Summary of the whole, as the service gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Shots in the order of time.
    pub shots: Vec<Shot>,
    /// Chapters in the order of time.
    pub chapters: Vec<Chapter>,
    /// Topics of the chapters, each once.
    pub topics: Vec<Topic>,
    /// Text on screen, each once.
    pub on_screen_text: Vec<OnScreenText>,
    /// Logos, each once.
    pub logos: Vec<Logo>,
    /// What was flagged.
    pub flags: Vec<Flag>,
}

/// A shot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shot {
    /// `h1`, `h2`, … in the order of time.
    pub id: String,
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
}

/// A chapter as Data Automation cuts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Chapter {
    /// `c1`, `c2`, … in the order of time.
    pub id: String,
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// A topic of the IAB taxonomy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Topic {
    /// Name.
    pub name: String,
    /// Names from the top of the taxonomy to this one.
    pub path: Vec<String>,
    /// Highest confidence of a chapter, 0..1.
    pub confidence: f64,
    /// The chapters that are about it.
    pub instances: Vec<TimeRange>,
}

/// Text that can be read in the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnScreenText {
    /// Text.
    pub text: String,
    /// Highest confidence, 0..1.
    pub confidence: f64,
    /// Where and when.
    pub instances: Vec<TextInstance>,
}

/// One appearance of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextInstance {
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Place in the picture, in shares of its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#box: Option<PictureBox>,
}

/// Rectangle in shares (0..1) of the picture's size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PictureBox {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// A logo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Logo {
    /// Name.
    pub name: String,
    /// Where it is seen.
    pub instances: Vec<TimeRange>,
}

/// Things found several times, gathered under their names.
#[derive(Default)]
struct Found {
    ranges: BTreeMap<String, Vec<TimeRange>>,
}

impl Found {
    fn add(&mut self, name: &str, range: TimeRange) {
        let name = name.trim();
        if !name.is_empty() {
            self.ranges.entry(name.to_owned()).or_default().push(range);
        }
    }

    fn merged(self) -> impl Iterator<Item = (String, Vec<TimeRange>)> {
        self.ranges
            .into_iter()
            .map(|(name, ranges)| (name, merged(ranges)))
    }
}

fn flag(category: &str, range: TimeRange) -> Flag {
    Flag {
        category: category.to_owned(),
        parent: None,
        severity: Severity::of(range.confidence),
        confidence: rounded(range.confidence),
        source: FlagSource::Bda,
        start_ms: range.start_ms,
        end_ms: range.end_ms,
    }
}
