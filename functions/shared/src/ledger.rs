//! The stage ledger: which paid service job works on a stage, or what it brought. Nothing in it is paid twice.
//!
//! `Stages.<stage>` of the job item goes from nothing to STARTING (an attempt has a number, so a token), to RUNNING
//! (the service gave an id), to SUCCEEDED (a function collected the result) or to the next attempt. Every write is
//! conditional on what was read; who loses the race reads again.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::attribute::to_attribute;
use crate::clock;
use crate::identity::{ATTEMPTS_LIMIT, JobId, Stage};
use crate::jobs::{Jobs, key};
use crate::storage::{Error, storage_error};

/// State of an attempt.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::Display,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryStatus {
    /// The service may or may not have been asked.
    Starting,
    /// The service has a job.
    Running,
    /// The result is in the ledger.
    Succeeded,
    /// The service's job failed.
    Failed,
}

/// What the ledger says of a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// The service's id of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_job_id: Option<String>,
    /// State.
    pub status: EntryStatus,
    /// What the collecting function answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

/// What a starting function has to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The result is here already.
    Reuse {
        /// Service job that brought it.
        service_job_id: Option<String>,
        /// The result.
        result: Value,
    },
    /// Ask the service how this job is.
    Ask {
        /// Its attempt.
        attempt: u32,
        /// Its id.
        service_job_id: String,
    },
    /// Start (again) with the token of this attempt, which the ledger has already.
    Resume {
        /// The attempt.
        attempt: u32,
    },
    /// Write this attempt into the ledger, then start.
    Begin {
        /// The attempt.
        attempt: u32,
    },
}

/// Decides by what the ledger says.
pub fn next_step(entry: Option<&Entry>) -> Step {
    let Some(entry) = entry else {
        return Step::Begin { attempt: 1 };
    };
    match (entry.status, &entry.result, &entry.service_job_id) {
        (EntryStatus::Succeeded, Some(result), service_job_id) => Step::Reuse {
            service_job_id: service_job_id.clone(),
            result: result.clone(),
        },
        (EntryStatus::Running | EntryStatus::Succeeded, _, Some(id)) => Step::Ask {
            attempt: entry.attempt,
            service_job_id: id.clone(),
        },
        (EntryStatus::Starting, ..) => Step::Resume {
            attempt: entry.attempt,
        },
        (EntryStatus::Failed | EntryStatus::Running | EntryStatus::Succeeded, ..) => Step::Begin {
            attempt: entry.attempt + 1,
        },
    }
}

/// Whether a conditional write went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It did.
    Done,
    /// Another invocation was faster: read again.
    Overtaken,
}

/// The ledgers of the jobs.
#[derive(Debug, Clone, Copy)]
pub struct Ledger<'a> {
    jobs: &'a Jobs,
}

impl<'a> Ledger<'a> {
    /// The ledgers in the job table.
    pub fn new(jobs: &'a Jobs) -> Self {
        Self { jobs }
    }

    /// Takes the number of a new attempt (status STARTING).
    ///
    /// # Errors
    /// All of [`Error`]; [`Error::RecordUnreadable`] beyond 999 attempts.
    pub async fn begin(&self, job: &JobId, stage: Stage, attempt: u32) -> Result<Written, Error> {
        if attempt > ATTEMPTS_LIMIT {
            return Err(Error::RecordUnreadable(format!(
                "{job} {stage}: no attempt beyond {ATTEMPTS_LIMIT}"
            )));
        }
        let entry = json!({"attempt": attempt, "status": EntryStatus::Starting});
        let condition = if attempt == 1 {
            (
                "attribute_exists(JobId) AND attribute_not_exists(Stages.#stage)",
                None,
            )
        } else {
            (
                "Stages.#stage.attempt = :expected",
                Some(to_attribute(&json!(attempt - 1))),
            )
        };
        self.write(
            job,
            stage,
            "SET Stages.#stage = :entry",
            to_attribute(&entry),
            condition,
        )
        .await
    }

    /// Records the id that the service gave to an attempt.
    ///
    /// # Errors
    /// [`Error::StorageFailed`], [`Error::StorageRefused`].
    pub async fn running(
        &self,
        job: &JobId,
        stage: Stage,
        attempt: u32,
        id: &str,
    ) -> Result<Written, Error> {
        let entry = json!({"attempt": attempt, "serviceJobId": id, "status": EntryStatus::Running});
        let condition = (
            "Stages.#stage.attempt = :expected",
            Some(to_attribute(&json!(attempt))),
        );
        self.write(
            job,
            stage,
            "SET Stages.#stage = :entry",
            to_attribute(&entry),
            condition,
        )
        .await
    }

    /// Records the result that service job `id` brought. Overtaken when the ledger is at another service job.
    ///
    /// # Errors
    /// [`Error::StorageFailed`], [`Error::StorageRefused`].
    pub async fn succeeded(
        &self,
        job: &JobId,
        stage: Stage,
        id: &str,
        result: &Value,
    ) -> Result<Written, Error> {
        let update = "SET Stages.#stage.#result = :entry, Stages.#stage.#status = :succeeded";
        let condition = (
            "Stages.#stage.serviceJobId = :expected",
            Some(AttributeValue::S(id.to_owned())),
        );
        self.write(job, stage, update, to_attribute(result), condition)
            .await
    }

    async fn write(
        &self,
        job: &JobId,
        stage: Stage,
        update: &str,
        entry: AttributeValue,
        (condition, expected): (&str, Option<AttributeValue>),
    ) -> Result<Written, Error> {
        let request = self
            .jobs
            .client()
            .update_item()
            .table_name(self.jobs.table())
            .key("JobId", key(job));
        let mut request = request
            .update_expression(format!("{update}, UpdatedAt = :now"))
            .condition_expression(condition)
            .expression_attribute_names("#stage", stage.name())
            .expression_attribute_values(":entry", entry)
            .expression_attribute_values(":now", AttributeValue::S(clock::now()));
        if update.contains("#result") {
            let succeeded = AttributeValue::S(EntryStatus::Succeeded.to_string());
            request = request
                .expression_attribute_names("#result", "result")
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":succeeded", succeeded);
        }
        if let Some(expected) = expected {
            request = request.expression_attribute_values(":expected", expected);
        }
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
            Err(error) => Err(storage_error(&format!("UpdateItem {job} {stage}"), &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entry: &Value, expected: &Step) {
        let entry: Option<Entry> =
            serde_json::from_value(entry.clone()).unwrap_or_else(|error| unreachable!("{error}"));
        assert_eq!(&next_step(entry.as_ref()), expected, "{entry:?}");
    }

    #[test]
    fn pays_only_for_what_is_known_to_be_missing() {
        check(&json!(null), &Step::Begin { attempt: 1 });
        check(
            &json!({"attempt": 1, "status": "STARTING"}),
            &Step::Resume { attempt: 1 },
        );
        check(
            &json!({"attempt": 2, "status": "RUNNING", "serviceJobId": "j"}),
            &Step::Ask {
                attempt: 2,
                service_job_id: "j".into(),
            },
        );
        check(
            &json!({"attempt": 2, "status": "SUCCEEDED", "serviceJobId": "j", "result": {"a": 1}}),
            &Step::Reuse {
                service_job_id: Some("j".into()),
                result: json!({"a": 1}),
            },
        );
        check(
            &json!({"attempt": 2, "status": "FAILED", "serviceJobId": "j"}),
            &Step::Begin { attempt: 3 },
        );
    }

    #[test]
    fn mends_entries_that_lack_a_part() {
        check(
            &json!({"attempt": 2, "status": "SUCCEEDED", "serviceJobId": "j"}),
            &Step::Ask {
                attempt: 2,
                service_job_id: "j".into(),
            },
        );
        check(
            &json!({"attempt": 2, "status": "RUNNING"}),
            &Step::Begin { attempt: 3 },
        );
    }
}
