//! SNS: topics and a record of what was published to them, for people and tests to read. Nothing is delivered: a
//! laptop has nobody to send mail to.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::arn;
use crate::lines;
use crate::names::ACCOUNT;
use crate::service::{Call, Failure, Service, ServiceError};
use crate::token::Token;

/// Longest message with its attributes: SNS's own limit.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// A subject is shorter than this: SNS's own limit.
const SUBJECT_BELOW_CHARACTERS: usize = 100;

/// Most entries of a batch: SNS's own limit.
const MAX_BATCH: usize = 10;

/// Notices kept in memory; the file has all.
const NOTICES_IN_MEMORY: usize = 1000;

/// A published notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// When, RFC 3339 in UTC.
    pub time: String,
    /// Topic.
    pub topic_arn: String,
    /// Id of the message.
    pub message_id: String,
    /// Subject, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Message.
    pub message: String,
    /// Its attributes, by which subscriptions filter, in SNS's shape.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub attributes: Value,
}

/// Cause why a topic does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such topic.
    #[error("the topic {0} does not exist")]
    NotFound(String),
    /// A parameter is missing or out of its range.
    #[error("invalid parameter: {0}")]
    InvalidParameter(String),
    /// The record of notices cannot be read or written.
    #[error("the record of notices cannot be read or written: {0}")]
    Unusable(#[from] std::io::Error),
}

#[derive(Debug, Default)]
struct State {
    /// Subscriptions (protocol, endpoint) by topic ARN.
    topics: BTreeMap<String, Vec<(String, String)>>,
    notices: Vec<Notice>,
    file: Option<File>,
}

/// The local SNS. Topics live as long as the process, notices in the file.
#[derive(Debug, Default)]
pub struct Topics {
    state: Mutex<State>,
}

impl Topics {
    /// Topics whose notices are kept as JSON lines in `file`, or in memory only without one.
    ///
    /// # Errors
    /// `Unusable`.
    pub fn open(file: Option<&Path>) -> Result<Self, Error> {
        let mut state = State::default();
        if let Some(path) = file {
            state.file = Some(lines::open(path)?);
            let text = std::fs::read_to_string(path)?;
            let notices = text.lines().rev().take(NOTICES_IN_MEMORY);
            // A line cut off by a crash is no notice.
            state.notices = notices
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect();
            state.notices.reverse();
        }
        Ok(Self {
            state: Mutex::new(state),
        })
    }

    /// Makes a topic and answers its ARN.
    ///
    /// # Errors
    /// `InvalidParameter` for a name that is none.
    pub fn create(&self, name: &str) -> Result<String, Error> {
        let is_name = (1..=256).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !is_name {
            return Err(Error::InvalidParameter("Topic Name".to_owned()));
        }
        let topic = arn::topic(name);
        self.state().topics.entry(topic.clone()).or_default();
        Ok(topic)
    }

    /// The latest notices, oldest first.
    pub fn notices(&self) -> Vec<Notice> {
        self.state().notices.clone()
    }

    /// A notice of the same token is published once, as far back as notices are kept in memory.
    fn publish(&self, parameters: &Value, token: Option<&Token>) -> Result<Value, Error> {
        let topic = text(parameters, "TopicArn").or_else(|_| text(parameters, "TargetArn"))?;
        let subject = parameters.get("Subject").and_then(Value::as_str);
        let message = text(parameters, "Message")?;
        if subject.is_some_and(|subject| !is_subject(subject)) {
            return Err(Error::InvalidParameter("Subject".to_owned()));
        }
        if message.is_empty() {
            return Err(Error::InvalidParameter("Empty message".to_owned()));
        }
        let attributes = parameters.get("MessageAttributes").cloned();
        let attributes_bytes = attributes.as_ref().map_or(0, |all| all.to_string().len());
        if message.len() + attributes_bytes > MAX_MESSAGE_BYTES {
            return Err(Error::InvalidParameter("Message too long".to_owned()));
        }
        let mut state = self.state();
        if !state.topics.contains_key(topic) {
            return Err(Error::NotFound(topic.to_owned()));
        }
        let id = Token::id_or_new(token).to_string();
        let answer = json!({"MessageId": id});
        if token.is_some() && state.notices.iter().any(|notice| notice.message_id == id) {
            return Ok(answer);
        }
        let notice = Notice {
            time: OffsetDateTime::now_utc()
                .format(&Rfc3339)
                .unwrap_or_default(),
            topic_arn: topic.to_owned(),
            message_id: id,
            subject: subject.map(str::to_owned),
            message: message.to_owned(),
            attributes: attributes.unwrap_or_default(),
        };
        if let Some(file) = &mut state.file {
            let line = serde_json::to_string(&notice).map_err(std::io::Error::other)?;
            lines::append(file, format!("{line}\n").as_bytes())?;
        }
        if state.notices.len() == NOTICES_IN_MEMORY {
            state.notices.remove(0);
        }
        state.notices.push(notice);
        Ok(answer)
    }

    fn subscribe(&self, parameters: &Value) -> Result<Value, Error> {
        let topic = text(parameters, "TopicArn")?;
        let subscription = (
            text(parameters, "Protocol")?.to_owned(),
            text(parameters, "Endpoint")?.to_owned(),
        );
        let mut state = self.state();
        let subscriptions = state
            .topics
            .get_mut(topic)
            .ok_or_else(|| Error::NotFound(topic.to_owned()))?;
        if !subscriptions.contains(&subscription) {
            subscriptions.push(subscription);
        }
        Ok(json!({"SubscriptionArn": format!("{topic}:{}", Uuid::new_v4())}))
    }

    fn list_topics(&self) -> Value {
        let state = self.state();
        let topics: Vec<Value> = state
            .topics
            .keys()
            .map(|topic| json!({"TopicArn": topic}))
            .collect();
        json!({"Topics": topics})
    }

    fn publish_batch(&self, parameters: &Value) -> Result<Value, Error> {
        let entries = parameters
            .get("PublishBatchRequestEntries")
            .and_then(Value::as_array);
        let entries = entries.map_or(&[][..], Vec::as_slice);
        if !(1..=MAX_BATCH).contains(&entries.len()) {
            return Err(Error::InvalidParameter(format!(
                "a batch has 1 to {MAX_BATCH} entries"
            )));
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            let id = text(entry, "Id")?;
            let mut message = entry.clone();
            message["TopicArn"] = parameters["TopicArn"].clone();
            match self.publish(&message, None) {
                Ok(answer) => successful.push(json!({"Id": id, "MessageId": answer["MessageId"]})),
                Err(error @ Error::InvalidParameter(_)) => failed.push(json!({
                    "Id": id, "Code": "InvalidParameter", "Message": error.to_string(), "SenderFault": true
                })),
                Err(error) => return Err(error),
            }
        }
        Ok(json!({"Successful": successful, "Failed": failed}))
    }

    fn topic_attributes(&self, topic: &str) -> Result<Value, Error> {
        let state = self.state();
        let missing = || Error::NotFound(topic.to_owned());
        let subscriptions = state.topics.get(topic).ok_or_else(missing)?;
        Ok(json!({"Attributes": {
            "TopicArn": topic,
            "Owner": ACCOUNT,
            "DisplayName": "",
            "SubscriptionsConfirmed": subscriptions.len().to_string(),
            "SubscriptionsPending": "0",
            "SubscriptionsDeleted": "0",
        }}))
    }

    /// A topic that is not there is fine, as in SNS.
    fn delete_topic(&self, topic: &str) -> Value {
        self.state().topics.remove(topic);
        json!({})
    }

    fn list_all_subscriptions(&self) -> Value {
        let state = self.state();
        let topics = state.topics.iter();
        let subscriptions =
            topics.flat_map(|(topic, subscriptions)| described(topic, subscriptions));
        json!({"Subscriptions": subscriptions.collect::<Vec<_>>()})
    }

    fn list_subscriptions(&self, topic: &str) -> Result<Value, Error> {
        let state = self.state();
        let subscriptions = state
            .topics
            .get(topic)
            .ok_or_else(|| Error::NotFound(topic.to_owned()))?;
        let subscriptions: Vec<Value> = described(topic, subscriptions).collect();
        Ok(json!({"Subscriptions": subscriptions}))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Service for Topics {
    fn name(&self) -> &'static str {
        "sns"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        self.perform(&call, None)
    }

    async fn answer_once(&self, call: Call, token: &Token) -> Result<Value, Failure> {
        Ok(self.perform(&call, Some(token))?)
    }
}

impl Topics {
    fn perform(&self, call: &Call, token: Option<&Token>) -> Result<Value, ServiceError> {
        let parameters = &call.parameters;
        let topic = || text(parameters, "TopicArn");
        let answer = match call.operation.as_str() {
            "CreateTopic" => text(parameters, "Name")
                .and_then(|name| self.create(name))
                .map(|topic| json!({"TopicArn": topic})),
            "DeleteTopic" => topic().map(|topic| self.delete_topic(topic)),
            "GetTopicAttributes" => topic().and_then(|topic| self.topic_attributes(topic)),
            "ListSubscriptions" => Ok(self.list_all_subscriptions()),
            "Publish" => self.publish(parameters, token),
            "PublishBatch" => self.publish_batch(parameters),
            "Subscribe" => self.subscribe(parameters),
            "ListTopics" => Ok(self.list_topics()),
            "ListSubscriptionsByTopic" => topic().and_then(|topic| self.list_subscriptions(topic)),
            operation => return Err(ServiceError::unknown_operation(operation)),
        };
        answer.map_err(ServiceError::from)
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        let (code, status) = match &error {
            Error::NotFound(_) => ("NotFoundException", 404),
            Error::InvalidParameter(_) => ("InvalidParameterException", 400),
            Error::Unusable(_) => ("InternalErrorException", 500),
        };
        Self::new(code, status, error.to_string())
    }
}

/// What is told of a topic's subscriptions. Nobody is asked to confirm one, so none has an ARN yet.
fn described<'a>(
    topic: &'a str,
    subscriptions: &'a [(String, String)],
) -> impl Iterator<Item = Value> + 'a {
    subscriptions.iter().map(move |(protocol, endpoint)| {
        json!({
            "SubscriptionArn": "PendingConfirmation",
            "Owner": ACCOUNT,
            "TopicArn": topic,
            "Protocol": protocol,
            "Endpoint": endpoint,
        })
    })
}

/// One line of printable characters that begins with no blank.
fn is_subject(subject: &str) -> bool {
    let length = subject.chars().count();
    (1..SUBJECT_BELOW_CHARACTERS).contains(&length)
        && !subject.starts_with(char::is_whitespace)
        && !subject.chars().any(char::is_control)
}

fn text<'a>(parameters: &'a Value, name: &str) -> Result<&'a str, Error> {
    let text = parameters.get(name).and_then(Value::as_str);
    text.ok_or_else(|| Error::InvalidParameter(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Principal;

    async fn call(topics: &Topics, operation: &str, parameters: Value) -> Result<Value, String> {
        let call = Call {
            principal: Principal("tester".into()),
            operation: operation.into(),
            parameters,
        };
        topics.call(call).await.map_err(|error| error.code)
    }

    #[tokio::test]
    async fn keeps_notices_across_restarts() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("notices.jsonl");
        for expected in 1..=2 {
            let topics = Topics::open(Some(&file)).expect("a file");
            let topic = topics.create("notices").expect("a name");
            let notice = json!({"TopicArn": topic, "Subject": "Published: a video", "Message": "two\nlines"});
            assert!(call(&topics, "Publish", notice).await.is_ok());
            assert_eq!(topics.notices().len(), expected);
        }
    }

    #[tokio::test]
    async fn refuses_what_sns_refuses() {
        let topics = Topics::open(None).expect("memory");
        let topic = topics.create("notices").expect("a name");
        let publish = |subject: &str, message: &str| json!({"TopicArn": topic, "Subject": subject, "Message": message});
        for (operation, parameters, expected) in [
            ("Publish", publish(&"s".repeat(99), "m"), None),
            (
                "Publish",
                publish(&"s".repeat(100), "m"),
                Some("InvalidParameterException"),
            ),
            (
                "Publish",
                publish("two\nlines", "m"),
                Some("InvalidParameterException"),
            ),
            (
                "Publish",
                publish("s", ""),
                Some("InvalidParameterException"),
            ),
            (
                "Publish",
                publish("s", &"m".repeat(MAX_MESSAGE_BYTES)),
                None,
            ),
            (
                "Publish",
                publish("s", &"m".repeat(MAX_MESSAGE_BYTES + 1)),
                Some("InvalidParameterException"),
            ),
            (
                "Publish",
                json!({"TopicArn": arn::topic("none"), "Message": "m"}),
                Some("NotFoundException"),
            ),
            (
                "CreateTopic",
                json!({"Name": "a b"}),
                Some("InvalidParameterException"),
            ),
            ("TagResource", json!({}), Some("UnknownOperationException")),
        ] {
            let answer = call(&topics, operation, parameters).await;
            assert_eq!(answer.err().as_deref(), expected, "{operation}");
        }
    }

    #[tokio::test]
    async fn a_notice_of_the_same_token_is_published_once_also_by_another_process() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("notices.jsonl");
        let mut answers = Vec::new();
        for token in ["1", "1", "2"] {
            let topics = Topics::open(Some(&file)).expect("a file");
            let topic = topics.create("notices").expect("a name");
            let call = Call {
                principal: Principal("tester".into()),
                operation: "Publish".into(),
                parameters: json!({"TopicArn": topic, "Message": "m"}),
            };
            let answer = topics.answer_once(call, &Token::new(token)).await;
            answers.push(answer.expect("an answer"));
        }
        assert_eq!(answers.first(), answers.get(1));
        assert_ne!(answers.first(), answers.get(2));
        assert_eq!(
            Topics::open(Some(&file)).expect("a file").notices().len(),
            2
        );
    }

    #[tokio::test]
    async fn lists_topics_and_subscriptions() {
        let topics = Topics::open(None).expect("memory");
        let topic = topics.create("notices").expect("a name");
        let subscription =
            json!({"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com"});
        for _ in 0..2 {
            assert!(
                call(&topics, "Subscribe", subscription.clone())
                    .await
                    .is_ok()
            );
        }
        let listed = call(
            &topics,
            "ListSubscriptionsByTopic",
            json!({"TopicArn": topic}),
        )
        .await;
        let listed = listed.expect("a list");
        let (listed, asked) = (listed["Subscriptions"].as_array(), subscription.as_object());
        let listed: Vec<_> = listed.into_iter().flatten().collect();
        assert_eq!(listed.len(), 1);
        let mut members = asked.into_iter().flatten();
        assert!(members.all(|(name, value)| listed[0].get(name) == Some(value)));
        let listed = call(&topics, "ListTopics", json!({})).await;
        assert_eq!(listed, Ok(json!({"Topics": [{"TopicArn": topic}]})));
    }
}
