//! "Step Functions Execution Status Change", the event that EventBridge gets of every execution.
//!
//! Shape from AWS's "Step Functions Execution Status Change events"; times are milliseconds.

use serde_json::{Value, json};

use super::description::Description;
use crate::token::Token;

/// `detail-type` of the event.
pub(super) const DETAIL_TYPE: &str = "Step Functions Execution Status Change";
/// Input and output are left out above this many bytes, both together.
const MAX_DOCUMENT_BYTES: usize = 248 * 1024;

/// The mark of an execution's status as it is now: it is each status once between two redrives.
pub(super) fn token(description: &Description) -> Token {
    let Description {
        execution_arn,
        start_date,
        status,
        redrive_count,
        ..
    } = description;
    Token::new(format!(
        "{execution_arn} {start_date} {status} {redrive_count}"
    ))
}

/// The detail of an execution's status as it is now.
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of any real date fit i64"
)]
pub(super) fn detail(description: &Description) -> Value {
    let milliseconds = |seconds: f64| (seconds * 1000.0).round() as i64;
    let size = description.input.len() + description.output.as_ref().map_or(0, String::len);
    let is_included = size <= MAX_DOCUMENT_BYTES;
    let details = json!({"included": is_included});
    json!({
        "executionArn": description.execution_arn,
        "stateMachineArn": description.state_machine_arn,
        "stateMachineVersionArn": description.state_machine_version_arn,
        "stateMachineAliasArn": description.state_machine_alias_arn,
        "name": description.name,
        "status": description.status,
        "startDate": milliseconds(description.start_date),
        "stopDate": description.stop_date.map(milliseconds),
        "input": is_included.then_some(&description.input),
        "inputDetails": details,
        "output": if is_included { description.output.as_ref() } else { None },
        "outputDetails": description.output.as_ref().map(|_| &details),
        "redriveCount": description.redrive_count,
        "redriveDate": description.redrive_date.map(milliseconds),
        "redriveStatus": description.redrive_status,
        "redriveStatusReason": description.redrive_status_reason,
        "error": description.error,
        "cause": description.cause,
    })
}
