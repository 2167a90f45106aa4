//! Starts the workflow of every video that lands in the source bucket.
//!
//! Idempotent: a job is named by its source, so that a message handled twice starts nothing twice.

mod message;

use aws_config::SdkConfig;
use tracing::info;
use videoflow_shared::batch::{Batch, Failures, each};
use videoflow_shared::identity::JobId;
use videoflow_shared::intake::{Entered, Intake};
use videoflow_shared::location::S3Uri;

pub use message::{Message, parse};

/// Duplicates that one failure queues again: a content that is uploaded more often is no accident.
const REQUEUED_LIMIT: usize = 100;

/// Why a message could not be handled: it comes again, and goes to the dead letters in the end.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The batch is not in SQS's shape. Final.
    #[error("{0}")]
    InvalidInput(String),
    /// The message is of none of the known kinds. Final.
    #[error("the message is no object event, reconciliation or requeue: {0}")]
    MessageUnreadable(String),
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

/// The function.
#[derive(Debug)]
pub struct Function {
    intake: Intake,
}

impl Function {
    /// The function as deployed.
    ///
    /// # Errors
    /// A missing setting.
    pub fn from_settings(config: &SdkConfig) -> Result<Self, videoflow_shared::settings::Error> {
        Ok(Self {
            intake: Intake::from_settings(config)?,
        })
    }

    /// Handles a batch; messages that fail come again.
    ///
    /// # Errors
    /// None: what fails is in the answer.
    pub async fn handle(&self, batch: Batch) -> Result<Failures, Error> {
        Ok(each(batch, |body| self.handle_message(body)).await)
    }

    async fn handle_message(&self, body: String) -> Result<(), Error> {
        match parse(&body)? {
            Message::Created(object) => {
                self.enter(&object.bucket, &object.key, object.version_id.as_deref())
                    .await
            }
            Message::Missed { bucket, objects } => {
                for object in objects {
                    self.enter(&bucket, &object.key, Some(&object.version_id))
                        .await?;
                }
                Ok(())
            }
            Message::Requeue(original) => self.requeue(&original).await,
        }
    }

    async fn enter(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<(), Error> {
        match self
            .intake
            .enter(&S3Uri::new(bucket, key), version, None)
            .await?
        {
            Entered::Started(_) => {}
            Entered::Settled(job, status) => info!(%job, %status, "processed before"),
            Entered::Gone => info!(bucket, key, "the object is gone"),
        }
        Ok(())
    }

    async fn requeue(&self, original: &JobId) -> Result<(), Error> {
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
