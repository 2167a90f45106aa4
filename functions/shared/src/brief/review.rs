//! Checks a draft against the timeline: every statement needs evidence that exists, quotes must be verbatim, times must
//! fit. What fails is reported, and taken out or mended without adding words.

use super::draft::{Chapter, Draft, Entity, KeyMoment, Named, Quote, Statement};
use super::{Warning, WarningCode};
use crate::timeline::{Entry, Timeline};

mod chapters;
mod lists;
mod statements;
mod support;

/// Words of the summary.
pub const SUMMARY_WORDS: usize = 120;
/// Characters of a title; twelve words have fewer.
const TITLE_CHARACTERS: usize = 120;
/// Characters of any other statement: more is no statement.
const STATEMENT_CHARACTERS: usize = 1200;
/// Places that a statement cites; asked for are five.
const EVIDENCE_LIMIT: usize = 8;
/// Key moments, topics, people and things kept.
const LIST_LIMIT: usize = 12;
/// Quotes kept.
const QUOTES_LIMIT: usize = 8;
/// Time by which a model may miss an end: it rounds to seconds.
const TOLERANCE_MS: u64 = 1000;

/// The stretch of video that a draft is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
}

impl Window {
    /// A model's range, its ends pulled into the window where they miss it by little; `None` when it does not fit.
    fn fit(self, start_ms: i64, end_ms: i64) -> Option<(u64, u64)> {
        let start = u64::try_from(start_ms.max(0)).ok()?;
        let end = u64::try_from(end_ms).ok()?;
        let is_near = start_ms >= 0
            && start + TOLERANCE_MS >= self.start_ms
            && end <= self.end_ms + TOLERANCE_MS;
        let (start, end) = (start.max(self.start_ms), end.min(self.end_ms));
        (is_near && start < end).then_some((start, end))
    }
}

/// Something wrong with a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub code: WarningCode,
    /// In words, for the model and for the reader of the brief.
    pub message: String,
    /// Whether a statement was dropped because nothing supports it.
    pub is_unsupported: bool,
}

impl From<Problem> for Warning {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code,
            message: problem.message,
        }
    }
}

/// A draft without what failed, and what failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// The draft. A statement without support has an empty text; chapters are contiguous and fill the window.
    pub draft: Draft,
    /// What failed, in the order of the draft.
    pub problems: Vec<Problem>,
}

/// Checks and cleans a draft.
pub fn review(draft: Draft, timeline: &Timeline, window: Window) -> Reviewed {
    let mut review = Review {
        timeline,
        window,
        problems: Vec::new(),
    };
    let mut title = review.statement("title", draft.title);
    title.text = review.bounded("title", title.text, TITLE_CHARACTERS);
    let mut summary = review.statement("summary", draft.summary);
    summary.text = review.bounded_words(summary.text);
    let abstract_short = review.supported_abstract(&draft.abstract_short, &summary);
    let chapters = review.chapters(draft.chapters);
    let key_moments = review.key_moments(draft.key_moments);
    let people = review.people(draft.people);
    let entities = review.entities(draft.entities);
    let topics = review.topics(draft.topics);
    let quotes = review.quotes(draft.quotes);
    let draft = Draft {
        title,
        summary,
        abstract_short,
        chapters,
        key_moments,
        people,
        entities,
        topics,
        quotes,
    };
    Reviewed {
        draft,
        problems: review.problems,
    }
}

struct Review<'a> {
    timeline: &'a Timeline,
    window: Window,
    problems: Vec<Problem>,
}

impl Review<'_> {
    fn report(&mut self, code: WarningCode, message: String) {
        self.problems.push(Problem {
            code,
            message,
            is_unsupported: false,
        });
    }

    fn drop_unsupported(&mut self, code: WarningCode, message: String) {
        self.problems.push(Problem {
            code,
            message,
            is_unsupported: true,
        });
    }

    fn misfit(&self, what: &str, start_ms: i64, end_ms: i64) -> String {
        let Window {
            start_ms: from,
            end_ms: to,
        } = self.window;
        format!(
            "{what} runs from {start_ms} to {end_ms} ms; it must lie within {from} to {to} ms and end after its start"
        )
    }

    fn chapters(&mut self, chapters: Vec<Chapter>) -> Vec<Chapter> {
        let mut fitting = Vec::new();
        for (chapter, number) in chapters.into_iter().zip(1..) {
            let what = format!("chapter {number}");
            let Some((start, end)) = self.window.fit(chapter.start_ms, chapter.end_ms) else {
                self.report(
                    WarningCode::ChapterOutOfRange,
                    self.misfit(&what, chapter.start_ms, chapter.end_ms),
                );
                continue;
            };
            let summary = self.placed(&format!("summary of {what}"), chapter.summary, start, end);
            // Title and topics rest on the evidence of the summary, and go with it.
            let (mut title, mut topics) = (String::new(), Vec::new());
            if !summary.evidence.is_empty() {
                title = self.chapter_text(&what, &chapter.title, &summary);
                let of_chapter = chapter.topics.into_iter().take(LIST_LIMIT);
                topics = of_chapter
                    .map(|topic| self.chapter_text(&what, &topic, &summary))
                    .collect();
                topics.retain(|topic| !topic.is_empty());
            }
            fitting.push(chapters::Fitted {
                start_ms: start,
                end_ms: end,
                title,
                summary,
                topics,
            });
        }
        let (chapters, reports) = chapters::contiguous(fitting, self.timeline, self.window);
        for (code, message) in reports {
            self.report(code, message);
        }
        chapters
    }

    /// Title or topic of a chapter, when the evidence of its summary bears it out; else empty.
    fn chapter_text(&mut self, what: &str, text: &str, summary: &Statement) -> String {
        let text = text.trim();
        if text.is_empty() || !self.is_borne_out(what, text, &summary.evidence) {
            return String::new();
        }
        self.bounded(what, text.to_owned(), TITLE_CHARACTERS)
    }
}

fn overlaps(entry: &Entry, start_ms: u64, end_ms: u64) -> bool {
    entry.start_ms < end_ms && start_ms < entry.end_ms
}

/// Times are below 2^53, so signed ones hold them.
fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// Text of a message: the beginning tells which one is meant.
fn short(text: &str) -> String {
    clipped(text, 80)
}

/// At most so many characters, cut between words, with an ellipsis where something was cut.
pub fn clipped(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(characters.saturating_sub(1)).collect();
    let kept = kept
        .rsplit_once(' ')
        .map_or(kept.as_str(), |(whole, _)| whole);
    format!("{}…", kept.trim_end_matches([',', ';', ':', ' ']))
}

#[cfg(test)]
mod tests;
