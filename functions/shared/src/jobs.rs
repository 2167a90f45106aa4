//! The job table: one item a job, its status and what is known of it.

mod deletion;
mod query;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attribute::{from_item, to_attribute, to_item};
use crate::clock;
use crate::identity::{JobId, Stage};
use crate::ledger::Entry;
use crate::storage::{Error, storage_error};

pub use deletion::{Deletion, DeletionStatus, Kept, Remainder, SourceFate};
pub use query::{Filter, Page, Position};

/// Where a job stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumIter,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    /// It waits for its turn: its execution has not begun.
    Queued,
    /// Its execution runs, or is about to.
    Processing,
    /// Its execution waits for a person.
    AwaitingReview,
    /// The brief is out.
    Published,
    /// The file cannot become a brief.
    Rejected,
    /// Another job has the same content.
    Duplicate,
    /// The brief was not good enough.
    FailedQc,
    /// The execution failed.
    Failed,
    /// The job's results were deleted.
    Deleted,
}

impl JobStatus {
    /// Whether nothing more happens to the job by itself.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Queued | Self::Processing | Self::AwaitingReview)
    }
}

/// Why a job ended without a brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDetails {
    /// State that failed.
    pub state: String,
    /// Its error.
    pub error: String,
    /// The error's cause.
    pub cause: String,
    /// The state's input, at most 32 KiB of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Execution that the state is in.
    pub execution: String,
}

/// A job's item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Job {
    /// Key of the table.
    pub job_id: JobId,
    /// Where it stands.
    pub job_status: JobStatus,
    /// Bucket of the source.
    pub source_bucket: String,
    /// Key of the source.
    pub source_key: String,
    /// Version of the source.
    pub source_version_id: String,
    /// Name of the profile.
    pub profile: String,
    /// Variant of the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Execution of process-video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_arn: Option<String>,
    /// Redrives of the execution that were recorded.
    #[serde(default)]
    pub redrive_count: u32,
    /// When the item was written first.
    pub created_at: String,
    /// When it was written last.
    pub updated_at: String,
    /// The stage ledger.
    #[serde(default)]
    pub stages: BTreeMap<Stage, Entry>,
    /// The plan's description of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_metadata: Option<Value>,
    /// Claim on the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_id: Option<String>,
    /// Prediction of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_cost_usd: Option<f64>,
    /// Price that a person approved for this run, though it is above the profile's limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_price_usd: Option<f64>,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// Cost by the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual_cost_usd: Option<f64>,
    /// Quality of the brief, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality_score: Option<f64>,
    /// Checks behind the score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality_results: Option<Value>,
    /// Where the results lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_locations: Option<Value>,
    /// Why there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_details: Option<ErrorDetails>,
    /// Why not everyone could be told of a job that was published or rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement_error: Option<ErrorDetails>,
    /// Job that has the same content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_job_id: Option<JobId>,
    /// When it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<String>,
    /// When it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<String>,
    /// Redrive of whose failure everyone was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_announced: Option<u32>,
    /// Forced runs of this (base) job so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forced_runs: Option<u32>,
    /// Original whose failure made this run of its duplicate; none: a person forced the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requeued_after: Option<JobId>,
    /// Run that took this job's place: its original failed, or its price was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requeued_as: Option<JobId>,
    /// Task token of the waiting review: a credential, never shown.
    #[serde(default, skip_serializing)]
    pub review_token: Option<String>,
    /// Why a review is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_reason: Option<String>,
    /// Deletion of everything of the video; on the item of its first run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
    /// What the reviewer is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_evidence: Option<Value>,
    /// What a person decided: `decision`, `reviewer`, `comment`, `decidedAt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Value>,
}

/// What creating an item found.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// There was none.
    New,
    /// There was one already; it is unchanged.
    Existing(Box<Job>),
}

/// The job table.
#[derive(Debug, Clone)]
pub struct Jobs {
    client: Client,
    table: String,
}

impl Jobs {
    /// The table `table` by way of `client`.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// The client, for requests of other modules on the same table.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The table's name.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// A job, as it is now; `None` when there is none.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn get(&self, job: &JobId) -> Result<Option<Job>, Error> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("JobId", key(job))
            .consistent_read(true);
        let answer = request
            .send()
            .await
            .map_err(|error| storage_error(&format!("GetItem {job}"), &error))?;
        answer.item.map(|item| parse(from_item(&item))).transpose()
    }

    /// Writes a new job, unless there is one of its id.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn create(&self, job: &Job) -> Result<Created, Error> {
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item(job)?));
        match request
            .condition_expression("attribute_not_exists(JobId)")
            .send()
            .await
        {
            Ok(_) => Ok(Created::New),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(PutItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                let existing = self.get(&job.job_id).await?;
                let gone = || {
                    Error::StorageFailed(format!("{} was deleted while it was created", job.job_id))
                };
                existing
                    .map(|job| Created::Existing(Box::new(job)))
                    .ok_or_else(gone)
            }
            Err(error) => Err(storage_error(&format!("PutItem {}", job.job_id), &error)),
        }
    }

    /// Says whether an open job waits or is worked on; a job that is not open stays as it is.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn move_queued(&self, job: &JobId, to: JobStatus) -> Result<(), Error> {
        let queued = AttributeValue::S(JobStatus::Queued.to_string());
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("JobId", key(job))
            .update_expression("SET JobStatus = :to, UpdatedAt = :now")
            .condition_expression("JobStatus = :queued")
            .expression_attribute_values(":to", AttributeValue::S(to.to_string()))
            .expression_attribute_values(":queued", queued)
            .expression_attribute_values(":now", AttributeValue::S(clock::now()));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(UpdateItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(storage_error(&format!("UpdateItem {job}"), &error)),
        }
    }

    /// Sets attributes (by their names in the table) and `UpdatedAt`.
    ///
    /// # Errors
    /// [`Error::StorageFailed`], [`Error::StorageRefused`] (also when there is no such job).
    pub async fn update(&self, job: &JobId, attributes: &Map<String, Value>) -> Result<(), Error> {
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("JobId", key(job));
        let mut assignments = vec!["UpdatedAt = :updatedAt".to_owned()];
        for (number, (name, value)) in attributes.iter().enumerate() {
            assignments.push(format!("#n{number} = :v{number}"));
            request = request
                .expression_attribute_names(format!("#n{number}"), name)
                .expression_attribute_values(format!(":v{number}"), to_attribute(value));
        }
        let request = request
            .update_expression(format!("SET {}", assignments.join(", ")))
            .expression_attribute_values(":updatedAt", AttributeValue::S(clock::now()))
            .condition_expression("attribute_exists(JobId)");
        let answer = request.send().await;
        answer
            .map(drop)
            .map_err(|error| storage_error(&format!("UpdateItem {job}"), &error))
    }
}

/// The table's key of a job.
pub fn key(job: &JobId) -> AttributeValue {
    AttributeValue::S(job.to_string())
}

/// A job as the table's item.
///
/// # Errors
/// [`Error::RecordUnreadable`].
pub fn item(job: &Job) -> Result<HashMap<String, AttributeValue>, Error> {
    match serde_json::to_value(job) {
        Ok(Value::Object(members)) => Ok(to_item(&members)),
        Ok(_) => Err(Error::RecordUnreadable(format!(
            "{} is no item",
            job.job_id
        ))),
        Err(error) => Err(Error::RecordUnreadable(error.to_string())),
    }
}

/// An item (as JSON) as a job.
///
/// # Errors
/// [`Error::RecordUnreadable`].
pub fn parse(item: Map<String, Value>) -> Result<Job, Error> {
    let id = item
        .get("JobId")
        .and_then(Value::as_str)
        .unwrap_or("without id")
        .to_owned();
    serde_json::from_value(Value::Object(item))
        .map_err(|error| Error::RecordUnreadable(format!("job {id}: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored() -> Value {
        json!({
            "JobId": JobId::of("b", "k", "1", "default"), "JobStatus": "PROCESSING", "SourceBucket": "b",
            "SourceKey": "k", "SourceVersionId": "1", "Profile": "default", "CreatedAt": "t", "UpdatedAt": "t",
            "Stages": {"transcode": {"attempt": 1, "status": "STARTING"}}, "AddedByAnotherVersion": 1,
            "ReviewToken": "secret"
        })
    }

    fn parsed(item: Value) -> Result<Job, Error> {
        let Value::Object(members) = item else {
            unreachable!("an object")
        };
        parse(members)
    }

    #[test]
    fn reads_items_of_other_versions_too() {
        let job = parsed(stored()).unwrap_or_else(|error| unreachable!("{error}"));
        assert_eq!(job.job_status, JobStatus::Processing);
        assert_eq!(job.stages.len(), 1);
        assert_eq!(job.review_token.as_deref(), Some("secret"));
    }

    #[test]
    fn never_shows_the_review_token() {
        let job = parsed(stored()).unwrap_or_else(|error| unreachable!("{error}"));
        assert!(!json!(job).to_string().contains("secret"));
    }

    #[test]
    fn refuses_unknown_statuses() {
        let mut item = stored();
        item["JobStatus"] = json!("ODD");
        assert!(matches!(parsed(item), Err(Error::RecordUnreadable(_))));
    }

    #[test]
    fn only_running_jobs_are_open() {
        use strum::IntoEnumIterator;
        let open: Vec<JobStatus> = JobStatus::iter()
            .filter(|status| !status.is_settled())
            .collect();
        assert_eq!(
            open,
            [
                JobStatus::Queued,
                JobStatus::Processing,
                JobStatus::AwaitingReview
            ]
        );
        assert_eq!(JobStatus::FailedQc.to_string(), "FAILED_QC");
    }
}
