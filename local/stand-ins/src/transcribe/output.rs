//! Amazon Transcribe's result files: the JSON, WebVTT and `SubRip`.

use std::fmt::Write;

use serde_json::{Value, json};

use super::redaction::TAKEN;
use super::toxicity;
use crate::speech::{Transcript, Word};
use crate::text;

/// Letters of one cue: two lines of 42, the common rule for subtitles.
const CUE_LETTERS: usize = 84;
/// Nothing stays on the screen for longer.
const CUE_MS: u64 = 7000;
/// A cue ends at a silence as long as this.
const CUE_GAP_MS: u64 = 1000;

/// Format of a subtitle file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubtitleFormat {
    /// WebVTT.
    Vtt,
    /// `SubRip`.
    Srt,
}

impl SubtitleFormat {
    /// The format of this name in the API.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "vtt" => Some(Self::Vtt),
            "srt" => Some(Self::Srt),
            _ => None,
        }
    }

    /// Ending of the file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Vtt => "vtt",
            Self::Srt => "srt",
        }
    }

    /// MIME type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Vtt => "text/vtt",
            Self::Srt => "application/x-subrip",
        }
    }
}

/// A word without its signs, and the sign after it. The full stop of `Mr.` belongs to the word.
fn parts(word: &Word) -> (&str, Option<char>) {
    if let Some(after) = word.text.strip_prefix(TAKEN) {
        return (TAKEN, after.chars().next());
    }
    let text = word.text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let bare = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    let after = text.get(bare.len()..).unwrap_or_default();
    let stop = usize::from(after.starts_with('.') && text::is_abbreviation(bare));
    let (own, signs) = (text.get(..bare.len() + stop), after.get(stop..));
    let sign = signs.and_then(|signs| signs.chars().find(|c| ",.?!;:".contains(*c)));
    (own.unwrap_or(bare), sign)
}

fn written<'a>(words: impl IntoIterator<Item = &'a Word>) -> String {
    let mut text = String::new();
    for word in words {
        let (bare, sign) = parts(word);
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(bare);
        text.extend(sign);
    }
    text
}

/// Seconds as Transcribe writes them: text with at least one decimal.
#[expect(clippy::cast_precision_loss, reason = "below 2^52")]
fn seconds(ms: u64) -> String {
    format!("{:?}", ms as f64 / 1000.0)
}

/// What the result document says besides the words.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    pub is_identified: bool,
    pub is_redacted: bool,
    pub is_toxicity_wanted: bool,
}

/// The result document.
pub fn document(job_name: &str, transcript: &Transcript, options: Options) -> Value {
    let mut items: Vec<Value> = Vec::new();
    let mut audio_segments: Vec<Value> = Vec::new();
    for segment in &transcript.segments {
        let first = items.len();
        segment
            .words
            .iter()
            .for_each(|word| push_items(&mut items, word));
        audio_segments.push(json!({
            "id": audio_segments.len(),
            "transcript": written(&segment.words),
            "start_time": seconds(segment.start_ms),
            "end_time": seconds(segment.end_ms),
            "items": (first..items.len()).collect::<Vec<_>>(),
        }));
    }
    let text = written(
        transcript
            .segments
            .iter()
            .flat_map(|segment| &segment.words),
    );
    let mut results = json!({
        "language_code": "en-US",
        "transcripts": [{"transcript": text}],
        "items": items,
        "audio_segments": audio_segments,
    });
    if options.is_identified {
        let score = format!("{:.4}", transcript.confidence());
        results["language_identification"] = json!([{"score": score, "code": "en-US"}]);
    }
    if options.is_toxicity_wanted {
        results["toxicity_detection"] = json!(toxicity::detected(transcript));
    }
    let mut document = json!({
        "jobName": job_name,
        "accountId": "000000000000",
        "status": "COMPLETED",
        "engine": super::ENGINE,
        "results": results,
    });
    if options.is_redacted {
        document["isRedacted"] = json!(true);
    }
    document
}

fn push_items(items: &mut Vec<Value>, word: &Word) {
    let (bare, sign) = parts(word);
    let confidence = format!("{:.3}", word.confidence);
    let alternative = if bare == TAKEN {
        json!({"content": bare, "redactions": [{"confidence": confidence}]})
    } else {
        json!({"confidence": confidence, "content": bare})
    };
    items.push(json!({
        "id": items.len(),
        "type": "pronunciation",
        "alternatives": [alternative],
        "start_time": seconds(word.start_ms),
        "end_time": seconds(word.end_ms),
    }));
    if let Some(sign) = sign {
        let alternatives = json!([{"confidence": "0.0", "content": sign.to_string()}]);
        items.push(json!({"id": items.len(), "type": "punctuation", "alternatives": alternatives}));
    }
}

/// A subtitle file; cues are numbered from `first_index`.
pub fn subtitles(transcript: &Transcript, format: SubtitleFormat, first_index: u64) -> String {
    let (mut file, point) = match format {
        SubtitleFormat::Vtt => (String::from("WEBVTT\n\n"), '.'),
        SubtitleFormat::Srt => (String::new(), ','),
    };
    for (index, cue) in (first_index..).zip(cues(transcript)) {
        let (Some(first), Some(last)) = (cue.first(), cue.last()) else {
            continue;
        };
        let (start, end) = (clock(first.start_ms, point), clock(last.end_ms, point));
        // Writing to a String cannot fail.
        let _ = write!(
            file,
            "{index}\n{start} --> {end}\n{}\n\n",
            written(cue.iter().copied())
        );
    }
    file
}

/// Words that are shown together.
fn cues(transcript: &Transcript) -> Vec<Vec<&Word>> {
    let mut cues: Vec<Vec<&Word>> = Vec::new();
    for segment in &transcript.segments {
        cues.push(Vec::new());
        for word in &segment.words {
            let fits = |cue: &Vec<&Word>| {
                let letters: usize = cue.iter().map(|word| word.text.chars().count() + 1).sum();
                let start_ms = cue.first().map_or(word.start_ms, |first| first.start_ms);
                let gap_ms = cue
                    .last()
                    .map_or(0, |last| word.start_ms.saturating_sub(last.end_ms));
                letters + word.text.chars().count() <= CUE_LETTERS
                    && word.end_ms.saturating_sub(start_ms) <= CUE_MS
                    && gap_ms < CUE_GAP_MS
            };
            match cues.last_mut().filter(|cue| fits(cue)) {
                Some(cue) => cue.push(word),
                None => cues.push(vec![word]),
            }
        }
    }
    cues.retain(|cue| !cue.is_empty());
    cues
}

fn clock(ms: u64, point: char) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!(
        "{hours:02}:{minutes:02}:{seconds:02}{point}{:03}",
        ms % 1000
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::Segment;

    fn word(start_ms: u64, end_ms: u64, text: &str) -> Word {
        Word {
            start_ms,
            end_ms,
            text: text.to_owned(),
            confidence: 0.5,
        }
    }

    fn transcript(words: Vec<Word>) -> Transcript {
        let end_ms = words.last().map_or(0, |word| word.end_ms);
        let segment = Segment {
            start_ms: 0,
            end_ms,
            text: String::new(),
            words,
        };
        Transcript {
            duration_ms: end_ms,
            segments: vec![segment],
        }
    }

    #[test]
    fn document_has_words_and_signs() {
        let said = transcript(vec![
            word(0, 480, "\"Well,"),
            word(480, 1000, "ill-disposed.\""),
        ]);
        let identified = Options {
            is_identified: true,
            ..Options::default()
        };
        assert_eq!(
            document("job", &said, identified),
            json!({
                "jobName": "job",
                "accountId": "000000000000",
                "status": "COMPLETED",
                "engine": "local whisper-tiny.en",
                "results": {
                    "language_code": "en-US",
                    "transcripts": [{"transcript": "Well, ill-disposed."}],
                    "items": [
                        {"id": 0, "type": "pronunciation", "alternatives": [{"confidence": "0.500", "content": "Well"}],
                         "start_time": "0.0", "end_time": "0.48"},
                        {"id": 1, "type": "punctuation", "alternatives": [{"confidence": "0.0", "content": ","}]},
                        {"id": 2, "type": "pronunciation",
                         "alternatives": [{"confidence": "0.500", "content": "ill-disposed"}],
                         "start_time": "0.48", "end_time": "1.0"},
                        {"id": 3, "type": "punctuation", "alternatives": [{"confidence": "0.0", "content": "."}]},
                    ],
                    "audio_segments": [{"id": 0, "transcript": "Well, ill-disposed.", "start_time": "0.0",
                                        "end_time": "1.0", "items": [0, 1, 2, 3]}],
                    "language_identification": [{"score": "0.5000", "code": "en-US"}],
                },
            })
        );
    }

    #[test]
    fn what_is_taken_out_is_an_item_with_its_time() {
        let said = transcript(vec![word(0, 480, "call"), word(480, 1000, "[PII],")]);
        let redacted = Options {
            is_redacted: true,
            is_toxicity_wanted: true,
            ..Options::default()
        };
        let document = document("job", &said, redacted);
        assert_eq!(document["isRedacted"], true);
        let item = &document["results"]["items"][1];
        assert_eq!(item["alternatives"][0]["content"], "[PII]");
        assert_eq!(
            item["alternatives"][0]["redactions"][0]["confidence"],
            "0.500"
        );
        assert_eq!(
            (&item["start_time"], &item["end_time"]),
            (&json!("0.48"), &json!("1.0"))
        );
        assert_eq!(
            document["results"]["transcripts"][0]["transcript"],
            "call [PII],"
        );
        assert!(document["results"]["toxicity_detection"].is_array());
    }

    #[test]
    fn signs_are_items_of_their_own() {
        let check = |text: &str, bare: &str, sign: Option<char>| {
            assert_eq!(parts(&word(0, 1, text)), (bare, sign));
        };
        check("power,", "power", Some(','));
        check("\"Mr.", "Mr.", None);
        check("etc.,", "etc.", Some(','));
        check("3.5%", "3.5", None);
        check("(him?!)", "him", Some('?'));
    }

    fn check(words: Vec<Word>, format: SubtitleFormat, expected: &str) {
        assert_eq!(subtitles(&transcript(words), format, 1), expected);
    }

    #[test]
    fn subtitles_break_at_silence_length_and_time() {
        let pair = || vec![word(0, 500, "One"), word(3_661_000, 3_661_500, "two.")];
        let vtt = "WEBVTT\n\n1\n00:00:00.000 --> 00:00:00.500\nOne\n\n2\n01:01:01.000 --> 01:01:01.500\ntwo.\n\n";
        check(pair(), SubtitleFormat::Vtt, vtt);
        check(
            pair(),
            SubtitleFormat::Srt,
            &vtt.replace("WEBVTT\n\n", "")
                .replace(".000", ",000")
                .replace(".500", ",500"),
        );
        let long = "a".repeat(50);
        let both = vec![word(0, 500, &long), word(500, 1000, &long)];
        assert_eq!(cues(&transcript(both)).len(), 2);
        check(vec![], SubtitleFormat::Vtt, "WEBVTT\n\n");
    }
}
