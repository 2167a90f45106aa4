//! Transcribe's output file: items with times as text, cut into sentences.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Candidate, Error, Language, Segment, Transcript, Word, is_spaced};
use crate::brief::Toxicity;
use crate::labels::rounded;

/// Silence between two words that ends a segment even without a full stop.
const PAUSE_MS: u64 = 1500;
/// Characters after which a segment ends at the next comma or word: longer ones cannot be cited precisely.
const SEGMENT_CHARACTERS: usize = 280;
/// Punctuation that ends a sentence.
const SENTENCE_ENDS: [&str; 7] = [".", "?", "!", "。", "？", "！", "؟"];
/// Words whose full stop ends no sentence.
const ABBREVIATIONS: [&str; 14] = [
    "capt", "col", "dr", "etc", "gen", "jr", "lt", "mr", "mrs", "ms", "prof", "sr", "st", "vs",
];
/// Toxicity below this confidence is noise: the service reports every category of every stretch.
const TOXICITY_CONFIDENCE: f64 = 0.5;

#[derive(Deserialize)]
struct Output {
    results: Results,
    #[serde(default, rename = "isRedacted")]
    is_redacted: bool,
}

#[derive(Deserialize)]
struct Results {
    items: Vec<Item>,
    language_code: Option<String>,
    #[serde(default)]
    language_identification: Vec<Identified>,
    #[serde(default)]
    toxicity_detection: Vec<Toxic>,
}

/// A stretch of speech with the confidence of each category. Its words are the transcript's.
#[derive(Deserialize)]
struct Toxic {
    categories: BTreeMap<String, Figure>,
    start_time: Figure,
    end_time: Figure,
}

#[derive(Deserialize)]
struct Identified {
    code: String,
    score: Figure,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type")]
    kind: String,
    start_time: Option<Figure>,
    end_time: Option<Figure>,
    #[serde(default)]
    alternatives: Vec<Alternative>,
    speaker_label: Option<String>,
}

#[derive(Deserialize)]
struct Alternative {
    confidence: Option<Figure>,
    content: String,
    #[serde(default)]
    redactions: Vec<Redacted>,
}

/// Of what was taken out only this is told: how sure it is that it was personal.
#[derive(Deserialize)]
struct Redacted {
    confidence: Option<Figure>,
}

/// Transcribe writes numbers as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Figure {
    Text(String),
    Number(f64),
}

impl Figure {
    /// The number, if it is one and not negative.
    fn value(&self) -> Option<f64> {
        let value = match self {
            Self::Text(text) => text.parse().ok()?,
            Self::Number(number) => *number,
        };
        (value.is_finite() && value >= 0.0).then_some(value)
    }

    /// Seconds as milliseconds.
    fn milliseconds(&self) -> Option<u64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative; saturates"
        )]
        self.value()
            .map(|seconds| (seconds * 1000.0).round() as u64)
    }
}

/// Reads Transcribe's output file. Times that run backwards or are missing are pulled to the word before.
///
/// # Errors
/// [`Error::Malformed`].
pub fn parse(bytes: &[u8]) -> Result<Transcript, Error> {
    let output: Output =
        serde_json::from_slice(bytes).map_err(|error| Error::Malformed(error.to_string()))?;
    let language = language(&output.results);
    let is_spaced = is_spaced(&language.code);
    let mut segments: Vec<Segment> = Vec::new();
    let mut pending: Option<Pending> = None;
    for item in &output.results.items {
        let Some(best) = item.alternatives.first() else {
            continue;
        };
        let content = best.content.trim();
        if content.is_empty() {
            continue;
        }
        if item.kind == "punctuation" {
            let Some(mut open) = pending.take() else {
                continue;
            };
            open.punctuate(content);
            if open.is_complete(content) {
                segments.push(open.close(segments.len(), is_spaced));
            } else {
                pending = Some(open);
            }
            continue;
        }
        let floor_ms = pending.as_ref().map_or_else(
            || segments.last().map_or(0, |last| last.end_ms),
            Pending::end_ms,
        );
        let word = word(item, best, floor_ms);
        let previous = pending.take();
        let mut open = match previous {
            Some(open) if open.goes_on_with(&word, item.speaker_label.as_deref()) => open,
            Some(open) => {
                segments.push(open.close(segments.len(), is_spaced));
                Pending::default()
            }
            None => Pending::default(),
        };
        open.speaker = open.speaker.or_else(|| item.speaker_label.clone());
        open.characters += content.chars().count() + 1;
        open.words.push(word);
        pending = Some(open);
    }
    if let Some(open) = pending {
        segments.push(open.close(segments.len(), is_spaced));
    }
    Ok(Transcript {
        language,
        segments,
        redacted: output.is_redacted,
        toxicity: toxicity(&output.results.toxicity_detection),
    })
}

fn toxicity(stretches: &[Toxic]) -> Vec<Toxicity> {
    let mut toxicity = Vec::new();
    for stretch in stretches {
        let times = stretch
            .start_time
            .milliseconds()
            .zip(stretch.end_time.milliseconds());
        let Some((start_ms, end_ms)) = times else {
            continue;
        };
        for (category, confidence) in &stretch.categories {
            let confidence = rounded(confidence.value().unwrap_or(0.0).min(1.0));
            if confidence >= TOXICITY_CONFIDENCE {
                toxicity.push(Toxicity {
                    category: category.clone(),
                    confidence,
                    start_ms,
                    end_ms: end_ms.max(start_ms),
                });
            }
        }
    }
    toxicity.sort_by_key(|one| (one.start_ms, one.end_ms));
    toxicity
}

fn language(results: &Results) -> Language {
    let score = |one: &Identified| one.score.value().unwrap_or(0.0).min(1.0);
    let identified = &results.language_identification;
    let code = results
        .language_code
        .clone()
        .or_else(|| identified.first().map(|first| first.code.clone()));
    let Some(code) = code else {
        return Language::default();
    };
    let alternatives = identified.iter().filter(|one| one.code != code);
    let alternatives = alternatives
        .map(|one| Candidate {
            code: one.code.clone(),
            score: score(one),
        })
        .collect();
    let own = identified.iter().find(|one| one.code == code);
    Language {
        score: own.map_or(1.0, score),
        code,
        alternatives,
    }
}

fn word(item: &Item, best: &Alternative, floor_ms: u64) -> Word {
    let start_ms = item
        .start_time
        .as_ref()
        .and_then(Figure::milliseconds)
        .unwrap_or(floor_ms)
        .max(floor_ms);
    let end_ms = item
        .end_time
        .as_ref()
        .and_then(Figure::milliseconds)
        .unwrap_or(start_ms)
        .max(start_ms);
    let redacted = best.redactions.first();
    let confidence = best
        .confidence
        .as_ref()
        .or_else(|| redacted?.confidence.as_ref())
        .and_then(Figure::value)
        .unwrap_or(0.0)
        .min(1.0);
    Word {
        start_ms,
        end_ms,
        text: best.content.trim().to_owned(),
        confidence,
    }
}

/// A segment that is still growing.
#[derive(Default)]
struct Pending {
    words: Vec<Word>,
    speaker: Option<String>,
    characters: usize,
}

impl Pending {
    fn end_ms(&self) -> u64 {
        self.words.last().map_or(0, |word| word.end_ms)
    }

    fn punctuate(&mut self, mark: &str) {
        if let Some(word) = self.words.last_mut() {
            word.text.push_str(mark);
        }
    }

    /// Whether the mark just added ends the segment.
    fn is_complete(&self, mark: &str) -> bool {
        let is_end = SENTENCE_ENDS.contains(&mark) && !(mark == "." && self.ends_abbreviated());
        is_end || self.characters > SEGMENT_CHARACTERS
    }

    /// Whether the last word is an abbreviation or an initial.
    fn ends_abbreviated(&self) -> bool {
        let word = self
            .words
            .last()
            .map(|word| word.text.trim_end_matches('.'))
            .unwrap_or_default();
        let is_initial =
            word.chars().count() == 1 && word != "I" && word.chars().all(char::is_uppercase);
        is_initial || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
    }

    fn goes_on_with(&self, word: &Word, speaker: Option<&str>) -> bool {
        let is_same_speaker =
            self.speaker.is_none() || speaker.is_none() || self.speaker.as_deref() == speaker;
        let is_near = word.start_ms.saturating_sub(self.end_ms()) < PAUSE_MS;
        is_same_speaker && is_near && self.characters <= SEGMENT_CHARACTERS + SEGMENT_CHARACTERS / 4
    }

    fn close(self, index: usize, is_spaced: bool) -> Segment {
        let texts: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a segment has at most some hundred words"
        )]
        let count = self.words.len().max(1) as f64;
        let confidence = self.words.iter().map(|word| word.confidence).sum::<f64>() / count;
        Segment {
            id: format!("s{}", index + 1),
            start_ms: self.words.first().map_or(0, |word| word.start_ms),
            end_ms: self.end_ms(),
            text: texts.join(if is_spaced { " " } else { "" }),
            confidence: (confidence * 10_000.0).round() / 10_000.0,
            speaker: self.speaker,
            words: self.words,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(content: &str, start: &str, end: &str) -> Value {
        json!({"type": "pronunciation", "start_time": start, "end_time": end,
               "alternatives": [{"confidence": "0.9", "content": content}]})
    }

    fn mark(content: &str) -> Value {
        json!({"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": content}]})
    }

    fn by(speaker: &str, mut item: Value) -> Value {
        item["speaker_label"] = json!(speaker);
        item
    }

    fn read(language: &str, items: &[Value]) -> Transcript {
        let output = json!({"jobName": "j", "status": "COMPLETED",
            "results": {"transcripts": [{"transcript": ""}], "items": items, "language_code": language}});
        parse(output.to_string().as_bytes()).unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn check(language: &str, items: &[Value], expected: &[(u64, u64, &str)]) {
        let transcript = read(language, items);
        let segments: Vec<_> = transcript
            .segments
            .iter()
            .map(|one| (one.start_ms, one.end_ms, one.text.as_str()))
            .collect();
        assert_eq!(segments, expected);
        for (index, segment) in transcript.segments.iter().enumerate() {
            assert_eq!(segment.id, format!("s{}", index + 1));
        }
    }

    #[test]
    fn sentences_end_at_full_stops() {
        let items = [
            said("Hello", "0.0", "0.4"),
            mark(","),
            said("you", "0.5", "0.9"),
            mark("."),
            said("Bye", "1", "2"),
        ];
        check(
            "en-US",
            &items,
            &[(0, 900, "Hello, you."), (1000, 2000, "Bye")],
        );
    }

    #[test]
    fn abbreviations_end_no_sentence() {
        let items = [
            said("Mr", "0", "0.1"),
            mark("."),
            said("J", "0.2", "0.3"),
            mark("."),
            said("Dashwood", "0.4", "1"),
            mark("."),
        ];
        check("en-US", &items, &[(0, 1000, "Mr. J. Dashwood.")]);
        let items = [
            said("So", "0", "0.1"),
            said("do", "0.2", "0.3"),
            said("I", "0.4", "1"),
            mark("."),
            said("Yes", "1", "2"),
        ];
        check(
            "en-US",
            &items,
            &[(0, 1000, "So do I."), (1000, 2000, "Yes")],
        );
        check(
            "en-US",
            &[said("Mr", "0", "0.1"), mark("."), said("Yes", "2", "3")],
            &[(0, 100, "Mr."), (2000, 3000, "Yes")],
        );
    }

    #[test]
    fn pauses_and_speakers_end_segments() {
        check(
            "en-US",
            &[said("a", "0", "1"), said("b", "2.5", "3")],
            &[(0, 1000, "a"), (2500, 3000, "b")],
        );
        check(
            "en-US",
            &[said("a", "0", "1"), said("b", "2.499", "3")],
            &[(0, 3000, "a b")],
        );
        let items = [
            by("spk_0", said("a", "0", "1")),
            by("spk_1", said("b", "1", "2")),
        ];
        check("en-US", &items, &[(0, 1000, "a"), (1000, 2000, "b")]);
    }

    #[test]
    fn nothing_said_is_no_segment() {
        check("en-US", &[], &[]);
        check("en-US", &[mark("."), said("  ", "0", "1")], &[]);
    }

    #[test]
    fn odd_times_are_pulled_to_the_word_before() {
        let items = [
            said("a", "1", "2"),
            said("b", "0.5", "0.1"),
            said("c", "-1", "NaN"),
            said("d", "x", "3"),
        ];
        check("en-US", &items, &[(1000, 3000, "a b c d")]);
    }

    #[test]
    fn unspaced_languages_are_joined() {
        check(
            "ja-JP",
            &[said("猫", "0", "1"), said("です", "1", "2"), mark("。")],
            &[(0, 2000, "猫です。")],
        );
    }

    #[test]
    fn markup_stays_text() {
        check("en-US", &[said("<b>&", "0", "1")], &[(0, 1000, "<b>&")]);
    }

    #[test]
    fn endless_sentences_are_cut() {
        let items: Vec<_> = (0..200)
            .map(|n| said("word", &format!("{n}"), &format!("{n}.9")))
            .collect();
        let transcript = read("en-US", &items);
        assert!(transcript.segments.len() > 1);
        assert!(
            transcript.segments.iter().all(|one| one.text.len() <= 360),
            "too long"
        );
        assert_eq!(transcript.words(), 200);
    }

    #[test]
    fn identified_languages_keep_their_scores() {
        let output = json!({"results": {"items": [], "language_code": "de-DE",
            "language_identification": [{"code": "de-DE", "score": "0.8"}, {"code": "nl-NL", "score": 0.2}]}});
        let language = parse(output.to_string().as_bytes()).map(|transcript| transcript.language);
        let expected = Language {
            code: "de-DE".into(),
            score: 0.8,
            alternatives: vec![Candidate {
                code: "nl-NL".into(),
                score: 0.2,
            }],
        };
        assert_eq!(language, Ok(expected));
    }

    #[test]
    fn what_was_taken_out_stays_a_word_with_its_time() {
        let mut taken = said("[PII]", "1.0", "2.5");
        taken["alternatives"] =
            json!([{"content": "[PII]", "redactions": [{"confidence": "0.9999"}]}]);
        let output = json!({"isRedacted": true, "results": {"language_code": "en-US",
            "items": [said("call", "0.5", "0.9"), taken, mark(".")]}});
        let transcript = parse(output.to_string().as_bytes()).unwrap_or_default();
        assert!(transcript.redacted);
        let words: Vec<_> = transcript
            .segments
            .iter()
            .flat_map(|one| &one.words)
            .map(|word| (word.text.as_str(), word.start_ms, word.end_ms))
            .collect();
        assert_eq!(words, [("call", 500, 900), ("[PII].", 1000, 2500)]);
        assert!(!read("en-US", &[]).redacted);
    }

    #[test]
    fn toxic_speech_has_categories_and_times() {
        let stretch = |start: f64, insult: f64| {
            json!({"text": "you *", "toxicity": 0.7, "start_time": start, "end_time": start + 2.0,
                "categories": {"insult": insult, "profanity": 0.99129, "sexual": 0.4999}})
        };
        let output = json!({"results": {"items": [], "language_code": "en-US",
            "toxicity_detection": [stretch(8.92, 0.1), stretch(1.5, 0.5)]}});
        let transcript = parse(output.to_string().as_bytes()).unwrap_or_default();
        let found: Vec<_> = transcript
            .toxicity
            .iter()
            .map(|one| (one.category.as_str(), one.start_ms, one.end_ms))
            .collect();
        assert_eq!(
            found,
            [
                ("insult", 1500, 3500),
                ("profanity", 1500, 3500),
                ("profanity", 8920, 10_920)
            ]
        );
        let confidence = transcript.toxicity.last().map(|one| one.confidence);
        assert_eq!(confidence, Some(0.9913));
    }

    #[test]
    fn refuses_what_is_no_transcript() {
        for text in ["", "[]", "{\"results\": {}}", "<xml/>"] {
            assert!(
                matches!(parse(text.as_bytes()), Err(Error::Malformed(_))),
                "{text}"
            );
        }
    }
}
