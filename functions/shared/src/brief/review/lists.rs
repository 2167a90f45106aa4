//! What a draft lists: key moments, people, topics and quotes. What lacks its evidence is dropped.

use std::collections::BTreeSet;

use super::{
    Entity, KeyMoment, LIST_LIMIT, Named, QUOTES_LIMIT, Quote, Review, Statement, short, signed,
    support,
};
use crate::brief::WarningCode;
use crate::timeline::Kind;

impl Review<'_> {
    pub(super) fn key_moments(&mut self, moments: Vec<KeyMoment>) -> Vec<KeyMoment> {
        let mut kept = Vec::new();
        for (moment, number) in moments.into_iter().zip(1..) {
            let what = format!("key moment {number}");
            let Some((start, end)) = self.window.fit(moment.start_ms, moment.end_ms) else {
                self.report(
                    WarningCode::MomentOutOfRange,
                    self.misfit(&what, moment.start_ms, moment.end_ms),
                );
                continue;
            };
            let reason = self.placed(&what, moment.reason, start, end);
            if !reason.text.is_empty() {
                kept.push(KeyMoment {
                    start_ms: signed(start),
                    end_ms: signed(end),
                    reason,
                });
            }
        }
        self.first("key moments", kept, LIST_LIMIT)
    }

    /// People must be named in the segments that are their evidence.
    pub(super) fn people(&mut self, people: Vec<Named>) -> Vec<Named> {
        let mut kept = Vec::new();
        for person in people {
            let what = format!("person \"{}\"", short(&person.name));
            let evidence = self.naming(&what, person.name.trim(), person.evidence);
            if !evidence.is_empty() {
                kept.push(Named {
                    name: person.name.trim().to_owned(),
                    evidence,
                });
            }
        }
        let kept = distinct(kept, |one| &one.name);
        self.first("people", kept, LIST_LIMIT)
    }

    /// Things that have names must be named in the segments that are their evidence.
    pub(super) fn entities(&mut self, entities: Vec<Entity>) -> Vec<Entity> {
        let mut kept = Vec::new();
        for entity in entities {
            let what = format!("entity \"{}\"", short(&entity.name));
            let evidence = self.naming(&what, entity.name.trim(), entity.evidence);
            if !evidence.is_empty() {
                kept.push(Entity {
                    name: entity.name.trim().to_owned(),
                    r#type: entity.r#type,
                    evidence,
                });
            }
        }
        let kept = distinct(kept, |one| &one.name);
        self.first("entities", kept, LIST_LIMIT)
    }

    /// The segments among the ids that say the name; without any, complains.
    fn naming(&mut self, what: &str, name: &str, ids: Vec<String>) -> Vec<String> {
        let mut evidence = self.evidence(what, ids);
        let timeline = self.timeline;
        evidence.retain(|id| {
            let segment = timeline.find(id).filter(|(kind, _)| *kind == Kind::Segment);
            segment.is_some_and(|(_, entry)| support::mentions(&entry.text, name))
        });
        if evidence.is_empty() {
            self.drop_unsupported(
                WarningCode::NameNotSpoken,
                format!("{what} is not named in the segments given as evidence"),
            );
        }
        evidence
    }

    pub(super) fn topics(&mut self, topics: Vec<Named>) -> Vec<Named> {
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
        let kept = distinct(kept, |one| &one.name);
        self.first("topics", kept, LIST_LIMIT)
    }

    pub(super) fn quotes(&mut self, quotes: Vec<Quote>) -> Vec<Quote> {
        let mut kept: Vec<Quote> = Vec::new();
        for quote in quotes {
            let segment = self
                .timeline
                .find(&quote.segment_id)
                .filter(|(kind, _)| *kind == Kind::Segment);
            let text = quote.text.trim();
            let is_verbatim = segment.is_some_and(|(_, segment)| is_quoted(&segment.text, text));
            let quote = Quote {
                text: text.to_owned(),
                segment_id: quote.segment_id,
            };
            if is_verbatim {
                if !kept.contains(&quote) {
                    kept.push(quote);
                }
            } else {
                let message = format!(
                    "quote \"{}\" is not in segment `{}`, letter by letter",
                    short(&quote.text),
                    short(&quote.segment_id)
                );
                self.drop_unsupported(WarningCode::QuoteNotVerbatim, message);
            }
        }
        self.first("quotes", kept, QUOTES_LIMIT)
    }
}

/// Whether a text has the words, letter by letter and none of them torn.
fn is_quoted(text: &str, words: &str) -> bool {
    let mut places = text.match_indices(words);
    !words.is_empty()
        && places.any(|(start, _)| support::is_whole(text, start, start + words.len()))
}

/// The first of each name, whatever its case.
fn distinct<T>(mut named: Vec<T>, name: impl Fn(&T) -> &String) -> Vec<T> {
    let mut seen = BTreeSet::new();
    named.retain(|one| seen.insert(name(one).to_lowercase()));
    named
}
