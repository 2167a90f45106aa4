//! A received message and the forms in which it is shown.

use s3s::crypto::{Checksum, Md5};
use serde_json::{Map, Value, json};

use crate::arn;
use crate::names::REGION;

/// A received message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Id given when it was sent.
    pub id: String,
    /// Handle of this receipt.
    pub receipt_handle: String,
    /// Body.
    pub body: String,
    /// Message attributes as they were sent.
    pub attributes: Map<String, Value>,
    /// How often it was received, this time included.
    pub receive_count: u32,
    /// When it was sent, milliseconds since 1970.
    pub sent_ms: i64,
    /// When it was received first, milliseconds since 1970.
    pub first_received_ms: i64,
}

impl Message {
    /// The record of a Lambda SQS event.
    pub fn to_event_record(&self, queue: &str) -> Value {
        json!({
            "messageId": self.id,
            "receiptHandle": self.receipt_handle,
            "body": self.body,
            "attributes": self.system_attributes(),
            "messageAttributes": event_attributes(&self.attributes),
            "md5OfBody": md5(&self.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": arn::queue(arn::last_part(queue)),
            "awsRegion": REGION,
        })
    }

    /// The message of a `ReceiveMessage` answer.
    pub(super) fn to_answer(&self) -> Value {
        let mut answer = json!({
            "MessageId": self.id,
            "ReceiptHandle": self.receipt_handle,
            "Body": self.body,
            "MD5OfBody": md5(&self.body),
            "Attributes": self.system_attributes(),
        });
        if let (false, Some(members)) = (self.attributes.is_empty(), answer.as_object_mut()) {
            members.insert(
                "MessageAttributes".to_owned(),
                Value::from(self.attributes.clone()),
            );
        }
        answer
    }

    fn system_attributes(&self) -> Value {
        json!({
            "ApproximateReceiveCount": self.receive_count.to_string(),
            "SentTimestamp": self.sent_ms.to_string(),
            "SenderId": "local",
            "ApproximateFirstReceiveTimestamp": self.first_received_ms.to_string(),
        })
    }
}

/// Message attributes as a Lambda event has them: members begin in lower case.
fn event_attributes(attributes: &Map<String, Value>) -> Value {
    let lowered = attributes.iter().map(|(name, attribute)| {
        let member = |name: &str| attribute.get(name).cloned().unwrap_or_default();
        let lowered = json!({
            "dataType": member("DataType"),
            "stringValue": member("StringValue"),
            "binaryValue": member("BinaryValue"),
        });
        (name.clone(), lowered)
    });
    Value::from(lowered.collect::<Map<_, _>>())
}

/// MD5 in hexadecimal, with which clients check bodies.
pub(super) fn md5(text: &str) -> String {
    crate::hex(&Md5::checksum(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_forms_of_sqs_and_of_lambda() {
        let mut attributes = Map::new();
        attributes.insert(
            "kind".into(),
            json!({"DataType": "String", "StringValue": "video"}),
        );
        let message = Message {
            id: "1".into(),
            receipt_handle: "r".into(),
            body: "hello".into(),
            attributes,
            receive_count: 2,
            sent_ms: 5,
            first_received_ms: 6,
        };
        let record = message.to_event_record("ingest");
        for (pointer, expected) in [
            ("/messageId", "1"),
            (
                "/eventSourceARN",
                "arn:aws:sqs:us-east-1:000000000000:ingest",
            ),
            ("/md5OfBody", "5d41402abc4b2a76b9719d911017c592"),
            ("/attributes/ApproximateReceiveCount", "2"),
            ("/messageAttributes/kind/stringValue", "video"),
        ] {
            assert_eq!(record.pointer(pointer), Some(&json!(expected)), "{pointer}");
        }
        assert_eq!(
            message
                .to_answer()
                .pointer("/MessageAttributes/kind/StringValue"),
            Some(&json!("video"))
        );
    }
}
