//! History events, read alike from the local platform's files and from the Step Functions API.

use aws_sdk_sfn::types::HistoryEvent;
use serde::Deserialize;
use serde_json::Value;

use super::story::Moment;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Number, from 1.
    pub id: u64,
    /// The event that led to this one, 0 for none.
    pub previous_id: u64,
    /// When.
    pub at: Moment,
    /// `TaskStateEntered`, `TaskFailed`, …
    pub kind: String,
    /// What of its details a story needs.
    pub details: Details,
}

/// The details that a story needs, of whatever kind the event is. Documents are JSON text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Details {
    /// The state; the Map of an iteration.
    pub name: Option<String>,
    /// The state whose expression failed.
    pub state: Option<String>,
    /// The iteration.
    pub index: Option<u64>,
    /// Input.
    pub input: Option<String>,
    /// Output.
    pub output: Option<String>,
    /// Error name.
    pub error: Option<String>,
    /// Cause.
    pub cause: Option<String>,
    /// `lambda`, `states`, `aws-sdk:mediaconvert`.
    pub resource_type: Option<String>,
    /// `invoke`, `startExecution.sync:2`; the ARN of a function or an activity.
    pub resource: Option<String>,
    /// Parameters of a Task.
    pub parameters: Option<String>,
    /// Run of a Distributed Map.
    pub map_run_arn: Option<String>,
    /// Redrives so far.
    pub redrive_count: Option<u64>,
    /// Version of the machine.
    pub state_machine_version_arn: Option<String>,
}

impl Event {
    /// Reads an event in the form of `GetExecutionHistory`'s JSON; times are seconds there.
    pub fn from_json(event: &Value) -> Self {
        let number = |name: &str| event.get(name).and_then(Value::as_u64).unwrap_or(0);
        let kind = event.get("type").and_then(Value::as_str);
        let seconds = event.get("timestamp").and_then(Value::as_f64);
        let members = event.as_object().into_iter().flatten();
        let details = members
            .into_iter()
            .find(|(name, _)| name.ends_with("EventDetails"))
            .and_then(|(_, details)| Details::deserialize(details).ok());
        Self {
            id: number("id"),
            previous_id: number("previousEventId"),
            at: moment(seconds.unwrap_or(0.0)),
            kind: kind.unwrap_or_default().to_owned(),
            details: details.unwrap_or_default(),
        }
    }

    /// Reads an event of the API.
    pub fn from_api(event: &HistoryEvent) -> Self {
        let number = |id: i64| u64::try_from(id).unwrap_or(0);
        Self {
            id: number(event.id),
            previous_id: number(event.previous_event_id),
            // Rounded, as in files: a whole millisecond arrives as a fraction of a second just below it.
            at: moment(event.timestamp.as_secs_f64()),
            kind: event.r#type.as_str().to_owned(),
            details: details(event),
        }
    }
}

/// A moment, given in seconds since 1970.
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of any real date fit i64"
)]
pub fn moment(seconds: f64) -> Moment {
    Moment((seconds * 1000.0).round() as i64)
}

/// The API's typed members, of which some are optional and some are not.
trait Field<T> {
    fn field(self) -> Option<T>;
}

impl Field<String> for &str {
    fn field(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl Field<String> for Option<&str> {
    fn field(self) -> Option<String> {
        self.map(str::to_owned)
    }
}

impl Field<u64> for i32 {
    fn field(self) -> Option<u64> {
        self.try_into().ok()
    }
}

impl Field<u64> for Option<i32> {
    fn field(self) -> Option<u64> {
        self?.try_into().ok()
    }
}

fn details(event: &HistoryEvent) -> Details {
    macro_rules! first {
        ($($details:ident: $($field:ident),+;)+) => {
            $(if let Some(found) = event.$details() {
                return Details { $($field: found.$field().field(),)+ ..Details::default() };
            })+
        };
    }
    first! {
        state_entered_event_details: name, input;
        state_exited_event_details: name, output;
        task_scheduled_event_details: resource_type, resource, parameters;
        task_submitted_event_details: resource_type, resource, output;
        task_succeeded_event_details: resource_type, resource, output;
        task_failed_event_details: resource_type, resource, error, cause;
        task_timed_out_event_details: resource_type, resource, error, cause;
        task_start_failed_event_details: resource_type, resource, error, cause;
        task_submit_failed_event_details: resource_type, resource, error, cause;
        lambda_function_scheduled_event_details: resource, input;
        lambda_function_succeeded_event_details: output;
        lambda_function_failed_event_details: error, cause;
        lambda_function_schedule_failed_event_details: error, cause;
        lambda_function_start_failed_event_details: error, cause;
        lambda_function_timed_out_event_details: error, cause;
        activity_scheduled_event_details: resource, input;
        activity_succeeded_event_details: output;
        activity_failed_event_details: error, cause;
        activity_schedule_failed_event_details: error, cause;
        activity_timed_out_event_details: error, cause;
        map_iteration_started_event_details: name, index;
        map_iteration_succeeded_event_details: name, index;
        map_iteration_failed_event_details: name, index;
        map_iteration_aborted_event_details: name, index;
        map_run_started_event_details: map_run_arn;
        map_run_redriven_event_details: map_run_arn, redrive_count;
        map_run_failed_event_details: error, cause;
        evaluation_failed_event_details: state, error, cause;
        execution_started_event_details: input, state_machine_version_arn;
        execution_succeeded_event_details: output;
        execution_failed_event_details: error, cause;
        execution_timed_out_event_details: error, cause;
        execution_aborted_event_details: error, cause;
        execution_redriven_event_details: redrive_count;
    }
    Details::default()
}
