//! Toxic speech by a short list of words. The real service hears the tone as well; this tells what a rule makes of it.

use serde_json::{Map, Value, json};

use crate::speech::{Segment, Transcript};

/// Transcribe's categories with the words that stand for them here; none for what no single word shows.
const CATEGORIES: [(&str, &[&str]); 7] = [
    (
        "profanity",
        &[
            "bastard", "bitch", "bullshit", "crap", "damn", "damned", "fuck", "fucking", "shit",
        ],
    ),
    ("hate_speech", &[]),
    ("sexual", &[]),
    (
        "insult",
        &[
            "fool", "idiot", "idiots", "loser", "moron", "scum", "stupid",
        ],
    ),
    ("violence_or_threat", &["kill", "murder", "stab"]),
    ("graphic", &[]),
    ("harassment_or_abuse", &[]),
];
/// Share of doubt that each word leaves.
const DOUBT: f64 = 0.4;

/// `toxicity_detection` of the result: every stretch of speech with every category, as Transcribe writes it.
pub fn detected(transcript: &Transcript) -> Vec<Value> {
    transcript.segments.iter().map(stretch).collect()
}

fn stretch(segment: &Segment) -> Value {
    let words: Vec<String> = segment
        .words
        .iter()
        .map(|word| {
            let text = word.text.trim_matches(|mark: char| !mark.is_alphanumeric());
            text.to_lowercase()
        })
        .collect();
    let mut highest = 0.0_f64;
    let categories: Map<String, Value> = CATEGORIES
        .iter()
        .map(|(category, list)| {
            let hits = words.iter().filter(|word| list.contains(&word.as_str()));
            let confidence = 1.0 - DOUBT.powi(i32::try_from(hits.count()).unwrap_or(i32::MAX));
            highest = highest.max(confidence);
            ((*category).to_owned(), json!(confidence))
        })
        .collect();
    json!({
        "text": segment.text,
        "toxicity": highest,
        "categories": categories,
        "start_time": seconds(segment.start_ms),
        "end_time": seconds(segment.end_ms),
    })
}

#[expect(clippy::cast_precision_loss, reason = "below 2^52")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::Word;

    fn check(text: &str, category: &str, expected: f64) {
        let words = text.split(' ').map(|text| Word {
            start_ms: 0,
            end_ms: 1,
            text: text.to_owned(),
            confidence: 1.0,
        });
        let segment = Segment {
            start_ms: 1500,
            end_ms: 2000,
            text: text.to_owned(),
            words: words.collect(),
        };
        let told = stretch(&segment);
        let confidence = told["categories"][category].as_f64().unwrap_or(-1.0);
        assert!((confidence - expected).abs() < 1e-9, "{told}");
        assert_eq!(told["start_time"], 1.5);
    }

    #[test]
    fn counts_words_of_the_list() {
        check("What a lovely day.", "insult", 0.0);
        check("You fool!", "insult", 0.6);
        check("You stupid, stupid man.", "insult", 0.84);
        check("You fool!", "profanity", 0.0);
    }
}
