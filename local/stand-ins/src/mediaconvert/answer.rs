//! A job as `GetJob` shows it.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::jobs::{INTERRUPTED, Job, JobStatus};

/// Beginning of ARNs.
const ACCOUNT: &str = "arn:aws:mediaconvert:us-east-1:000000000000";
/// Code for what went wrong on the service's side.
const SERVICE_ERROR: i64 = 1999;

/// Status in `MediaConvert`'s words.
pub fn status(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Submitted => "SUBMITTED",
        JobStatus::Running => "PROGRESSING",
        JobStatus::Succeeded => "COMPLETE",
        JobStatus::Failed => "ERROR",
        JobStatus::Cancelled => "CANCELED",
    }
}

/// A time as answers have it; the platform turns it into what the protocol on the wire has.
pub fn time(time: OffsetDateTime) -> Option<Value> {
    // RFC 3339 lacks only years beyond 9999.
    time.format(&Rfc3339).ok().map(Value::String)
}

/// The job. Members without a value are left out.
pub fn job(job: &Job) -> Value {
    let request = |name: &str| job.request.get(name).cloned();
    let is_running = job.status == JobStatus::Running;
    let percent = (is_running || job.status == JobStatus::Succeeded).then_some(job.percent);
    let error = job.error.as_ref();
    with_values(json!({
        "Id": job.id,
        "Arn": format!("{ACCOUNT}:jobs/{}", job.id),
        "Status": status(job.status),
        "CurrentPhase": job.phase.as_ref().filter(|_| is_running),
        "JobPercentComplete": percent,
        "ErrorCode": error.map(|error| error_code(&error.code)),
        "ErrorMessage": error.map(|error| &error.message),
        "OutputGroupDetails": job.result,
        "Timing": with_values(json!({
            "SubmitTime": time(job.created_at),
            "StartTime": job.started_at.and_then(time),
            "FinishTime": job.finished_at.and_then(time),
        })),
        "CreatedAt": time(job.created_at),
        "RetryCount": 0,
        "Warnings": [],
        "Role": request("Role"),
        "Queue": request("Queue").unwrap_or_else(|| json!(format!("{ACCOUNT}:queues/Default"))),
        "Priority": request("Priority").unwrap_or_else(|| json!(0)),
        "ClientRequestToken": request("ClientRequestToken"),
        "UserMetadata": request("UserMetadata").unwrap_or_else(|| json!({})),
        "Settings": request("Settings"),
    }))
}

fn error_code(code: &str) -> i64 {
    match code {
        INTERRUPTED => SERVICE_ERROR,
        code => code.parse().unwrap_or(SERVICE_ERROR),
    }
}

/// An object without its members that are null.
fn with_values(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    object
}
