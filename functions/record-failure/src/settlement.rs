//! What an event changes: job and claim, in one transaction.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde_json::{Map, json};
use videoflow_shared::attribute::to_attribute;
use videoflow_shared::clock;
use videoflow_shared::jobs::{ErrorDetails, Job, JobStatus, Jobs, key};
use videoflow_shared::storage::storage_error;

use crate::Error;
use crate::event::{Ended, Status};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing, and why.
    Ignore(&'static str),
    /// The job failed.
    Settle,
    /// The job is known to have failed, but not everyone may have been told.
    Announce,
    /// The job is redriven: it is work again, and so is its claim.
    Reopen,
    /// The job was settled, but the execution failed while it told so.
    TellUntold,
    /// The job is redriven, and has been settled in the meantime.
    Note,
}

/// Decides by what the job table says.
///
/// An execution that ended cannot be waiting for a review any more, so `AWAITING_REVIEW` is settled like PROCESSING. An
/// execution that succeeded left its outcome on the job item; where it is not (an item that was deleted or restored), the
/// outcome is lost, and the job is failed so that a new run can be forced. Only reconcile-library tells of such.
pub fn next(job: &Job, ended: &Ended) -> Step {
    let is_newer = ended.redrive_count > job.redrive_count;
    let is_open = !job.job_status.is_settled();
    if ended.redrive_count < job.redrive_count {
        return Step::Ignore("an older redrive");
    }
    match (ended.status, job.job_status) {
        (Status::Running, JobStatus::Failed) if is_newer => Step::Reopen,
        (Status::Running, _) if is_newer && is_open => Step::Reopen,
        (Status::Running, _) if is_newer => Step::Note,
        (Status::Running | Status::PendingRedrive, _) => Step::Ignore("not an end in failure"),
        _ if is_open => Step::Settle,
        (Status::Succeeded, _) => Step::Ignore("not an end in failure"),
        (_, JobStatus::Failed) if is_newer => Step::Settle,
        (_, JobStatus::Failed) if job.failure_announced != Some(ended.redrive_count) => {
            Step::Announce
        }
        (_, JobStatus::Published | JobStatus::Rejected)
            if job.failure_announced != Some(ended.redrive_count) =>
        {
            Step::TellUntold
        }
        (_, JobStatus::Failed | JobStatus::Published | JobStatus::Rejected) => {
            Step::Ignore("recorded before")
        }
        _ => Step::Ignore("settled otherwise"),
    }
}

/// The claims table.
#[derive(Debug)]
pub struct Claims {
    /// Its name.
    pub table: String,
}

impl Claims {
    /// Settles the job as FAILED, and its claim where it holds one.
    pub async fn settle(
        &self,
        jobs: &Jobs,
        job: &Job,
        ended: &Ended,
        details: &ErrorDetails,
    ) -> Result<(), Error> {
        let update = job_update(jobs, job)
            .update_expression(
                "SET JobStatus = :to, ErrorDetails = :details, RedriveCount = :redrives, FailedAt = :now, \
                 UpdatedAt = :now REMOVE ReviewToken",
            )
            .expression_attribute_values(":to", text(JobStatus::Failed.into()))
            .expression_attribute_values(":details", to_attribute(&json!(details)))
            .expression_attribute_values(":redrives", to_attribute(&json!(ended.redrive_count)));
        self.write(jobs, job, update, "FAILED").await
    }

    /// Takes a redriven job, and its claim, back to work. One that awaits its review already goes on to do so.
    pub async fn reopen(&self, jobs: &Jobs, job: &Job, redrive_count: u32) -> Result<(), Error> {
        let status = match job.job_status {
            JobStatus::Failed => JobStatus::Processing,
            open => open,
        };
        let update = job_update(jobs, job)
            .update_expression(
                "SET JobStatus = :to, RedriveCount = :redrives, UpdatedAt = :now REMOVE ErrorDetails, FailedAt",
            )
            .expression_attribute_values(":to", text(status.into()))
            .expression_attribute_values(":redrives", to_attribute(&json!(redrive_count)));
        self.write(jobs, job, update, "RUNNING").await
    }

    /// Notes the redrive, so that late news of the time before it is known to be old.
    pub async fn note_redrive(
        &self,
        jobs: &Jobs,
        job: &Job,
        redrive_count: u32,
    ) -> Result<(), Error> {
        let attributes = Map::from_iter([("RedriveCount".to_owned(), json!(redrive_count))]);
        Ok(jobs.update(&job.job_id, &attributes).await?)
    }

    /// Notes that everyone was told of the failure of this redrive.
    pub async fn note_announced(
        &self,
        jobs: &Jobs,
        job: &Job,
        redrive_count: u32,
    ) -> Result<(), Error> {
        let attributes = Map::from_iter([("FailureAnnounced".to_owned(), json!(redrive_count))]);
        Ok(jobs.update(&job.job_id, &attributes).await?)
    }

    /// Notes on a settled job, whose status stays, why not everyone was told of it.
    pub async fn note_untold(
        &self,
        jobs: &Jobs,
        job: &Job,
        redrive_count: u32,
        details: &ErrorDetails,
    ) -> Result<(), Error> {
        let attributes = Map::from_iter([
            ("AnnouncementError".to_owned(), json!(details)),
            ("FailureAnnounced".to_owned(), json!(redrive_count)),
        ]);
        Ok(jobs.update(&job.job_id, &attributes).await?)
    }

    async fn write(
        &self,
        jobs: &Jobs,
        job: &Job,
        update: aws_sdk_dynamodb::types::builders::UpdateBuilder,
        claim_status: &str,
    ) -> Result<(), Error> {
        let mut items = vec![item(update)?];
        if let Some(claim_id) = self.held(jobs, job).await? {
            let claim = Update::builder()
                .table_name(&self.table)
                .key("ClaimId", AttributeValue::S(claim_id))
                .update_expression("SET ClaimStatus = :to, UpdatedAt = :now")
                .condition_expression("JobId = :me")
                .expression_attribute_values(":to", text(claim_status))
                .expression_attribute_values(":now", AttributeValue::S(clock::now()))
                .expression_attribute_values(":me", key(&job.job_id));
            items.push(item(claim)?);
        }
        let answer = jobs
            .client()
            .transact_write_items()
            .set_transact_items(Some(items))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            // Job or claim changed since they were read: reading again will tell.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(TransactWriteItemsError::is_transaction_canceled_exception) =>
            {
                Err(Error::StorageFailed(format!(
                    "{} changed while it was settled",
                    job.job_id
                )))
            }
            Err(error) => Err(storage_error("TransactWriteItems", &error).into()),
        }
    }

    /// The job's claim, where the job holds it. What was published stays published.
    async fn held(&self, jobs: &Jobs, job: &Job) -> Result<Option<String>, Error> {
        let Some(claim_id) = &job.claim_id else {
            return Ok(None);
        };
        let request = jobs
            .client()
            .get_item()
            .table_name(&self.table)
            .consistent_read(true);
        let answer = request
            .key("ClaimId", AttributeValue::S(claim_id.clone()))
            .send()
            .await;
        let answer = answer.map_err(|error| storage_error("GetItem of a claim", &error))?;
        let claim = |name: &str| answer.item().and_then(|claim| claim.get(name));
        let is_held = claim("JobId") == Some(&key(&job.job_id))
            && claim("ClaimStatus") != Some(&text("PUBLISHED"));
        Ok(is_held.then(|| claim_id.clone()))
    }
}

/// An update of the job, provided that it is as it was read.
fn job_update(jobs: &Jobs, job: &Job) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
    Update::builder()
        .table_name(jobs.table())
        .key("JobId", key(&job.job_id))
        .condition_expression("JobStatus = :from")
        .expression_attribute_values(":from", text(job.job_status.into()))
        .expression_attribute_values(":now", AttributeValue::S(clock::now()))
}

fn item(
    update: aws_sdk_dynamodb::types::builders::UpdateBuilder,
) -> Result<TransactWriteItem, Error> {
    let update = update
        .build()
        .map_err(|error| Error::StorageRefused(error.to_string()))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use videoflow_shared::identity::JobId;

    use super::*;

    fn check(job: (&str, u32, Option<u32>), event: (Status, u32), expected: Step) {
        let (status, redrive_count, announced) = job;
        let id = JobId::of("b", "k", "1", "default");
        let mut item = json!({"JobId": id, "JobStatus": status, "SourceBucket": "b", "SourceKey": "k", "CreatedAt": "",
            "SourceVersionId": "1", "Profile": "default", "UpdatedAt": "", "RedriveCount": redrive_count});
        if let Some(announced) = announced {
            item["FailureAnnounced"] = Value::from(announced);
        }
        let job: Job = serde_json::from_value(item).unwrap_or_else(|error| unreachable!("{error}"));
        let (status, redrive_count) = event;
        let ended = Ended {
            job: id,
            execution_arn: String::new(),
            status,
            redrive_count,
            error: None,
            cause: None,
        };
        assert_eq!(next(&job, &ended), expected, "{job:?} {ended:?}");
    }

    #[test]
    fn settles_open_jobs() {
        for status in [Status::Failed, Status::TimedOut, Status::Aborted] {
            check(("PROCESSING", 0, None), (status, 0), Step::Settle);
            check(("AWAITING_REVIEW", 0, None), (status, 0), Step::Settle);
        }
        check(
            ("PROCESSING", 1, None),
            (Status::Failed, 0),
            Step::Ignore("an older redrive"),
        );
        check(
            ("PROCESSING", 0, None),
            (Status::Succeeded, 0),
            Step::Settle,
        );
        check(
            ("PROCESSING", 0, None),
            (Status::PendingRedrive, 0),
            Step::Ignore("not an end in failure"),
        );
        for status in ["PUBLISHED", "FAILED"] {
            check(
                (status, 0, None),
                (Status::Succeeded, 0),
                Step::Ignore("not an end in failure"),
            );
        }
    }

    #[test]
    fn leaves_settled_jobs_alone() {
        for status in ["DUPLICATE", "FAILED_QC", "DELETED"] {
            check(
                (status, 0, None),
                (Status::Failed, 0),
                Step::Ignore("settled otherwise"),
            );
        }
    }

    #[test]
    fn tells_of_a_settled_job_that_was_not_announced() {
        for status in ["PUBLISHED", "REJECTED"] {
            check((status, 0, None), (Status::Failed, 0), Step::TellUntold);
            check(
                (status, 0, Some(0)),
                (Status::Failed, 0),
                Step::Ignore("recorded before"),
            );
            check((status, 0, Some(0)), (Status::Failed, 1), Step::TellUntold);
        }
    }

    #[test]
    fn tells_of_each_redrive_once() {
        check(("FAILED", 0, None), (Status::Failed, 0), Step::Announce);
        check(
            ("FAILED", 0, Some(0)),
            (Status::Failed, 0),
            Step::Ignore("recorded before"),
        );
        check(("FAILED", 0, Some(0)), (Status::Failed, 1), Step::Settle);
        check(("FAILED", 1, Some(0)), (Status::Failed, 1), Step::Announce);
    }

    #[test]
    fn a_redrive_takes_the_job_back_to_work() {
        check(("FAILED", 0, Some(0)), (Status::Running, 1), Step::Reopen);
        check(("PROCESSING", 0, None), (Status::Running, 1), Step::Reopen);
        check(
            ("AWAITING_REVIEW", 0, None),
            (Status::Running, 1),
            Step::Reopen,
        );
        check(
            ("FAILED", 1, Some(1)),
            (Status::Running, 1),
            Step::Ignore("not an end in failure"),
        );
        check(
            ("PROCESSING", 0, None),
            (Status::Running, 0),
            Step::Ignore("not an end in failure"),
        );
    }

    #[test]
    fn late_news_of_a_redrive_leaves_a_settled_job_settled() {
        for status in ["PUBLISHED", "REJECTED", "DUPLICATE", "FAILED_QC"] {
            check((status, 0, None), (Status::Running, 1), Step::Note);
            check(
                (status, 1, None),
                (Status::Failed, 0),
                Step::Ignore("an older redrive"),
            );
        }
    }
}
