//! Checks a draft against the timeline: every statement needs evidence that exists, quotes must be verbatim, times must
//! fit. What fails is reported, and taken out or mended without adding words.

use std::collections::BTreeSet;

use super::draft::{Chapter, Draft, KeyMoment, Named, Quote, Statement};
use super::{ABSTRACT_CHARACTERS, Warning};
use crate::timeline::{Entry, Kind, Timeline};

mod chapters;

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
    /// Name in Pascal case.
    pub code: &'static str,
    /// In words, for the model and for the reader of the brief.
    pub message: String,
    /// Whether a statement was dropped because nothing supports it.
    pub is_unsupported: bool,
}

impl From<Problem> for Warning {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code.to_owned(),
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
    let abstract_short = review.bounded_abstract(&draft.abstract_short);
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
    fn report(&mut self, code: &'static str, message: String) {
        self.problems.push(Problem {
            code,
            message,
            is_unsupported: false,
        });
    }

    fn drop_unsupported(&mut self, code: &'static str, message: String) {
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
                    "UnknownEvidence",
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
            self.report("EmptyStatement", format!("{what} is empty"));
        } else if evidence.is_empty() {
            self.drop_unsupported(
                "UnsupportedStatement",
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
            "SummaryTooLong",
            format!("summary has {words} words; at most {SUMMARY_WORDS} are allowed"),
        );
        let kept: Vec<&str> = text.split_whitespace().take(SUMMARY_WORDS).collect();
        let kept = kept.join(" ");
        match kept.rfind(['.', '!', '?']) {
            Some(end) => kept.get(..=end).unwrap_or(&kept).to_owned(),
            None => kept + "…",
        }
    }

    fn bounded_abstract(&mut self, text: &str) -> String {
        let text = text.trim();
        let characters = text.chars().count();
        if characters > ABSTRACT_CHARACTERS {
            let message = format!(
                "abstractShort has {characters} characters; at most {ABSTRACT_CHARACTERS} are allowed"
            );
            self.report("AbstractTooLong", message);
        }
        clipped(text, ABSTRACT_CHARACTERS)
    }

    fn key_moments(&mut self, moments: Vec<KeyMoment>) -> Vec<KeyMoment> {
        let mut kept = Vec::new();
        for (moment, number) in moments.into_iter().zip(1..) {
            let what = format!("key moment {number}");
            let Some((start, end)) = self.window.fit(moment.start_ms, moment.end_ms) else {
                self.report(
                    "MomentOutOfRange",
                    self.misfit(&what, moment.start_ms, moment.end_ms),
                );
                continue;
            };
            let reason = self.statement(&what, moment.reason);
            if !reason.text.is_empty() {
                kept.push(KeyMoment {
                    start_ms: signed(start),
                    end_ms: signed(end),
                    reason,
                });
            }
        }
        kept.truncate(LIST_LIMIT);
        kept
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

    /// People must be named in the segments that are their evidence.
    fn people(&mut self, people: Vec<Named>) -> Vec<Named> {
        let mut kept = Vec::new();
        for person in people {
            let what = format!("person \"{}\"", short(&person.name));
            let name = person.name.trim().to_lowercase();
            let evidence = self.evidence(&what, person.evidence);
            let timeline = self.timeline;
            let names_them = |id: &String| {
                let entry = timeline.find(id).filter(|(kind, _)| *kind == Kind::Segment);
                entry.is_some_and(|(_, entry)| entry.text.to_lowercase().contains(&name))
            };
            let evidence: Vec<String> = evidence.into_iter().filter(names_them).collect();
            if name.is_empty() || evidence.is_empty() {
                self.drop_unsupported(
                    "NameNotSpoken",
                    format!("{what} is not named in the segments given as evidence"),
                );
            } else {
                kept.push(Named {
                    name: person.name.trim().to_owned(),
                    evidence,
                });
            }
        }
        distinct(kept)
    }

    fn topics(&mut self, topics: Vec<Named>) -> Vec<Named> {
        let mut kept = Vec::new();
        for topic in topics {
            let what = format!("topic \"{}\"", short(&topic.name));
            let statement = self.statement(
                &what,
                Statement {
                    text: topic.name,
                    evidence: topic.evidence,
                },
            );
            if !statement.text.is_empty() {
                kept.push(Named {
                    name: statement.text,
                    evidence: statement.evidence,
                });
            }
        }
        distinct(kept)
    }

    fn quotes(&mut self, quotes: Vec<Quote>) -> Vec<Quote> {
        let mut kept: Vec<Quote> = Vec::new();
        for quote in quotes {
            let segment = self
                .timeline
                .find(&quote.segment_id)
                .filter(|(kind, _)| *kind == Kind::Segment);
            let text = quote.text.trim();
            let is_verbatim =
                segment.is_some_and(|(_, segment)| !text.is_empty() && segment.text.contains(text));
            if is_verbatim {
                kept.push(Quote {
                    text: text.to_owned(),
                    segment_id: quote.segment_id,
                });
            } else {
                let message = format!(
                    "quote \"{}\" is not in segment `{}`, letter by letter",
                    short(text),
                    short(&quote.segment_id)
                );
                self.drop_unsupported("QuoteNotVerbatim", message);
            }
        }
        kept.dedup();
        kept.truncate(QUOTES_LIMIT);
        kept
    }

    fn chapters(&mut self, chapters: Vec<Chapter>) -> Vec<Chapter> {
        let mut fitting = Vec::new();
        for (chapter, number) in chapters.into_iter().zip(1..) {
            let what = format!("chapter {number}");
            let Some((start, end)) = self.window.fit(chapter.start_ms, chapter.end_ms) else {
                self.report(
                    "ChapterOutOfRange",
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
                self.drop_unsupported("UnsupportedStatement", message);
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

/// The first of each name, whatever its case; at most so many.
fn distinct(mut named: Vec<Named>) -> Vec<Named> {
    let mut seen = BTreeSet::new();
    named.retain(|one| seen.insert(one.name.to_lowercase()));
    named.truncate(LIST_LIMIT);
    named
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
