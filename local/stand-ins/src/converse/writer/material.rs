//! What a draft is made of: ranked sentences and labels.

use std::collections::BTreeSet;

use super::super::block::{Block, Span};
use crate::labels::classes::GROUPS;
use crate::text;

/// How a sentence about labels begins; such sentences of parts are not taken for speech.
pub const SEEN: &str = "Seen in the picture: ";
/// Labels below it are not mentioned.
const CONFIDENCE_MIN: f64 = 0.6;
/// Share of content words in common from which two sentences say the same.
const SAME: f64 = 0.6;

/// A sentence and where it is from.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    pub text: String,
    pub evidence: Vec<String>,
    pub span: Span,
    /// How much it says, 0 to 1.
    pub score: f64,
}

/// A label at the time where it is seen longest.
#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    pub name: String,
    pub id: String,
    pub span: Span,
    confidence: f64,
}

/// Sentences and labels of a block's window.
pub struct Material {
    /// What was said.
    pub sentences: Vec<Sentence>,
    /// What a summary is made of: what was written about the parts, else what was said.
    pub written: Vec<Sentence>,
    /// Each label once, the most telling first.
    pub sights: Vec<Sight>,
}

impl Material {
    /// Takes a block apart.
    pub fn new(block: &Block) -> Self {
        let window = block.window();
        let segments = block
            .segments
            .iter()
            .filter(|segment| segment.span.overlaps(window));
        let spoken = segments.flat_map(|segment| {
            let sentence = |text| sentence(text, vec![segment.id.clone()], segment.span);
            text::sentences(&segment.text).into_iter().map(sentence)
        });
        let sentences = ranked(spoken.collect());
        let about_parts = block.parts.iter().flat_map(|part| {
            let texts = text::sentences(&part.summary)
                .into_iter()
                .filter(|text| !text.starts_with(SEEN));
            texts.enumerate().map(|(place, text)| {
                // The nth sentence of a part's summary is supported by its nth id, as this writer cites.
                let cited = part.evidence.get(place).or(part.evidence.first());
                sentence(text, cited.into_iter().cloned().collect(), part.span)
            })
        });
        let about_parts = ranked(about_parts.collect());
        let written = if about_parts.is_empty() {
            sentences.clone()
        } else {
            about_parts
        };
        Self {
            sentences,
            written,
            sights: sights(block, window),
        }
    }

    /// The first labels, in the order of time.
    pub fn chosen_sights(&self, count: usize) -> Vec<&Sight> {
        let mut chosen: Vec<&Sight> = self.sights.iter().take(count).collect();
        chosen.sort_by_key(|sight| sight.span.start_ms);
        chosen
    }
}

fn sentence(text: &str, evidence: Vec<String>, span: Span) -> Sentence {
    Sentence {
        text: text.to_owned(),
        evidence,
        span,
        score: 0.0,
    }
}

/// With scores: central among the others, and neither a scrap nor endless.
fn ranked(mut sentences: Vec<Sentence>) -> Vec<Sentence> {
    let texts: Vec<&str> = sentences
        .iter()
        .map(|sentence| sentence.text.as_str())
        .collect();
    let scores = text::centrality(&texts);
    for (sentence, score) in sentences.iter_mut().zip(scores) {
        let weight = match sentence.text.split_whitespace().count() {
            0..=3 => 0.2,
            4..=5 => 0.6,
            6..=35 => 1.0,
            _ => 0.7,
        };
        sentence.score = score * weight;
    }
    sentences
}

/// The best sentences that say different things, in the order of time.
pub fn central(sentences: &[Sentence], count: usize, words: usize) -> Vec<&Sentence> {
    let mut order: Vec<&Sentence> = sentences.iter().collect();
    order.sort_by(|a, b| b.score.total_cmp(&a.score));
    let (mut chosen, mut left): (Vec<&Sentence>, usize) = (Vec::new(), words);
    for sentence in order {
        let length = sentence.text.split_whitespace().count();
        if chosen.len() < count
            && length <= left
            && !chosen.iter().any(|one| is_same(&one.text, &sentence.text))
        {
            chosen.push(sentence);
            left -= length;
        }
    }
    chosen.sort_by_key(|sentence| sentence.span.start_ms);
    chosen
}

#[expect(clippy::cast_precision_loss, reason = "counts of words")]
fn is_same(a: &str, b: &str) -> bool {
    let set = |text: &str| {
        text::content_words(text)
            .into_iter()
            .collect::<BTreeSet<_>>()
    };
    let (a, b) = (set(a), set(b));
    let all = a.union(&b).count();
    all > 0 && a.intersection(&b).count() as f64 >= SAME * all as f64
}

/// Each label where it is seen longest: sure and long-lasting ones first, general ones (Animal) last.
fn sights(block: &Block, window: Span) -> Vec<Sight> {
    let general: BTreeSet<&str> = GROUPS
        .iter()
        .flat_map(|group| std::iter::once(group.name).chain(group.parents.iter().copied()))
        .collect();
    let mut sights: Vec<Sight> = Vec::new();
    let labels = block
        .labels
        .iter()
        .filter(|label| label.confidence >= CONFIDENCE_MIN && label.span.overlaps(window));
    for label in labels {
        let confidence = label.confidence;
        let sight = Sight {
            name: label.name.clone(),
            id: label.id.clone(),
            span: label.span,
            confidence,
        };
        match sights.iter_mut().find(|one| one.name == sight.name) {
            Some(one) if one.span.length_ms() < sight.span.length_ms() => *one = sight,
            Some(_) => {}
            None => sights.push(sight),
        }
    }
    let specific = sights
        .iter()
        .any(|sight| !general.contains(sight.name.as_str()));
    sights.retain(|sight| !specific || !general.contains(sight.name.as_str()));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a video")]
    let weight = |sight: &Sight| sight.confidence * (sight.span.length_ms() as f64).sqrt();
    sights.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    sights
}
