//! Admission: at most so many videos are worked on at once; the others wait in the ingest queue.
//!
//! Slots are the entries of one map (`Running`) in one item of the claims table, so that two entrances can never take the
//! same one. Nobody gives a slot back: an entrance that finds all taken looks whose jobs are settled, so that nothing that
//! crashes keeps one. A job that waits for a reviewer keeps none either: a person's week must not stop the others.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use futures_util::{StreamExt as _, stream};
use time::{Duration, OffsetDateTime};

use crate::clock;
use crate::identity::JobId;
use crate::jobs::{JobStatus, Jobs};
use crate::storage::{Error, storage_error};

/// Key of the item: no claim has it, for claims are on a checksum or a job.
const ITEM: &str = "admission";
/// Time between two looks for settled jobs: each reads a job a slot, and a backlog asks many times a second.
const SWEEP_SECONDS: i64 = 10;
/// Age from which a slot without work is taken back: far more than lies between admission and start.
const ABANDONED_SECONDS: i64 = 900;
/// Slots that one call gives back: its expression may have 4 KB.
const GIVEN_BACK_AT_ONCE: usize = 100;
/// Jobs that are read at the same time.
const READ_AT_ONCE: usize = 16;

/// The slots.
#[derive(Debug, Clone)]
pub struct Admission {
    /// Claims table.
    pub table: String,
    /// How many there are.
    pub limit: u32,
}

type Slots = HashMap<String, AttributeValue>;

impl Admission {
    /// Whether the job may run: it has a slot now, or had one.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn admit(&self, job: &JobId, jobs: &Jobs) -> Result<bool, Error> {
        if self.take(job, jobs.client()).await? {
            return Ok(true);
        }
        self.sweep(jobs).await?;
        self.take(job, jobs.client()).await
    }

    async fn take(&self, job: &JobId, client: &Client) -> Result<bool, Error> {
        let request = client.update_item().table_name(&self.table);
        let answer = request
            .key("ClaimId", AttributeValue::S(ITEM.to_owned()))
            .update_expression("SET Running.#job = if_not_exists(Running.#job, :now)")
            .condition_expression(
                "attribute_exists(Running) AND (attribute_exists(Running.#job) OR size(Running) < :limit)",
            )
            .expression_attribute_names("#job", job.as_str())
            .expression_attribute_values(":now", AttributeValue::S(clock::now()))
            .expression_attribute_values(":limit", AttributeValue::N(self.limit.to_string()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(is_refused) => Ok(false),
            Err(error) => Err(storage_error("UpdateItem admission", &error)),
        }
    }

    /// Takes back the slots of jobs that do not work any more, unless someone has just looked.
    async fn sweep(&self, jobs: &Jobs) -> Result<(), Error> {
        let Some(slots) = self.begin_sweep(jobs.client()).await? else {
            return Ok(());
        };
        let before = |seconds| {
            clock::format(OffsetDateTime::now_utc().saturating_sub(Duration::seconds(seconds)))
        };
        let abandoned = before(ABANDONED_SECONDS);
        let looks = slots.into_iter().map(|(job, since)| {
            let is_old = since.as_s().is_ok_and(|since| *since < abandoned);
            async move { is_free(&job, is_old, jobs).await.map(|free| (job, free)) }
        });
        let looks: Vec<_> = stream::iter(looks)
            .buffer_unordered(READ_AT_ONCE)
            .collect()
            .await;
        let looks = looks.into_iter().collect::<Result<Vec<_>, Error>>()?;
        let free: Vec<String> = looks
            .into_iter()
            .filter_map(|(job, is_free)| is_free.then_some(job))
            .collect();
        for jobs_at_once in free.chunks(GIVEN_BACK_AT_ONCE) {
            self.give_back(jobs_at_once, jobs.client()).await?;
        }
        Ok(())
    }

    /// The slots, for one entrance in ten seconds; makes the map where there is none.
    async fn begin_sweep(&self, client: &Client) -> Result<Option<Slots>, Error> {
        let due = OffsetDateTime::now_utc().saturating_sub(Duration::seconds(SWEEP_SECONDS));
        let request = client.update_item().table_name(&self.table);
        let answer = request
            .key("ClaimId", AttributeValue::S(ITEM.to_owned()))
            .update_expression("SET SweptAt = :now, Running = if_not_exists(Running, :none)")
            .condition_expression("attribute_not_exists(SweptAt) OR SweptAt < :due")
            .expression_attribute_values(":now", AttributeValue::S(clock::now()))
            .expression_attribute_values(":due", AttributeValue::S(clock::format(due)))
            .expression_attribute_values(":none", AttributeValue::M(HashMap::new()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let running = answer
                    .attributes
                    .and_then(|mut item| item.remove("Running"));
                Ok(running.and_then(|running| running.as_m().ok().cloned()))
            }
            Err(error) if error.as_service_error().is_some_and(is_refused) => Ok(None),
            Err(error) => Err(storage_error("UpdateItem admission", &error)),
        }
    }

    async fn give_back(&self, jobs: &[String], client: &Client) -> Result<(), Error> {
        let places: Vec<String> = (0..jobs.len())
            .map(|at| format!("Running.#j{at}"))
            .collect();
        let names = (0..)
            .zip(jobs)
            .map(|(at, job): (usize, _)| (format!("#j{at}"), job.clone()));
        let request = client.update_item().table_name(&self.table);
        let answer = request
            .key("ClaimId", AttributeValue::S(ITEM.to_owned()))
            .update_expression(format!("REMOVE {}", places.join(", ")))
            .set_expression_attribute_names(Some(names.collect()))
            .send()
            .await;
        answer
            .map(drop)
            .map_err(|error| storage_error("UpdateItem admission", &error))
    }
}

/// Whether a slot's job does not work: it is settled, waits for a person, or never began.
async fn is_free(job: &str, is_old: bool, jobs: &Jobs) -> Result<bool, Error> {
    let Ok(id) = job.parse::<JobId>() else {
        return Ok(true);
    };
    Ok(match jobs.get(&id).await?.map(|job| job.job_status) {
        Some(JobStatus::Processing) => false,
        None | Some(JobStatus::Queued) => is_old,
        Some(_) => true,
    })
}

fn is_refused(error: &UpdateItemError) -> bool {
    matches!(error, UpdateItemError::ConditionalCheckFailedException(_))
}
