//! Telling of a failure: the whole context for a repair, a notice for people, an event for other systems, and the
//! duplicates back into the queue. Of a burst of equal failures people get two notices.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::{Value, json};
use videoflow_shared::clock;
use videoflow_shared::error::classify;
use videoflow_shared::jobs::{ErrorDetails, Job};
use videoflow_shared::text::printable;

use crate::burst::{Burst, Bursts, Failure, Step};
use crate::event::Ended;
use crate::notice::{self, CAUSE_LIMIT, Notice};
use crate::{Error, Resources};

/// Turns after which a burst is left to the next try: each is lost to another failure of the same moment.
const TURNS_LIMIT: usize = 10;
/// Longest delay of a message: SQS's own limit.
const DELAY_LIMIT_SECONDS: i64 = 900;
/// Why nothing is known of a failure.
const UNKNOWN: &str = "unknown";

/// The ways of telling.
#[derive(Debug)]
pub struct Announcer {
    queues: aws_sdk_sqs::Client,
    topics: aws_sdk_sns::Client,
    events: aws_sdk_eventbridge::Client,
    bursts: Bursts,
    resources: Resources,
}

impl Announcer {
    /// The ways of telling.
    pub fn new(config: &SdkConfig, resources: Resources) -> Self {
        Self {
            queues: aws_sdk_sqs::Client::new(config),
            topics: aws_sdk_sns::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
            bursts: Bursts {
                client: aws_sdk_dynamodb::Client::new(config),
                table: resources.claims_table.clone(),
                seconds: resources.notice_window_seconds,
            },
            resources,
        }
    }

    /// Tells everyone of a job's failure.
    ///
    /// # Errors
    /// The errors of the services.
    pub async fn announce(&self, job: &Job, ended: &Ended) -> Result<(), Error> {
        self.tell(job, ended, job.error_details.as_ref(), "failed")
            .await?;
        self.put_event(job).await?;
        self.send(
            &self.resources.ingest_queue_url,
            &json!({"requeue": {"jobId": job.job_id}}),
            0,
        )
        .await
    }

    /// Tells people that a job is settled and that other systems may not know it: a redrive tells them again.
    ///
    /// # Errors
    /// The errors of the services.
    pub async fn tell_untold(
        &self,
        job: &Job,
        ended: &Ended,
        details: &ErrorDetails,
    ) -> Result<(), Error> {
        let status = job.job_status.to_string();
        self.tell(
            job,
            ended,
            Some(details),
            &format!("is {status}, but that could not be announced"),
        )
        .await
    }

    /// Tells of what was counted in a burst, when its time is over.
    ///
    /// # Errors
    /// The errors of the services.
    pub async fn end_burst(&self, key: &str) -> Result<(), Error> {
        for _ in 0..TURNS_LIMIT {
            let Some(burst) = self.bursts.get(key).await? else {
                return Ok(());
            };
            if clock::now_seconds() < burst.open_until {
                // It was called for an earlier burst, or by a clock that is ahead.
                return self.call_end(&burst).await;
            }
            self.tell_counted(&burst).await?;
            if self.bursts.close(&burst).await? {
                return Ok(());
            }
        }
        Err(contended(key))
    }

    /// One message with the whole context, one notice.
    async fn tell(
        &self,
        job: &Job,
        ended: &Ended,
        details: Option<&ErrorDetails>,
        what: &str,
    ) -> Result<(), Error> {
        let message = context(job, ended, details, &clock::now());
        self.send(&self.resources.failed_videos_queue_url, &message, 0)
            .await?;
        let unknown = ErrorDetails {
            state: UNKNOWN.to_owned(),
            error: UNKNOWN.to_owned(),
            cause: UNKNOWN.to_owned(),
            input: None,
            execution: ended.execution_arn.clone(),
        };
        self.notify(&Failure {
            job,
            redrive_count: ended.redrive_count,
            details: details.unwrap_or(&unknown),
            what,
        })
        .await
    }

    /// A notice at once, or the failure is counted with others like it.
    async fn notify(&self, failure: &Failure<'_>) -> Result<(), Error> {
        let options = &self.resources.command_options;
        let at_once = || notice::of_one(failure, self.resources.environment(), options);
        for _ in 0..TURNS_LIMIT {
            let (step, burst) = self.bursts.step(failure).await?;
            let is_done = match (step, &burst) {
                (Step::TellAgain, _) => {
                    return self.publish(at_once()).await;
                }
                (Step::Open, over) => {
                    if self.bursts.open(failure, over.as_ref()).await? {
                        return self.publish(at_once()).await;
                    }
                    false
                }
                (Step::CallEnd, Some(burst)) => {
                    self.call_end(burst).await?;
                    self.bursts.count(failure, burst).await?
                }
                (Step::Count, Some(burst)) => self.bursts.count(failure, burst).await?,
                (_, Some(burst)) => {
                    self.tell_counted(burst).await?;
                    // One that goes on has room again; one that is over makes room for the next.
                    if clock::now_seconds() >= burst.open_until {
                        self.bursts.close(burst).await?;
                    }
                    false
                }
                (_, None) => false,
            };
            if is_done {
                return Ok(());
            }
        }
        Err(contended(&failure.burst()))
    }

    /// Lets a message come back when the burst is over.
    async fn call_end(&self, burst: &Burst) -> Result<(), Error> {
        let left = burst.open_until - clock::now_seconds();
        let message = json!({"endBurst": {"key": burst.key}});
        let delay = i32::try_from(left.clamp(1, DELAY_LIMIT_SECONDS)).unwrap_or(1);
        self.send(&self.resources.failures_queue_url, &message, delay)
            .await
    }

    async fn tell_counted(&self, burst: &Burst) -> Result<(), Error> {
        if burst.counted.is_empty() {
            return Ok(());
        }
        let Resources {
            command_options, ..
        } = &self.resources;
        let notice = notice::of_burst(burst, self.resources.environment(), command_options);
        self.publish(notice).await?;
        self.bursts.note_told(burst).await
    }

    async fn publish(&self, notice: Notice) -> Result<(), Error> {
        let attributes = notice.attributes();
        let attributes =
            attributes.map_err(|error| Error::ServiceRefused(format!("Publish: {error}")))?;
        let request = self
            .topics
            .publish()
            .topic_arn(&self.resources.notices_topic_arn)
            .subject(notice.subject)
            .message(notice.message)
            .set_message_attributes(Some(attributes.into_iter().collect()));
        let published = request.send().await;
        published.map_err(|error| classify("Publish", &error))?;
        Ok(())
    }

    async fn send(&self, queue_url: &str, message: &Value, delay: i32) -> Result<(), Error> {
        let request = self
            .queues
            .send_message()
            .queue_url(queue_url)
            .message_body(message.to_string())
            .set_delay_seconds((delay > 0).then_some(delay));
        request
            .send()
            .await
            .map_err(|error| classify("SendMessage", &error))?;
        Ok(())
    }

    async fn put_event(&self, job: &Job) -> Result<(), Error> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.resources.bus_name)
            .source("videoflow")
            .detail_type("VideoFailed")
            .detail(domain_event(job).to_string())
            .build();
        let answer = self.events.put_events().entries(entry).send().await;
        let answer = answer.map_err(|error| classify("PutEvents", &error))?;
        if answer.failed_entry_count() > 0 {
            return Err(Error::ServiceFailed(format!(
                "PutEvents: {:?}",
                answer.entries()
            )));
        }
        Ok(())
    }
}

/// Too many others wrote the same burst: the message comes again.
fn contended(key: &str) -> Error {
    Error::StorageFailed(format!(
        "{key} changed {TURNS_LIMIT} times while it was written"
    ))
}

/// Everything that a repair needs, in one message.
fn context(job: &Job, ended: &Ended, details: Option<&ErrorDetails>, now: &str) -> Value {
    json!({
        "version": "1",
        "jobId": job.job_id,
        "source": {"bucket": job.source_bucket, "key": job.source_key, "versionId": job.source_version_id},
        "profile": job.profile,
        "executionArn": ended.execution_arn,
        "status": ended.status.to_string(),
        "redriveCount": ended.redrive_count,
        "jobStatus": job.job_status,
        "failure": details,
        "stages": job.stages,
        "recordedAt": now,
    })
}

/// What other systems get to know (`VideoFailed`); the state's input is not theirs.
fn domain_event(job: &Job) -> Value {
    let (state, error, cause) = job
        .error_details
        .as_ref()
        .map_or((UNKNOWN, UNKNOWN, UNKNOWN), |details| {
            (&details.state, &details.error, &details.cause)
        });
    json!({
        "version": "1",
        "jobId": job.job_id,
        "videoId": job.job_id.base(),
        "source": {"bucket": job.source_bucket, "key": job.source_key, "versionId": job.source_version_id},
        "jobStatus": "FAILED",
        "state": state,
        "error": error,
        "cause": printable(cause, CAUSE_LIMIT),
    })
}
