//! Evidence: from an id of the timeline to an engine, a place in its output and a time.

use videoflow_shared::brief::draft;
use videoflow_shared::brief::review::clipped;
use videoflow_shared::brief::{Basis, Engine, Evidence, EvidenceSource, Statement};
use videoflow_shared::identity::Stage;
use videoflow_shared::labels::{TimeRange, merged, rounded};
use videoflow_shared::timeline::{Entry, Kind, Timeline};

use super::Material;
use super::engines::{analysis, probe, transcode, writer};

/// Sentences that stand in for a missing summary.
const STAND_IN_SENTENCES: usize = 3;
/// Labels that stand in for it.
const STAND_IN_LABELS: usize = 5;
/// Labels in a heading.
const HEADING_LABELS: usize = 2;
/// Characters of a heading.
const HEADING_CHARACTERS: usize = 60;

/// What lacks a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fallback {
    /// Title: the name of the file.
    Title,
    /// Summary of the whole.
    Summary,
    /// Summary of a chapter.
    Chapter {
        /// Start.
        start_ms: u64,
        /// End.
        end_ms: u64,
    },
}

/// Resolves ids of the timeline.
pub(super) struct Citations<'a> {
    timeline: &'a Timeline,
    source_key: &'a str,
    engines: Vec<Engine>,
    transcribe: usize,
    rekognition: usize,
    bda: usize,
}

impl<'a> Citations<'a> {
    pub(super) fn new(material: &Material<'a>) -> Self {
        let mut engines = vec![probe(material), transcode(material)];
        let mut add = |engine: Option<Engine>| {
            // Without the engine nothing of the timeline comes from it, so the index is never used.
            let index = engines.len();
            engines.extend(engine);
            index
        };
        let transcribe = add(analysis(
            material,
            Stage::Transcription,
            material.transcript.as_ref(),
            None,
        ));
        let version = material
            .labels
            .as_ref()
            .and_then(|source| source.document.model_version.clone());
        let rekognition = add(analysis(
            material,
            Stage::Labels,
            material.labels.as_ref(),
            version,
        ));
        let version = material
            .moderation
            .as_ref()
            .and_then(|source| source.document.model_version.clone());
        add(analysis(
            material,
            Stage::Moderation,
            material.moderation.as_ref(),
            version,
        ));
        let bda = add(analysis(
            material,
            Stage::Meaning,
            material.meaning.as_ref(),
            None,
        ));
        add(Some(writer(material)));
        let (timeline, source_key) = (material.timeline, material.plan.source.key.as_str());
        Self {
            timeline,
            source_key,
            engines,
            transcribe,
            rekognition,
            bda,
        }
    }

    pub(super) fn into_engines(self) -> Vec<Engine> {
        self.engines
    }

    /// The evidence that an id names.
    pub(super) fn evidence(&self, id: &str) -> Option<Evidence> {
        self.timeline
            .find(id)
            .map(|(kind, entry)| self.of(kind, entry))
    }

    fn of(&self, kind: Kind, entry: &Entry) -> Evidence {
        let (source, engine_index) = match kind {
            Kind::Segment => (EvidenceSource::Transcribe, self.transcribe),
            Kind::Label => (EvidenceSource::Rekognition, self.rekognition),
            Kind::Shot | Kind::Chapter => (EvidenceSource::Bda, self.bda),
        };
        let (start_ms, end_ms) = (entry.start_ms, entry.end_ms);
        let quote = Some(entry.text.clone()).filter(|text| !text.is_empty());
        Evidence {
            source,
            engine_index,
            json_pointer: entry.pointer.clone(),
            start_ms,
            end_ms,
            quote,
        }
    }

    /// A statement of the draft; `None` when it was found unsupported.
    pub(super) fn statement(&self, drafted: &draft::Statement) -> Option<Statement> {
        let found: Vec<_> = drafted
            .evidence
            .iter()
            .filter_map(|id| self.timeline.find(id))
            .collect();
        if drafted.text.is_empty() || found.is_empty() {
            return None;
        }
        let is_extracted = found
            .iter()
            .any(|(_, entry)| entry.text.contains(&drafted.text));
        Some(self.stated(
            drafted.text.clone(),
            if is_extracted {
                Basis::Extracted
            } else {
                Basis::Generated
            },
            &found,
        ))
    }

    fn stated(&self, text: String, basis: Basis, found: &[(Kind, &Entry)]) -> Statement {
        #[expect(clippy::cast_precision_loss, reason = "a statement has a handful")]
        let count = found.len().max(1) as f64;
        let confidence =
            rounded(found.iter().map(|(_, entry)| entry.confidence).sum::<f64>() / count);
        Statement {
            text,
            confidence,
            basis,
            evidence: found
                .iter()
                .map(|(kind, entry)| self.of(*kind, entry))
                .collect(),
        }
    }

    /// Times of ids, merged.
    pub(super) fn ranges(&self, ids: &[String]) -> Vec<TimeRange> {
        let found = ids.iter().filter_map(|id| self.timeline.find(id));
        let range = |(_, entry): (Kind, &Entry)| TimeRange {
            start_ms: entry.start_ms,
            end_ms: entry.end_ms,
            confidence: entry.confidence,
        };
        merged(found.map(range).collect())
    }

    /// Words of the evidence in place of a text that is missing or unsupported.
    pub(super) fn fallback(&self, fallback: Fallback) -> Statement {
        let (start_ms, end_ms) = match fallback {
            Fallback::Title => return self.file(),
            Fallback::Summary => (0, self.timeline.duration_ms),
            Fallback::Chapter { start_ms, end_ms } => (start_ms, end_ms),
        };
        let starts_here = |entry: &&Entry| (start_ms..end_ms).contains(&entry.start_ms);
        let is_seen = |entry: &&Entry| entry.start_ms < end_ms && start_ms < entry.end_ms;
        let said: Vec<_> = self
            .timeline
            .segments
            .iter()
            .filter(starts_here)
            .take(STAND_IN_SENTENCES)
            .collect();
        if !said.is_empty() {
            let text = said
                .iter()
                .map(|entry| entry.text.as_str())
                .collect::<Vec<_>>()
                .join(" ");
            let found: Vec<_> = said
                .into_iter()
                .map(|entry| (Kind::Segment, entry))
                .collect();
            return self.stated(text, Basis::Extracted, &found);
        }
        let seen = surest(
            self.timeline.labels.iter().filter(is_seen).collect(),
            STAND_IN_LABELS,
        );
        if !seen.is_empty() {
            let text = seen
                .iter()
                .map(|entry| entry.text.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            let found: Vec<_> = seen.into_iter().map(|entry| (Kind::Label, entry)).collect();
            return self.stated(text, Basis::Extracted, &found);
        }
        Statement {
            text: "Nothing was said or recognised.".to_owned(),
            ..self.file()
        }
    }

    /// The name of the file.
    fn file(&self) -> Statement {
        let name = self
            .source_key
            .rsplit('/')
            .next()
            .unwrap_or(self.source_key);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let evidence = Evidence {
            source: EvidenceSource::Probe,
            engine_index: 0,
            json_pointer: "/source/key".to_owned(),
            start_ms: 0,
            end_ms: self.timeline.duration_ms,
            quote: Some(self.source_key.to_owned()),
        };
        let text = if stem.is_empty() {
            self.source_key
        } else {
            stem
        };
        Statement {
            text: text.to_owned(),
            confidence: 1.0,
            basis: Basis::Extracted,
            evidence: vec![evidence],
        }
    }

    /// Heading of a chapter that the model gave none.
    pub(super) fn heading(&self, start_ms: u64, end_ms: u64, number: usize) -> String {
        let is_seen = |entry: &&Entry| entry.start_ms < end_ms && start_ms < entry.end_ms;
        let seen = surest(
            self.timeline.labels.iter().filter(is_seen).collect(),
            HEADING_LABELS,
        );
        let names: Vec<&str> = seen.iter().map(|entry| entry.text.as_str()).collect();
        if names.is_empty() {
            format!("Chapter {number}")
        } else {
            clipped(&names.join(", "), HEADING_CHARACTERS)
        }
    }
}

/// One sighting of each of the surest labels, in the order of time.
fn surest(mut seen: Vec<&Entry>, limit: usize) -> Vec<&Entry> {
    seen.sort_by(|left, right| right.confidence.total_cmp(&left.confidence));
    let mut distinct: Vec<&Entry> = Vec::new();
    for entry in seen {
        if distinct.len() < limit && !distinct.iter().any(|known| known.text == entry.text) {
            distinct.push(entry);
        }
    }
    distinct.sort_by_key(|entry| entry.start_ms);
    distinct
}
