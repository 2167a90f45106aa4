//! One timeline of all that the services found (`work/<job>/timeline.json`), cut into parts where one prompt cannot hold it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::identity::JobId;
use crate::labels::{Labels, TimeRange};
use crate::location::S3Uri;
use crate::meaning::Meaning;
use crate::renditions::Renditions;
use crate::subtitles::Subtitles;
use crate::transcript::{Language, Transcript};

/// Characters of timeline, as bytes of UTF-8, that one prompt holds: about 20,000 tokens, where models still cite
/// reliably. A Chinese character has three bytes and about one token, so no language needs many more.
pub const PART_CHARACTERS: usize = 80_000;
/// Parts of a video: bounds the map that summarises them.
pub const PARTS_LIMIT: usize = 40;
/// Label sightings kept of each stretch, the surest first: below, they only cost tokens.
const SIGHTINGS_LIMIT: usize = 300;
/// Shots kept of each stretch, the longest first, for the same reason.
const SHOTS_LIMIT: usize = 300;
/// Length of such a stretch: no hour of a long video is without what was seen in it.
const STRETCH_MS: u64 = 3_600_000;
/// Characters that the members of one entry take besides its text.
const ENTRY_CHARACTERS: usize = 80;

/// The timeline of a video. Everything carries the RFC 6901 pointer into the document that it is from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timeline {
    /// Job.
    pub job_id: JobId,
    /// Duration.
    pub duration_ms: u64,
    /// Language of the speech.
    pub language: Language,
    /// What is said (`s1`, …).
    pub segments: Vec<Entry>,
    /// What is seen (`l1`, …), once for every time range.
    pub labels: Vec<Entry>,
    /// Shots (`h1`, …).
    pub shots: Vec<Entry>,
    /// Chapters of Data Automation (`c1`, …).
    pub chapters: Vec<Entry>,
    /// Parts that are summarised apart; empty when one prompt holds it all.
    pub parts: Vec<Part>,
    /// The documents behind it.
    pub sources: Sources,
    /// Subtitles that were written.
    pub subtitles: Vec<Subtitles>,
    /// What is not there, and why.
    pub missing: Vec<Missing>,
    /// Media files.
    pub renditions: Renditions,
}

/// Something that happens in a time range and can be cited by its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// Id.
    pub id: String,
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Words, name of the label, or summary; empty for a shot.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// 0..1.
    pub confidence: f64,
    /// Pointer into the document that it is from.
    pub pointer: String,
}

/// A stretch of the video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// Number from 0.
    pub index: u32,
    /// Start.
    pub start_ms: u64,
    /// End: the start of the next part, or the duration.
    pub end_ms: u64,
}

/// Locations of the normalised documents.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sources {
    /// `transcript.json`.
    pub transcript: Option<S3Uri>,
    /// `labels.json`.
    pub labels: Option<S3Uri>,
    /// `moderation.json`.
    pub moderation: Option<S3Uri>,
    /// `meaning.json`.
    pub meaning: Option<S3Uri>,
}

/// An analysis that brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Missing {
    /// `labels`, `moderation`, `transcription` or `meaning`.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// What kind of thing an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Speech.
    Segment,
    /// Label.
    Label,
    /// Shot.
    Shot,
    /// Chapter.
    Chapter,
}

impl Entry {
    /// Characters that it takes in a prompt.
    pub fn characters(&self) -> usize {
        self.text.len() + ENTRY_CHARACTERS
    }

    /// Its length.
    pub fn seconds(&self) -> f64 {
        Duration::from_millis(self.end_ms.saturating_sub(self.start_ms)).as_secs_f64()
    }
}

impl Timeline {
    /// What an id names.
    pub fn find(&self, id: &str) -> Option<(Kind, &Entry)> {
        let lists = [
            (Kind::Segment, &self.segments),
            (Kind::Label, &self.labels),
            (Kind::Shot, &self.shots),
            (Kind::Chapter, &self.chapters),
        ];
        lists.into_iter().find_map(|(kind, list)| {
            // Entries are numbered as they stand, but for those that were left out: it is here or a little before.
            let number: usize = id
                .get(1..)
                .and_then(|number| number.parse().ok())
                .unwrap_or(usize::MAX);
            let near = list.get(..number.min(list.len())).unwrap_or(list);
            let found = near.iter().rev().chain(list).find(|entry| entry.id == id);
            found.map(|entry| (kind, entry))
        })
    }

    /// Whether there is nothing to write a brief from.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
            && self.labels.is_empty()
            && self.chapters.is_empty()
            && self.shots.is_empty()
    }
}

/// Sentences as entries.
pub fn segments(transcript: &Transcript) -> Vec<Entry> {
    let entry = |(index, segment): (usize, &crate::transcript::Segment)| Entry {
        id: segment.id.clone(),
        start_ms: segment.start_ms,
        end_ms: segment.end_ms,
        text: segment.text.clone(),
        confidence: segment.confidence,
        pointer: format!("/segments/{index}"),
    };
    transcript.segments.iter().enumerate().map(entry).collect()
}

/// Sightings of labels as entries, in the order of time.
pub fn labels(labels: &Labels) -> Vec<Entry> {
    let mut sightings: Vec<(usize, usize, &TimeRange)> = Vec::new();
    for (index, label) in labels.labels.iter().enumerate() {
        let instances = label.instances.iter().enumerate();
        sightings.extend(instances.map(|(instance, range)| (index, instance, range)));
    }
    sightings.sort_by(|left, right| right.2.confidence.total_cmp(&left.2.confidence));
    sightings = first_of_stretches(sightings, SIGHTINGS_LIMIT, |(.., range)| range.start_ms);
    sightings.sort_by_key(|(.., range)| (range.start_ms, range.end_ms));
    let entry = |(number, (index, instance, range)): (usize, (usize, usize, &TimeRange))| Entry {
        id: format!("l{number}"),
        start_ms: range.start_ms,
        end_ms: range.end_ms,
        text: labels
            .labels
            .get(index)
            .map(|label| label.name.clone())
            .unwrap_or_default(),
        confidence: range.confidence,
        pointer: format!("/labels/{index}/instances/{instance}"),
    };
    (1..).zip(sightings).map(entry).collect()
}

/// The first so many of each stretch of the video.
fn first_of_stretches<T>(mut list: Vec<T>, limit: usize, start_ms: impl Fn(&T) -> u64) -> Vec<T> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    list.retain(|one| {
        let count = counts.entry(start_ms(one) / STRETCH_MS).or_default();
        *count += 1;
        *count <= limit
    });
    list
}

/// Shots as entries.
pub fn shots(meaning: &Meaning) -> Vec<Entry> {
    let mut shots: Vec<_> = meaning.shots.iter().enumerate().collect();
    shots.sort_by_key(|(_, shot)| std::cmp::Reverse(shot.end_ms.saturating_sub(shot.start_ms)));
    shots = first_of_stretches(shots, SHOTS_LIMIT, |(_, shot)| shot.start_ms);
    shots.sort_by_key(|(index, _)| *index);
    let entry = |(index, shot): (usize, &crate::meaning::Shot)| Entry {
        id: shot.id.clone(),
        start_ms: shot.start_ms,
        end_ms: shot.end_ms,
        text: String::new(),
        confidence: 1.0,
        pointer: format!("/shots/{index}"),
    };
    shots.into_iter().map(entry).collect()
}

/// Chapters of Data Automation as entries.
pub fn chapters(meaning: &Meaning) -> Vec<Entry> {
    let entry = |(index, chapter): (usize, &crate::meaning::Chapter)| Entry {
        id: chapter.id.clone(),
        start_ms: chapter.start_ms,
        end_ms: chapter.end_ms,
        text: chapter.summary.clone().unwrap_or_default(),
        confidence: 1.0,
        pointer: format!("/chapters/{index}"),
    };
    meaning.chapters.iter().enumerate().map(entry).collect()
}

/// Entries cut to the duration; what begins behind it is dropped.
pub fn within(entries: Vec<Entry>, duration_ms: u64) -> Vec<Entry> {
    let mut entries = entries;
    entries.retain(|entry| entry.start_ms < duration_ms);
    for entry in &mut entries {
        entry.end_ms = entry.end_ms.clamp(entry.start_ms + 1, duration_ms);
    }
    entries
}

/// Parts of about equal size in characters; none when everything fits one prompt. Cuts are at starts of entries, so
/// no sentence is torn.
pub fn parts(lists: &[&[Entry]], duration_ms: u64, part_characters: usize) -> Vec<Part> {
    let mut entries: Vec<(u64, usize)> = lists
        .iter()
        .flat_map(|list| {
            list.iter()
                .map(|entry| (entry.start_ms, entry.characters()))
        })
        .collect();
    entries.sort_unstable();
    let total: usize = entries.iter().map(|(_, size)| size).sum();
    if total <= part_characters {
        return Vec::new();
    }
    let count = total.div_ceil(part_characters.max(1)).min(PARTS_LIMIT);
    let budget = total.div_ceil(count);
    let mut starts = vec![0];
    let mut size = 0;
    for (start_ms, characters) in entries {
        let is_later = starts.last().is_some_and(|last| start_ms > *last);
        if size >= budget && is_later && starts.len() < count {
            starts.push(start_ms);
            size = 0;
        }
        size += characters;
    }
    let ends: Vec<u64> = starts
        .iter()
        .skip(1)
        .copied()
        .chain([duration_ms])
        .collect();
    let part = |(index, (start_ms, end_ms)): (u32, (u64, u64))| Part {
        index,
        start_ms,
        end_ms,
    };
    (0..).zip(starts.into_iter().zip(ends)).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(start_ms: u64, end_ms: u64, characters: usize) -> Entry {
        Entry {
            id: "x".into(),
            start_ms,
            end_ms,
            text: "x".repeat(characters),
            confidence: 1.0,
            pointer: String::new(),
        }
    }

    fn check(starts: &[u64], part_characters: usize, expected: &[(u64, u64)]) {
        let entries: Vec<Entry> = starts
            .iter()
            .map(|start| entry(*start, start + 1, 20))
            .collect();
        let parts: Vec<_> = parts(&[&entries], 10_000, part_characters)
            .iter()
            .map(|part| (part.start_ms, part.end_ms))
            .collect();
        assert_eq!(parts, expected, "{starts:?}");
    }

    #[test]
    fn what_fits_is_not_cut() {
        check(&[], 100, &[]);
        check(&[0, 100, 200], 300, &[]);
    }

    #[test]
    fn cuts_are_at_starts() {
        check(&[0, 100, 200], 299, &[(0, 200), (200, 10_000)]);
        check(&[500, 1000, 2000, 3000], 200, &[(0, 2000), (2000, 10_000)]);
    }

    #[test]
    fn entries_that_start_together_stay_together() {
        check(&[0, 0, 0, 0], 100, &[(0, 10_000)]);
    }

    #[test]
    fn parts_are_few_and_cover_everything() {
        let starts: Vec<u64> = (0..1000).map(|n| n * 10).collect();
        let entries: Vec<Entry> = starts
            .iter()
            .map(|start| entry(*start, start + 1, 20))
            .collect();
        let parts = parts(&[&entries], 10_000, 100);
        assert!(
            parts.len() <= PARTS_LIMIT && parts.len() > 30,
            "{}",
            parts.len()
        );
        assert!(
            parts
                .windows(2)
                .all(|pair| pair[0].end_ms == pair[1].start_ms)
        );
        assert_eq!(parts.last().map(|part| part.end_ms), Some(10_000));
    }

    #[test]
    fn entries_end_with_the_video() {
        let kept = within(
            vec![entry(0, 5000, 0), entry(900, 900, 0), entry(1000, 2000, 0)],
            1000,
        );
        let ranges: Vec<_> = kept
            .iter()
            .map(|entry| (entry.start_ms, entry.end_ms))
            .collect();
        assert_eq!(ranges, [(0, 1000), (900, 901)]);
    }
}
