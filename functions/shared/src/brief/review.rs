//! Checks a draft against the timeline: every statement needs evidence that exists, quotes must be verbatim, times must
//! fit. What fails is reported, and taken out or mended without adding words.

use super::draft::{Chapter, Draft, KeyMoment, Named, Quote, Statement};
use super::{ABSTRACT_CHARACTERS, Warning, WarningCode};
use crate::timeline::{Entry, Timeline};

mod chapters;
mod lists;

/// Words of the summary.
pub const SUMMARY_WORDS: usize = 120;
/// Key moments, topics and people kept.
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
    let title = review.statement("title", draft.title);
    let mut summary = review.statement("summary", draft.summary);
    summary.text = review.bounded_words(summary.text);
    let abstract_short = review.supported_abstract(&draft.abstract_short, &summary);
    let chapters = review.chapters(draft.chapters);
    let key_moments = review.key_moments(draft.key_moments);
    let people = review.people(draft.people);
    let topics = review.topics(draft.topics);
    let quotes = review.quotes(draft.quotes);
    let draft = Draft {
        title,
        summary,
        abstract_short,
        chapters,
        key_moments,
        people,
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

    /// The ids that exist, each once.
    fn evidence(&mut self, what: &str, ids: Vec<String>) -> Vec<String> {
        let mut known = Vec::new();
        for id in ids {
            if self.timeline.find(&id).is_none() {
                self.report(
                    WarningCode::UnknownEvidence,
                    format!("{what}: `{}` is no id of the timeline", short(&id)),
                );
            } else if !known.contains(&id) {
                known.push(id);
            }
        }
        known
    }

    fn statement(&mut self, what: &str, statement: Statement) -> Statement {
        let evidence = self.evidence(what, statement.evidence);
        let text = statement.text.trim().to_owned();
        if text.is_empty() {
            self.report(WarningCode::EmptyStatement, format!("{what} is empty"));
        } else if evidence.is_empty() {
            self.drop_unsupported(
                WarningCode::UnsupportedStatement,
                format!("{what} has no evidence: \"{}\"", short(&text)),
            );
        } else {
            return Statement { text, evidence };
        }
        Statement::default()
    }

    fn bounded_words(&mut self, text: String) -> String {
        let words = text.split_whitespace().count();
        if words <= SUMMARY_WORDS {
            return text;
        }
        self.report(
            WarningCode::SummaryTooLong,
            format!("summary has {words} words; at most {SUMMARY_WORDS} are allowed"),
        );
        let kept: Vec<&str> = text.split_whitespace().take(SUMMARY_WORDS).collect();
        let kept = kept.join(" ");
        match kept.rfind(['.', '!', '?']) {
            Some(end) => kept.get(..=end).unwrap_or(&kept).to_owned(),
            None => kept + "…",
        }
    }

    /// The abstract says what the summary says, by the same evidence: without that it is dropped.
    fn supported_abstract(&mut self, text: &str, summary: &Statement) -> String {
        let text = text.trim();
        if summary.evidence.is_empty() && !text.is_empty() {
            self.drop_unsupported(
                WarningCode::UnsupportedStatement,
                format!(
                    "abstractShort has no evidence, as the summary has none: \"{}\"",
                    short(text)
                ),
            );
            return String::new();
        }
        let characters = text.chars().count();
        if characters > ABSTRACT_CHARACTERS {
            let message = format!(
                "abstractShort has {characters} characters; at most {ABSTRACT_CHARACTERS} are allowed"
            );
            self.report(WarningCode::AbstractTooLong, message);
        }
        clipped(text, ABSTRACT_CHARACTERS)
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
            let mut summary = self.statement(&format!("summary of {what}"), chapter.summary);
            let timeline = self.timeline;
            summary.evidence.retain(|id| {
                timeline
                    .find(id)
                    .is_some_and(|(_, entry)| overlaps(entry, start, end))
            });
            if summary.evidence.is_empty() && !summary.text.is_empty() {
                let message = format!(
                    "summary of {what}: no evidence lies within the chapter: \"{}\"",
                    short(&summary.text)
                );
                self.drop_unsupported(WarningCode::UnsupportedStatement, message);
                summary = Statement::default();
            }
            let title = chapter.title.trim().to_owned();
            let topics = chapter
                .topics
                .into_iter()
                .map(|topic| topic.trim().to_owned());
            let topics = topics
                .filter(|topic| !topic.is_empty())
                .take(LIST_LIMIT)
                .collect();
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
