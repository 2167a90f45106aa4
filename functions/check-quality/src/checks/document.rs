//! Checks of the brief itself.

use serde_json::Value;
use videoflow_shared::brief::{self, Brief, Decision, Statement};

use super::{Fault, Finding};
use crate::evidence::Evidence;

/// The document that these checks are about.
pub(super) const BRIEF: &str = "brief.json";
/// Share of the video that chapters have to cover.
const COVERAGE: f64 = 0.95;

fn fault(reason: impl Into<String>) -> Fault {
    Fault::new(BRIEF, reason)
}

pub(super) fn violations(document: &Value) -> Vec<Fault> {
    brief::violations(document).into_iter().map(fault).collect()
}

/// A document is valid or not: there are no shares of it.
pub(super) fn schema(evidence: &Evidence<'_>) -> Finding {
    Finding::with_share(1, 0.0, violations(evidence.document))
}

pub(super) fn chapters(brief: &Brief) -> Finding {
    let pairs = brief.chapters.iter().zip(brief.chapters.iter().skip(1));
    let apart = pairs.filter(|(one, next)| one.end_ms != next.start_ms);
    let mut faults: Vec<Fault> = apart
        .map(|(one, next)| {
            fault(format!(
                "a gap or overlap between {} and {}",
                one.id, next.id
            ))
        })
        .collect();
    if brief.chapters.is_empty() {
        faults.push(fault("it has no chapters"));
    } else if brief.quality.coverage < COVERAGE {
        let coverage = brief.quality.coverage;
        faults.push(fault(format!("chapters cover {coverage} of the video")));
    }
    Finding::of(brief.chapters.len(), faults)
}

pub(super) fn times(brief: &Brief) -> Finding {
    let duration_ms = brief.source.duration_ms;
    let chapters = brief.chapters.iter();
    let chapters = chapters.map(|one| (one.id.as_str(), one.start_ms, one.end_ms));
    let moments = brief.key_moments.iter();
    let moments = moments.map(|one| (one.id.as_str(), one.start_ms, one.end_ms));
    let quotes = brief.quotes.iter();
    let quotes = quotes.map(|one| (one.text.as_str(), one.start_ms, one.end_ms));
    let all: Vec<_> = chapters.chain(moments).chain(quotes).collect();
    let wrong = all
        .iter()
        .filter(|(_, start, end)| start >= end || *end > duration_ms);
    let faults = wrong.map(|(name, start, end)| {
        fault(format!(
            "{start} to {end} ms is no time of the video: {name}"
        ))
    });
    Finding::of(all.len(), faults.collect())
}

pub(super) fn quotes(evidence: &Evidence<'_>) -> Finding {
    let segments = &evidence.timeline.segments;
    let said = |text: &str| segments.iter().any(|segment| segment.text.contains(text));
    let quotes = &evidence.brief.quotes;
    let wrong = quotes
        .iter()
        .filter(|quote| !quote.verbatim || !said(&quote.text));
    let faults = wrong.map(|quote| fault(format!("never said: {}", quote.text)));
    Finding::of(quotes.len(), faults.collect())
}

pub(super) fn pointers(evidence: &Evidence<'_>) -> Finding {
    let brief = evidence.brief;
    let statements: Vec<&Statement> = [&brief.title, &brief.summary]
        .into_iter()
        .chain(brief.chapters.iter().map(|chapter| &chapter.summary))
        .chain(brief.key_moments.iter().map(|moment| &moment.reason))
        .collect();
    let bare = statements.iter().filter(|one| one.evidence.is_empty());
    let bare = bare.map(|one| fault(format!("nothing supports: {}", one.text)));
    let cited = statements.iter().flat_map(|one| &one.evidence);
    let cited = cited.chain(brief.people.iter().flat_map(|one| &one.evidence));
    let cited: Vec<_> = cited
        .chain(brief.quotes.iter().map(|one| &one.evidence))
        .collect();
    let lost = cited.iter().filter(|one| {
        let output = evidence.outputs.get(one.engine_index);
        let place = output
            .and_then(Option::as_ref)
            .and_then(|output| output.pointer(&one.json_pointer));
        place.is_none() || one.start_ms >= one.end_ms || one.end_ms > brief.source.duration_ms
    });
    let lost = lost.map(|one| {
        let (pointer, engine) = (&one.json_pointer, one.engine_index);
        fault(format!(
            "evidence that is not there: {pointer} of engine {engine}"
        ))
    });
    let faults = bare.chain(lost).collect();
    Finding::of(statements.len() + cited.len(), faults)
}

pub(super) fn moderation(brief: &Brief) -> Finding {
    let is_blocked = brief.moderation.decision == Decision::Block;
    let fault = is_blocked.then(|| fault("the moderation policy forbids publication"));
    Finding::with_share(1, 0.0, fault.into_iter().collect())
}
