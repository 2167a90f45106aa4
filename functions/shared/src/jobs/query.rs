//! Questions to the index of the job table.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::{Job, JobStatus, Jobs, key, parse};
use crate::attribute::{Item, from_item};
use crate::identity::JobId;
use crate::storage::{Error, storage_error};

/// Index on `JobStatus` and `UpdatedAt`.
const INDEX: &str = "JobStatusUpdatedAt";
/// Pages of 1 MB that a search for duplicates reads: a few thousand items each.
const PAGES_LIMIT: usize = 50;
/// Jobs that one question of [`Jobs::up_to`] looks at.
const LOOKED_AT: u16 = 1000;

/// Earliest and latest text of a moment: what no bound is given for.
const ALWAYS: (&str, &str) = ("0", "A");

/// A place in the index: after this job a listing goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// When the job was updated.
    pub updated_at: String,
    /// The job.
    pub job_id: JobId,
}

/// Which jobs of a status are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Updated then or later, in the form of the table.
    pub updated_from: Option<String>,
    /// Updated then or before.
    pub updated_to: Option<String>,
    /// Name of the profile.
    pub profile: Option<String>,
    /// What the source's key begins with.
    pub key_prefix: Option<String>,
}

/// What one query found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// Jobs, last updated first.
    pub jobs: Vec<Job>,
    /// Where to go on; none: there are no more.
    pub next: Option<Position>,
}

impl Jobs {
    /// The job that has taken over the claim on this one's content, if any.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn other_owner(
        &self,
        claims_table: &str,
        job: &Job,
    ) -> Result<Option<String>, Error> {
        let Some(claim_id) = &job.claim_id else {
            return Ok(None);
        };
        let request = self.client.get_item().table_name(claims_table);
        let claim = request
            .key("ClaimId", AttributeValue::S(claim_id.clone()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| storage_error("GetItem of a claim", &error))?;
        let owner = claim
            .item()
            .and_then(|claim| claim.get("JobId")?.as_s().ok());
        Ok(owner.filter(|owner| *owner != job.job_id.as_str()).cloned())
    }

    /// Jobs of a status, last updated first: those that `filter` lets through of the next `looked_at` jobs.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn page(
        &self,
        status: JobStatus,
        filter: &Filter,
        after: Option<&Position>,
        looked_at: u16,
    ) -> Result<Page, Error> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let bound = |bound: &Option<String>, otherwise| text(bound.as_deref().unwrap_or(otherwise));
        let request = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .limit(i32::from(looked_at))
            .key_condition_expression("JobStatus = :status AND UpdatedAt BETWEEN :from AND :to")
            .expression_attribute_values(":status", text(&status.to_string()))
            .expression_attribute_values(":from", bound(&filter.updated_from, ALWAYS.0))
            .expression_attribute_values(":to", bound(&filter.updated_to, ALWAYS.1))
            .scan_index_forward(false);
        let mut conditions = Vec::new();
        let mut request = request;
        if let Some(profile) = &filter.profile {
            conditions.push("#profile = :profile");
            request = request
                .expression_attribute_names("#profile", "Profile")
                .expression_attribute_values(":profile", text(profile));
        }
        if let Some(prefix) = &filter.key_prefix {
            conditions.push("begins_with(SourceKey, :prefix)");
            request = request.expression_attribute_values(":prefix", text(prefix));
        }
        if !conditions.is_empty() {
            request = request.filter_expression(conditions.join(" AND "));
        }
        if let Some(after) = after {
            request = request
                .exclusive_start_key("JobStatus", text(&status.to_string()))
                .exclusive_start_key("UpdatedAt", text(&after.updated_at))
                .exclusive_start_key("JobId", key(&after.job_id));
        }
        let answer = request
            .send()
            .await
            .map_err(|error| storage_error("Query", &error))?;
        let jobs = answer.items().iter().map(|item| parse(from_item(item)));
        Ok(Page {
            jobs: jobs.collect::<Result<_, _>>()?,
            next: answer.last_evaluated_key().map(position).transpose()?,
        })
    }

    /// The jobs of a status that `filter` lets through, last updated first, up to `limit`; and whether these are all.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn up_to(
        &self,
        status: JobStatus,
        filter: &Filter,
        limit: usize,
    ) -> Result<(Vec<Job>, bool), Error> {
        let (mut found, mut after) = (Vec::new(), None);
        while found.len() < limit {
            let rest = u16::try_from(limit - found.len()).unwrap_or(LOOKED_AT);
            let looked_at = rest.min(LOOKED_AT);
            let page = self.page(status, filter, after.as_ref(), looked_at).await?;
            found.extend(page.jobs);
            after = page.next;
            if after.is_none() {
                return Ok((found, true));
            }
        }
        Ok((found, false))
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

/// The position that a key of the index names.
fn position(item: &Item) -> Result<Position, Error> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let found = text("UpdatedAt").zip(text("JobId").and_then(|id| id.parse().ok()));
    let (updated_at, job_id) =
        found.ok_or_else(|| Error::RecordUnreadable(format!("Query: the key {item:?}")))?;
    Ok(Position {
        updated_at: updated_at.clone(),
        job_id,
    })
}
