//! Lets the model write the brief, checks every statement of it against the timeline, and puts the whole document
//! together (`work/<job>/brief.json`).
//!
//! Repeating it asks the model again and replaces the document.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use videoflow_shared::brief::draft::PartDraft;
use videoflow_shared::brief::review::Window;
use videoflow_shared::brief::{self, Brief, Warning, WarningCode};
use videoflow_shared::identity::{JobId, hex};
use videoflow_shared::location::S3Uri;
use videoflow_shared::storage::DOCUMENT_LIMIT_BYTES;
use videoflow_shared::stores::Stores;
use videoflow_shared::timeline::{PARTS_LIMIT, Timeline};
use videoflow_shared::{clock, from_service_error, from_storage_error, profiles, prompt, settings};

pub mod compose;
pub mod model;

use compose::{Material, Source};
use model::Model;

/// Why there is no brief.
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
    /// Bedrock is busy. Transient.
    #[error("{0}")]
    ServiceThrottled(String),
    /// Bedrock broke. Transient.
    #[error("{0}")]
    ServiceFailed(String),
    /// Bedrock refuses. Final.
    #[error("{0}")]
    ServiceRefused(String),
    /// There is no such job. Final.
    #[error("no job {0}")]
    JobNotFound(JobId),
    /// The job has no plan. Final.
    #[error("no plan of {0}")]
    PlanNotFound(JobId),
    /// The job has no timeline. Final.
    #[error("no timeline of {0}")]
    TimelineNotFound(JobId),
    /// A document that the timeline names, or a part, is not there. Final.
    #[error("{0} is not there")]
    DocumentMissing(S3Uri),
}

from_storage_error!(Error);
from_service_error!(Error);

/// Input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
    /// Parts that were summarised; 0 when one prompt holds the video.
    pub part_count: u32,
    /// Versions of the state machines that the job began with, by their names.
    #[serde(default)]
    pub state_machine_version_arns: BTreeMap<String, String>,
}

/// Output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Output {
    /// `work/<job>/brief.json`.
    pub brief: S3Uri,
    /// Warnings in it.
    pub warnings: usize,
}

/// The function with its clients.
#[derive(Debug, Clone)]
pub struct Function {
    stores: Stores,
    model: Model,
    region: Option<String>,
}

impl Function {
    /// The function as the environment sets it up.
    ///
    /// # Errors
    /// [`settings::Error::Missing`].
    pub fn from_settings(config: &SdkConfig) -> Result<Self, settings::Error> {
        Ok(Self {
            stores: Stores::from_settings(config)?,
            model: Model::from_settings(config)?,
            region: config.region().map(ToString::to_string),
        })
    }

    /// Handles one invocation.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn handle(&self, input: Input) -> Result<Output, Error> {
        let id = &input.job_id;
        let places = self.stores.places(id);
        let plan = self
            .stores
            .plan(id)
            .await?
            .ok_or_else(|| Error::PlanNotFound(id.clone()))?;
        let timeline: Option<Timeline> = self
            .stores
            .objects
            .get_json(&places.work("timeline.json"))
            .await?;
        let timeline = timeline.ok_or_else(|| Error::TimelineNotFound(id.clone()))?;
        let parts = self.parts(id, input.part_count).await?;
        let started_at = clock::now();
        let request = if parts.is_empty() {
            prompt::whole(&timeline)
        } else {
            prompt::together(&timeline, &parts)
        };
        let window = Window {
            start_ms: 0,
            end_ms: timeline.duration_ms,
        };
        let written = self.model.write(request, &timeline, window).await?;
        let profile = profiles::find(&plan.profile);
        let profile = profile
            .ok_or_else(|| Error::RecordUnreadable(format!("no profile `{}`", plan.profile)))?;
        let material = Material {
            plan: &plan,
            policy: &profile.moderation,
            job: &self
                .stores
                .jobs
                .get(id)
                .await?
                .ok_or_else(|| Error::JobNotFound(id.clone()))?,
            transcript: self.read(timeline.sources.transcript.as_ref()).await?,
            labels: self.read(timeline.sources.labels.as_ref()).await?,
            moderation: self.read(timeline.sources.moderation.as_ref()).await?,
            meaning: self.read(timeline.sources.meaning.as_ref()).await?,
            timeline: &timeline,
            parts: &parts,
            written,
            model_id: self.model.id(),
            region: self.region.as_deref(),
            state_machine_version_arns: &input.state_machine_version_arns,
            plan_uri: places.plan(),
            started_at,
            ended_at: clock::now(),
        };
        let mut brief = compose::compose(&material);
        judge(&mut brief);
        let uri = places.work("brief.json");
        self.stores.objects.put_json(&uri, &brief).await?;
        Ok(Output {
            brief: uri,
            warnings: brief.quality.warnings.len(),
        })
    }

    async fn parts(&self, job: &JobId, count: u32) -> Result<Vec<PartDraft>, Error> {
        if usize::try_from(count).unwrap_or(usize::MAX) > PARTS_LIMIT {
            return Err(Error::InvalidInput(format!(
                "{count} parts; at most {PARTS_LIMIT} are made"
            )));
        }
        let mut parts = Vec::new();
        for index in 0..count {
            let uri = self.stores.places(job).work(&format!("parts/{index}.json"));
            let part = self.stores.objects.get_json(&uri).await?;
            parts.push(part.ok_or(Error::DocumentMissing(uri))?);
        }
        Ok(parts)
    }

    /// A document with its digest; `None` when the timeline names none.
    async fn read<T: DeserializeOwned>(
        &self,
        uri: Option<&S3Uri>,
    ) -> Result<Option<Source<T>>, Error> {
        use sha2::Digest;
        let Some(uri) = uri else { return Ok(None) };
        let bytes = self.stores.objects.get(uri, DOCUMENT_LIMIT_BYTES).await?;
        let bytes = bytes.ok_or_else(|| Error::DocumentMissing(uri.clone()))?;
        let document = serde_json::from_slice(&bytes);
        let document =
            document.map_err(|error| Error::RecordUnreadable(format!("{uri}: {error}")))?;
        Ok(Some(Source {
            uri: uri.clone(),
            sha256: hex(&sha2::Sha256::digest(&bytes)),
            document,
        }))
    }
}

/// Notes whether the document is valid against the schema.
fn judge(brief: &mut Brief) {
    let violations = brief::violations(&json!(brief));
    brief.quality.schema_valid = violations.is_empty();
    let warning = |message| Warning {
        code: WarningCode::SchemaViolated,
        message,
    };
    brief
        .quality
        .warnings
        .extend(violations.into_iter().map(warning));
}
