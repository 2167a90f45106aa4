//! Checks of one statement: its evidence, what it says beyond it, its length.

use super::support::{self, Foreign};
use super::{
    EVIDENCE_LIMIT, Review, STATEMENT_CHARACTERS, SUMMARY_WORDS, Statement, Window, clipped,
    overlaps, short,
};
use crate::brief::{ABSTRACT_CHARACTERS, WarningCode};

impl Review<'_> {
    /// The ids that exist, each once.
    pub(super) fn evidence(&mut self, what: &str, ids: Vec<String>) -> Vec<String> {
        let mut known = Vec::new();
        for id in ids {
            if self.timeline.find(&id).is_none() {
                self.report(
                    WarningCode::UnknownEvidence,
                    format!("{what}: `{}` is no id of the timeline", short(&id)),
                );
            } else if !known.contains(&id) && known.len() < EVIDENCE_LIMIT {
                known.push(id);
            }
        }
        known
    }

    /// A statement on the whole window.
    pub(super) fn statement(&mut self, what: &str, statement: Statement) -> Statement {
        let Window { start_ms, end_ms } = self.window;
        self.placed(what, statement, start_ms, end_ms)
    }

    /// A statement on a stretch of time: what supports it happens there and says its figures and names.
    pub(super) fn placed(
        &mut self,
        what: &str,
        statement: Statement,
        start_ms: u64,
        end_ms: u64,
    ) -> Statement {
        let mut evidence = self.evidence(what, statement.evidence);
        let text = statement.text.trim().to_owned();
        if text.is_empty() {
            self.report(WarningCode::EmptyStatement, format!("{what} is empty"));
            return Statement::default();
        }
        let timeline = self.timeline;
        let is_there = |id: &String| {
            timeline
                .find(id)
                .is_some_and(|(_, entry)| overlaps(entry, start_ms, end_ms))
        };
        let is_cited = !evidence.is_empty();
        evidence.retain(is_there);
        if evidence.is_empty() {
            let lack = if is_cited {
                "no evidence from its own time"
            } else {
                "no evidence"
            };
            self.drop_unsupported(
                WarningCode::UnsupportedStatement,
                format!("{what} has {lack}: \"{}\"", short(&text)),
            );
            return Statement::default();
        }
        if !self.is_borne_out(what, &text, &evidence) {
            return Statement::default();
        }
        let text = self.bounded(what, text, STATEMENT_CHARACTERS);
        Statement { text, evidence }
    }

    /// Whether the evidence has every figure and name of a text; complains where it has not.
    pub(super) fn is_borne_out(&mut self, what: &str, text: &str, evidence: &[String]) -> bool {
        let timeline = self.timeline;
        let entries = evidence.iter().filter_map(|id| timeline.find(id));
        let said: Vec<&str> = entries.map(|(_, entry)| entry.text.as_str()).collect();
        let (code, kind, foreign) = match support::foreign(text, &said, &timeline.language.code) {
            None => return true,
            Some(Foreign::Figure(figure)) => (WarningCode::FigureNotInEvidence, "figure", figure),
            Some(Foreign::Name(name)) => (WarningCode::NameNotInEvidence, "name", name),
        };
        self.drop_unsupported(
            code,
            format!(
                "{what}: the {kind} \"{}\" is not in its evidence: \"{}\"",
                short(&foreign),
                short(text)
            ),
        );
        false
    }

    /// A text of at most so many characters.
    pub(super) fn bounded(&mut self, what: &str, text: String, limit: usize) -> String {
        let characters = text.chars().count();
        if characters <= limit {
            return text;
        }
        self.report(
            WarningCode::StatementTooLong,
            format!("{what} has {characters} characters; at most {limit} are allowed"),
        );
        clipped(&text, limit)
    }

    /// The first ones, and a complaint when there are more.
    pub(super) fn first<T>(&mut self, what: &str, mut list: Vec<T>, limit: usize) -> Vec<T> {
        if list.len() > limit {
            self.report(
                WarningCode::TooMany,
                format!(
                    "there are {} {what}; the first {limit} are kept",
                    list.len()
                ),
            );
            list.truncate(limit);
        }
        list
    }

    pub(super) fn bounded_words(&mut self, text: String) -> String {
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
    pub(super) fn supported_abstract(&mut self, text: &str, summary: &Statement) -> String {
        let text = text.trim();
        if text.is_empty() {
            return String::new();
        }
        if summary.evidence.is_empty() {
            self.drop_unsupported(
                WarningCode::UnsupportedStatement,
                format!(
                    "abstractShort has no evidence, as the summary has none: \"{}\"",
                    short(text)
                ),
            );
            return String::new();
        }
        if !self.is_borne_out("abstractShort", text, &summary.evidence) {
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
}
