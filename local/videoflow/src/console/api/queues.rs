//! The queues: what waits, what is worked on, what could not be handled.

use anyhow::Context;
use aws_sdk_sqs::types::QueueAttributeName;
use axum::Json;
use axum::extract::State;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use videoflow_platform::sqs::dead_letters;

use super::{Answer, Console, Shared};

/// Queues: name, what its messages are, and whether it has dead letters of its own.
const QUEUES: [(&str, &str, bool); 4] = [
    ("ingest", "uploads that are to become jobs", true),
    ("failures", "executions that failed or were redriven", true),
    ("deletions", "videos that are to be deleted", true),
    (
        "failed-videos",
        "jobs that failed, one message each, for whoever mends them",
        false,
    ),
];

/// All queues with their depths.
pub async fn queues(State(console): Shared) -> Answer {
    let age = console.line_age() * 2;
    let found = console
        .caches
        .queues
        .get(age, async || console.depths().await);
    Ok(Json(found.await?.as_ref().clone()))
}

impl Console {
    async fn depths(&self) -> anyhow::Result<Value> {
        let each = QUEUES.iter().map(async |(name, what, has_dead_letters)| {
            let full = self.environment.prefixed(name);
            let depth = self.depth(&full).await?;
            let dead = match has_dead_letters {
                true => Some(self.depth(&dead_letters(&full)).await?),
                false => None,
            };
            anyhow::Ok(json!({"name": name, "what": what, "depth": depth, "deadLetters": dead}))
        });
        Ok(json!({"queues": try_join_all(each).await?}))
    }

    async fn depth(&self, queue: &str) -> anyhow::Result<Value> {
        let client = self.environment.sqs();
        let url = client.get_queue_url().queue_name(queue).send().await;
        let url = url.map_err(aws_sdk_sqs::Error::from);
        let url = url.with_context(|| format!("cannot find the queue {queue}"))?;
        let names = [
            ("waiting", QueueAttributeName::ApproximateNumberOfMessages),
            (
                "inWork",
                QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            ),
            (
                "delayed",
                QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            ),
        ];
        let asked = client
            .get_queue_attributes()
            .set_queue_url(url.queue_url)
            .set_attribute_names(Some(names.iter().map(|(_, name)| name.clone()).collect()))
            .send();
        let asked = asked.await.map_err(aws_sdk_sqs::Error::from);
        let attributes = asked.with_context(|| format!("cannot ask for the depth of {queue}"))?;
        let attributes = attributes.attributes.unwrap_or_default();
        let depth = names.iter().map(|(member, name)| {
            let number: Option<u64> = attributes.get(name).and_then(|text| text.parse().ok());
            ((*member).to_owned(), json!(number))
        });
        Ok(Value::Object(depth.collect()))
    }
}
