//! Event source mappings: batches of a queue become invocations of a function.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::arn;
use crate::lambda::Host;
use crate::service::{Call, Principal, ServiceError};
use crate::services::Services;
use crate::sqs::{MAX_BATCH, MAX_WAIT, Message, Queues};

/// A failed message comes back after this. AWS waits for the visibility timeout; here nobody wants to wait minutes.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// Pause after the queue could not be read, so that a broken disk is no busy loop.
const PAUSE: Duration = Duration::from_secs(1);

/// Hands the messages of `queue` to `function` until the task is aborted, one batch at a time, beginning with what a
/// process that was killed had in its hands.
pub(super) async fn run(
    queues: Arc<Queues>,
    host: Arc<Host>,
    rights: Rights,
    queue: String,
    function: &'static str,
) {
    if let Err(error) = queues.release(&queue) {
        tracing::error!(%error, %queue, "cannot release the messages of a queue");
    }
    // On AWS the mapping is not even made without these rights.
    for operation in ["DeleteMessage", "GetQueueAttributes", "ReceiveMessage"] {
        if let Err(error) = rights.use_for(operation) {
            tracing::error!(%error, %queue, "the event source mapping may not poll its queue");
            return;
        }
    }
    loop {
        match queues.poll(&queue, MAX_BATCH, MAX_WAIT).await {
            Ok(messages) if messages.is_empty() => {}
            Ok(messages) => handle(&queues, &host, &queue, function, &messages).await,
            Err(error) => {
                tracing::error!(%error, %queue, "cannot poll a queue");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// The function's rights on its queue, which the mapping uses.
pub(super) struct Rights {
    pub(super) services: Arc<Services>,
    pub(super) principal: Principal,
    pub(super) queue_url: String,
}

impl Rights {
    fn use_for(&self, operation: &str) -> Result<(), ServiceError> {
        let mut parameters = json!({"QueueUrl": self.queue_url});
        if operation == "DeleteMessage" {
            parameters["ReceiptHandle"] = json!("of the mapping");
        }
        let call = Call {
            principal: self.principal.clone(),
            operation: operation.to_owned(),
            parameters,
        };
        self.services.made_within("lambda:PollQueue", "sqs", &call)
    }
}

async fn handle(queues: &Queues, host: &Host, queue: &str, function: &str, messages: &[Message]) {
    let arn = arn::queue(queue);
    let records: Vec<Value> = messages
        .iter()
        .map(|message| message.to_event_record(&arn))
        .collect();
    let failed = match host.invoke(function, &json!({"Records": records})).await {
        Ok(answer) if answer.function_error.is_none() => failures(&answer.payload, messages),
        Ok(answer) => {
            tracing::warn!(function, error = %answer.payload, "a batch of messages failed");
            all(messages)
        }
        Err(error) => {
            tracing::error!(function, %error, "a batch of messages could not be handed over");
            all(messages)
        }
    };
    if let Err(error) = queues.settle(queue, messages, &failed, RETRY_AFTER) {
        tracing::error!(%error, %queue, "cannot settle a batch of messages");
    }
}

/// The messages that a partial batch answer names. One that names a message without id fails the batch, as on AWS.
fn failures(answer: &Value, messages: &[Message]) -> Vec<String> {
    let Some(failures) = answer.get("batchItemFailures").and_then(Value::as_array) else {
        return Vec::new();
    };
    let ids: Option<Vec<String>> = failures
        .iter()
        .map(|failure| {
            failure
                .get("itemIdentifier")
                .and_then(Value::as_str)
                .filter(|id| !id.is_empty())
                .map(str::to_owned)
        })
        .collect();
    ids.unwrap_or_else(|| all(messages))
}

fn all(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.id.clone()).collect()
}
