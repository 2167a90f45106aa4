//! `DescribeExecution`'s answer: how an execution stands, and whether it can be redriven.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use videoflow_asl::effect::Timestamp;
use videoflow_asl::{Execution, Status};

/// `redriveStatus` of what cannot be redriven.
pub(super) const NOT_REDRIVABLE: &str = "NOT_REDRIVABLE";
/// AWS's reasons.
pub(super) const IS_RUNNING: &str = "Execution is RUNNING and cannot be redriven";
const HAS_SUCCEEDED: &str = "Execution is SUCCEEDED and cannot be redriven";
const HISTORY_FULL: &str = "Execution history event limit exceeded";
const PERIOD_EXCEEDED: &str = "Execution redrivable period exceeded";
/// An execution with so many events cannot be redriven (AWS's limit).
const REDRIVABLE_EVENTS: usize = 24_999;
/// The redrivable period: 14 days from the end (AWS's limit).
const REDRIVABLE_SECONDS: f64 = 14.0 * 24.0 * 3600.0;

fn not_redrivable() -> String {
    NOT_REDRIVABLE.to_owned()
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
    }
}

/// `DescribeExecution`'s answer, with the API's member names; times in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// ARN of the execution.
    pub execution_arn: String,
    /// Unqualified ARN of its machine.
    pub state_machine_arn: String,
    /// Version that it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_machine_version_arn: Option<String>,
    /// Alias that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_machine_alias_arn: Option<String>,
    /// Name.
    pub name: String,
    /// RUNNING, SUCCEEDED, FAILED, `TIMED_OUT` or ABORTED.
    pub status: String,
    /// Start, seconds since 1970.
    pub start_date: f64,
    /// End, seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_date: Option<f64>,
    /// Input as JSON text.
    pub input: String,
    /// Output as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Error name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// How often it was redriven.
    #[serde(default)]
    pub redrive_count: u32,
    /// Last redrive, seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redrive_date: Option<f64>,
    /// REDRIVABLE, `NOT_REDRIVABLE` or `REDRIVABLE_BY_MAP_RUN`.
    #[serde(default = "not_redrivable")]
    pub redrive_status: String,
    /// Why it is `NOT_REDRIVABLE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redrive_status_reason: Option<String>,
    /// Map Run that this is a child of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_run_arn: Option<String>,
}

impl Description {
    /// Has it not ended?
    pub fn is_running(&self) -> bool {
        self.status == "RUNNING"
    }

    /// Full name of its machine; that of a Distributed Map's child ends in `/<label>`.
    pub(super) fn machine_name(&self) -> &str {
        self.state_machine_arn
            .rsplit(':')
            .next()
            .unwrap_or_default()
    }

    /// Takes over how an execution stands.
    pub(super) fn update(&mut self, execution: &Execution) {
        let has_ended = execution.status() != Status::Running;
        let events = execution.history();
        status_name(execution.status()).clone_into(&mut self.status);
        self.stop_date = events
            .last()
            .filter(|_| has_ended)
            .map(|event| event.timestamp.seconds());
        self.output = execution.output().map(Value::to_string);
        self.error = execution.error().map(str::to_owned);
        self.cause = execution.cause().map(str::to_owned);
        self.redrive_count = execution.redrive_count();
        self.redrive_date = events
            .iter()
            .rfind(|event| event.event_type == "ExecutionRedriven")
            .map(|event| event.timestamp.seconds());
        let (status, reason) = match execution.status() {
            Status::Running => (NOT_REDRIVABLE, Some(IS_RUNNING)),
            Status::Succeeded => (NOT_REDRIVABLE, Some(HAS_SUCCEEDED)),
            _ if events.len() >= REDRIVABLE_EVENTS => (NOT_REDRIVABLE, Some(HISTORY_FULL)),
            _ if self.map_run_arn.is_some() => ("REDRIVABLE_BY_MAP_RUN", None),
            _ => ("REDRIVABLE", None),
        };
        self.set_redrivability(status, reason);
    }

    /// Takes the redrivable period into account, which ends while nothing happens to the execution.
    pub(super) fn at(mut self, now_seconds: f64) -> Self {
        let is_over = self
            .stop_date
            .is_some_and(|stop| now_seconds - stop > REDRIVABLE_SECONDS);
        if is_over && self.redrive_status != NOT_REDRIVABLE {
            self.set_redrivability(NOT_REDRIVABLE, Some(PERIOD_EXCEEDED));
        }
        self
    }

    /// Marks an execution that nobody can go on with.
    pub(super) fn abort(&mut self, now_seconds: f64, error: &str, cause: &str) {
        status_name(Status::Aborted).clone_into(&mut self.status);
        self.stop_date = Some(now_seconds);
        self.error = Some(error.to_owned());
        self.cause = Some(cause.to_owned());
        self.set_redrivability(NOT_REDRIVABLE, Some(cause));
    }

    fn set_redrivability(&mut self, status: &str, reason: Option<&str>) {
        status.clone_into(&mut self.redrive_status);
        self.redrive_status_reason = reason.map(str::to_owned);
    }

    /// What a `ResultWriter` tells of a child besides its input, its end and its output: times are texts there.
    pub(super) fn as_result(&self) -> Value {
        let text = |seconds: f64| milliseconds(seconds).as_i64().map(Timestamp);
        let text = |seconds: f64| text(seconds).map(Timestamp::rfc3339);
        json!({
            "ExecutionArn": self.execution_arn,
            "Name": self.name,
            "RedriveCount": self.redrive_count,
            "RedriveStatus": self.redrive_status,
            "RedriveStatusReason": self.redrive_status_reason,
            "StartDate": text(self.start_date),
            "StateMachineArn": self.state_machine_arn,
            "StopDate": self.stop_date.and_then(text),
        })
    }

    /// `DescribeExecution`'s answer with the members of Step Functions' integrations: names begin upper-case, times
    /// are milliseconds; `documents` turns the JSON text of input and output into what the pattern gives.
    pub fn envelope(&self, documents: impl Fn(&str) -> Value) -> Value {
        let included = json!({"Included": true});
        let mut envelope = json!({
            "ExecutionArn": self.execution_arn,
            "Input": documents(&self.input),
            "InputDetails": included,
            "Name": self.name,
            "RedriveCount": self.redrive_count,
            "RedriveStatus": self.redrive_status,
            "StartDate": milliseconds(self.start_date),
            "StateMachineArn": self.state_machine_arn,
            "Status": self.status,
        });
        let optional = [
            ("Output", self.output.as_deref().map(documents)),
            ("OutputDetails", self.output.as_ref().map(|_| included)),
            ("Error", self.error.clone().map(Value::from)),
            ("Cause", self.cause.clone().map(Value::from)),
            ("StopDate", self.stop_date.map(milliseconds)),
            ("RedriveDate", self.redrive_date.map(milliseconds)),
            (
                "RedriveStatusReason",
                self.redrive_status_reason.clone().map(Value::from),
            ),
            (
                "StateMachineVersionArn",
                self.state_machine_version_arn.clone().map(Value::from),
            ),
            (
                "StateMachineAliasArn",
                self.state_machine_alias_arn.clone().map(Value::from),
            ),
        ];
        if let Some(members) = envelope.as_object_mut() {
            members.extend(
                optional
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), value?))),
            );
        }
        envelope
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of any real date fit i64"
)]
fn milliseconds(seconds: f64) -> Value {
    json!((seconds * 1000.0).round() as i64)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::step_functions) fn description() -> Description {
        Description {
            execution_arn: "arn:e".to_owned(),
            state_machine_arn: "arn:m".to_owned(),
            state_machine_version_arn: Some("arn:m:1".to_owned()),
            state_machine_alias_arn: None,
            name: "e".to_owned(),
            status: "SUCCEEDED".to_owned(),
            start_date: 1.5,
            stop_date: Some(2.25),
            input: "{\"a\":1}".to_owned(),
            output: Some("[2]".to_owned()),
            error: None,
            cause: None,
            redrive_count: 0,
            redrive_date: None,
            redrive_status: NOT_REDRIVABLE.to_owned(),
            redrive_status_reason: Some(HAS_SUCCEEDED.to_owned()),
            map_run_arn: None,
        }
    }

    #[test]
    fn the_envelope_of_sync_2_has_documents_as_values() {
        let parse = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        let expected = json!({
            "ExecutionArn": "arn:e",
            "Input": {"a": 1},
            "InputDetails": {"Included": true},
            "Name": "e",
            "Output": [2],
            "OutputDetails": {"Included": true},
            "RedriveCount": 0,
            "RedriveStatus": "NOT_REDRIVABLE",
            "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
            "StartDate": 1500,
            "StateMachineArn": "arn:m",
            "StateMachineVersionArn": "arn:m:1",
            "Status": "SUCCEEDED",
            "StopDate": 2250,
        });
        assert_eq!(description().envelope(parse), expected);
        assert_eq!(
            description().envelope(|text| Value::from(text))["Output"],
            json!("[2]")
        );
    }

    #[test]
    fn what_ended_unsuccessfully_is_redrivable_for_14_days() {
        let check = |redrive_status: &str, days: f64, expected: (&str, Option<&str>)| {
            let mut ended = description();
            ended.set_redrivability(redrive_status, None);
            let ended = ended.at(2.25 + days * 24.0 * 3600.0);
            assert_eq!(
                (
                    ended.redrive_status.as_str(),
                    ended.redrive_status_reason.as_deref()
                ),
                expected
            );
        };
        check("REDRIVABLE", 14.0, ("REDRIVABLE", None));
        check("REDRIVABLE", 14.1, (NOT_REDRIVABLE, Some(PERIOD_EXCEEDED)));
        check(
            "REDRIVABLE_BY_MAP_RUN",
            1.0,
            ("REDRIVABLE_BY_MAP_RUN", None),
        );
    }
}
