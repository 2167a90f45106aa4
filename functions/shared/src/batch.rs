//! Batches of an SQS queue with partial failures: what may pass comes again, what will not goes to the dead letters.
//!
//! SQS itself says nothing of why a message became a dead letter, so the function moves it there with its reason: at once
//! when the failure is final, and instead of the last failure otherwise. A crash between moving and reporting leaves the
//! message in both queues; handling a message is idempotent. SQS does not know where a dead letter came from that it did
//! not move itself: moving it back (`StartMessageMoveTask`) needs the destination named.

use std::future::Future;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::MessageAttributeValue;
use serde::{Deserialize, Serialize};
use tracing::{error, info};

use crate::error::{self, classify};
use crate::settings::{self, Setting};
use crate::text::printable;

/// Characters of a cause in a message attribute: attributes count as part of the message.
const CAUSE_LIMIT: usize = 2000;

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
    /// What SQS says of it.
    #[serde(default)]
    pub attributes: SystemAttributes,
}

/// What SQS says of a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SystemAttributes {
    /// How often it was handed out, this time included: a number as text.
    #[serde(default)]
    pub approximate_receive_count: String,
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

/// An error that knows whether its message may be handled another time.
pub trait Transience {
    /// Whether the cause may pass by itself.
    fn is_transient(&self) -> bool;
}

/// The queue of what a function cannot handle.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    /// SQS.
    pub client: Client,
    /// The queue.
    pub queue_url: String,
    /// Times that the function's queue hands a message out before it becomes a dead letter.
    pub receive_limit: u32,
    /// The function.
    pub function_name: String,
}

impl DeadLetters {
    /// The queue that `queue` names, with `RECEIVE_LIMIT` and Lambda's own name of the function.
    ///
    /// # Errors
    /// All of [`settings::Error`].
    pub fn from_settings(config: &SdkConfig, queue: Setting) -> Result<Self, settings::Error> {
        Ok(Self {
            client: Client::new(config),
            queue_url: settings::read(queue)?,
            receive_limit: settings::read_number(Setting::ReceiveLimit)?,
            function_name: settings::read(Setting::AwsLambdaFunctionName)?,
        })
    }

    /// Whether a message that failed becomes a dead letter now.
    fn is_due(&self, message: &Message, failure: &impl Transience) -> bool {
        let received = message.attributes.approximate_receive_count.parse();
        !failure.is_transient() || received.is_ok_and(|count: u32| count >= self.receive_limit)
    }

    /// Sends a message's body with its reason.
    async fn take(&self, body: &str, name: &str, cause: &str) -> Result<(), error::Error> {
        let mut request = self.client.send_message().queue_url(&self.queue_url);
        for (attribute, text) in [
            ("ErrorName", name),
            ("ErrorCause", cause),
            ("FunctionName", &self.function_name),
        ] {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(printable(text, CAUSE_LIMIT))
                .build();
            request = request.message_attributes(attribute, value.map_err(|e| incomplete(&e))?);
        }
        match request.message_body(body).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(classify("SendMessage", &error)),
        }
    }
}

/// Handles message after message; an error concerns its message alone and is logged here.
pub async fn each<E, F, A>(batch: Batch, dead_letters: &DeadLetters, handle: F) -> Failures
where
    E: std::error::Error + Transience,
    for<'a> &'static str: From<&'a E>,
    F: Fn(String) -> A,
    A: Future<Output = Result<(), E>>,
{
    let mut batch_item_failures = Vec::new();
    for message in batch.records {
        let Err(failure) = handle(message.body.clone()).await else {
            info!(message = message.message_id, "handled");
            continue;
        };
        let name: &str = (&failure).into();
        error!(message = message.message_id, error = name, "{failure}");
        if dead_letters.is_due(&message, &failure) {
            let cause = failure.to_string();
            match dead_letters.take(&message.body, name, &cause).await {
                Ok(()) => continue,
                Err(refusal) => error!(message = message.message_id, "not moved: {refusal}"),
            }
        }
        batch_item_failures.push(Failure {
            item_identifier: message.message_id,
        });
    }
    Failures {
        batch_item_failures,
    }
}

/// The builder refuses only what lacks a member.
fn incomplete(error: &BuildError) -> error::Error {
    error::Error::ServiceRefused(format!("SendMessage: {error}"))
}

#[cfg(test)]
mod tests {
    use aws_config::BehaviorVersion;
    use serde_json::json;

    use super::*;

    struct Odd {
        is_transient: bool,
    }

    impl Transience for Odd {
        fn is_transient(&self) -> bool {
            self.is_transient
        }
    }

    fn check(is_transient: bool, attributes: &serde_json::Value, is_due: bool) {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .build();
        let dead_letters = DeadLetters {
            client: Client::new(&config),
            queue_url: String::new(),
            receive_limit: 3,
            function_name: String::new(),
        };
        let message =
            json!({"messageId": "1", "body": "", "attributes": attributes, "md5OfBody": ""});
        let message: Message =
            serde_json::from_value(message).unwrap_or_else(|error| unreachable!("{error}"));
        assert_eq!(
            dead_letters.is_due(&message, &Odd { is_transient }),
            is_due,
            "{message:?}"
        );
    }

    #[test]
    fn what_may_pass_comes_again_until_the_queue_would_drop_it() {
        let received = |count: &str| json!({"ApproximateReceiveCount": count, "SenderId": "s"});
        check(true, &received("1"), false);
        check(true, &received("2"), false);
        check(true, &received("3"), true);
        check(true, &received("4"), true);
        check(true, &json!({}), false);
        check(false, &received("1"), true);
    }
}
