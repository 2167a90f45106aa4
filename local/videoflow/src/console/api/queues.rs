//! The queues: what waits, what is worked on, what could not be handled.

use anyhow::Context;
use aws_sdk_sqs::types::QueueAttributeName;
use axum::Json;
use axum::extract::State;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use videoflow_platform::sqs::dead_letters;

use super::{Answer, Console, Shared};
use crate::dead_letters::{Filter, look};

/// Queues: name, and what its messages are. Each has dead letters of its own.
const QUEUES: [(&str, &str); 4] = [
    ("ingest", "uploads that are to become jobs"),
    ("failures", "executions that failed or were redriven"),
    ("deletions", "videos that are to be deleted"),
    (
        "failed-videos",
        "jobs that failed, one message each, for whoever mends them",
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

/// What lies among the dead letters and the failed videos, and why. Each message is hidden for the moment of the look.
pub async fn letters(State(console): Shared) -> Answer {
    let heaps = look(&console.environment, &Filter::default(), 0).await?;
    Ok(Json(json!({"queues": heaps})))
}

impl Console {
    async fn depths(&self) -> anyhow::Result<Value> {
        let each = QUEUES.iter().map(async |(name, what)| {
            let full = self.environment.prefixed(name);
            let depth = self.depth(&full).await?;
            let dead = self.depth(&dead_letters(&full)).await?;
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
