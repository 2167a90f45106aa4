//! What the tables hold of a video: the items of its runs, its claims, and those of others with the same content.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use videoflow_shared::attribute::from_item;
use videoflow_shared::clock;
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::{Deletion, Job, JobStatus, Jobs, item, key, parse};
use videoflow_shared::storage::storage_error;

use crate::Error;
use crate::objects::Deleted;
use crate::places::has_results;

/// Index on `JobStatus` and `UpdatedAt`.
const INDEX: &str = "JobStatusUpdatedAt";
/// Pages of 1 MB of duplicates that a deletion looks through: some hundred thousand items.
const PAGES_LIMIT: usize = 1000;

/// The tables.
#[derive(Debug)]
pub struct Records {
    /// Job table.
    pub jobs: Jobs,
    /// Table of claims.
    pub claims_table: String,
}

impl Records {
    /// All runs of a video, the first one first.
    ///
    /// # Errors
    /// The errors of `DynamoDB`.
    pub async fn runs(&self, base: &Job) -> Result<Vec<Job>, Error> {
        let mut runs = vec![base.clone()];
        for number in 1..=base.forced_runs.unwrap_or(0) {
            let Ok(id) = base.job_id.forced(number) else {
                break;
            };
            runs.extend(self.jobs.get(&id).await?);
        }
        Ok(runs)
    }

    /// Deletes the claims that runs of the video hold.
    ///
    /// # Errors
    /// The errors of `DynamoDB`.
    pub async fn free_claims(&self, base: &JobId, runs: &[Job]) -> Result<(), Error> {
        for claim in claims(runs) {
            let claim_id = AttributeValue::S(claim.to_owned());
            let request = self.jobs.client().get_item().table_name(&self.claims_table);
            let answer = request
                .key("ClaimId", claim_id.clone())
                .consistent_read(true)
                .send()
                .await
                .map_err(|error| storage_error("GetItem of a claim", &error))?;
            let owner = answer
                .item()
                .and_then(|item| item.get("JobId")?.as_s().ok());
            let owner = owner.and_then(|owner| owner.parse::<JobId>().ok());
            let Some(owner) = owner.filter(|owner| owner.base() == *base) else {
                continue;
            };
            let request = self.jobs.client().delete_item();
            let answer = request
                .table_name(&self.claims_table)
                .key("ClaimId", claim_id)
                .condition_expression("JobId = :owner")
                .expression_attribute_values(":owner", key(&owner))
                .send()
                .await;
            match answer {
                Ok(_) => {}
                // It changed hands, and is not the video's any more.
                Err(error)
                    if matches!(
                        error.as_service_error(),
                        Some(DeleteItemError::ConditionalCheckFailedException(_))
                    ) => {}
                Err(error) => return Err(storage_error("DeleteItem of a claim", &error).into()),
            }
        }
        Ok(())
    }

    /// Duplicates of other videos with the content of this one.
    ///
    /// # Errors
    /// The errors of `DynamoDB`; [`Error::StorageRefused`] when there are more than can be looked through.
    pub async fn duplicates(&self, base: &JobId, runs: &[Job]) -> Result<Vec<Job>, Error> {
        let mut found = Vec::new();
        for claim in claims(runs) {
            let mut start = None;
            for page in 0.. {
                if page == PAGES_LIMIT {
                    return Err(Error::StorageRefused(format!(
                        "more than {PAGES_LIMIT} MB of duplicates to look through"
                    )));
                }
                let status = AttributeValue::S(JobStatus::Duplicate.to_string());
                let request = self.jobs.client().query().table_name(self.jobs.table());
                let answer = request
                    .index_name(INDEX)
                    .key_condition_expression("JobStatus = :status")
                    .filter_expression("ClaimId = :claim")
                    .expression_attribute_values(":status", status)
                    .expression_attribute_values(":claim", AttributeValue::S(claim.to_owned()))
                    .set_exclusive_start_key(start)
                    .send()
                    .await
                    .map_err(|error| storage_error("Query", &error))?;
                for item in answer.items() {
                    found.push(parse(from_item(item))?);
                }
                start = answer.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        found.retain(|job| job.job_id.base() != *base);
        Ok(found)
    }

    /// Runs of these duplicates that have results: those may lie below the video that is deleted.
    ///
    /// # Errors
    /// The errors of `DynamoDB`.
    pub async fn sharers(&self, duplicates: &[Job]) -> Result<Vec<Job>, Error> {
        let videos: BTreeSet<JobId> = duplicates.iter().map(|job| job.job_id.base()).collect();
        let mut found = Vec::new();
        for video in videos {
            if let Some(base) = self.jobs.get(&video).await? {
                found.extend(self.runs(&base).await?.into_iter().filter(has_results));
            }
        }
        Ok(found)
    }

    /// Whether a video is deleted, or was never known.
    ///
    /// # Errors
    /// The errors of `DynamoDB`.
    pub async fn is_deleted(&self, video: &JobId) -> Result<bool, Error> {
        let job = self.jobs.get(video).await?;
        Ok(job.is_none_or(|job| job.job_status == JobStatus::Deleted))
    }

    /// Adds to the counts of a deletion.
    ///
    /// # Errors
    /// The errors of `DynamoDB`.
    pub async fn count(&self, base: &JobId, deleted: &Deleted) -> Result<(), Error> {
        let number = |number: u64| AttributeValue::N(number.to_string());
        let request = self.jobs.client().update_item();
        let answer = request
            .table_name(self.jobs.table())
            .key("JobId", key(base))
            .update_expression(
                "SET Deletion.deletedObjects = Deletion.deletedObjects + :objects, \
                 Deletion.deletedBytes = Deletion.deletedBytes + :bytes",
            )
            .condition_expression("attribute_exists(Deletion)")
            .expression_attribute_values(":objects", number(deleted.objects))
            .expression_attribute_values(":bytes", number(deleted.bytes))
            .send()
            .await;
        answer
            .map(drop)
            .map_err(|error| storage_error(&format!("UpdateItem {base}"), &error).into())
    }

    /// Leaves of a run's item only which video it was of, and what became of it.
    ///
    /// # Errors
    /// The errors of `DynamoDB`.
    pub async fn bury(&self, run: &Job, deletion: Option<Deletion>) -> Result<(), Error> {
        let mut tombstone = tombstone(run)?;
        if let Some(deletion) = deletion {
            // Counted by other invocations since.
            let counted = self.jobs.get(&run.job_id).await?;
            let counted = counted.and_then(|job| job.deletion);
            tombstone.deletion = Some(Deletion {
                deleted_objects: counted.as_ref().map_or(0, |one| one.deleted_objects),
                deleted_bytes: counted.as_ref().map_or(0, |one| one.deleted_bytes),
                ..deletion
            });
        }
        let request = self.jobs.client().put_item().table_name(self.jobs.table());
        let answer = request
            .set_item(Some(item(&tombstone)?))
            .condition_expression("attribute_exists(JobId)")
            .send()
            .await;
        answer
            .map(drop)
            .map_err(|error| storage_error(&format!("PutItem {}", run.job_id), &error).into())
    }
}

/// Claims that the runs had, each once.
fn claims(runs: &[Job]) -> BTreeSet<&str> {
    runs.iter()
        .filter_map(|run| run.claim_id.as_deref())
        .collect()
}

/// The item of a deleted run.
fn tombstone(run: &Job) -> Result<Job, Error> {
    let members = BTreeMap::from([
        ("JobId", run.job_id.to_string()),
        ("JobStatus", JobStatus::Deleted.to_string()),
        ("SourceBucket", run.source_bucket.clone()),
        ("SourceKey", run.source_key.clone()),
        ("SourceVersionId", run.source_version_id.clone()),
        ("Profile", run.profile.clone()),
        ("CreatedAt", run.created_at.clone()),
        ("UpdatedAt", clock::now()),
    ]);
    let members = members.into_iter();
    let members = members.map(|(name, text)| (name.to_owned(), text.into()));
    let bare = parse(members.collect())?;
    Ok(Job {
        execution_arn: run.execution_arn.clone(),
        redrive_count: run.redrive_count,
        forced_runs: run.forced_runs,
        ..bare
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tombstone_says_which_video_it_was_and_nothing_else() {
        let id = JobId::of("b", "k", "1", "default");
        let run: Job = serde_json::from_value(json!({"JobId": id, "JobStatus": "PUBLISHED", "SourceBucket": "b",
            "SourceKey": "k", "SourceVersionId": "1", "Profile": "default", "CreatedAt": "t", "UpdatedAt": "u",
            "ForcedRuns": 2, "ClaimId": "secret", "VideoMetadata": {"title": "secret"}, "ReviewReason": "secret",
            "Stages": {"labels": {"attempt": 1, "status": "SUCCEEDED", "result": "secret"}},
            "OutputLocations": {"briefJson": "secret"}}))
        .unwrap_or_else(|error| unreachable!("{error}"));
        let tombstone = tombstone(&run).unwrap_or_else(|error| unreachable!("{error}"));
        assert_eq!(tombstone.job_status, JobStatus::Deleted);
        assert_eq!(
            (tombstone.source_key.as_str(), tombstone.forced_runs),
            ("k", Some(2))
        );
        assert!(!json!(tombstone).to_string().contains("secret"));
    }
}
