//! What people read of failures: subject, text, and the attributes that a subscription may filter by.

use aws_sdk_sns::error::BuildError;
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::Value;
use videoflow_shared::console;
use videoflow_shared::text::printable;

use crate::burst::{Burst, Failure};

/// Characters of a notice's subject: SNS takes fewer than 100.
const SUBJECT_LIMIT: usize = 99;
/// Characters of a cause: the rest is in the queue and the job table.
pub const CAUSE_LIMIT: usize = 2000;
/// Longest key that S3 takes.
const KEY_LIMIT: usize = 1024;
/// Characters of an attribute's value: names of states have at most 80, errors some more.
const ATTRIBUTE_LIMIT: usize = 256;

/// A notice, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One line of printable ASCII, shorter than 100 characters.
    pub subject: String,
    /// The text.
    pub message: String,
    /// Names, types and values of attributes.
    attributes: Vec<(&'static str, &'static str, String)>,
}

impl Notice {
    /// The attributes as SNS takes them.
    ///
    /// # Errors
    /// None: the builder refuses only what lacks a member.
    pub fn attributes(&self) -> Result<Vec<(String, MessageAttributeValue)>, BuildError> {
        let values = self.attributes.iter().map(|(name, kind, value)| {
            let value = MessageAttributeValue::builder()
                .data_type(*kind)
                .string_value(printable(value, ATTRIBUTE_LIMIT));
            Ok(((*name).to_owned(), value.build()?))
        });
        values.collect()
    }
}

/// The notice of one failure. `options` are those of the commands; `environment` begins the subject.
pub fn of_one(failure: &Failure<'_>, environment: &str, options: &str) -> Notice {
    let Failure {
        job, details, what, ..
    } = failure;
    let (id, key) = (&job.job_id, printable(&job.source_key, KEY_LIMIT));
    let console = console::execution_url(&details.execution)
        .map(|url| format!("Console: {url}\n"))
        .unwrap_or_default();
    let message = format!(
        "{key} {what}.\n\nJob: {id}\nState: {}\nError: {}\nCause: {}\nExecution: {}\n{console}\n\
         The whole way:\nvideoflow history {id} {options}\n\n\
         Again from the failed state, when the cause is mended:\nvideoflow redrive {id} {options}\n",
        details.state,
        details.error,
        printable(&in_words(&details.cause), CAUSE_LIMIT),
        details.execution,
    );
    Notice {
        subject: subject(&format!(
            "{environment}: video {} in {}: {}",
            short(what),
            details.state,
            details.error
        )),
        message,
        attributes: vec![
            ("kind", "String", "failure".to_owned()),
            ("count", "Number", "1".to_owned()),
            ("state", "String", details.state.clone()),
            ("error", "String", details.error.clone()),
            ("jobId", "String", id.to_string()),
            ("profile", "String", job.profile.clone()),
        ],
    }
}

/// The notice of the failures that were counted in a burst.
pub fn of_burst(burst: &Burst, environment: &str, options: &str) -> Notice {
    let count = burst.counted.len();
    let videos = if count == 1 { "video" } else { "videos" };
    let Burst {
        what,
        failed_state: state,
        failed_error: error,
        failed_cause: cause,
        opened_at,
        ..
    } = burst;
    let mut lines = burst.counted.clone();
    lines.sort();
    let message = format!(
        "{count} more {videos} {what} in {state} with {error} since {opened_at}. The first was told at once.\n\n\
         State: {state}\nError: {error}\nCause of the first: {}\n\n\
         The whole way of one:\nvideoflow history JOB {options}\n\n\
         Again from the failed state, when the cause is mended; it takes several:\n\
         videoflow redrive JOB… {options}\n\n{}\n",
        in_words(cause),
        lines.join("\n"),
    );
    Notice {
        subject: subject(&format!(
            "{environment}: {count} more {videos} {} in {state}: {error}",
            short(what)
        )),
        message,
        attributes: vec![
            ("kind", "String", "failures".to_owned()),
            ("count", "Number", count.to_string()),
            ("state", "String", state.clone()),
            ("error", "String", error.clone()),
        ],
    }
}

/// A cause without what Lambda wraps around a function's message.
fn in_words(cause: &str) -> String {
    let wrapped: Option<Value> = serde_json::from_str(cause).ok();
    let message = wrapped
        .as_ref()
        .and_then(|cause| cause.get("errorMessage")?.as_str());
    message.unwrap_or(cause).to_owned()
}

/// What became of a video, in a word: a subject is short.
fn short(what: &str) -> &str {
    if what == "failed" {
        what
    } else {
        "not announced"
    }
}

fn subject(text: &str) -> String {
    let printable = text
        .chars()
        .map(|c| if c.is_ascii_graphic() { c } else { ' ' });
    printable
        .take(SUBJECT_LIMIT)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use videoflow_shared::identity::JobId;
    use videoflow_shared::jobs::{ErrorDetails, Job};

    use super::*;

    const OPTIONS: &str = "--environment prod --region eu-west-1";

    fn notice(state: &str, error: &str, execution: &str) -> Notice {
        let id = JobId::of("b", "k", "1", "default");
        let item = json!({"JobId": id, "JobStatus": "FAILED", "SourceBucket": "b", "SourceKey": "talks/ü.mp4",
            "SourceVersionId": "1", "Profile": "default", "CreatedAt": "", "UpdatedAt": ""});
        let job: Job = serde_json::from_value(item).unwrap_or_else(|error| unreachable!("{error}"));
        let details = &ErrorDetails {
            state: state.into(),
            error: error.into(),
            cause: "why".into(),
            input: None,
            execution: execution.into(),
        };
        let failure = Failure {
            job: &job,
            redrive_count: 0,
            details,
            what: "failed",
        };
        of_one(&failure, "videoflow-prod", OPTIONS)
    }

    fn check(state: &str, error: &str, expected: &str) {
        let subject = notice(state, error, "").subject;
        assert_eq!(subject, expected);
        assert!(subject.len() < 100 && subject.is_ascii() && !subject.contains(['\n', '\r']));
    }

    #[test]
    fn subjects_suit_sns() {
        check(
            "StartLabels",
            "ServiceRefused",
            "videoflow-prod: video failed in StartLabels: ServiceRefused",
        );
        check("A\nB", "ü\r", "videoflow-prod: video failed in A B:");
        let long = "x".repeat(200);
        check(
            &long,
            "E",
            &format!("videoflow-prod: video failed in {}", "x".repeat(67)),
        );
    }

    #[test]
    fn a_notice_has_commands_that_work_as_they_are_and_a_link() {
        let arn = "arn:aws:states:eu-west-1:111122223333:execution:videoflow-prod-detect-labels:c";
        let message = notice("S", "E", arn).message;
        let id = JobId::of("b", "k", "1", "default");
        for part in [
            "talks/ü.mp4 failed.",
            &format!("\nvideoflow history {id} {OPTIONS}\n"),
            &format!("\nvideoflow redrive {id} {OPTIONS}\n"),
            &format!("#/v2/executions/details/{arn}\n"),
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert!(!notice("S", "E", "").message.contains("Console"));
    }

    #[test]
    fn a_functions_message_is_unwrapped() {
        let check = |cause: &str, expected: &str| assert_eq!(in_words(cause), expected);
        check(
            r#"{"errorType": "E", "errorMessage": "no\nsuch"}"#,
            "no\nsuch",
        );
        check(r#"{"other": 1}"#, r#"{"other": 1}"#);
        check("why", "why");
    }

    #[test]
    fn a_notice_of_several_has_them_all() {
        let burst = Burst {
            key: String::new(),
            what: "failed".into(),
            failed_state: "S".into(),
            failed_error: "E".into(),
            failed_cause: "why".into(),
            told_at_once: "v-0".into(),
            opened_at: "2026-11-21T02:00:00.000Z".into(),
            open_until: 0,
            counted: vec!["v-2  b".into(), "v-1  a".into()],
            is_end_due: true,
        };
        let notice = of_burst(&burst, "videoflow-prod", OPTIONS);
        assert_eq!(
            notice.subject,
            "videoflow-prod: 2 more videos failed in S: E"
        );
        assert!(
            notice.message.ends_with("\nv-1  a\nv-2  b\n"),
            "{}",
            notice.message
        );
        let attributes = notice.attributes().unwrap_or_default();
        let count = attributes.iter().find(|(name, _)| name == "count");
        let count = count.and_then(|(_, value)| value.string_value());
        assert_eq!(count, Some("2"));
    }
}
