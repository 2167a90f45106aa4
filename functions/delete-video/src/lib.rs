//! Deletes everything of a video: what all its runs wrote, the uploaded version, its claim. The job items stay as
//! tombstones, and `Deletion` on the first run's item says what was deleted and what goes when.
//!
//! Idempotent: every step may be repeated, and the last one marks the deletion as done. A video with many objects is
//! deleted in several invocations: the function sends itself the message again.

mod announcement;
mod objects;
mod places;
mod records;
mod remainder;

use aws_config::SdkConfig;
use aws_sdk_sfn::operation::stop_execution::StopExecutionError;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tracing::info;
use videoflow_shared::batch::{Batch, DeadLetters, Failures, Transience, each};
use videoflow_shared::error::classify;
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::{Deletion, DeletionStatus, Job, Jobs, SourceFate};
use videoflow_shared::settings::{Setting, read};

use announcement::Announcer;
use objects::Versions;
use places::{all_of, plan};
use records::Records;
use remainder::Retention;

/// Pages of a thousand versions that one invocation deletes: some two seconds each, of the 300 that it has.
const PAGES_LIMIT: usize = 50;

/// Why a message could not be handled: a transient cause brings it again, any other one makes it a dead letter.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The batch is not in SQS's shape. Final.
    #[error("{0}")]
    InvalidInput(String),
    /// The message names no job. Final.
    #[error("the message is no deletion: {0}")]
    MessageUnreadable(String),
    /// S3 or `DynamoDB` failed. Transient.
    #[error("{0}")]
    StorageFailed(String),
    /// S3 or `DynamoDB` refused. Final.
    #[error("{0}")]
    StorageRefused(String),
    /// A job item is not in VideoFlow's shape. Final.
    #[error("{0}")]
    RecordUnreadable(String),
    /// Step Functions, SQS or EventBridge is throttling. Transient.
    #[error("{0}")]
    ServiceThrottled(String),
    /// Step Functions, SQS or EventBridge failed. Transient.
    #[error("{0}")]
    ServiceFailed(String),
    /// Step Functions, SQS or EventBridge refused. Final.
    #[error("{0}")]
    ServiceRefused(String),
}

videoflow_shared::from_storage_error!(Error);
videoflow_shared::from_service_error!(Error);

impl Transience for Error {
    fn is_transient(&self) -> bool {
        match self {
            Self::StorageFailed(_) | Self::ServiceThrottled(_) | Self::ServiceFailed(_) => true,
            Self::InvalidInput(_)
            | Self::MessageUnreadable(_)
            | Self::StorageRefused(_)
            | Self::RecordUnreadable(_)
            | Self::ServiceRefused(_) => false,
        }
    }
}

/// A message of the deletions queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Message {
    /// Any run of the video.
    pub job_id: JobId,
}

/// The function.
#[derive(Debug)]
pub struct Function {
    records: Records,
    versions: Versions,
    executions: aws_sdk_sfn::Client,
    announcer: Announcer,
    retention: Retention,
    dead_letters: DeadLetters,
}

impl Function {
    /// The function as deployed.
    ///
    /// # Errors
    /// A missing setting.
    pub fn from_settings(config: &SdkConfig) -> Result<Self, videoflow_shared::settings::Error> {
        Ok(Self {
            records: Records {
                jobs: Jobs::new(
                    aws_sdk_dynamodb::Client::new(config),
                    read(Setting::JobsTableName)?,
                ),
                claims_table: read(Setting::ClaimsTableName)?,
            },
            versions: Versions {
                client: aws_sdk_s3::Client::new(config),
                output_bucket: read(Setting::OutputBucketName)?,
            },
            executions: aws_sdk_sfn::Client::new(config),
            announcer: Announcer::from_settings(config)?,
            retention: Retention::from_settings()?,
            dead_letters: DeadLetters::from_settings(
                config,
                Setting::DeletionsDeadLettersQueueUrl,
            )?,
        })
    }

    /// Handles a batch; messages that fail come again or become dead letters.
    ///
    /// # Errors
    /// None: what fails is in the answer.
    pub async fn handle(&self, batch: Batch) -> Result<Failures, Error> {
        Ok(each(batch, &self.dead_letters, |body| self.handle_message(body)).await)
    }

    async fn handle_message(&self, body: String) -> Result<(), Error> {
        let message: Message = serde_json::from_str(&body)
            .map_err(|error| Error::MessageUnreadable(error.to_string()))?;
        let Some(base) = self.records.jobs.get(&message.job_id.base()).await? else {
            info!(job = %message.job_id, "no such job");
            return Ok(());
        };
        match base.deletion.clone() {
            None => info!(job = %base.job_id, "nobody asked for a deletion"),
            Some(deletion) if deletion.status == DeletionStatus::Done => {
                info!(job = %base.job_id, "deleted before");
            }
            Some(deletion) => self.delete(&base, deletion, &message).await?,
        }
        Ok(())
    }

    async fn delete(&self, base: &Job, deletion: Deletion, message: &Message) -> Result<(), Error> {
        let runs = self.records.runs(base).await?;
        // Only these two may still be open: those between were settled before the next one could be forced.
        for run in runs.iter().take(1).chain(runs.iter().skip(1).last()) {
            self.stop(run).await?;
        }
        // From here on, whoever uploads the content again has it processed.
        self.records.free_claims(&base.job_id, &runs).await?;
        let duplicates = self.records.duplicates(&base.job_id, &runs).await?;
        let sharers = self.records.sharers(&duplicates).await?;
        let plan = plan(&base.job_id, &runs, &sharers);
        let mut prefixes = plan.prefixes.clone();
        for video in &plan.foreign {
            if self.records.is_deleted(video).await? {
                prefixes.extend(all_of(video));
            }
        }
        if self.delete_objects(base, &prefixes).await? == Progress::Unfinished {
            info!(job = %base.job_id, "goes on in another invocation");
            return self.announcer.go_on(message).await;
        }
        if deletion.source == SourceFate::Delete {
            self.versions.delete_source(base).await?;
        }
        self.announcer.announce(base, &duplicates).await?;
        for run in runs.iter().skip(1) {
            self.records.bury(run, None).await?;
        }
        let done = Deletion {
            kept: plan.kept,
            ..self.retention.done(deletion, OffsetDateTime::now_utc())
        };
        self.records.bury(base, Some(done)).await
    }

    /// Deletes page after page, as many as one invocation may.
    async fn delete_objects(&self, base: &Job, prefixes: &[String]) -> Result<Progress, Error> {
        let mut pages = 0;
        for prefix in prefixes {
            loop {
                if pages == PAGES_LIMIT {
                    return Ok(Progress::Unfinished);
                }
                let deleted = self.versions.delete_page(prefix).await?;
                if deleted.objects == 0 {
                    break;
                }
                self.records.count(&base.job_id, &deleted).await?;
                pages += 1;
            }
        }
        Ok(Progress::Done)
    }

    /// Ends an execution that still waits for its review, or that was redriven in the moment of the deletion.
    async fn stop(&self, run: &Job) -> Result<(), Error> {
        let Some(execution) = &run.execution_arn else {
            return Ok(());
        };
        let request = self.executions.stop_execution().execution_arn(execution);
        let request = request
            .error("VideoDeleted")
            .cause("Everything of the video was deleted.");
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(StopExecutionError::ExecutionDoesNotExist(_))
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(classify("StopExecution", &error).into()),
        }
    }
}

/// Whether there is more to delete than one invocation may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Done,
    Unfinished,
}
