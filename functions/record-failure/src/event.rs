//! The messages of the queue: "Step Functions Execution Status Change", as EventBridge or reconcile-library send it, and
//! this function's own reminder of a burst that is over.

use serde::Deserialize;
use serde_json::Value;
use videoflow_shared::identity::JobId;

use crate::Error;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// An execution of process-video changed.
    Changed(Ended),
    /// A burst of failures may be over: its key.
    EndBurst(String),
    /// Another machine's execution, one that no job has, or a first start: only a start by a redrive changes a job.
    Foreign,
}

/// How an execution of process-video changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The job: the execution's name.
    pub job: JobId,
    /// The execution.
    pub execution_arn: String,
    /// How it is now.
    pub status: Status,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// The execution's error.
    pub error: Option<String>,
    /// The error's cause.
    pub cause: Option<String>,
}

impl Ended {
    /// Nothing but the start of a job that nobody has redriven.
    pub fn is_first_start(&self) -> bool {
        self.status == Status::Running && self.redrive_count == 0
    }
}

/// How an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, strum::Display)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It runs (again).
    Running,
    /// It came to its end.
    Succeeded,
    /// A state failed.
    Failed,
    /// It took too long.
    TimedOut,
    /// Someone stopped it.
    Aborted,
    /// It waits for its redrive.
    PendingRedrive,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reminder {
    end_burst: BurstKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BurstKey {
    key: String,
}

/// An AWS shape: unknown members are none of our business.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    execution_arn: String,
    state_machine_arn: String,
    name: String,
    status: Status,
    #[serde(default)]
    redrive_count: Option<u32>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    cause: Option<String>,
}

/// Reads a message.
///
/// # Errors
/// [`Error::MessageUnreadable`].
pub fn parse(body: &str, machine_arn: &str) -> Result<Message, Error> {
    let unreadable = |error: serde_json::Error| Error::MessageUnreadable(error.to_string());
    let body: Value = serde_json::from_str(body).map_err(unreadable)?;
    if body.get("endBurst").is_some() {
        let reminder: Reminder = serde_json::from_value(body).map_err(unreadable)?;
        return Ok(Message::EndBurst(reminder.end_burst.key));
    }
    let event: Event = serde_json::from_value(body).map_err(unreadable)?;
    if event.detail_type != "Step Functions Execution Status Change" {
        return Err(Error::MessageUnreadable(format!(
            "an event `{}`",
            event.detail_type
        )));
    }
    let detail = event.detail;
    if unqualified(&detail.state_machine_arn) != unqualified(machine_arn) {
        return Ok(Message::Foreign);
    }
    let Ok(job) = detail.name.parse() else {
        return Ok(Message::Foreign);
    };
    let redrive_count = detail.redrive_count.unwrap_or(0);
    if detail.status == Status::Running && redrive_count == 0 {
        return Ok(Message::Foreign);
    }
    Ok(Message::Changed(Ended {
        job,
        execution_arn: detail.execution_arn,
        status: detail.status,
        redrive_count,
        error: detail.error,
        cause: detail.cause,
    }))
}

/// A state machine's ARN without version or alias.
fn unqualified(arn: &str) -> &str {
    arn.match_indices(':')
        .nth(6)
        .map_or(arn, |(end, _)| arn.get(..end).unwrap_or(arn))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MACHINE: &str =
        "arn:aws:states:us-east-1:000000000000:stateMachine:videoflow-local-process-video";

    /// Whether the event is one of ours, or none at all.
    fn check(body: &Value, expected: Result<bool, ()>) {
        let found = parse(&body.to_string(), &format!("{MACHINE}:live"));
        assert_eq!(
            found
                .map(|message| message != Message::Foreign)
                .map_err(drop),
            expected,
            "{body}"
        );
    }

    fn event(machine: &str, name: &str, status: &str) -> Value {
        json!({"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": {
            "executionArn": "arn:e", "stateMachineArn": machine, "name": name, "status": status, "input": null,
            "redriveCount": 1, "stopDate": 1}})
    }

    #[test]
    fn takes_process_video_only() {
        let job = JobId::of("b", "k", "1", "default").to_string();
        check(&event(MACHINE, &job, "FAILED"), Ok(true));
        check(
            &event(&format!("{MACHINE}:live"), &job, "TIMED_OUT"),
            Ok(true),
        );
        check(&event(&format!("{MACHINE}:7"), &job, "ABORTED"), Ok(true));
        check(&event(&format!("{MACHINE}-2"), &job, "FAILED"), Ok(false));
        check(&event(MACHINE, "by-hand", "FAILED"), Ok(false));
    }

    #[test]
    fn ignores_first_starts() {
        let job = JobId::of("b", "k", "1", "default").to_string();
        let mut start = event(MACHINE, &job, "RUNNING");
        check(&start, Ok(true));
        start["detail"]["redriveCount"] = Value::from(0);
        check(&start, Ok(false));
    }

    #[test]
    fn refuses_other_messages() {
        check(&json!({}), Err(()));
        check(
            &json!({"detail-type": "Object Created", "detail": {}}),
            Err(()),
        );
        check(&event(MACHINE, "x", "ODD"), Err(()));
        assert!(parse("no json", MACHINE).is_err());
        check(&json!({"endBurst": {}}), Err(()));
        check(&json!({"endBurst": {"key": "k"}, "detail": {}}), Err(()));
    }

    #[test]
    fn knows_its_own_reminders() {
        let reminder = json!({"endBurst": {"key": "k"}}).to_string();
        let parsed = parse(&reminder, MACHINE).map_err(drop);
        assert_eq!(parsed, Ok(Message::EndBurst("k".into())));
    }

    #[test]
    fn counts_redrives_from_nothing() {
        let job = JobId::of("b", "k", "1", "default").to_string();
        let mut first = event(MACHINE, &job, "FAILED");
        let count = |event: &Value| match parse(&event.to_string(), MACHINE) {
            Ok(Message::Changed(ended)) => Some(ended.redrive_count),
            _ => None,
        };
        assert_eq!(count(&first), Some(1));
        first["detail"]["redriveCount"] = Value::Null;
        assert_eq!(count(&first), Some(0));
    }
}
