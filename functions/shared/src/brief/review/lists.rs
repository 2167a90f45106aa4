//! What a draft lists: key moments, people, topics and quotes. What lacks its evidence is dropped.

use std::collections::BTreeSet;

use super::{KeyMoment, LIST_LIMIT, Named, QUOTES_LIMIT, Quote, Review, Statement, short, signed};
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

    /// People must be named in the segments that are their evidence.
    pub(super) fn people(&mut self, people: Vec<Named>) -> Vec<Named> {
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
                    WarningCode::NameNotSpoken,
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
        distinct(kept)
    }

    pub(super) fn quotes(&mut self, quotes: Vec<Quote>) -> Vec<Quote> {
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
                self.drop_unsupported(WarningCode::QuoteNotVerbatim, message);
            }
        }
        kept.dedup();
        kept.truncate(QUOTES_LIMIT);
        kept
    }
}

/// The first of each name, whatever its case; at most so many.
fn distinct(mut named: Vec<Named>) -> Vec<Named> {
    let mut seen = BTreeSet::new();
    named.retain(|one| seen.insert(one.name.to_lowercase()));
    named.truncate(LIST_LIMIT);
    named
}
