//! Records why a video failed: in the job table, to people, to other systems, and with everything that a repair needs.
//!
//! Idempotent: the job is settled under a condition; announcements are made once for each redrive that failed, and
//! again only when a crash came between announcing and noting it. Equal failures of some minutes are two notices: the first
//! at once, the others together ([`burst`]).

mod announcement;
mod burst;
mod event;
mod failure;
mod history;
mod notice;
mod settlement;

use aws_config::SdkConfig;
use tracing::info;
use videoflow_shared::batch::{Batch, DeadLetters, Failures, Transience, each};
use videoflow_shared::jobs::{Job, JobStatus, Jobs};
use videoflow_shared::settings::{Setting, read, read_number};

use announcement::Announcer;
use event::{Ended, Message, parse};
use history::Histories;
use settlement::{Claims, next};

/// Why a message could not be handled: a transient cause brings it again, any other one makes it a dead letter.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The batch is not in SQS's shape. Final.
    #[error("{0}")]
    InvalidInput(String),
    /// The message is no event of an execution. Final.
    #[error("the message is no event of an execution: {0}")]
    MessageUnreadable(String),
    /// `DynamoDB` failed. Transient.
    #[error("{0}")]
    StorageFailed(String),
    /// `DynamoDB` refused. Final.
    #[error("{0}")]
    StorageRefused(String),
    /// A job item is not in VideoFlow's shape. Final.
    #[error("{0}")]
    RecordUnreadable(String),
    /// Step Functions, SQS, SNS or EventBridge is throttling. Transient.
    #[error("{0}")]
    ServiceThrottled(String),
    /// Step Functions, SQS, SNS or EventBridge failed. Transient.
    #[error("{0}")]
    ServiceFailed(String),
    /// Step Functions, SQS, SNS or EventBridge refused. Final.
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

/// What the function works on.
#[derive(Debug, Clone)]
pub struct Resources {
    /// Job table.
    pub jobs_table: String,
    /// Table of claims on content.
    pub claims_table: String,
    /// process-video, with or without alias.
    pub machine_arn: String,
    /// Queue with the full context of failed videos.
    pub failed_videos_queue_url: String,
    /// Queue that start-processing reads.
    pub ingest_queue_url: String,
    /// Queue that this function reads.
    pub failures_queue_url: String,
    /// Topic of notices to people.
    pub notices_topic_arn: String,
    /// Seconds for which equal failures are counted rather than told one by one.
    pub notice_window_seconds: u32,
    /// Options with which `videoflow` finds this environment.
    pub command_options: String,
    /// Bus of the project's own events.
    pub bus_name: String,
}

impl Resources {
    /// What all names of the environment begin with: `videoflow-prod`.
    fn environment(&self) -> &str {
        let machine = self.machine_arn.split(':').nth(6).unwrap_or_default();
        machine.strip_suffix("-process-video").unwrap_or(machine)
    }
}

/// The function.
#[derive(Debug)]
pub struct Function {
    jobs: Jobs,
    claims: Claims,
    histories: Histories,
    announcer: Announcer,
    machine_arn: String,
    dead_letters: DeadLetters,
}

impl Function {
    /// The function as deployed.
    ///
    /// # Errors
    /// A missing setting.
    pub fn from_settings(config: &SdkConfig) -> Result<Self, videoflow_shared::settings::Error> {
        Ok(Self::new(
            config,
            Resources {
                jobs_table: read(Setting::JobsTableName)?,
                claims_table: read(Setting::ClaimsTableName)?,
                machine_arn: read(Setting::ProcessVideoStateMachineArn)?,
                failed_videos_queue_url: read(Setting::FailedVideosQueueUrl)?,
                ingest_queue_url: read(Setting::IngestQueueUrl)?,
                failures_queue_url: read(Setting::FailuresQueueUrl)?,
                notices_topic_arn: read(Setting::NoticesTopicArn)?,
                notice_window_seconds: read_number(Setting::NoticeWindowSeconds)?,
                command_options: read(Setting::CommandOptions)?,
                bus_name: read(Setting::DomainEventBusName)?,
            },
            DeadLetters::from_settings(config, Setting::FailuresDeadLettersQueueUrl)?,
        ))
    }

    /// The function with these resources.
    pub fn new(config: &SdkConfig, resources: Resources, dead_letters: DeadLetters) -> Self {
        Self {
            jobs: Jobs::new(
                aws_sdk_dynamodb::Client::new(config),
                resources.jobs_table.clone(),
            ),
            claims: Claims {
                table: resources.claims_table.clone(),
            },
            histories: Histories {
                client: aws_sdk_sfn::Client::new(config),
            },
            machine_arn: resources.machine_arn.clone(),
            announcer: Announcer::new(config, resources),
            dead_letters,
        }
    }

    /// Handles a batch; messages that fail come again or become dead letters.
    ///
    /// # Errors
    /// None: what fails is in the answer.
    pub async fn handle(&self, batch: Batch) -> Result<Failures, Error> {
        Ok(each(batch, &self.dead_letters, |body| self.handle_message(body)).await)
    }

    async fn handle_message(&self, body: String) -> Result<(), Error> {
        let ended = match parse(&body, &self.machine_arn)? {
            Message::Changed(ended) => ended,
            Message::EndBurst(key) => return self.announcer.end_burst(&key).await,
            Message::Foreign => {
                info!("not an end of process-video");
                return Ok(());
            }
        };
        if ended.is_first_start() {
            info!("an ordinary start");
            return Ok(());
        }
        let Some(job) = self.jobs.get(&ended.job).await? else {
            info!(job = %ended.job, "no such job");
            return Ok(());
        };
        match next(&job, &ended) {
            settlement::Step::Ignore(reason) => {
                info!(job = %ended.job, reason, "ignored");
                Ok(())
            }
            settlement::Step::Reopen => {
                self.claims
                    .reopen(&self.jobs, &job, ended.redrive_count)
                    .await
            }
            settlement::Step::Note => {
                self.claims
                    .note_redrive(&self.jobs, &job, ended.redrive_count)
                    .await
            }
            settlement::Step::Settle => self.settle(&job, &ended).await,
            settlement::Step::Announce => self.announce(&job, &ended).await,
            settlement::Step::TellUntold => self.tell_untold(&job, &ended).await,
        }
    }

    /// Finds the failed state, settles job and claim, tells everyone.
    async fn settle(&self, job: &Job, ended: &Ended) -> Result<(), Error> {
        let details = self.histories.find(ended).await?;
        self.claims.settle(&self.jobs, job, ended, &details).await?;
        let settled = Job {
            job_status: JobStatus::Failed,
            error_details: Some(details),
            ..job.clone()
        };
        self.announce(&settled, ended).await
    }

    /// Tells people of a published or rejected job whose machine could not tell everyone.
    async fn tell_untold(&self, job: &Job, ended: &Ended) -> Result<(), Error> {
        let details = self.histories.find(ended).await?;
        self.announcer.tell_untold(job, ended, &details).await?;
        self.claims
            .note_untold(&self.jobs, job, ended.redrive_count, &details)
            .await
    }

    async fn announce(&self, job: &Job, ended: &Ended) -> Result<(), Error> {
        self.announcer.announce(job, ended).await?;
        self.claims
            .note_announced(&self.jobs, job, ended.redrive_count)
            .await
    }
}
