//! How a video enters: the one procedure behind every entrance.
//!
//! The version is resolved, the job item is written, the job takes a slot, then the execution of its name is started with
//! the canonical input. Without a slot it waits: a message of its own comes back to the ingest queue later. Each step
//! repeated changes nothing, so that a crash between them is mended by repeating all.

mod admission;
mod item;
mod redrive;
mod rerun;

use aws_config::SdkConfig;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::info;

use crate::error::{self, classify};
use crate::identity::{self, JobId};
use crate::jobs::{Created, Job, JobStatus, Jobs};
use crate::location::S3Uri;
use crate::settings::{self, Setting};
use crate::storage::{self, Objects};

pub use admission::Admission;
pub use item::{execution_arn, execution_input, job_id};
pub use redrive::{Objection, Prospect, Redriven};

use item::new_job;

/// Failure of an entrance. The names are the functions' own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// S3 or the job table failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// Step Functions did not start the execution.
    #[error(transparent)]
    Service(#[from] error::Error),
    /// The job was forced too often.
    #[error(transparent)]
    TooManyRuns(#[from] identity::Error),
}

/// Lets `?` turn [`Error`] into the function's own variants of the same names.
#[macro_export]
macro_rules! from_intake_error {
    ($error:ty) => {
        $crate::from_storage_error!($error);
        $crate::from_service_error!($error);
        impl From<$crate::intake::Error> for $error {
            fn from(error: $crate::intake::Error) -> Self {
                match error {
                    $crate::intake::Error::Storage(error) => error.into(),
                    $crate::intake::Error::Service(error) => error.into(),
                    $crate::intake::Error::TooManyRuns(error) => {
                        Self::TooManyRuns(error.to_string())
                    }
                }
            }
        }
    };
}

/// What came of a video at an entrance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered {
    /// Its execution runs.
    Started(JobId),
    /// It waits for a slot: as many videos are worked on as may be.
    Queued(JobId),
    /// It was processed before.
    Settled(JobId, JobStatus),
    /// There is no such object, or not this version of it, or no such job.
    Gone,
}

/// Shortest and longest time until a job that waits asks for a slot again. A long backlog asks often enough together.
const WAIT_SECONDS: (i32, i32) = (30, 300);

/// The entrance.
#[derive(Debug, Clone)]
pub struct Intake {
    /// Who may run.
    pub admission: Admission,
    /// SQS.
    pub queues: aws_sdk_sqs::Client,
    /// Queue in which jobs wait.
    pub queue_url: String,
    /// The job table.
    pub jobs: Jobs,
    /// S3.
    pub objects: Objects,
    /// Step Functions.
    pub executions: aws_sdk_sfn::Client,
    /// Alias `live` of process-video.
    pub machine_arn: String,
}

impl Intake {
    /// The entrance that the deployment names.
    ///
    /// # Errors
    /// All of [`settings::Error`].
    pub fn from_settings(config: &SdkConfig) -> Result<Self, settings::Error> {
        Ok(Self {
            admission: Admission {
                table: settings::read(Setting::ClaimsTableName)?,
                limit: settings::read_number(Setting::MaximumRunningJobs)?,
            },
            queues: aws_sdk_sqs::Client::new(config),
            queue_url: settings::read(Setting::IngestQueueUrl)?,
            jobs: Jobs::new(
                aws_sdk_dynamodb::Client::new(config),
                settings::read(Setting::JobsTableName)?,
            ),
            objects: Objects::new(aws_sdk_s3::Client::new(config)),
            executions: aws_sdk_sfn::Client::new(config),
            machine_arn: settings::read(Setting::ProcessVideoStateMachineArn)?,
        })
    }

    /// Starts the job of an object (of its latest version, where none is given), under `profile`, or the one that the
    /// object's metadata name, or the default.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Service`].
    pub async fn enter(
        &self,
        object: &S3Uri,
        version: Option<&str>,
        profile: Option<&str>,
    ) -> Result<Entered, Error> {
        let Some(head) = self.objects.head(object, version).await? else {
            return Ok(Entered::Gone);
        };
        let job = new_job(object, &head, profile, &self.machine_arn);
        match self.jobs.create(&job).await? {
            Created::Existing(known) if known.job_status.is_settled() => {
                Ok(Entered::Settled(known.job_id, known.job_status))
            }
            Created::New | Created::Existing(_) => self.start(job).await,
        }
    }

    /// Starts the execution of a job that is known, unless the job is settled.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Service`].
    pub async fn resume(&self, job: &JobId) -> Result<Entered, Error> {
        match self.jobs.get(job).await? {
            None => Ok(Entered::Gone),
            Some(job) if job.job_status.is_settled() => {
                Ok(Entered::Settled(job.job_id, job.job_status))
            }
            Some(job) => self.start(job).await,
        }
    }

    /// Starts the execution of a job as soon as there is a slot for it.
    async fn start(&self, job: Job) -> Result<Entered, Error> {
        if !self.admission.admit(&job.job_id, &self.jobs).await? {
            self.wait(&job).await?;
            return Ok(Entered::Queued(job.job_id));
        }
        self.jobs
            .move_queued(&job.job_id, JobStatus::Processing)
            .await?;
        self.execute(&job).await?;
        Ok(Entered::Started(job.job_id))
    }

    /// Lets a job come back later. A message of its own does not count the times that it was handed out, as the one that
    /// brought the video does.
    async fn wait(&self, job: &Job) -> Result<(), Error> {
        self.jobs
            .move_queued(&job.job_id, JobStatus::Queued)
            .await?;
        let seconds = wait_seconds(job, OffsetDateTime::now_utc());
        self.send_start(&job.job_id, seconds).await?;
        info!(job = job.job_id.as_str(), seconds, "waits for a slot");
        Ok(())
    }

    /// Lets start-processing start a job that is known, some seconds from now.
    async fn send_start(&self, job: &JobId, seconds: i32) -> Result<(), Error> {
        let request = self
            .queues
            .send_message()
            .queue_url(&self.queue_url)
            .delay_seconds(seconds)
            .message_body(json!({"start": {"jobId": job}}).to_string());
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(classify("SendMessage", &error).into()),
        }
    }

    /// Starts the execution of a job; that it exists already is success.
    async fn execute(&self, job: &Job) -> Result<(), Error> {
        let request = self
            .executions
            .start_execution()
            .state_machine_arn(&self.machine_arn);
        match request
            .name(job.job_id.as_str())
            .input(execution_input(job).to_string())
            .send()
            .await
        {
            Ok(_) => info!(job = job.job_id.as_str(), "started"),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(StartExecutionError::ExecutionAlreadyExists(_))
                ) =>
            {
                info!(job = job.job_id.as_str(), "was started before");
            }
            Err(error) => return Err(classify("StartExecution", &error).into()),
        }
        Ok(())
    }
}

/// A quarter of the time that the job has waited: who has just come asks soon. A part of it differs between jobs, so
/// that those of one batch do not come back as one.
fn wait_seconds(job: &Job, now: OffsetDateTime) -> i32 {
    let (shortest, longest) = WAIT_SECONDS;
    let created = OffsetDateTime::parse(&job.created_at, &Rfc3339);
    let waited = created.map_or(0, |created| (now - created).whole_seconds());
    let seconds = i32::try_from(waited / 4).unwrap_or(longest);
    let seconds = seconds.clamp(shortest, longest);
    let spread = i32::try_from(job.job_id.spread() % 100).unwrap_or(0);
    seconds - seconds * spread / 200
}
