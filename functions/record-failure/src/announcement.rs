//! Telling of a failure: the whole context for a repair, a notice for people, an event for other systems, and the
//! duplicates back into the queue.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::{Value, json};
use videoflow_shared::clock;
use videoflow_shared::error::classify;
use videoflow_shared::jobs::{ErrorDetails, Job};
use videoflow_shared::text::printable;

use crate::event::Ended;
use crate::{Error, Resources};

/// Characters of a notice's subject: SNS takes fewer than 100.
const SUBJECT_LIMIT: usize = 99;
/// Characters of a cause in a notice: the rest is in the queue and the job table.
const NOTICE_CAUSE_LIMIT: usize = 2000;

/// Longest key that S3 takes.
const KEY_LIMIT: usize = 1024;

/// The ways of telling.
#[derive(Debug)]
pub struct Announcer {
    queues: aws_sdk_sqs::Client,
    topics: aws_sdk_sns::Client,
    events: aws_sdk_eventbridge::Client,
    resources: Resources,
}

impl Announcer {
    /// The ways of telling.
    pub fn new(config: &SdkConfig, resources: Resources) -> Self {
        Self {
            queues: aws_sdk_sqs::Client::new(config),
            topics: aws_sdk_sns::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
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

    /// One message with the whole context, one notice.
    async fn tell(
        &self,
        job: &Job,
        ended: &Ended,
        details: Option<&ErrorDetails>,
        what: &str,
    ) -> Result<(), Error> {
        let message = context(job, ended, details, &clock::now());
        self.send(&self.resources.failed_videos_queue_url, &message)
            .await?;
        let request = self
            .topics
            .publish()
            .topic_arn(&self.resources.notices_topic_arn)
            .subject(subject(details));
        let published = request.message(notice(job, details, what)).send().await;
        published.map_err(|error| classify("Publish", &error))?;
        Ok(())
    }

    async fn send(&self, queue_url: &str, message: &Value) -> Result<(), Error> {
        let request = self
            .queues
            .send_message()
            .queue_url(queue_url)
            .message_body(message.to_string());
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
        .map_or(("unknown", "unknown", "unknown"), |details| {
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
        "cause": printable(cause, NOTICE_CAUSE_LIMIT),
    })
}

/// One line of printable ASCII, shorter than 100 characters.
fn subject(details: Option<&ErrorDetails>) -> String {
    let (state, error) = details.map_or(("unknown", "unknown"), |details| {
        (&details.state, &details.error)
    });
    let text = format!("Video failed in {state}: {error}");
    let printable = text
        .chars()
        .map(|c| if c.is_ascii_graphic() { c } else { ' ' });
    printable
        .take(SUBJECT_LIMIT)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

/// What happened, and the two commands that go on from there.
fn notice(job: &Job, details: Option<&ErrorDetails>, what: &str) -> String {
    let (id, key) = (&job.job_id, printable(&job.source_key, KEY_LIMIT));
    let Some(details) = details else {
        return format!("{key} {what}.\n\nJob: {id}\n");
    };
    format!(
        "{key} {what}.\n\nJob: {id}\nState: {}\nError: {}\nCause: {}\nExecution: {}\n\n\
         The whole way: videoflow history {id}\n\
         Again from the failed state, when the cause is mended: videoflow redrive {id}\n",
        details.state,
        details.error,
        printable(&details.cause, NOTICE_CAUSE_LIMIT),
        details.execution,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(state: &str, error: &str, expected: &str) {
        let details = ErrorDetails {
            state: state.into(),
            error: error.into(),
            cause: String::new(),
            input: None,
            execution: String::new(),
        };
        let subject = subject(Some(&details));
        assert_eq!(subject, expected);
        assert!(subject.len() < 100 && subject.is_ascii() && !subject.contains(['\n', '\r']));
    }

    #[test]
    fn subjects_suit_sns() {
        check(
            "StartLabels",
            "ServiceRefused",
            "Video failed in StartLabels: ServiceRefused",
        );
        check("A\nB", "ü\r", "Video failed in A B:");
        let long = "x".repeat(200);
        check(&long, "E", &format!("Video failed in {}", "x".repeat(83)));
    }
}
