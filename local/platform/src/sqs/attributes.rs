//! Attributes of a queue, in SQS's spelling on the wire.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Error, MAX_VISIBILITY, MAX_WAIT};
use crate::arn;

/// Longest delay of a message: SQS's own limit.
const MAX_DELAY: Duration = Duration::from_mins(15);

/// Longest retention of a message: SQS's own limit, 14 days.
const MAX_RETENTION: Duration = Duration::from_hours(336);

/// Names by which attributes can be asked for, `All` among them.
pub(super) const NAMES: [&str; 22] = [
    "All",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "ContentBasedDeduplication",
    "CreatedTimestamp",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "LastModifiedTimestamp",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "QueueArn",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

/// What a queue was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// How long a received message stays hidden.
    pub visibility_timeout: Duration,
    /// How long a message is kept.
    pub retention: Duration,
    /// How long a new message stays hidden.
    pub delay: Duration,
    /// How long a receive waits when it does not say.
    pub receive_wait: Duration,
    /// Where messages go that were received too often.
    pub dead_letters: Option<DeadLetters>,
}

/// Redrive policy of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetters {
    /// Name of the dead-letter queue.
    pub queue: String,
    /// A message received this often goes there instead of being received again.
    pub max_receive_count: u32,
}

impl Default for Attributes {
    /// SQS's defaults.
    fn default() -> Self {
        Self {
            visibility_timeout: Duration::from_secs(30),
            retention: Duration::from_hours(96),
            delay: Duration::ZERO,
            receive_wait: Duration::ZERO,
            dead_letters: None,
        }
    }
}

impl Attributes {
    /// Changes what `attributes` (names and texts, as on the wire) names.
    ///
    /// # Errors
    /// `InvalidAttributeName`, `InvalidParameterValue`.
    pub(super) fn change(&mut self, attributes: &Map<String, Value>) -> Result<(), Error> {
        for (name, value) in attributes {
            let value = value.as_str().unwrap_or_default();
            match name.as_str() {
                "VisibilityTimeout" => {
                    self.visibility_timeout = seconds(name, value, MAX_VISIBILITY)?;
                }
                "MessageRetentionPeriod" => self.retention = seconds(name, value, MAX_RETENTION)?,
                "DelaySeconds" => self.delay = seconds(name, value, MAX_DELAY)?,
                "ReceiveMessageWaitTimeSeconds" => {
                    self.receive_wait = seconds(name, value, MAX_WAIT)?;
                }
                "RedrivePolicy" => self.dead_letters = redrive_policy(value)?,
                // Encryption, access policy and the like change nothing here.
                "KmsMasterKeyId"
                | "KmsDataKeyReusePeriodSeconds"
                | "SqsManagedSseEnabled"
                | "Policy"
                | "MaximumMessageSize"
                | "RedriveAllowPolicy" => {}
                _ => return Err(Error::InvalidAttributeName(name.clone())),
            }
        }
        Ok(())
    }

    /// The attributes as on the wire.
    pub(super) fn to_map(&self) -> Map<String, Value> {
        let mut map = Map::new();
        for (name, duration) in [
            ("VisibilityTimeout", self.visibility_timeout),
            ("MessageRetentionPeriod", self.retention),
            ("DelaySeconds", self.delay),
            ("ReceiveMessageWaitTimeSeconds", self.receive_wait),
        ] {
            map.insert(name.to_owned(), json!(duration.as_secs().to_string()));
        }
        if let Some(dead_letters) = &self.dead_letters {
            let policy = json!({
                "deadLetterTargetArn": arn::queue(&dead_letters.queue),
                "maxReceiveCount": dead_letters.max_receive_count,
            });
            map.insert("RedrivePolicy".to_owned(), json!(policy.to_string()));
        }
        map
    }
}

fn seconds(name: &str, value: &str, max: Duration) -> Result<Duration, Error> {
    let parsed = value.parse().ok().map(Duration::from_secs);
    parsed
        .filter(|duration| *duration <= max)
        .ok_or_else(|| Error::InvalidParameterValue(format!("{name} is {value:?}")))
}

fn redrive_policy(value: &str) -> Result<Option<DeadLetters>, Error> {
    if value.is_empty() {
        return Ok(None);
    }
    let read = || {
        let policy: Value = serde_json::from_str(value).ok()?;
        let target = policy.get("deadLetterTargetArn")?.as_str()?;
        // Both forms are in use: 5 and "5".
        let count = policy.get("maxReceiveCount")?;
        let count = count.as_u64().or_else(|| count.as_str()?.parse().ok())?;
        Some(DeadLetters {
            queue: arn::last_part(target).to_owned(),
            max_receive_count: u32::try_from(count)
                .ok()
                .filter(|count| (1..=1000).contains(count))?,
        })
    };
    match read() {
        Some(dead_letters) => Ok(Some(dead_letters)),
        None => Err(Error::InvalidParameterValue(format!(
            "RedrivePolicy is {value:?}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(attributes: &Value, expected: Option<&Attributes>) {
        let mut changed = Attributes::default();
        let map = attributes.as_object().expect("an object of the test");
        let answer = changed.change(map).ok().map(|()| changed);
        assert_eq!(answer.as_ref(), expected, "{attributes}");
    }

    #[test]
    fn reads_what_it_writes() {
        let attributes = Attributes {
            visibility_timeout: Duration::from_secs(7),
            dead_letters: Some(DeadLetters {
                queue: "dead".into(),
                max_receive_count: 3,
            }),
            ..Attributes::default()
        };
        check(&Value::from(attributes.to_map()), Some(&attributes));
        check(&json!({}), Some(&Attributes::default()));
    }

    #[test]
    fn refuses_what_sqs_refuses() {
        for attributes in [
            json!({"VisibilityTimeout": "43201"}),
            json!({"VisibilityTimeout": "-1"}),
            json!({"DelaySeconds": "901"}),
            json!({"RedrivePolicy": "{}"}),
            json!({"RedrivePolicy": "{\"deadLetterTargetArn\":\"a\",\"maxReceiveCount\":0}"}),
            json!({"Colour": "blue"}),
        ] {
            check(&attributes, None);
        }
    }
}
