//! Batches of an SQS queue with partial failures: only what failed comes again.

use std::future::Future;

use serde::{Deserialize, Serialize};
use tracing::{error, info};

/// A batch as Lambda's event source mapping hands it over. An AWS shape: other members are none of our business.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Batch {
    /// The messages, at most 10 as deployed.
    pub records: Vec<Message>,
}

/// A message.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id in this queue.
    pub message_id: String,
    /// Its body.
    pub body: String,
}

/// The messages that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failures {
    /// One entry a message.
    pub batch_item_failures: Vec<Failure>,
}

/// A message that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The message's id.
    pub item_identifier: String,
}

/// Handles message after message; an error fails its message alone and is logged here.
pub async fn each<E, F, A>(batch: Batch, handle: F) -> Failures
where
    E: std::error::Error,
    for<'a> &'static str: From<&'a E>,
    F: Fn(String) -> A,
    A: Future<Output = Result<(), E>>,
{
    let mut batch_item_failures = Vec::new();
    for message in batch.records {
        match handle(message.body).await {
            Ok(()) => info!(message = message.message_id, "handled"),
            Err(failure) => {
                let name: &str = (&failure).into();
                error!(message = message.message_id, error = name, "{failure}");
                batch_item_failures.push(Failure {
                    item_identifier: message.message_id,
                });
            }
        }
    }
    Failures {
        batch_item_failures,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, thiserror::Error, strum::IntoStaticStr)]
    enum Odd {
        #[error("bad")]
        Bad,
    }

    async fn check(bodies: &[&str], failed: &[&str]) {
        let records: Vec<_> = bodies
            .iter()
            .map(|body| json!({"messageId": body, "body": body, "md5OfBody": ""}))
            .collect();
        let batch = serde_json::from_value(json!({"Records": records}))
            .unwrap_or_else(|error| unreachable!("{error}"));
        let failures = each(batch, async |body: String| {
            if body.starts_with("bad") {
                Err(Odd::Bad)
            } else {
                Ok(())
            }
        })
        .await;
        let expected: Vec<_> = failed
            .iter()
            .map(|id| json!({"itemIdentifier": id}))
            .collect();
        assert_eq!(json!(failures), json!({"batchItemFailures": expected}));
    }

    #[tokio::test]
    async fn only_failed_messages_come_again() {
        check(&["a", "bad1", "b", "bad2"], &["bad1", "bad2"]).await;
        check(&["a"], &[]).await;
        check(&[], &[]).await;
    }
}
