//! What the model answers: the shape of `brief-model.schema.json`. Evidence is ids of the timeline.

use serde::{Deserialize, Serialize};

use super::{EntityType, Warning};
use crate::timeline::Part;

/// JSON Schema that goes to the model.
pub const SCHEMA: &str = include_str!("../../schemas/brief-model.schema.json");

/// An answer that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not JSON of the schema.
    #[error("the answer is not JSON of the schema: {0}")]
    Malformed(String),
}

/// The model's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Draft {
    /// Title.
    pub title: Statement,
    /// Summary.
    pub summary: Statement,
    /// Short abstract.
    pub abstract_short: String,
    /// Chapters.
    pub chapters: Vec<Chapter>,
    /// Moments, the best first.
    pub key_moments: Vec<KeyMoment>,
    /// People who are mentioned.
    pub people: Vec<Named>,
    /// Things that are mentioned by their names.
    pub entities: Vec<Entity>,
    /// Topics.
    pub topics: Vec<Named>,
    /// Quotes.
    pub quotes: Vec<Quote>,
}

/// Text with ids of the timeline that support it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// Text.
    pub text: String,
    /// Ids.
    pub evidence: Vec<String>,
}

/// A chapter. Times are signed: what a model writes may be below zero.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Chapter {
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// Title.
    pub title: String,
    /// What happens.
    pub summary: Statement,
    /// What it is about.
    pub topics: Vec<String>,
}

/// A moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyMoment {
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// Why.
    pub reason: Statement,
}

/// A person or a topic.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Named {
    /// Name.
    pub name: String,
    /// Ids.
    pub evidence: Vec<String>,
}

/// A thing that has a name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entity {
    /// Name.
    pub name: String,
    /// What it is.
    pub r#type: EntityType,
    /// Ids.
    pub evidence: Vec<String>,
}

/// A quote.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quote {
    /// Segment that it is from.
    pub segment_id: String,
    /// Words.
    pub text: String,
}

/// What the model wrote about one part of a long video (`work/<job>/parts/<index>.json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartDraft {
    /// The part.
    pub part: Part,
    /// The checked draft.
    pub draft: Draft,
    /// What was mended or dropped.
    pub warnings: Vec<Warning>,
    /// Statements that were dropped.
    pub unsupported: usize,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

impl Draft {
    /// Ids that the draft cites.
    pub fn cited(&self) -> impl Iterator<Item = &String> {
        let chapters = self
            .chapters
            .iter()
            .flat_map(|chapter| &chapter.summary.evidence);
        let moments = self
            .key_moments
            .iter()
            .flat_map(|moment| &moment.reason.evidence);
        let named = self
            .people
            .iter()
            .chain(&self.topics)
            .flat_map(|named| &named.evidence);
        let named = named.chain(self.entities.iter().flat_map(|entity| &entity.evidence));
        let quotes = self.quotes.iter().map(|quote| &quote.segment_id);
        self.title
            .evidence
            .iter()
            .chain(&self.summary.evidence)
            .chain(chapters)
            .chain(moments)
            .chain(named)
            .chain(quotes)
    }
}

/// Reads an answer; a Markdown fence around it, which models like, is taken off.
///
/// # Errors
/// [`Error::Malformed`].
pub fn parse(answer: &str) -> Result<Draft, Error> {
    let text = answer.trim();
    let unfenced = text
        .strip_prefix("```json")
        .or_else(|| text.strip_prefix("```"))
        .unwrap_or(text);
    let unfenced = unfenced.trim_end_matches("```");
    serde_json::from_str(unfenced).map_err(|error| Error::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(answer: &str, is_draft: bool) {
        assert_eq!(parse(answer).is_ok(), is_draft, "{answer}");
    }

    #[test]
    fn reads_answers() {
        let draft = json!(Draft::default()).to_string();
        check(&draft, true);
        check(&format!("```json\n{draft}\n```"), true);
        check(&format!("  ```\n{draft}```  "), true);
        check("", false);
        check("Here is the brief you asked for:", false);
        check("{}", false);
        check(&draft.replace("\"title\"", "\"headline\""), false);
        check(&draft[..draft.len() - 1], false);
    }

    #[test]
    fn schema_asks_for_what_we_read() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap_or_default();
        let validator = jsonschema::validator_for(&schema).map_err(|error| error.to_string());
        let draft = Draft {
            chapters: vec![Chapter::default()],
            key_moments: vec![KeyMoment::default()],
            people: vec![Named::default()],
            entities: vec![Entity::default()],
            topics: vec![Named::default()],
            quotes: vec![Quote::default()],
            ..Draft::default()
        };
        assert!(validator.is_ok_and(|validator| validator.is_valid(&json!(draft))));
    }

    /// Structured output of Converse takes no ranges and lengths, and wants every object closed and complete.
    #[test]
    fn schema_stays_within_structured_output() {
        fn walk(schema: &serde_json::Value) {
            if let Some(members) = schema.as_object() {
                for name in [
                    "minimum",
                    "maximum",
                    "minLength",
                    "maxLength",
                    "minItems",
                    "maxItems",
                    "$ref",
                    "pattern",
                ] {
                    assert!(
                        !members.contains_key(name) || schema["type"].is_object(),
                        "{name}"
                    );
                }
                if schema["type"] == "object" {
                    assert_eq!(schema["additionalProperties"], json!(false));
                    let required = schema["required"].as_array().map_or(0, Vec::len);
                    assert_eq!(
                        Some(required),
                        schema["properties"].as_object().map(serde_json::Map::len)
                    );
                }
                members.values().for_each(walk);
            }
        }
        walk(&serde_json::from_str(SCHEMA).unwrap_or_default());
    }
}
