//! Chapters: where the automatic cut has them, else of about four minutes, cut between segments.

use serde_json::{Value, json};

use super::material::{self, Material, Sentence, Sight};
use super::{seen, statement, title};
use crate::converse::block::{Block, Span};
use crate::text;

/// Length of a chapter where nothing else cuts.
const USUAL_MS: u64 = 240_000;
const CHAPTERS_MAX: usize = 20;
/// Shorter chapters join the one before.
const SHORTEST_MS: u64 = 2000;
const SENTENCES: usize = 2;
const WORDS: usize = 60;
const TOPICS: usize = 3;

/// Chapters without gap or overlap over the block's window.
pub fn chapters(material: &Material, block: &Block) -> Vec<Value> {
    let mut titles: Vec<String> = Vec::new();
    let mut chapters = Vec::new();
    for span in spans(block) {
        let chapter = chapter(material, block, span, &titles);
        titles.extend(chapter["title"].as_str().map(ToOwned::to_owned));
        chapters.push(chapter);
    }
    chapters
}

fn chapter(material: &Material, block: &Block, span: Span, titles: &[String]) -> Value {
    let within = |other: Span| span.overlaps(other);
    let spoken = |s: &&Sentence| (span.start_ms..span.end_ms).contains(&s.span.middle_ms());
    let sentences: Vec<Sentence> = material.sentences.iter().filter(spoken).cloned().collect();
    let sights: Vec<Sight> = material
        .sights
        .iter()
        .filter(|sight| within(sight.span))
        .take(3)
        .cloned()
        .collect();
    let fresh: Vec<Sentence> = sentences
        .iter()
        .filter(|s| !titles.iter().any(|t| same(t, &s.text)))
        .cloned()
        .collect();
    // What the title is made of is cited with the summary: it has no evidence of its own.
    let heading = title(&fresh, &sights);
    let of_title = || {
        let cited = heading
            .iter()
            .filter_map(|title| title["evidence"].as_array());
        cited
            .flatten()
            .filter_map(|id| id.as_str().map(ToOwned::to_owned))
    };
    let said = material::central(&sentences, SENTENCES, WORDS);
    let summary = if !said.is_empty() {
        let texts: Vec<&str> = said.iter().map(|sentence| sentence.text.as_str()).collect();
        statement(
            &texts.join(" "),
            said.iter()
                .flat_map(|sentence| sentence.evidence.clone())
                .chain(of_title())
                .collect(),
        )
    } else if !sights.is_empty() {
        let all: Vec<&Sight> = sights.iter().collect();
        statement(
            &seen(&all),
            sights.iter().map(|sight| sight.id.clone()).collect(),
        )
    } else {
        let cuts = block
            .shots
            .iter()
            .chain(&block.chapters)
            .filter(|cut| within(cut.span));
        statement(
            "Nothing is said or recognised here.",
            cuts.map(|cut| cut.id.clone()).take(1).collect(),
        )
    };
    let mut topics = text::keywords(
        sentences.iter().map(|sentence| sentence.text.as_str()),
        TOPICS,
    );
    if said.is_empty() {
        topics.extend(sights.iter().map(|sight| sight.name.clone()));
    }
    json!({
        "startMs": span.start_ms,
        "endMs": span.end_ms,
        "title": heading.as_ref().and_then(|title| title["text"].as_str()).unwrap_or("Without words"),
        "summary": summary,
        "topics": topics,
    })
}

/// Whether a title was made of this sentence.
fn same(title: &str, sentence: &str) -> bool {
    sentence
        .to_lowercase()
        .contains(title.trim_end_matches('\u{2026}').to_lowercase().as_str())
}

/// Contiguous, over the whole window.
fn spans(block: &Block) -> Vec<Span> {
    let window = block.window();
    let mut cuts: Vec<u64> = block
        .chapters
        .iter()
        .map(|chapter| chapter.span.start_ms)
        .collect();
    if cuts.len() < 2 {
        cuts = usual_cuts(block);
    }
    cuts.retain(|cut| window.start_ms < *cut && *cut < window.end_ms);
    cuts.sort_unstable();
    let mut spans = vec![window];
    for cut in cuts {
        let Some(last) = spans.last_mut() else { break };
        let is_long_enough =
            cut >= last.start_ms + SHORTEST_MS && cut + SHORTEST_MS <= window.end_ms;
        if is_long_enough {
            last.end_ms = cut;
            spans.push(Span {
                start_ms: cut,
                end_ms: window.end_ms,
            });
        }
        if spans.len() == CHAPTERS_MAX {
            break;
        }
    }
    spans
}

/// The starts of segments, or of shots, next to every fourth minute.
fn usual_cuts(block: &Block) -> Vec<u64> {
    let window = block.window();
    let count = (window.length_ms() / USUAL_MS)
        .min(CHAPTERS_MAX as u64)
        .max(1);
    let spoken = block.segments.iter().map(|segment| segment.span.start_ms);
    let starts: Vec<u64> = spoken
        .chain(block.shots.iter().map(|shot| shot.span.start_ms))
        .collect();
    let nearest = |ideal: u64| {
        starts
            .iter()
            .copied()
            .min_by_key(|start| start.abs_diff(ideal))
            .unwrap_or(ideal)
    };
    (1..count)
        .map(|number| nearest(window.start_ms + window.length_ms() * number / count))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(block: Value, expected: &[(u64, u64)]) {
        let block: Block =
            serde_json::from_value(block).unwrap_or_else(|error| unreachable!("{error}"));
        let spans: Vec<(u64, u64)> = spans(&block)
            .iter()
            .map(|span| (span.start_ms, span.end_ms))
            .collect();
        assert_eq!(spans, expected);
    }

    #[test]
    fn chapters_fill_the_window() {
        let cut = |start: u64| json!({"id": "c", "startMs": start, "endMs": start + 1});
        check(json!({"durationMs": 1000}), &[(0, 1000)]);
        let cuts = [cut(0), cut(5000), cut(6000), cut(9500)];
        check(
            json!({"durationMs": 10_000, "chapters": cuts}),
            &[(0, 5000), (5000, 10_000)],
        );
        let window = json!({"startMs": 4000, "endMs": 10_000});
        check(
            json!({"durationMs": 20_000, "window": window, "chapters": [cut(0), cut(7000)]}),
            &[(4000, 7000), (7000, 10_000)],
        );
        check(
            json!({"durationMs": 480_000, "shots": [cut(0), cut(230_000)]}),
            &[(0, 230_000), (230_000, 480_000)],
        );
        check(
            json!({"durationMs": 480_000}),
            &[(0, 240_000), (240_000, 480_000)],
        );
    }
}
