//! Cuts a draft of a brief together from a timeline: every sentence of it is one that was spoken, or names labels that
//! were seen, and cites them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::block::{Block, Span};
use crate::text;

mod chapters;
mod material;

use material::{Material, Sentence, Sight};

/// Ids that a statement may cite.
const EVIDENCE_MAX: usize = 5;
const SUMMARY_WORDS: usize = 110;
const TITLE_WORDS: usize = 12;
const ABSTRACT_LETTERS: usize = 160;
const SPOKEN_MOMENTS: usize = 5;
const SEEN_MOMENTS: usize = 3;
const QUOTES: usize = 3;
const TOPICS: usize = 5;
/// Words that a title does not begin with.
const CONJUNCTIONS: [&str; 5] = ["and", "but", "so", "or", "because"];

/// The draft: the members of `functions/shared/schemas/brief-model.schema.json`.
pub fn draft(block: &Block) -> Value {
    let material = Material::new(block);
    let window = block.window();
    let summary = summary(&material, block);
    json!({
        "title": title(&material.sentences, &material.sights).unwrap_or_else(|| statement("", Vec::new())),
        "abstractShort": text::clipped(summary["text"].as_str().unwrap_or_default(), ABSTRACT_LETTERS),
        "summary": summary,
        "chapters": chapters::chapters(&material, block),
        "keyMoments": key_moments(&material, window),
        "people": people(block),
        "entities": [],
        "topics": topics(&material, block),
        "quotes": quotes(&material),
    })
}

fn statement(text: &str, evidence: Vec<String>) -> Value {
    let mut cited: Vec<String> = Vec::new();
    for id in evidence {
        if !cited.contains(&id) {
            cited.push(id);
        }
    }
    cited.truncate(EVIDENCE_MAX);
    json!({"text": text, "evidence": cited})
}

/// `A`, `A and B`, `A, B and C`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn seen(sights: &[&Sight]) -> String {
    let names: Vec<&str> = sights.iter().map(|sight| sight.name.as_str()).collect();
    format!("{}{}.", material::SEEN, listed(&names))
}

/// The most central sentences in the order of time, and what is seen.
fn summary(material: &Material, block: &Block) -> Value {
    let sights = material.chosen_sights(if material.sentences.is_empty() {
        EVIDENCE_MAX
    } else {
        2
    });
    let said = material::central(
        &material.written,
        EVIDENCE_MAX - sights.len(),
        SUMMARY_WORDS - 10,
    );
    let mut texts: Vec<String> = said.iter().map(|sentence| sentence.text.clone()).collect();
    let mut evidence: Vec<String> = said
        .iter()
        .filter_map(|sentence| sentence.evidence.first().cloned())
        .collect();
    if !sights.is_empty() {
        texts.push(seen(&sights));
        evidence.extend(sights.iter().map(|sight| sight.id.clone()));
    }
    if texts.is_empty() {
        return cuts(block);
    }
    statement(&texts.join(" "), evidence)
}

/// What is left to say of a video without speech and labels.
fn cuts(block: &Block) -> Value {
    let window = block.window();
    let shots: Vec<&str> = block
        .shots
        .iter()
        .filter(|shot| shot.span.overlaps(window))
        .map(|shot| shot.id.as_str())
        .collect();
    let text = match shots.len() {
        0 => return statement("", Vec::new()),
        1 => "Nothing is said or recognised; the picture is one shot.",
        _ => "Nothing is said or recognised; the picture has several shots.",
    };
    statement(text, shots.into_iter().map(ToOwned::to_owned).collect())
}

/// The most central sentence that is short enough, or a clause of it; without speech the labels.
fn title(sentences: &[Sentence], sights: &[Sight]) -> Option<Value> {
    let mut ranked: Vec<&Sentence> = sentences.iter().collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let whole = ranked
        .iter()
        .find_map(|sentence| Some((headline(&sentence.text)?, *sentence)));
    let clipped = || {
        let sentence = ranked.first()?;
        let words: Vec<&str> = sentence.text.split_whitespace().take(TITLE_WORDS).collect();
        Some((format!("{}\u{2026}", words.join(" ")), *sentence))
    };
    if let Some((text, sentence)) = whole.or_else(clipped) {
        return Some(statement(
            &text,
            sentence.evidence.iter().take(1).cloned().collect(),
        ));
    }
    let names: Vec<&str> = sights
        .iter()
        .take(3)
        .map(|sight| sight.name.as_str())
        .collect();
    let evidence = sights
        .iter()
        .take(3)
        .map(|sight| sight.id.clone())
        .collect();
    (!names.is_empty()).then(|| statement(&listed(&names), evidence))
}

/// A sentence as a title, or its clause with most content; `None` when none has three to twelve words.
fn headline(sentence: &str) -> Option<String> {
    let bare = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let skipped = words
            .first()
            .is_some_and(|first| CONJUNCTIONS.contains(&first.to_lowercase().as_str()));
        let kept = words.get(usize::from(skipped)..).unwrap_or_default();
        (3..=TITLE_WORDS)
            .contains(&kept.len())
            .then(|| kept.join(" "))
    };
    let sentence = sentence.trim_end_matches(['.', '!', '\u{2026}']);
    let clauses = || sentence.split([',', ';', ':', '\u{2014}']).filter_map(bare);
    let text = bare(sentence)
        .or_else(|| clauses().max_by_key(|clause| text::content_words(clause).len()))?;
    let mut letters = text.chars();
    let first = letters.next()?;
    Some(first.to_uppercase().chain(letters).collect())
}

fn key_moments(material: &Material, window: Span) -> Vec<Value> {
    let moment = |span: Span, reason: Value| {
        let (start_ms, end_ms) = (
            span.start_ms.max(window.start_ms),
            span.end_ms.min(window.end_ms),
        );
        (start_ms < end_ms).then(|| json!({"startMs": start_ms, "endMs": end_ms, "reason": reason}))
    };
    let mut said = material::central(&material.sentences, SPOKEN_MOMENTS, usize::MAX);
    said.sort_by(|a, b| b.score.total_cmp(&a.score));
    let said = said
        .into_iter()
        .map(|one| moment(one.span, statement(&one.text, one.evidence.clone())));
    let sights = material.chosen_sights(SEEN_MOMENTS);
    let sights = sights.into_iter().map(|sight| {
        moment(
            sight.span,
            statement(&format!("{} is seen.", sight.name), vec![sight.id.clone()]),
        )
    });
    said.chain(sights).flatten().collect()
}

fn people(block: &Block) -> Vec<Value> {
    let mut people: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for segment in block
        .segments
        .iter()
        .filter(|segment| segment.span.overlaps(block.window()))
    {
        for name in text::people(&segment.text) {
            people.entry(name).or_default().push(segment.id.clone());
        }
    }
    let mut people: Vec<(String, Vec<String>)> = people.into_iter().collect();
    people.sort_by_key(|(_, evidence)| std::cmp::Reverse(evidence.len()));
    let named = |(name, mut evidence): (String, Vec<String>)| {
        evidence.dedup();
        evidence.truncate(EVIDENCE_MAX);
        json!({"name": name, "evidence": evidence})
    };
    people.into_iter().map(named).take(TOPICS).collect()
}

fn topics(material: &Material, block: &Block) -> Vec<Value> {
    let texts = || {
        material
            .sentences
            .iter()
            .map(|sentence| sentence.text.as_str())
    };
    let keywords = text::keywords(texts(), TOPICS).into_iter().map(|word| {
        let has = |segment: &&super::block::Spoken| text::words(&segment.text).any(|one| one == word);
        let segments = block.segments.iter().filter(has).take(EVIDENCE_MAX);
        json!({"name": word, "evidence": segments.map(|segment| segment.id.clone()).collect::<Vec<_>>()})
    });
    let sights = material.chosen_sights(SEEN_MOMENTS);
    let sights = sights
        .into_iter()
        .map(|sight| json!({"name": sight.name, "evidence": [sight.id]}));
    keywords.chain(sights).collect()
}

/// Sentences of five to thirty words that stand on their own.
fn quotes(material: &Material) -> Vec<Value> {
    let fits = |sentence: &&Sentence| (5..=30).contains(&sentence.text.split_whitespace().count());
    let mut ranked: Vec<&Sentence> = material.sentences.iter().filter(fits).collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let quoted = ranked.into_iter().filter_map(|sentence| {
        Some(json!({"segmentId": sentence.evidence.first()?, "text": sentence.text}))
    });
    quoted.take(QUOTES).collect()
}

#[cfg(test)]
mod tests;
