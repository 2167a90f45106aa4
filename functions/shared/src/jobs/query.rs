//! Questions to the index of the job table.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Job, JobStatus, Jobs, parse};
use crate::attribute::from_item;
use crate::identity::JobId;
use crate::storage::{Error, storage_error};

/// Index on `JobStatus` and `UpdatedAt`.
const INDEX: &str = "JobStatusUpdatedAt";
/// Pages of 1 MB that a search for duplicates reads: a few thousand items each.
const PAGES_LIMIT: usize = 50;

impl Jobs {
    /// The jobs of a status, last updated first, at most `limit`.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn list(&self, status: JobStatus, limit: u16) -> Result<Vec<Job>, Error> {
        let request = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .limit(i32::from(limit));
        let request = request
            .key_condition_expression("JobStatus = :status")
            .expression_attribute_values(":status", AttributeValue::S(status.to_string()))
            .scan_index_forward(false);
        let answer = request
            .send()
            .await
            .map_err(|error| storage_error("Query", &error))?;
        answer
            .items()
            .iter()
            .map(|item| parse(from_item(item)))
            .collect()
    }

    /// The duplicates of a job, at most `limit`.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn duplicates_of(&self, original: &JobId, limit: usize) -> Result<Vec<Job>, Error> {
        let mut found = Vec::new();
        let mut start = None;
        for _ in 0..PAGES_LIMIT {
            let request = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(INDEX);
            let request = request
                .key_condition_expression("JobStatus = :status")
                .filter_expression("OriginalJobId = :original")
                .expression_attribute_values(
                    ":status",
                    AttributeValue::S(JobStatus::Duplicate.to_string()),
                )
                .expression_attribute_values(":original", AttributeValue::S(original.to_string()))
                .set_exclusive_start_key(start);
            let page = request
                .send()
                .await
                .map_err(|error| storage_error("Query", &error))?;
            for item in page.items() {
                found.push(parse(from_item(item))?);
            }
            start = page.last_evaluated_key;
            if start.is_none() || found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}
