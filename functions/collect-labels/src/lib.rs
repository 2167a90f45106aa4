//! Reads what Rekognition found, page by page, and writes it down merged: `labels.json` and `moderation.json`, with
//! the detections as they came beside them (`labels/detections.json`, `moderation/detections.json`).
//!
//! What the ledger has already is not read again: Rekognition forgets results after seven days. Repeating it writes
//! the same documents.

use aws_config::SdkConfig;
use aws_sdk_rekognition::Client;
use serde::{Deserialize, Serialize};
use serde_json::json;
use videoflow_shared::identity::{JobId, Stage};
use videoflow_shared::jobs::Job;
use videoflow_shared::labels::{self, Detection};
use videoflow_shared::ledger::{EntryStatus, Ledger};
use videoflow_shared::location::S3Uri;
use videoflow_shared::stores::Stores;
use videoflow_shared::{from_service_error, from_storage_error, settings};

mod pages;

/// Why the labels cannot be used.
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
    /// The job item is not in our form. Final.
    #[error("{0}")]
    RecordUnreadable(String),
    /// Rekognition is busy. Transient.
    #[error("{0}")]
    ServiceThrottled(String),
    /// Rekognition broke. Transient.
    #[error("{0}")]
    ServiceFailed(String),
    /// Rekognition refuses. Final.
    #[error("{0}")]
    ServiceRefused(String),
    /// There is no such job.
    #[error("no job {0}")]
    JobNotFound(JobId),
    /// Rekognition's job is not done, or failed.
    #[error("{0}")]
    LabelsUnfinished(String),
}

from_storage_error!(Error);
from_service_error!(Error);

/// Input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
    /// Rekognition's job for labels; null when an earlier run brought them.
    pub labels_job_id: Option<String>,
    /// Rekognition's job for moderation; null when none was planned.
    pub moderation_job_id: Option<String>,
}

/// Output, and the result in the ledger (which has one of the two).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Output {
    /// Always `DONE`.
    pub status: String,
    /// `labels.json`.
    pub labels: Option<S3Uri>,
    /// `moderation.json`.
    pub moderation: Option<S3Uri>,
}

/// The function with its clients.
#[derive(Debug, Clone)]
pub struct Function {
    stores: Stores,
    rekognition: Client,
}

impl Function {
    /// The function as the environment sets it up.
    ///
    /// # Errors
    /// [`settings::Error::Missing`].
    pub fn from_settings(config: &SdkConfig) -> Result<Self, settings::Error> {
        Ok(Self {
            stores: Stores::from_settings(config)?,
            rekognition: Client::new(config),
        })
    }

    /// Handles one invocation.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn handle(&self, input: Input) -> Result<Output, Error> {
        let job = self.stores.jobs.get(&input.job_id).await?;
        let job = job.ok_or_else(|| Error::JobNotFound(input.job_id.clone()))?;
        let labels = match (recorded(&job, Stage::Labels), &input.labels_job_id) {
            (Some(uri), _) => Some(uri),
            (None, Some(id)) => Some(self.collect_labels(&job.job_id, id).await?),
            (None, None) => None,
        };
        let moderation = match (recorded(&job, Stage::Moderation), &input.moderation_job_id) {
            (Some(uri), _) => Some(uri),
            (None, Some(id)) => Some(self.collect_moderation(&job.job_id, id).await?),
            (None, None) => None,
        };
        Ok(Output {
            status: "DONE".to_owned(),
            labels,
            moderation,
        })
    }

    async fn collect_labels(&self, job: &JobId, id: &str) -> Result<S3Uri, Error> {
        let found = pages::labels(&self.rekognition, id).await?;
        let document = labels::unique(&found.detections, found.model_version);
        let uri = self
            .write(job, "labels", &found.detections, &document)
            .await?;
        let result = json!(Output {
            status: "DONE".to_owned(),
            labels: Some(uri.clone()),
            moderation: None
        });
        Ledger::new(&self.stores.jobs)
            .succeeded(job, Stage::Labels, id, &result)
            .await?;
        Ok(uri)
    }

    async fn collect_moderation(&self, job: &JobId, id: &str) -> Result<S3Uri, Error> {
        let found = pages::moderation(&self.rekognition, id).await?;
        let document = labels::flags(&found.detections, found.model_version);
        let uri = self
            .write(job, "moderation", &found.detections, &document)
            .await?;
        let result = json!(Output {
            status: "DONE".to_owned(),
            labels: None,
            moderation: Some(uri.clone())
        });
        Ledger::new(&self.stores.jobs)
            .succeeded(job, Stage::Moderation, id, &result)
            .await?;
        Ok(uri)
    }

    async fn write(
        &self,
        job: &JobId,
        name: &str,
        raw: &[Detection],
        document: &(impl Serialize + Sync),
    ) -> Result<S3Uri, Error> {
        let places = self.stores.places(job);
        self.stores
            .objects
            .put_json(&places.work(&format!("{name}/detections.json")), &raw)
            .await?;
        let uri = places.work(&format!("{name}.json"));
        self.stores.objects.put_json(&uri, document).await?;
        Ok(uri)
    }
}

/// Document of a stage that the ledger has.
fn recorded(job: &Job, stage: Stage) -> Option<S3Uri> {
    let entry = job
        .stages
        .get(&stage)
        .filter(|entry| entry.status == EntryStatus::Succeeded)?;
    let result: Output = serde_json::from_value(entry.result.clone()?).ok()?;
    if stage == Stage::Labels {
        result.labels
    } else {
        result.moderation
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn check(stages: &Value, stage: Stage, expected: Option<&str>) {
        let job: Job = serde_json::from_value(json!({
            "JobId": format!("v-{}", "0".repeat(40)), "JobStatus": "PROCESSING", "SourceBucket": "b", "SourceKey": "k",
            "SourceVersionId": "1", "Profile": "default", "CreatedAt": "t", "UpdatedAt": "t", "Stages": stages
        }))
        .unwrap_or_else(|error| unreachable!("{error}"));
        assert_eq!(
            recorded(&job, stage).map(|uri| uri.to_string()).as_deref(),
            expected
        );
    }

    #[test]
    fn results_of_the_ledger_are_used() {
        let entry = |status: &str, result: Value| json!({"attempt": 1, "serviceJobId": "j", "status": status, "result": result});
        let labels = json!({"status": "DONE", "labels": "s3://o/labels.json", "moderation": null});
        let moderation =
            json!({"status": "DONE", "labels": null, "moderation": "s3://o/moderation.json"});
        check(
            &json!({"labels": entry("SUCCEEDED", labels.clone())}),
            Stage::Labels,
            Some("s3://o/labels.json"),
        );
        check(
            &json!({"labels": entry("SUCCEEDED", labels.clone())}),
            Stage::Moderation,
            None,
        );
        check(
            &json!({"moderation": entry("SUCCEEDED", moderation)}),
            Stage::Moderation,
            Some("s3://o/moderation.json"),
        );
        check(
            &json!({"labels": entry("RUNNING", labels)}),
            Stage::Labels,
            None,
        );
        check(
            &json!({"labels": entry("SUCCEEDED", json!({"odd": 1}))}),
            Stage::Labels,
            None,
        );
        check(&json!({}), Stage::Labels, None);
    }
}
