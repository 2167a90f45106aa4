//! The services that keep state, and the rules between them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::placeholders::resource;
use super::{Error, failed};
use crate::arn;
use crate::cloudwatch::Alarms;
use crate::dynamodb::DynamoDb;
use crate::events::{DEFAULT_BUS, Events};
use crate::names;
use crate::s3::{Buckets, Notifications, Settings, Versioning};
use crate::service::Service;
use crate::services::Services;
use crate::sns::Topics;
use crate::sqs::Queues;
use crate::sts::Sts;

/// Hidden time of a message that a function works on, six times the function's timeout as AWS recommends.
const VISIBILITY_TIMEOUT: Duration = Duration::from_mins(6);
/// Times that a message is tried before it goes to the dead letters.
pub(super) const MAX_RECEIVE_COUNT: u32 = 5;
/// Times that people may look at a failed video: SQS's own limit.
const LOOKS: u32 = 1000;

/// The services that keep state of their own.
pub(super) struct State {
    pub(super) queues: Arc<Queues>,
    pub(super) events: Arc<Events>,
    pub(super) buckets: Buckets,
    alarms: Arc<Alarms>,
    topics: Arc<Topics>,
    dynamodb: DynamoDb,
}

impl State {
    pub(super) fn open(data: &Path, url: &str) -> Result<Self, Error> {
        let queues = Arc::new(queues(data, url)?);
        let events = Arc::new(events(data, &queues)?);
        let dynamodb = DynamoDb::open(&data.join("dynamodb.sqlite"))
            .map_err(|error| failed("DynamoDB", &error))?;
        dynamodb
            .create_tables(names::PREFIX)
            .map_err(|error| failed("DynamoDB", &error))?;
        Ok(Self {
            buckets: buckets(data, &events)?,
            alarms: Arc::new(alarms(data)?),
            topics: Arc::new(topics(data)?),
            queues,
            events,
            dynamodb,
        })
    }

    /// Puts the rules: uploads to the ingest queue, executions of process-video that did not succeed or are redriven to
    /// the failures queue. Then it tells them of the uploads that a process that was killed had no time to tell of.
    pub(super) fn connect(&self, object_created: &str, video_failed: &str) -> Result<(), Error> {
        let put = |name: &str, pattern: &str, queue: &str| {
            let (name, queue) = (names::prefixed(name), arn::queue(&names::prefixed(queue)));
            self.events
                .put_queue_rule(&name, DEFAULT_BUS, pattern, &queue)
                .map_err(|error: crate::events::Error| failed("EventBridge", &error))
        };
        put("object-created", object_created, resource::INGEST)?;
        put("video-failed", video_failed, resource::FAILURES)?;
        let told = self.buckets.tell(None);
        told.map_err(|error| failed("S3", &error))
    }

    /// Makes the services answer.
    pub(super) fn add_to(&self, services: &Services) {
        services.add(Arc::clone(&self.queues) as Arc<dyn Service>);
        services.add(Arc::clone(&self.events) as Arc<dyn Service>);
        services.add(Arc::clone(&self.alarms) as Arc<dyn Service>);
        services.add(Arc::clone(&self.topics) as Arc<dyn Service>);
        services.add(Arc::new(Sts));
        services.add(Arc::new(self.buckets.clone()));
        services.add(Arc::new(self.dynamodb.clone()));
    }
}

fn queues(data: &Path, url: &str) -> Result<Queues, Error> {
    let failed = |error: crate::sqs::Error| failed("SQS", &error);
    let queues = Queues::open(Some(&data.join("sqs.sqlite")), url).map_err(failed)?;
    for (queue, receives) in [
        (resource::INGEST, MAX_RECEIVE_COUNT),
        (resource::FAILURES, MAX_RECEIVE_COUNT),
        (resource::DELETIONS, MAX_RECEIVE_COUNT),
        (resource::FAILED_VIDEOS, LOOKS),
    ] {
        let queue = names::prefixed(queue);
        queues
            .create_with_dead_letters(&queue, VISIBILITY_TIMEOUT, receives)
            .map_err(failed)?;
    }
    Ok(queues)
}

fn events(data: &Path, queues: &Arc<Queues>) -> Result<Events, Error> {
    let archive = data.join("domain-events.jsonl");
    Events::open(
        Arc::clone(queues),
        &names::prefixed(resource::DOMAIN),
        Some(&archive),
    )
    .map_err(|error| failed("EventBridge", &error))
}

fn buckets(data: &Path, events: &Arc<Events>) -> Result<Buckets, Error> {
    let failed = |error: crate::s3::Error| failed("S3", &error);
    let buckets = Buckets::open(&data.join("s3"), Arc::clone(events)).map_err(failed)?;
    let source = Settings {
        versioning: Versioning::Enabled,
        notifications: Notifications::EventBridge,
    };
    let output = Settings {
        versioning: Versioning::Off,
        notifications: Notifications::Off,
    };
    buckets
        .create_bucket(&names::prefixed(resource::SOURCE), source)
        .map_err(failed)?;
    buckets
        .create_bucket(&names::prefixed(resource::OUTPUT), output)
        .map_err(failed)?;
    Ok(buckets)
}

/// The composite alarm that a release watches. Its rule is constant, as the alarms below it are not here.
fn alarms(data: &Path) -> Result<Alarms, Error> {
    let failed = |error: crate::cloudwatch::Error| failed("CloudWatch", &error);
    let alarms = Alarms::open(Some(&data.join("alarms.json"))).map_err(failed)?;
    let description = "At least one alarm of the environment is on";
    alarms
        .create(&names::prefixed(resource::UNHEALTHY), description, "FALSE")
        .map_err(failed)?;
    Ok(alarms)
}

fn topics(data: &Path) -> Result<Topics, Error> {
    let failed = |error: crate::sns::Error| failed("SNS", &error);
    let topics = Topics::open(Some(&data.join("notices.jsonl"))).map_err(failed)?;
    topics
        .create(&names::prefixed(resource::NOTICES))
        .map_err(failed)?;
    Ok(topics)
}
