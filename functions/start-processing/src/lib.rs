//! Starts the workflow of every video that lands in the source bucket.
//!
//! Idempotent: a job is named by its source, so that a message handled twice starts nothing twice.

mod message;

use aws_config::SdkConfig;
use futures_util::{TryStreamExt as _, stream};
use tracing::info;
use videoflow_shared::batch::{Batch, DeadLetters, Failures, Transience, each};
use videoflow_shared::identity::JobId;
use videoflow_shared::intake::{Entered, Intake};
use videoflow_shared::jobs::JobStatus;
use videoflow_shared::location::S3Uri;
use videoflow_shared::settings::{Setting, read};

pub use message::{Message, MissedObject, parse};

/// Duplicates that one failure queues again: a content that is uploaded more often is no accident.
const REQUEUED_LIMIT: usize = 100;

/// Objects of one reconciliation message that are entered at the same time: a batch of ten messages of a hundred objects
/// has to be done within the function's timeout.
const ENTERED_AT_ONCE: usize = 16;

/// Why a message could not be handled: a transient cause brings it again, any other one makes it a dead letter.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The batch is not in SQS's shape. Final.
    #[error("{0}")]
    InvalidInput(String),
    /// The message is of none of the known kinds. Final.
    #[error("the message is no object event, reconciliation, requeue or start: {0}")]
    MessageUnreadable(String),
    /// The message is about a bucket that is not the source bucket. Final.
    #[error("{0} is not the source bucket")]
    BucketUnknown(String),
    /// The message is about a job that there is not. Final.
    #[error("there is no job {0}")]
    JobNotFound(String),
    /// A duplicate was run again too often. Final.
    #[error("{0}")]
    TooManyRuns(String),
    /// S3 or `DynamoDB` failed. Transient.
    #[error("{0}")]
    StorageFailed(String),
    /// S3 or `DynamoDB` refused. Final.
    #[error("{0}")]
    StorageRefused(String),
    /// A job item is not in VideoFlow's shape. Final.
    #[error("{0}")]
    RecordUnreadable(String),
    /// Step Functions is throttling, or too many executions run. Transient.
    #[error("{0}")]
    ServiceThrottled(String),
    /// Step Functions failed. Transient.
    #[error("{0}")]
    ServiceFailed(String),
    /// Step Functions refused. Final.
    #[error("{0}")]
    ServiceRefused(String),
}

videoflow_shared::from_intake_error!(Error);

impl Transience for Error {
    fn is_transient(&self) -> bool {
        match self {
            Self::StorageFailed(_) | Self::ServiceThrottled(_) | Self::ServiceFailed(_) => true,
            Self::InvalidInput(_)
            | Self::MessageUnreadable(_)
            | Self::BucketUnknown(_)
            | Self::JobNotFound(_)
            | Self::TooManyRuns(_)
            | Self::StorageRefused(_)
            | Self::RecordUnreadable(_)
            | Self::ServiceRefused(_) => false,
        }
    }
}

/// The function.
#[derive(Debug)]
pub struct Function {
    intake: Intake,
    source_bucket: String,
    dead_letters: DeadLetters,
}

impl Function {
    /// The function as deployed.
    ///
    /// # Errors
    /// A missing setting.
    pub fn from_settings(config: &SdkConfig) -> Result<Self, videoflow_shared::settings::Error> {
        Ok(Self {
            intake: Intake::from_settings(config)?,
            source_bucket: read(Setting::SourceBucketName)?,
            dead_letters: DeadLetters::from_settings(config, Setting::IngestDeadLettersQueueUrl)?,
        })
    }

    /// Handles a batch; messages that fail come again or become dead letters.
    ///
    /// # Errors
    /// None: what fails is in the answer.
    pub async fn handle(&self, batch: Batch) -> Result<Failures, Error> {
        let handle = |body| Box::pin(self.handle_message(body));
        Ok(each(batch, &self.dead_letters, handle).await)
    }

    async fn handle_message(&self, body: String) -> Result<(), Error> {
        match parse(&body)? {
            Message::Created(object) => {
                self.enter(&object.bucket, &object.key, object.version_id.as_deref())
                    .await
            }
            Message::Missed { bucket, objects } => {
                let enter = |object: MissedObject| {
                    let bucket = &bucket;
                    async move {
                        self.enter(bucket, &object.key, Some(&object.version_id))
                            .await
                    }
                };
                stream::iter(objects.into_iter().map(Ok))
                    .try_for_each_concurrent(ENTERED_AT_ONCE, enter)
                    .await
            }
            Message::Requeue(original) => self.requeue(&original).await,
            Message::Start(job) => self.start(&job).await,
        }
    }

    async fn enter(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<(), Error> {
        if bucket != self.source_bucket {
            return Err(Error::BucketUnknown(bucket.to_owned()));
        }
        let object = S3Uri::new(bucket, key);
        match self.intake.enter(&object, version, None).await? {
            Entered::Started(_) | Entered::Queued(_) => {}
            Entered::Settled(job, status) => info!(%job, %status, "processed before"),
            Entered::Gone => info!(bucket, key, "the object is gone"),
        }
        Ok(())
    }

    /// Starts a job whose execution there is not.
    async fn start(&self, job: &JobId) -> Result<(), Error> {
        match self.intake.resume(job).await? {
            Entered::Started(_) | Entered::Queued(_) => Ok(()),
            Entered::Settled(_, status) => {
                info!(%job, %status, "settled in the meantime");
                Ok(())
            }
            Entered::Gone => Err(Error::JobNotFound(job.to_string())),
        }
    }

    /// Processes the duplicates of a job that ended without a result, unless it was redriven in the meantime, or whose
    /// results were deleted.
    async fn requeue(&self, original: &JobId) -> Result<(), Error> {
        let Some(found) = self.intake.jobs.get(original).await? else {
            return Err(Error::JobNotFound(original.to_string()));
        };
        if !matches!(
            found.job_status,
            JobStatus::Failed | JobStatus::Rejected | JobStatus::Deleted
        ) {
            info!(job = %original, status = %found.job_status, "keeps its duplicates");
            return Ok(());
        }
        for duplicate in self
            .intake
            .jobs
            .duplicates_of(original, REQUEUED_LIMIT)
            .await?
        {
            let job = self.intake.requeue(&duplicate, original).await?;
            info!(%job, %original, "queued again");
        }
        Ok(())
    }
}
