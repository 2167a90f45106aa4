//! A message, and what it is about.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde::Serialize;
use serde_json::Value;
use videoflow_shared::identity::JobId;

/// Characters of a body that is in no known form.
const UNKNOWN_LIMIT: usize = 120;

/// A message that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    /// Its queue, without prefix.
    pub queue: String,
    /// SQS's id.
    pub id: String,
    /// What it is about: `upload`, `failedVideo`, …
    pub kind: &'static str,
    /// The job, where it names one.
    pub job_id: Option<JobId>,
    /// What it says, in words.
    pub what: String,
    /// Why it lies here.
    pub why: String,
    /// Milliseconds since 1970 when it was sent.
    pub sent_ms: i64,
    /// How often it was received, this look included.
    pub receives: u32,
    /// Its body.
    pub body: String,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// What the last receive calls it.
    #[serde(skip)]
    pub receipt: String,
}

impl Letter {
    /// A message of a queue.
    pub fn of(queue: &str, message: Message) -> Self {
        let system = |name: &MessageSystemAttributeName| -> Option<i64> {
            message.attributes.as_ref()?.get(name)?.parse().ok()
        };
        let attributes: BTreeMap<String, String> = message
            .message_attributes
            .iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), value.string_value()?.to_owned())))
            .collect();
        let body = message.body.clone().unwrap_or_default();
        let About {
            kind,
            job_id,
            what,
            cause,
        } = about(&body);
        Self {
            queue: queue.to_owned(),
            id: message.message_id.clone().unwrap_or_default(),
            kind,
            job_id,
            what,
            why: why(&attributes, cause),
            sent_ms: system(&MessageSystemAttributeName::SentTimestamp).unwrap_or(0),
            receives: system(&MessageSystemAttributeName::ApproximateReceiveCount)
                .and_then(|count| count.try_into().ok())
                .unwrap_or(0),
            body,
            attributes,
            receipt: message.receipt_handle.unwrap_or_default(),
        }
    }
}

/// What a body is about.
struct About {
    kind: &'static str,
    job_id: Option<JobId>,
    what: String,
    /// Why it is there, where it says so itself.
    cause: Option<String>,
}

/// Why a message lies where it lies: the function's reason, EventBridge's, or its own.
fn why(attributes: &BTreeMap<String, String>, cause: Option<String>) -> String {
    let pair = |name: &str, cause: &str| {
        let name = attributes.get(name)?;
        let cause = attributes.get(cause).map_or("", String::as_str);
        Some(format!("{name}: {cause}"))
    };
    pair("ErrorName", "ErrorCause")
        .or_else(|| pair("ERROR_CODE", "ERROR_MESSAGE"))
        .or(cause)
        .unwrap_or_else(|| "no reason: the function never answered; its log says more".to_owned())
}

fn about(body: &str) -> About {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |path: &str| value.pointer(path).and_then(Value::as_str);
    let job = |path: &str| text(path).and_then(|id| id.parse::<JobId>().ok());
    let about = |kind, job_id: Option<JobId>, what: String| About {
        kind,
        job_id,
        what,
        cause: None,
    };
    let named = |id: &Option<JobId>| id.as_ref().map_or("a job", JobId::as_str).to_owned();
    for (name, words) in [("requeue", "run the duplicates of"), ("start", "start")] {
        if value.get(name).is_some() {
            let id = job(&format!("/{name}/jobId"));
            let what = format!("{words} {}", named(&id));
            return about("order", id, what);
        }
    }
    if let Some(objects) = value
        .pointer("/reconcile/objects")
        .and_then(Value::as_array)
    {
        return about(
            "order",
            None,
            format!("start {} objects that no job knows", objects.len()),
        );
    }
    if value.get("endBurst").is_some() {
        return about(
            "order",
            None,
            "tell of the failures that were counted".to_owned(),
        );
    }
    match text("/detail-type") {
        Some("Object Created") => {
            let key = text("/detail/object/key").unwrap_or("an object");
            return about("upload", None, format!("upload of {key}"));
        }
        Some("Step Functions Execution Status Change") => {
            let id = job("/detail/name");
            let status = text("/detail/status").unwrap_or("another");
            let what = format!("{} is {status}", named(&id));
            return about("execution", id, what);
        }
        _ => {}
    }
    if let Some(failure) = value.get("failure") {
        return failed_video(&value, failure, job("/jobId"));
    }
    if let Some(id) = job("/jobId") {
        let what = format!("deletion of {id}");
        return about("deletion", Some(id), what);
    }
    about("unknown", None, body.chars().take(UNKNOWN_LIMIT).collect())
}

fn failed_video(value: &Value, failure: &Value, job_id: Option<JobId>) -> About {
    let key = value.pointer("/source/key").and_then(Value::as_str);
    let member = |name: &str| {
        failure
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or("unknown")
    };
    About {
        kind: "failedVideo",
        job_id,
        what: format!("{} failed in {}", key.unwrap_or("a video"), member("state")),
        cause: Some(format!("{}: {}", member("error"), member("cause"))),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;
    use serde_json::json;

    use super::*;

    fn letter(body: &str, attributes: &[(&str, &str)]) -> Letter {
        let attributes = attributes.iter().filter_map(|(name, value)| {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(*value);
            Some(((*name).to_owned(), value.build().ok()?))
        });
        let message = Message::builder()
            .message_id("m")
            .body(body)
            .set_message_attributes(Some(attributes.collect()));
        Letter::of("ingest-dead-letters", message.build())
    }

    fn check(body: &Value, kind: &str, what: &str) {
        let letter = letter(&body.to_string(), &[]);
        assert_eq!(letter.kind, kind, "{body}");
        assert!(letter.what.contains(what), "{}", letter.what);
    }

    #[test]
    fn every_kind_of_message_is_told_in_words() {
        let id = JobId::of("b", "k", "1", "default");
        check(
            &json!({"source": "aws.s3", "detail-type": "Object Created", "detail": {"object": {"key": "a.mp4"}}}),
            "upload",
            "upload of a.mp4",
        );
        check(&json!({"requeue": {"jobId": id}}), "order", id.as_str());
        check(
            &json!({"reconcile": {"bucket": "b", "objects": [1, 2]}}),
            "order",
            "2 objects",
        );
        check(&json!({"endBurst": {"key": "k"}}), "order", "counted");
        check(
            &json!({"detail-type": "Step Functions Execution Status Change", "detail": {"name": id, "status": "FAILED"}}),
            "execution",
            "is FAILED",
        );
        check(
            &json!({"jobId": id, "source": {"key": "a.mp4"}, "failure": {"state": "S", "error": "E", "cause": "C"}}),
            "failedVideo",
            "a.mp4 failed in S",
        );
        check(&json!({"jobId": id}), "deletion", "deletion of v-");
        check(&json!("text"), "unknown", "text");
    }

    #[test]
    fn the_reason_is_the_functions_or_eventbridges_or_the_messages_own() {
        let check = |body: &str, attributes: &[(&str, &str)], expected: &str| {
            let why = letter(body, attributes).why;
            assert!(why.contains(expected), "{why}");
        };
        check(
            "",
            &[("ErrorName", "JobNotFound"), ("ErrorCause", "c")],
            "JobNotFound: c",
        );
        check("", &[("ERROR_CODE", "NO_PERMISSIONS")], "NO_PERMISSIONS: ");
        check(r#"{"failure": {"error": "E", "cause": "C"}}"#, &[], "E: C");
        check("", &[], "never answered");
    }
}
