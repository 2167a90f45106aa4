//! What the model is asked. The shape of the block is described in `schemas/README.md`.

use std::collections::BTreeSet;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::brief::draft::{self, PartDraft};
use crate::brief::review::{Problem, Window};
use crate::identity::hex;
use crate::timeline::{Entry, PART_CHARACTERS, Part, Timeline};

/// Name of the prompt; changes with its meaning.
pub const PROMPT_ID: &str = "write-brief-2";
/// Instructions (the system message).
pub const INSTRUCTIONS: &str = include_str!("prompt/instructions.txt");
/// Name of the schema in the request.
pub const SCHEMA_NAME: &str = "brief";
/// Reasons that a correction lists: more do not help.
const REASONS_LIMIT: usize = 30;
/// Characters that a chapter of a part takes besides its texts.
const CHAPTER_CHARACTERS: usize = 120;
/// Labels and shots in one prompt, the surest and the longest: more only cost tokens.
const SEEN_LIMIT: usize = 300;

/// SHA-256 of instructions and schema, in hexadecimal digits.
pub fn digest() -> String {
    let mut digest = Sha256::new();
    digest.update(INSTRUCTIONS);
    digest.update(draft::SCHEMA);
    hex(&digest.finalize())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Block<'a> {
    language: &'a str,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<Span>,
    segments: Vec<Spoken<'a>>,
    labels: Vec<Seen<'a>>,
    shots: Vec<Cut<'a>>,
    chapters: Vec<Cut<'a>>,
    parts: Vec<PartSummary<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    start_ms: u64,
    end_ms: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spoken<'a> {
    id: &'a str,
    start_ms: u64,
    end_ms: u64,
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seen<'a> {
    id: &'a str,
    name: &'a str,
    start_ms: u64,
    end_ms: u64,
    confidence: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cut<'a> {
    id: &'a str,
    start_ms: u64,
    end_ms: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PartSummary<'a> {
    index: u32,
    start_ms: u64,
    end_ms: u64,
    summary: &'a str,
    evidence: &'a [String],
    chapters: Vec<PartChapter<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PartChapter<'a> {
    start_ms: i64,
    end_ms: i64,
    title: &'a str,
    summary: &'a str,
    evidence: &'a [String],
}

/// Message for a video that one prompt holds.
pub fn whole(timeline: &Timeline) -> String {
    message(&block(timeline, |_| true))
}

/// Message for one part of a long video.
pub fn part(timeline: &Timeline, part: Part) -> String {
    let window = Window {
        start_ms: part.start_ms,
        end_ms: part.end_ms,
    };
    let mut block = block(timeline, |entry| {
        entry.start_ms < window.end_ms && window.start_ms < entry.end_ms
    });
    block.window = Some(Span {
        start_ms: window.start_ms,
        end_ms: window.end_ms,
    });
    message(&block)
}

/// Message that brings the parts of a long video together: what was written about them, and the entries that it cites,
/// as far as one prompt holds them.
pub fn together(timeline: &Timeline, parts: &[PartDraft]) -> String {
    let mut left = PART_CHARACTERS / 2;
    let share = left / parts.len().max(1);
    let parts_shown: Vec<PartSummary<'_>> = parts.iter().map(|part| summary(part, share)).collect();
    // What the summaries cite comes first, for they are the whole in short.
    let of_summaries = parts.iter().flat_map(|part| &part.draft.summary.evidence);
    let of_chapters = parts.iter().flat_map(|part| {
        let chapters = part.draft.chapters.iter();
        chapters.flat_map(|chapter| &chapter.summary.evidence)
    });
    let others = parts.iter().flat_map(|part| part.draft.cited());
    let mut cited: BTreeSet<&str> = BTreeSet::new();
    for id in of_summaries.chain(of_chapters).chain(others) {
        if let Some((_, entry)) = timeline.find(id).filter(|_| !cited.contains(id.as_str())) {
            let Some(rest) = left.checked_sub(entry.characters()) else {
                break;
            };
            (left, _) = (rest, cited.insert(id));
        }
    }
    let mut block = block(timeline, |entry| cited.contains(entry.id.as_str()));
    block.parts = parts_shown;
    message(&block)
}

/// Message that asks for a better answer.
pub fn correction(problems: &[Problem]) -> String {
    let reasons = problems
        .iter()
        .take(REASONS_LIMIT)
        .map(|problem| format!("- {}\n", problem.message));
    let reasons: String = reasons.collect();
    format!(
        "The answer breaks rules:\n{reasons}Answer again with the whole JSON, these points mended and nothing added that the timeline does not support."
    )
}

fn block<'a>(timeline: &'a Timeline, is_wanted: impl Fn(&Entry) -> bool) -> Block<'a> {
    let wanted = |entries: &'a [Entry]| {
        entries
            .iter()
            .filter(|entry| is_wanted(entry))
            .collect::<Vec<&Entry>>()
    };
    let first = |mut entries: Vec<&'a Entry>, by: fn(&Entry) -> f64| {
        if entries.len() > SEEN_LIMIT {
            entries.sort_by(|left, right| by(right).total_cmp(&by(left)));
            entries.truncate(SEEN_LIMIT);
            entries.sort_by_key(|entry| (entry.start_ms, entry.end_ms));
        }
        entries
    };
    let labels = first(wanted(&timeline.labels), |entry| entry.confidence);
    let shots = first(wanted(&timeline.shots), Entry::seconds);
    let cut = |entry: &'a Entry| Cut {
        id: &entry.id,
        start_ms: entry.start_ms,
        end_ms: entry.end_ms,
        summary: &entry.text,
    };
    Block {
        language: &timeline.language.code,
        duration_ms: timeline.duration_ms,
        window: None,
        segments: wanted(&timeline.segments).into_iter().map(spoken).collect(),
        labels: labels.into_iter().map(seen).collect(),
        shots: shots.into_iter().map(cut).collect(),
        chapters: wanted(&timeline.chapters).into_iter().map(cut).collect(),
        parts: Vec::new(),
    }
}

fn spoken(entry: &Entry) -> Spoken<'_> {
    Spoken {
        id: &entry.id,
        start_ms: entry.start_ms,
        end_ms: entry.end_ms,
        text: &entry.text,
    }
}

fn seen(entry: &Entry) -> Seen<'_> {
    let Entry {
        id,
        start_ms,
        end_ms,
        text,
        confidence,
        ..
    } = entry;
    Seen {
        id,
        name: text,
        start_ms: *start_ms,
        end_ms: *end_ms,
        confidence: *confidence,
    }
}

/// What was written about a part; its chapters as far as so many characters hold them.
fn summary<'a>(part: &'a PartDraft, characters: usize) -> PartSummary<'a> {
    let Part {
        index,
        start_ms,
        end_ms,
    } = part.part;
    let statement = &part.draft.summary;
    let mut left = characters.saturating_sub(statement.text.len());
    let fits = |chapter: &&draft::Chapter| {
        let size = chapter.title.len() + chapter.summary.text.len() + CHAPTER_CHARACTERS;
        let rest = left.checked_sub(size);
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let chapters = part
        .draft
        .chapters
        .iter()
        .filter(|chapter| !chapter.title.is_empty());
    let chapter = |one: &'a draft::Chapter| PartChapter {
        start_ms: one.start_ms,
        end_ms: one.end_ms,
        title: &one.title,
        summary: &one.summary.text,
        evidence: &one.summary.evidence,
    };
    PartSummary {
        index,
        start_ms,
        end_ms,
        summary: &statement.text,
        evidence: &statement.evidence,
        chapters: chapters.take_while(fits).map(chapter).collect(),
    }
}

/// The block in its tags. Angle brackets and ampersands are only found inside JSON strings, where escapes mean the
/// same, so no text of the video can close the block.
fn message(block: &Block<'_>) -> String {
    // A block has only text, numbers and lists of them: it is always JSON.
    let json = serde_json::to_string(block).unwrap_or_default();
    let json = json
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    format!("Write the brief of this video.\n\n<timeline>{json}</timeline>")
}

#[cfg(test)]
mod tests;
