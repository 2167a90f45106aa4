//! A job as `GetJob` shows it.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::jobs::{INTERRUPTED, Job, JobStatus};

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
    let error_code = job.error.as_ref().map(|error| match error.code.as_str() {
        INTERRUPTED => SERVICE_ERROR,
        code => code.parse().unwrap_or(SERVICE_ERROR),
    });
    let is_running = job.status == JobStatus::Running;
    let timing: serde_json::Map<String, Value> = [
        ("SubmitTime", Some(job.created_at)),
        ("StartTime", job.started_at),
        ("FinishTime", job.finished_at),
    ]
    .into_iter()
    .filter_map(|(name, at)| Some((name.to_owned(), time(at?)?)))
    .collect();
    let members = [
        ("Id", Some(json!(job.id))),
        (
            "Arn",
            Some(json!(format!(
                "arn:aws:mediaconvert:us-east-1:000000000000:jobs/{}",
                job.id
            ))),
        ),
        ("Status", Some(json!(status(job.status)))),
        (
            "CurrentPhase",
            job.phase
                .as_ref()
                .filter(|_| is_running)
                .map(|phase| json!(phase)),
        ),
        (
            "JobPercentComplete",
            (is_running || job.status == JobStatus::Succeeded).then(|| json!(job.percent)),
        ),
        ("ErrorCode", error_code.map(|code| json!(code))),
        (
            "ErrorMessage",
            job.error.as_ref().map(|error| json!(error.message)),
        ),
        ("OutputGroupDetails", job.result.clone()),
        ("Timing", Some(Value::Object(timing))),
        ("CreatedAt", time(job.created_at)),
        ("RetryCount", Some(json!(0))),
        ("Warnings", Some(json!([]))),
        ("Role", request("Role")),
        (
            "Queue",
            Some(request("Queue").unwrap_or_else(|| {
                json!("arn:aws:mediaconvert:us-east-1:000000000000:queues/Default")
            })),
        ),
        (
            "Priority",
            Some(request("Priority").unwrap_or_else(|| json!(0))),
        ),
        ("ClientRequestToken", request("ClientRequestToken")),
        (
            "UserMetadata",
            Some(request("UserMetadata").unwrap_or_else(|| json!({}))),
        ),
        ("Settings", request("Settings")),
    ];
    members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}
