//! Brings what the services found onto one timeline (`timeline.json`), and says what is missing and why.
//!
//! Repeating it writes the same document.

use aws_config::SdkConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use videoflow_shared::identity::JobId;
use videoflow_shared::labels::Labels;
use videoflow_shared::location::S3Uri;
use videoflow_shared::meaning::Meaning;
use videoflow_shared::plan::Plan;
use videoflow_shared::renditions::Renditions;
use videoflow_shared::stores::Stores;
use videoflow_shared::timeline::{self, PART_CHARACTERS, Part, Sources, Timeline};
use videoflow_shared::transcript::Transcript;
use videoflow_shared::{from_storage_error, settings};

mod absence;

use absence::Reason;

/// Why there is no timeline.
#[derive(
    Debug, Clone, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames,
)]
pub enum Error {
    /// The input is not in the documented shape. Final.
    #[error("{0}")]
    InvalidInput(String),
    /// S3 or `DynamoDB` kept failing. Transient.
    #[error("{0}")]
    StorageFailed(String),
    /// S3 or `DynamoDB` refuses. Final.
    #[error("{0}")]
    StorageRefused(String),
    /// A stored document is not in our form. Final.
    #[error("{0}")]
    RecordUnreadable(String),
    /// The job has no plan. Final.
    #[error("no plan of {0}")]
    PlanNotFound(JobId),
    /// A document of an analysis that is done is not there. Final.
    #[error("{0} is not there")]
    AnalysisMissing(S3Uri),
    /// Neither speech nor labels nor meaning: there is nothing to write a brief from. Final.
    #[error("nothing to write a brief from: {0}")]
    TooFewStreams(String),
}

from_storage_error!(Error);

/// Input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
    /// Media files.
    pub renditions: Renditions,
    /// What the analyses brought.
    pub analyses: Analyses,
}

/// What the analyses brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Analyses {
    /// detect-labels.
    pub labels: Outcome,
    /// transcribe-speech.
    pub speech: Outcome,
    /// extract-meaning.
    pub meaning: Outcome,
}

/// How an analysis ended; only the members of its own kind are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcome {
    /// How.
    pub status: Status,
    /// `labels.json`.
    #[serde(default)]
    pub labels: Option<S3Uri>,
    /// `moderation.json`.
    #[serde(default)]
    pub moderation: Option<S3Uri>,
    /// `transcript.json`.
    #[serde(default)]
    pub transcript: Option<S3Uri>,
    /// Subtitles.
    #[serde(default)]
    pub subtitles: Vec<videoflow_shared::subtitles::Subtitles>,
    /// Language of the speech.
    #[serde(default)]
    pub language: Option<String>,
    /// `meaning.json`.
    #[serde(default)]
    pub meaning: Option<S3Uri>,
    /// Why it is missing.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// How an analysis ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It brought its documents.
    Done,
    /// Nobody speaks.
    NoSpeech,
    /// It was not planned.
    Skipped,
    /// It failed.
    Missing,
}

/// Output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Output {
    /// `timeline.json`.
    pub timeline: S3Uri,
    /// Parts that are summarised apart; empty when one prompt holds it all.
    pub parts: Vec<Part>,
}

/// The function with its clients.
#[derive(Debug, Clone)]
pub struct Function {
    stores: Stores,
}

impl Function {
    /// The function as the environment sets it up.
    ///
    /// # Errors
    /// [`settings::Error::Missing`].
    pub fn from_settings(config: &SdkConfig) -> Result<Self, settings::Error> {
        Ok(Self {
            stores: Stores::from_settings(config)?,
        })
    }

    /// Handles one invocation.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn handle(&self, input: Input) -> Result<Output, Error> {
        let plan = self.stores.plan(&input.job_id).await?;
        let plan = plan.ok_or_else(|| Error::PlanNotFound(input.job_id.clone()))?;
        let streams = Streams {
            transcript: self.read(input.analyses.speech.transcript.as_ref()).await?,
            labels: self.read(input.analyses.labels.labels.as_ref()).await?,
            meaning: self.read(input.analyses.meaning.meaning.as_ref()).await?,
        };
        let timeline = align(&input, &plan, &streams)?;
        let uri = self.stores.places(&input.job_id).work("timeline.json");
        self.stores.objects.put_json(&uri, &timeline).await?;
        Ok(Output {
            timeline: uri,
            parts: timeline.parts,
        })
    }

    async fn read<T: DeserializeOwned>(&self, uri: Option<&S3Uri>) -> Result<Option<T>, Error> {
        let Some(uri) = uri else { return Ok(None) };
        let document = self.stores.objects.get_json(uri).await?;
        document
            .map(Some)
            .ok_or_else(|| Error::AnalysisMissing(uri.clone()))
    }
}

/// The documents of the analyses.
#[derive(Debug, Default)]
struct Streams {
    transcript: Option<Transcript>,
    labels: Option<Labels>,
    meaning: Option<Meaning>,
}

fn align(input: &Input, plan: &Plan, streams: &Streams) -> Result<Timeline, Error> {
    let duration_ms = plan.video.duration_ms;
    let segments = streams
        .transcript
        .as_ref()
        .map(timeline::segments)
        .unwrap_or_default();
    let labels = streams
        .labels
        .as_ref()
        .map(timeline::labels)
        .unwrap_or_default();
    let shots = streams
        .meaning
        .as_ref()
        .map(timeline::shots)
        .unwrap_or_default();
    let chapters = streams
        .meaning
        .as_ref()
        .map(timeline::chapters)
        .unwrap_or_default();
    let [segments, labels, shots, chapters] =
        [segments, labels, shots, chapters].map(|entries| timeline::within(entries, duration_ms));
    let parts = timeline::parts(
        &[&segments, &labels, &shots, &chapters],
        duration_ms,
        PART_CHARACTERS,
    );
    let analyses = &input.analyses;
    let timeline = Timeline {
        job_id: input.job_id.clone(),
        duration_ms,
        language: streams
            .transcript
            .as_ref()
            .map(|transcript| transcript.language.clone())
            .unwrap_or_default(),
        segments,
        labels,
        shots,
        chapters,
        parts,
        sources: Sources {
            transcript: analyses.speech.transcript.clone(),
            labels: analyses.labels.labels.clone(),
            moderation: analyses.labels.moderation.clone(),
            meaning: analyses.meaning.meaning.clone(),
        },
        subtitles: analyses.speech.subtitles.clone(),
        missing: absence::missing(analyses, plan),
        renditions: input.renditions.clone(),
    };
    if timeline.is_empty() {
        let reasons = timeline
            .missing
            .iter()
            .map(|one| format!("{}: {}", one.name, one.reason));
        return Err(Error::TooFewStreams(reasons.collect::<Vec<_>>().join("; ")));
    }
    Ok(timeline)
}

#[cfg(test)]
mod tests;
