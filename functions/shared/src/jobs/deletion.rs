//! What a job's item says of its deletion.
//!
//! The item of the first run of a video stands for all its runs: it becomes a tombstone (DELETED) when the deletion is
//! asked for, so that nothing begins any more, and `Deletion` on it tells how far delete-video has come.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Job, JobStatus, Jobs, key};
use crate::attribute::to_attribute;
use crate::clock;
use crate::identity::JobId;
use crate::ledger::Written;
use crate::storage::{Error, storage_error};

/// How far a deletion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeletionStatus {
    /// It is asked for, or under way.
    Requested,
    /// Everything that can be deleted is.
    Done,
}

/// What becomes of the uploaded version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceFate {
    /// It is deleted for good.
    Delete,
    /// It stays.
    Keep,
}

/// A place that stays because another video's results lie there too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Run whose places stay.
    pub job_id: JobId,
    /// Job that needs them; they are deleted with it.
    pub used_by: JobId,
}

/// What a deletion cannot reach, and when it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remainder {
    /// What it is.
    pub what: String,
    /// RFC 3339: from then on it is not there any more.
    pub until: String,
}

/// A deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
    /// How far it has come.
    pub status: DeletionStatus,
    /// When it was asked for.
    pub requested_at: String,
    /// Who asked, as far as the API's authorization says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// What becomes of the uploaded version.
    pub source: SourceFate,
    /// Versions of objects that were deleted. A crash may leave some uncounted.
    #[serde(default)]
    pub deleted_objects: u64,
    /// Their bytes.
    #[serde(default)]
    pub deleted_bytes: u64,
    /// What stays for others.
    #[serde(default)]
    pub kept: Vec<Kept>,
    /// What was out of reach.
    #[serde(default)]
    pub remains: Vec<Remainder>,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}

impl Deletion {
    /// A deletion that is asked for now.
    pub fn requested(source: SourceFate, requested_by: Option<String>) -> Self {
        Self {
            status: DeletionStatus::Requested,
            requested_at: clock::now(),
            requested_by,
            source,
            deleted_objects: 0,
            deleted_bytes: 0,
            kept: Vec::new(),
            remains: Vec::new(),
            finished_at: None,
        }
    }
}

impl Jobs {
    /// Makes the item of a video's first run a tombstone, provided that neither its status nor the number of its runs
    /// has changed since it was read.
    ///
    /// # Errors
    /// [`Error::StorageFailed`], [`Error::StorageRefused`].
    pub async fn bury(&self, base: &Job, deletion: &Deletion) -> Result<Written, Error> {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("JobId", key(&base.job_id))
            .update_expression(
                "SET JobStatus = :deleted, Deletion = :deletion, UpdatedAt = :now REMOVE ReviewToken",
            )
            .expression_attribute_values(":deleted", status(JobStatus::Deleted))
            .expression_attribute_values(":from", status(base.job_status))
            .expression_attribute_values(":deletion", to_attribute(&json!(deletion)))
            .expression_attribute_values(":now", AttributeValue::S(clock::now()));
        let request = match base.forced_runs {
            Some(runs) => request
                .condition_expression("JobStatus = :from AND ForcedRuns = :runs")
                .expression_attribute_values(":runs", AttributeValue::N(runs.to_string())),
            None => request
                .condition_expression("JobStatus = :from AND attribute_not_exists(ForcedRuns)"),
        };
        match request.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(UpdateItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(Written::Overtaken)
            }
            Err(error) => Err(storage_error(
                &format!("UpdateItem {}", base.job_id),
                &error,
            )),
        }
    }
}

fn status(status: JobStatus) -> AttributeValue {
    AttributeValue::S(status.to_string())
}
