//! What is said, and which of it says the most.

use std::collections::BTreeSet;
use std::path::Path;

use crate::speech;
use crate::text::centrality;

/// Words of a summary of a chapter, and of the whole, at most; a single longer sentence is taken whole.
pub const CHAPTER_WORDS: usize = 30;
/// The same for the whole video.
pub const VIDEO_WORDS: usize = 60;

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Text.
    pub text: String,
}

/// The sentences of a video; none when it has no sound or nobody speaks. Transcribe's work on the same sound is shared.
///
/// # Errors
/// Why speech could not be heard, apart from there being none.
pub async fn listen(models: &Path, file: &Path) -> Result<Vec<Line>, speech::Error> {
    match speech::transcribe(models, file).await {
        Ok(transcript) => Ok(transcript
            .segments
            .iter()
            .map(|segment| Line {
                start_ms: segment.start_ms,
                end_ms: segment.end_ms,
                text: segment.text.clone(),
            })
            .collect()),
        Err(speech::Error::NoSound) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The sentences whose middle lies in a stretch of time.
pub fn within(lines: &[Line], start_ms: u64, end_ms: u64) -> Vec<&Line> {
    let middle = |line: &Line| line.start_ms.midpoint(line.end_ms);
    lines
        .iter()
        .filter(|line| (start_ms..end_ms).contains(&middle(line)))
        .collect()
}

/// Sentences as one text.
pub fn text(lines: &[&Line]) -> String {
    lines
        .iter()
        .map(|line| line.text.trim())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The most central sentences, in the order in which they were said, up to a number of words; nothing without sentences.
pub fn summary(lines: &[&Line], max_words: usize) -> Option<String> {
    let texts: Vec<&str> = lines.iter().map(|line| line.text.trim()).collect();
    let scores = centrality(&texts);
    let mut order: Vec<usize> = (0..lines.len()).collect();
    let score = |index: usize| scores.get(index).copied().unwrap_or_default();
    order.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
    let mut chosen = BTreeSet::new();
    let mut words = 0;
    for index in order {
        words += texts
            .get(index)
            .map_or(0, |text| text.split_whitespace().count());
        if words > max_words && !chosen.is_empty() {
            break;
        }
        chosen.insert(index);
    }
    let chosen: Vec<&Line> = chosen
        .iter()
        .filter_map(|index| lines.get(*index).copied())
        .collect();
    (!chosen.is_empty()).then(|| text(&chosen))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sentences: &[&str], max_words: usize, expected: Option<&str>) {
        let line = |text: &&str| Line {
            start_ms: 0,
            end_ms: 1,
            text: (*text).to_owned(),
        };
        let lines: Vec<Line> = sentences.iter().map(line).collect();
        assert_eq!(
            summary(&lines.iter().collect::<Vec<_>>(), max_words).as_deref(),
            expected
        );
    }

    #[test]
    fn summaries_are_sentences_that_were_said() {
        check(&[], 10, None);
        check(&["Oh no."], 10, Some("Oh no."));
        check(
            &["A sentence with more words than a summary has."],
            3,
            Some("A sentence with more words than a summary has."),
        );
        let said = [
            "Thanks, everybody.",
            "Coffee needs water.",
            "Good coffee needs fresh water and fresh beans.",
            "It rains.",
        ];
        check(
            &said,
            12,
            Some("Coffee needs water. Good coffee needs fresh water and fresh beans."),
        );
    }

    #[test]
    fn a_sentence_belongs_to_the_stretch_of_its_middle() {
        let lines = [(0, 900), (900, 2000), (1900, 2200)];
        let lines = lines.map(|(start_ms, end_ms)| Line {
            start_ms,
            end_ms,
            text: end_ms.to_string(),
        });
        assert_eq!(text(&within(&lines, 1000, 2000)), "2000");
        assert_eq!(text(&within(&lines, 0, 3000)), "900 2000 2200");
    }
}
