//! People: voices that were told apart, and names that are spoken.

use std::collections::BTreeMap;

use videoflow_shared::brief::{Person, PersonKind};
use videoflow_shared::labels::{TimeRange, merged, rounded};
use videoflow_shared::transcript::Segment;

use super::Material;
use super::citation::Citations;

/// Speakers in a brief; Transcribe tells at most 30 apart.
const SPEAKERS_LIMIT: usize = 30;

/// Speakers in the order of their labels, then the people who are mentioned.
pub(super) fn people(material: &Material<'_>, citations: &Citations<'_>) -> Vec<Person> {
    let voices = voices(material);
    let total_ms: u64 = voices
        .values()
        .flatten()
        .map(|one| one.end_ms - one.start_ms)
        .sum();
    let mut people = Vec::new();
    for segments in voices.values() {
        let id = format!("person-{}", people.len() + 1);
        people.push(speaker(id, segments, total_ms, citations));
    }
    for named in &material.written.reviewed.draft.people {
        people.push(Person {
            id: format!("person-{}", people.len() + 1),
            kind: PersonKind::Mentioned,
            display_name: Some(named.name.clone()),
            speaking_ms: None,
            share_of_talk: None,
            instances: citations.ranges(&named.evidence),
            evidence: named
                .evidence
                .iter()
                .filter_map(|id| citations.evidence(id))
                .collect(),
        });
    }
    people
}

/// The person who speaks under a label.
pub(super) fn speaker_id(
    people: &[Person],
    material: &Material<'_>,
    label: &str,
) -> Option<String> {
    let index = voices(material).keys().position(|known| *known == label)?;
    people.get(index).map(|person| person.id.clone())
}

/// Segments by the speaker's label.
fn voices<'a>(material: &'a Material<'_>) -> BTreeMap<&'a str, Vec<&'a Segment>> {
    let mut voices: BTreeMap<&str, Vec<&Segment>> = BTreeMap::new();
    for segment in material
        .transcript
        .iter()
        .flat_map(|source| &source.document.segments)
    {
        let Some(label) = segment.speaker.as_deref() else {
            continue;
        };
        if voices.len() < SPEAKERS_LIMIT || voices.contains_key(label) {
            voices.entry(label).or_default().push(segment);
        }
    }
    voices
}

fn speaker(id: String, segments: &[&Segment], total_ms: u64, citations: &Citations<'_>) -> Person {
    let speaking_ms: u64 = segments.iter().map(|one| one.end_ms - one.start_ms).sum();
    let range = |one: &&Segment| TimeRange {
        start_ms: one.start_ms,
        end_ms: one.end_ms,
        confidence: one.confidence,
    };
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^52")]
    let share = speaking_ms as f64 / total_ms.max(1) as f64;
    Person {
        id,
        kind: PersonKind::Speaker,
        display_name: None,
        speaking_ms: Some(speaking_ms),
        share_of_talk: Some(rounded(share)),
        instances: merged(segments.iter().map(range).collect()),
        evidence: segments
            .first()
            .and_then(|one| citations.evidence(&one.id))
            .into_iter()
            .collect(),
    }
}
