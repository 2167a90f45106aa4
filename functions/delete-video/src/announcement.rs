//! Telling of a deletion: the function itself, where there is more to do; start-processing of the duplicates, which have
//! no original any more; and other systems.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::{Value, json};
use videoflow_shared::clock;
use videoflow_shared::error::classify;
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::Job;
use videoflow_shared::settings::{self, Setting, read};

use crate::{Error, Message};

/// The ways of telling.
#[derive(Debug)]
pub struct Announcer {
    queues: aws_sdk_sqs::Client,
    events: aws_sdk_eventbridge::Client,
    deletions_queue_url: String,
    ingest_queue_url: String,
    bus_name: String,
}

impl Announcer {
    /// The ways of telling as deployed.
    ///
    /// # Errors
    /// A missing setting.
    pub fn from_settings(config: &SdkConfig) -> Result<Self, settings::Error> {
        Ok(Self {
            queues: aws_sdk_sqs::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
            deletions_queue_url: read(Setting::DeletionsQueueUrl)?,
            ingest_queue_url: read(Setting::IngestQueueUrl)?,
            bus_name: read(Setting::DomainEventBusName)?,
        })
    }

    /// Asks for another invocation.
    ///
    /// # Errors
    /// The errors of SQS.
    pub async fn go_on(&self, message: &Message) -> Result<(), Error> {
        self.send(&self.deletions_queue_url, &json!(message)).await
    }

    /// Has the duplicates of the video processed, and tells other systems.
    ///
    /// # Errors
    /// The errors of the services.
    pub async fn announce(&self, base: &Job, duplicates: &[Job]) -> Result<(), Error> {
        for original in originals(&base.job_id, duplicates) {
            let message = json!({"requeue": {"jobId": original}});
            self.send(&self.ingest_queue_url, &message).await?;
        }
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus_name)
            .source("videoflow")
            .detail_type("VideoDeleted")
            .detail(domain_event(base, &clock::now()).to_string())
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

    async fn send(&self, queue_url: &str, message: &Value) -> Result<(), Error> {
        let request = self.queues.send_message().queue_url(queue_url);
        let answer = request.message_body(message.to_string()).send().await;
        answer
            .map(drop)
            .map_err(|error| classify("SendMessage", &error).into())
    }
}

/// Runs of the video that duplicates wait for.
fn originals(base: &JobId, duplicates: &[Job]) -> BTreeSet<JobId> {
    let waiting = duplicates.iter().filter(|job| job.requeued_as.is_none());
    let originals = waiting.filter_map(|job| job.original_job_id.clone());
    originals.filter(|job| job.base() == *base).collect()
}

/// What other systems get to know.
fn domain_event(job: &Job, now: &str) -> Value {
    json!({
        "version": "1",
        "jobId": job.job_id,
        "videoId": job.job_id.base(),
        "source": {"bucket": job.source_bucket, "key": job.source_key, "versionId": job.source_version_id},
        "deletedAt": now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(key: &str, original: Option<&JobId>, requeued: Option<&JobId>) -> Job {
        serde_json::from_value(json!({"JobId": JobId::of("b", key, "1", "default"), "JobStatus": "DUPLICATE",
            "SourceBucket": "b", "SourceKey": key, "SourceVersionId": "1", "Profile": "default", "CreatedAt": "t",
            "UpdatedAt": "t", "OriginalJobId": original, "RequeuedAs": requeued}))
        .unwrap_or_else(|error| unreachable!("{error}"))
    }

    #[test]
    fn duplicates_that_wait_for_the_video_are_processed_once() {
        let base = JobId::of("b", "k", "1", "default");
        let run = base
            .forced(1)
            .unwrap_or_else(|error| unreachable!("{error}"));
        let other = JobId::of("b", "other", "1", "default");
        let duplicates = [
            job("1", Some(&run), None),
            job("2", Some(&run), None),
            job("3", Some(&base), Some(&other)),
            job("4", Some(&other), None),
            job("5", None, None),
        ];
        assert_eq!(originals(&base, &duplicates), BTreeSet::from([run]));
    }

    #[test]
    fn the_event_names_the_video() {
        let event = domain_event(&job("k", None, None), "now");
        assert_eq!(event["source"]["key"], "k");
        assert_eq!(event["deletedAt"], "now");
        assert_eq!(event["version"], "1");
    }
}
