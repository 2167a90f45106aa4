//! Further runs of a job: forced by a person, at a price that a person approved, or for a duplicate whose original failed.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValue, TransactWriteItem, Update};

use super::item::rerun_of;
use super::{Error, Intake};
use crate::identity::JobId;
use crate::jobs::{Job, JobStatus, item, key};
use crate::storage::{self, storage_error};

impl Intake {
    /// The run of this job's source that has not ended, if any: the first one or the newest one. Those between were
    /// settled before the next one could be forced.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn open_run(&self, job: &JobId) -> Result<Option<JobId>, Error> {
        let Some(base) = self.jobs.get(&job.base()).await? else {
            return Ok(None);
        };
        if !base.job_status.is_settled() {
            return Ok(Some(base.job_id));
        }
        let Some(runs) = base.forced_runs else {
            return Ok(None);
        };
        let newest = self.jobs.get(&base.job_id.forced(runs)?).await?;
        Ok(newest
            .filter(|run| !run.job_status.is_settled())
            .map(|run| run.job_id))
    }

    /// Starts another run of a settled job. It reuses what the ledgers of the job and of its original hold.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn force(&self, job: &Job) -> Result<JobId, Error> {
        let run = self.next_run(job).await?;
        self.jobs.create(&run).await?;
        let id = run.job_id.clone();
        self.start(run).await?;
        Ok(id)
    }

    /// Like [`Intake::force`], for those who have no part in the admission: start-processing starts the run.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn queue_run(&self, job: &Job) -> Result<JobId, Error> {
        let run = self.next_run(job).await?;
        self.jobs.create(&run).await?;
        self.send_start(&run.job_id, 0).await?;
        Ok(run.job_id)
    }

    /// Starts a run of a job that was rejected for its price, at that price; once only, however often it is asked for.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn approve(&self, job: &Job, reviewer: &str) -> Result<JobId, Error> {
        if let Some(run) = &job.requeued_as {
            self.resume(run).await?;
            return Ok(run.clone());
        }
        let run = Job {
            approved_price_usd: job.predicted_cost_usd,
            approved_by: Some(reviewer.to_owned()),
            ..self.next_run(job).await?
        };
        self.replace(job, run).await
    }

    /// Starts another run of a duplicate whose original failed; once only, however often it is asked for.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn requeue(&self, duplicate: &Job, original: &JobId) -> Result<JobId, Error> {
        if let Some(run) = &duplicate.requeued_as {
            self.resume(run).await?;
            return Ok(run.clone());
        }
        let run = Job {
            requeued_after: Some(original.clone()),
            ..self.next_run(duplicate).await?
        };
        self.replace(duplicate, run).await
    }

    async fn replace(&self, job: &Job, run: Job) -> Result<JobId, Error> {
        self.create_instead_of(job, &run).await?;
        let id = run.job_id.clone();
        self.start(run).await?;
        Ok(id)
    }

    /// The item of the next run of a job, under a number of its own.
    async fn next_run(&self, job: &Job) -> Result<Job, Error> {
        let number = self.count(&job.job_id.base()).await?;
        let original = match &job.original_job_id {
            Some(original) => self.jobs.get(original).await?,
            None => None,
        };
        let is_gone = |original: &Job| original.job_status == JobStatus::Deleted;
        let is_paid_work_gone = original.as_ref().is_some_and(is_gone);
        let id = job.job_id.forced(number)?;
        let mut run = rerun_of(job, original.as_ref(), id, &self.machine_arn);
        if is_paid_work_gone {
            // What the ledgers name lay below the original, and was deleted with it.
            run.stages.clear();
        }
        Ok(run)
    }

    /// Takes the number of a run from the base job's counter.
    async fn count(&self, base: &JobId) -> Result<u32, Error> {
        let request = self
            .jobs
            .client()
            .update_item()
            .table_name(self.jobs.table());
        let answer = request
            .key("JobId", key(base))
            .update_expression("SET ForcedRuns = if_not_exists(ForcedRuns, :none) + :one")
            .condition_expression("attribute_exists(JobId) AND attribute_not_exists(Deletion)")
            .expression_attribute_values(":none", AttributeValue::N("0".to_owned()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await
            .map_err(|error| storage_error(&format!("UpdateItem {base}"), &error))?;
        let runs = answer.attributes().and_then(|item| item.get("ForcedRuns"));
        let number = runs
            .and_then(|runs| runs.as_n().ok())
            .and_then(|number| number.parse().ok());
        let odd = || storage::Error::RecordUnreadable(format!("{base}: ForcedRuns is {runs:?}"));
        Ok(number.ok_or_else(odd)?)
    }

    /// Writes the item of a job's run and notes the run on the job, both or neither: so that a crash here neither loses the
    /// run nor makes two.
    async fn create_instead_of(&self, job: &Job, run: &Job) -> Result<(), Error> {
        let incomplete = |error: aws_sdk_dynamodb::error::BuildError| {
            storage::Error::StorageRefused(error.to_string())
        };
        let put = Put::builder()
            .table_name(self.jobs.table())
            .set_item(Some(item(run)?))
            .condition_expression("attribute_not_exists(JobId)")
            .build()
            .map_err(incomplete)?;
        let status = AttributeValue::S(job.job_status.to_string());
        let note = Update::builder()
            .table_name(self.jobs.table())
            .key("JobId", key(&job.job_id))
            .update_expression("SET RequeuedAs = :run")
            .condition_expression("JobStatus = :status AND attribute_not_exists(RequeuedAs)")
            .expression_attribute_values(":run", key(&run.job_id))
            .expression_attribute_values(":status", status)
            .build()
            .map_err(incomplete)?;
        let request = self
            .jobs
            .client()
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(put).build())
            .transact_items(TransactWriteItem::builder().update(note).build());
        match request.send().await {
            Ok(_) => Ok(()),
            // Another invocation was faster: reading again will tell.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(TransactWriteItemsError::is_transaction_canceled_exception) =>
            {
                let changed = format!("{} changed while it was queued again", job.job_id);
                Err(storage::Error::StorageFailed(changed).into())
            }
            Err(error) => Err(storage_error("TransactWriteItems", &error).into()),
        }
    }
}
