//! SQS's operations with the parameters of its API model.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::attributes;
use super::entries::{Outcome, batch};
use super::{Attributes, Error, MAX_BATCH, MAX_VISIBILITY, MAX_WAIT, Queues, message, now_ms};
use crate::arn;
use crate::service::{Call, Failure, Service, ServiceError};
use crate::token::Token;

/// Messages received without `MaxNumberOfMessages`: SQS's own default.
const DEFAULT_BATCH: u64 = 1;

/// Queues in one answer of `ListQueues`: SQS's own limit.
const MAX_LISTED: usize = 1000;

#[async_trait]
impl Service for Queues {
    fn name(&self) -> &'static str {
        "sqs"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        self.perform(&call, None).await
    }

    async fn answer_once(&self, call: Call, token: &Token) -> Result<Value, Failure> {
        Ok(self.perform(&call, Some(token)).await?)
    }
}

impl Queues {
    async fn perform(&self, call: &Call, token: Option<&Token>) -> Result<Value, ServiceError> {
        let parameters = &call.parameters;
        let answer = match call.operation.as_str() {
            "CreateQueue" => self.create_queue(parameters),
            "GetQueueUrl" => self.get_queue_url(parameters),
            "ListQueues" => self.list_queues(parameters),
            "DeleteQueue" => self.store().remove(queue(parameters)?).map(|()| json!({})),
            "PurgeQueue" => self.store().purge(queue(parameters)?).map(|()| json!({})),
            "GetQueueAttributes" => self.get_queue_attributes(parameters),
            "SetQueueAttributes" => self.set_queue_attributes(parameters),
            "SendMessage" => self.send_message(queue(parameters)?, parameters, token),
            "SendMessageBatch" => batch(parameters, |entry| {
                let token = token.map(|token| token.part(entry.get("Id").unwrap_or(&Value::Null)));
                self.send_message(queue(parameters)?, entry, token.as_ref())
            }),
            "ReceiveMessage" => self.receive_message(parameters).await,
            "DeleteMessage" => self.delete_message(queue(parameters)?, parameters),
            "DeleteMessageBatch" => batch(parameters, |entry| {
                self.delete_message(queue(parameters)?, entry)
            }),
            "ChangeMessageVisibility" => self.change_visibility(queue(parameters)?, parameters),
            "ChangeMessageVisibilityBatch" => batch(parameters, |entry| {
                self.change_visibility(queue(parameters)?, entry)
            }),
            "ListDeadLetterSourceQueues" => self.list_dead_letter_source_queues(queue(parameters)?),
            "StartMessageMoveTask" => self.start_message_move_task(parameters),
            "ListMessageMoveTasks" => self.list_message_move_tasks(parameters),
            operation => return Err(ServiceError::unknown_operation(operation)),
        };
        answer.map_err(ServiceError::from)
    }

    fn create_queue(&self, parameters: &Value) -> Outcome {
        let name = text(parameters, "QueueName")?;
        let mut attributes = Attributes::default();
        attributes.change(&map(parameters, "Attributes"))?;
        self.create(name, &attributes)?;
        Ok(json!({"QueueUrl": self.url(name)}))
    }

    fn get_queue_url(&self, parameters: &Value) -> Outcome {
        let name = text(parameters, "QueueName")?;
        self.store().attributes(name)?;
        Ok(json!({"QueueUrl": self.url(name)}))
    }

    fn list_queues(&self, parameters: &Value) -> Outcome {
        let prefix = parameters
            .get("QueueNamePrefix")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let names = self.store().names(prefix)?;
        let urls: Vec<String> = names
            .iter()
            .take(MAX_LISTED)
            .map(|name| self.url(name))
            .collect();
        Ok(json!({"QueueUrls": urls}))
    }

    fn get_queue_attributes(&self, parameters: &Value) -> Outcome {
        let queue = queue(parameters)?;
        let store = self.store();
        let mut shown = store.attributes(queue)?.to_map();
        let counts = store.counts(queue, now_ms())?;
        for (name, value) in [
            ("QueueArn", arn::queue(queue)),
            (
                "CreatedTimestamp",
                (store.created_ms(queue)? / 1000).to_string(),
            ),
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            (
                "ApproximateNumberOfMessagesNotVisible",
                counts.in_flight.to_string(),
            ),
            (
                "ApproximateNumberOfMessagesDelayed",
                counts.delayed.to_string(),
            ),
        ] {
            shown.insert(name.to_owned(), json!(value));
        }
        let asked: Vec<&str> = texts(parameters, "AttributeNames");
        let unknown = asked.iter().find(|name| !attributes::NAMES.contains(name));
        if let Some(unknown) = unknown {
            return Err(Error::InvalidAttributeName((*unknown).to_owned()));
        }
        if !asked.contains(&"All") {
            shown.retain(|name, _| asked.contains(&name.as_str()));
        }
        Ok(json!({"Attributes": shown}))
    }

    fn set_queue_attributes(&self, parameters: &Value) -> Outcome {
        let queue = queue(parameters)?;
        let mut store = self.store();
        let mut attributes = store.attributes(queue)?;
        attributes.change(&map(parameters, "Attributes"))?;
        store.set_attributes(queue, &attributes)?;
        Ok(json!({}))
    }

    fn send_message(&self, queue: &str, entry: &Value, token: Option<&Token>) -> Outcome {
        let body = text(entry, "MessageBody")?;
        let delay = seconds(entry, "DelaySeconds", Duration::from_mins(15))?;
        let attributes = map(entry, "MessageAttributes");
        let id = self.send_with(queue, body, &attributes, delay, token)?;
        Ok(json!({"MessageId": id, "MD5OfMessageBody": message::md5(body)}))
    }

    async fn receive_message(&self, parameters: &Value) -> Outcome {
        let queue = queue(parameters)?;
        let count = parameters
            .get("MaxNumberOfMessages")
            .map_or(Some(DEFAULT_BATCH), Value::as_u64);
        let count = count
            .and_then(|count| usize::try_from(count).ok())
            .filter(|count| (1..=MAX_BATCH).contains(count))
            .ok_or_else(|| {
                Error::InvalidParameterValue(
                    "MaxNumberOfMessages is not between 1 and 10".to_owned(),
                )
            })?;
        let visibility = seconds(parameters, "VisibilityTimeout", MAX_VISIBILITY)?;
        let wait = match seconds(parameters, "WaitTimeSeconds", MAX_WAIT)? {
            Some(wait) => wait,
            None => self.store().attributes(queue)?.receive_wait,
        };
        let messages = self.receive(queue, count, visibility, wait).await?;
        let messages: Vec<Value> = messages.iter().map(super::Message::to_answer).collect();
        Ok(if messages.is_empty() {
            json!({})
        } else {
            json!({"Messages": messages})
        })
    }

    /// A receipt that has been superseded or deleted already is fine, as in SQS; a text that never was one is not.
    fn delete_message(&self, queue: &str, entry: &Value) -> Outcome {
        let receipt = text(entry, "ReceiptHandle")?;
        if uuid::Uuid::parse_str(receipt).is_err() {
            return Err(Error::ReceiptHandleIsInvalid(receipt.to_owned()));
        }
        self.store().delete(queue, receipt)?;
        Ok(json!({}))
    }

    fn change_visibility(&self, queue: &str, entry: &Value) -> Outcome {
        let receipt = text(entry, "ReceiptHandle")?;
        let visibility = seconds(entry, "VisibilityTimeout", MAX_VISIBILITY)?.unwrap_or_default();
        let changed = self
            .store()
            .change_visibility(queue, receipt, visibility, now_ms())?;
        self.arrivals.notify_waiters();
        if changed {
            Ok(json!({}))
        } else {
            Err(Error::ReceiptHandleIsInvalid(receipt.to_owned()))
        }
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        let (code, status) = match &error {
            Error::QueueDoesNotExist(_) => ("QueueDoesNotExist", 400),
            Error::QueueNameExists(_) => ("QueueNameExists", 400),
            Error::ReceiptHandleIsInvalid(_) => ("ReceiptHandleIsInvalid", 400),
            Error::InvalidAttributeName(_) => ("InvalidAttributeName", 400),
            Error::MessageTooLong | Error::InvalidParameterValue(_) => {
                ("InvalidParameterValue", 400)
            }
            Error::EmptyBatch => ("EmptyBatchRequest", 400),
            Error::TooManyEntries => ("TooManyEntriesInBatchRequest", 400),
            Error::EntryIdsNotDistinct => ("BatchEntryIdsNotDistinct", 400),
            Error::ResourceNotFound(_) => ("ResourceNotFoundException", 404),
            Error::UnsupportedOperation(_) => ("UnsupportedOperation", 400),
            Error::Unusable(_) => ("InternalError", 500),
        };
        Self::new(code, status, error.to_string())
    }
}

fn queue(parameters: &Value) -> Result<&str, Error> {
    text(parameters, "QueueUrl").map(arn::last_part)
}

pub(super) fn text<'a>(parameters: &'a Value, name: &str) -> Result<&'a str, Error> {
    let text = parameters.get(name).and_then(Value::as_str);
    text.ok_or_else(|| Error::InvalidParameterValue(format!("{name} is missing")))
}

fn texts<'a>(parameters: &'a Value, name: &str) -> Vec<&'a str> {
    let list = parameters.get(name).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn map(parameters: &Value, name: &str) -> Map<String, Value> {
    parameters
        .get(name)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn seconds(parameters: &Value, name: &str, max: Duration) -> Result<Option<Duration>, Error> {
    let Some(value) = parameters.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let duration = value
        .as_u64()
        .map(Duration::from_secs)
        .filter(|duration| *duration <= max);
    let refuse = || {
        Error::InvalidParameterValue(format!(
            "{name} is {value}, not between 0 and {}",
            max.as_secs()
        ))
    };
    duration.map(Some).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Principal;

    async fn call(queues: &Queues, operation: &str, parameters: Value) -> Result<Value, String> {
        let call = Call {
            principal: Principal("tester".into()),
            operation: operation.into(),
            parameters,
        };
        queues.call(call).await.map_err(|error| error.code)
    }

    fn queues() -> Queues {
        let queues = Queues::open(None, "http://127.0.0.1:1/").expect("memory");
        queues
            .create_with_dead_letters("work", Duration::from_secs(30), 2)
            .expect("new queues");
        queues
    }

    fn pointer<'a>(answer: &'a Result<Value, String>, pointer: &str) -> &'a Value {
        answer
            .as_ref()
            .ok()
            .and_then(|answer| answer.pointer(pointer))
            .unwrap_or(&Value::Null)
    }

    #[tokio::test]
    async fn sends_receives_and_deletes() {
        let queues = queues();
        let url = queues.url("work");
        assert_eq!(url, "http://127.0.0.1:1/000000000000/work");
        let entries = json!([{"Id": "1", "MessageBody": "a"}, {"Id": "2", "MessageBody": ""}]);
        let sent = call(
            &queues,
            "SendMessageBatch",
            json!({"QueueUrl": url, "Entries": entries}),
        )
        .await;
        assert_eq!(pointer(&sent, "/Successful/0/Id"), "1");
        assert_eq!(pointer(&sent, "/Failed/0/Code"), "InvalidParameterValue");

        let received = call(
            &queues,
            "ReceiveMessage",
            json!({"QueueUrl": url, "MaxNumberOfMessages": 10}),
        )
        .await;
        assert_eq!(pointer(&received, "/Messages/0/Body"), "a");
        let receipt = pointer(&received, "/Messages/0/ReceiptHandle").clone();
        let change = json!({"QueueUrl": url, "ReceiptHandle": receipt, "VisibilityTimeout": 0});
        assert_eq!(
            call(&queues, "ChangeMessageVisibility", change).await,
            Ok(json!({}))
        );

        let attributes = json!({"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages", "RedrivePolicy"]});
        let attributes = call(&queues, "GetQueueAttributes", attributes).await;
        assert_eq!(
            pointer(&attributes, "/Attributes/ApproximateNumberOfMessages"),
            "1"
        );
        assert_eq!(
            pointer(&attributes, "/Attributes/RedrivePolicy"),
            "{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:work-dead-letters\",\"maxReceiveCount\":2}"
        );
        let delete = json!({"QueueUrl": url, "ReceiptHandle": receipt});
        assert_eq!(call(&queues, "DeleteMessage", delete).await, Ok(json!({})));
        assert_eq!(queues.visible_count("work").ok(), Some(0));
    }

    #[tokio::test]
    async fn refuses_with_sqs_codes() {
        let queues = queues();
        let url = queues.url("work");
        let long = "x".repeat(1024 * 1024);
        let eleven: Vec<Value> = (0..11)
            .map(|id| json!({"Id": id.to_string(), "MessageBody": "a"}))
            .collect();
        for (operation, parameters, expected) in [
            (
                "SendMessage",
                json!({"QueueUrl": "none", "MessageBody": "a"}),
                "QueueDoesNotExist",
            ),
            (
                "SendMessage",
                json!({"QueueUrl": url, "MessageBody": long}),
                "InvalidParameterValue",
            ),
            (
                "GetQueueUrl",
                json!({"QueueName": "none"}),
                "QueueDoesNotExist",
            ),
            (
                "ReceiveMessage",
                json!({"QueueUrl": url, "MaxNumberOfMessages": 11}),
                "InvalidParameterValue",
            ),
            (
                "ReceiveMessage",
                json!({"QueueUrl": url, "WaitTimeSeconds": 21}),
                "InvalidParameterValue",
            ),
            (
                "ChangeMessageVisibility",
                json!({"QueueUrl": url, "ReceiptHandle": "none", "VisibilityTimeout": 1}),
                "ReceiptHandleIsInvalid",
            ),
            (
                "SendMessageBatch",
                json!({"QueueUrl": url, "Entries": []}),
                "EmptyBatchRequest",
            ),
            (
                "SendMessageBatch",
                json!({"QueueUrl": url, "Entries": eleven}),
                "TooManyEntriesInBatchRequest",
            ),
            (
                "CreateQueue",
                json!({"QueueName": "a b"}),
                "InvalidParameterValue",
            ),
            (
                "CreateQueue",
                json!({"QueueName": "work"}),
                "QueueNameExists",
            ),
            ("TagQueue", json!({}), "UnknownOperationException"),
        ] {
            let answer = call(&queues, operation, parameters).await;
            assert_eq!(answer.err().as_deref(), Some(expected), "{operation}");
        }
    }

    #[test]
    fn a_message_of_the_same_token_is_sent_once_also_when_it_is_gone() {
        let queues = queues();
        let send = |token: &str| {
            let sent = queues.send_once("work", "a", &Token::new(token));
            sent.expect("a queue")
        };
        let first = send("1");
        assert_eq!(queues.visible_count("work").ok(), Some(1));
        queues.store().purge("work").expect("a queue");
        assert_eq!(send("1"), first);
        assert_eq!(queues.visible_count("work").ok(), Some(0));
        assert_ne!(send("2"), first);
        assert_eq!(queues.visible_count("work").ok(), Some(1));
    }

    #[tokio::test]
    async fn an_event_source_gets_failed_messages_again() {
        let queues = queues();
        for body in ["a", "b"] {
            queues.send("work", body).expect("a queue");
        }
        let messages = queues
            .poll("work", 10, Duration::ZERO)
            .await
            .expect("a queue");
        assert_eq!(messages.len(), 2);
        let failed: Vec<String> = messages
            .iter()
            .take(1)
            .map(|message| message.id.clone())
            .collect();
        queues
            .settle("work", &messages, &failed, Duration::ZERO)
            .expect("a queue");

        let again = queues
            .poll("work", 10, Duration::ZERO)
            .await
            .expect("a queue");
        let again: Vec<(&str, u32)> = again
            .iter()
            .map(|message| (message.body.as_str(), message.receive_count))
            .collect();
        assert_eq!(again, [("a", 2)]);
    }

    #[tokio::test]
    async fn a_waiting_receive_gets_a_message_that_arrives() {
        let queues = queues();
        let (received, sent) = tokio::join!(queues.poll("work", 1, MAX_WAIT), async {
            queues.send("work", "late")
        });
        assert_eq!(received.map(|messages| messages.len()).ok(), Some(1));
        assert!(sent.is_ok());
    }
}
