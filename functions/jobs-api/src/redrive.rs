//! A failed job goes on from the state that failed: what had succeeded is neither run nor paid for again.

use aws_sdk_sfn::operation::describe_execution::DescribeExecutionError;
use aws_sdk_sfn::operation::redrive_execution::RedriveExecutionError;
use aws_sdk_sfn::types::ExecutionStatus;
use videoflow_shared::error::classify;
use videoflow_shared::identity::JobId;
use videoflow_shared::intake::Intake;
use videoflow_shared::jobs::{Job, JobStatus};

use crate::Error;
use crate::answer::Answer;

/// Redrives the job's execution, if the job is one that a redrive can help.
///
/// # Errors
/// [`Error::JobRunning`], [`Error::JobDeleted`], [`Error::NotRedrivable`], the errors of the services.
pub async fn redrive(intake: &Intake, job: &Job) -> Result<Answer, Error> {
    let id = &job.job_id;
    match job.job_status {
        JobStatus::Deleted => return Err(Error::JobDeleted(id.to_string())),
        JobStatus::Queued => return Err(Error::JobRunning(id.to_string())),
        _ => {}
    }
    let gone = || Error::NotRedrivable(format!("the execution of {id} is gone; force a new run"));
    let execution = job.execution_arn.as_deref().ok_or_else(gone)?;
    let request = intake.executions.describe_execution();
    let described = request.execution_arn(execution).send().await;
    let status = match described {
        Ok(described) => described.status,
        Err(error)
            if matches!(
                error.as_service_error(),
                Some(DescribeExecutionError::ExecutionDoesNotExist(_))
            ) =>
        {
            return Err(gone());
        }
        Err(error) => return Err(classify("DescribeExecution", &error).into()),
    };
    if status == ExecutionStatus::Running {
        return Err(Error::JobRunning(id.to_string()));
    }
    if let Some(objection) = objection(job) {
        return Err(Error::NotRedrivable(objection));
    }
    let claims = &intake.admission.table;
    if let Some(other) = intake.jobs.other_owner(claims, job).await? {
        return Err(Error::NotRedrivable(format!(
            "the content of {id} is processed as {other} by now"
        )));
    }
    let request = intake.executions.redrive_execution();
    match request.execution_arn(execution).send().await {
        Ok(_) => Ok(Answer::accepted(id)),
        Err(error) => match error.as_service_error() {
            Some(RedriveExecutionError::ExecutionNotRedrivable(reason)) => {
                let reason = reason.message.as_deref().unwrap_or("no reason given");
                Err(Error::NotRedrivable(format!(
                    "Step Functions does not redrive {id}: {reason}"
                )))
            }
            _ => Err(classify("RedriveExecution", &error).into()),
        },
    }
}

/// Why a redrive is of no use to a job, and what is.
fn objection(job: &Job) -> Option<String> {
    let id = &job.job_id;
    match job.job_status {
        // Settled, but not everyone could be told: a redrive tells them.
        JobStatus::Published | JobStatus::Rejected if job.announcement_error.is_some() => None,
        JobStatus::Published => Some(format!("{id} is published; to make it again, force a run")),
        JobStatus::Rejected => Some(format!(
            "{id} was rejected, which another try would repeat; mend the video and upload that"
        )),
        JobStatus::FailedQc => Some(format!(
            "{id} failed its quality check, which a redrive would repeat; to make it again, force a run"
        )),
        JobStatus::Duplicate => {
            let original = job.original_job_id.as_ref();
            let original = original.map_or("another job", JobId::as_str);
            Some(format!("{id} is a duplicate of {original}; redrive that"))
        }
        JobStatus::Failed
        | JobStatus::Queued
        | JobStatus::Processing
        | JobStatus::AwaitingReview
        | JobStatus::Deleted => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn jobs_that_a_redrive_cannot_help_say_what_can() {
        let job = |status: &str, untold: &Value| -> Job {
            let id = JobId::of("b", "k", "1", "default");
            let item = json!({"JobId": id, "JobStatus": status, "SourceBucket": "b", "SourceKey": "k", "CreatedAt": "",
                "SourceVersionId": "1", "Profile": "default", "UpdatedAt": "", "OriginalJobId": id,
                "AnnouncementError": untold});
            serde_json::from_value(item).unwrap_or_else(|error| unreachable!("{error}"))
        };
        let check = |status: &str, expected: Option<&str>| {
            let objection = objection(&job(status, &json!(null)));
            let is_expected = match expected {
                Some(part) => objection.is_some_and(|text| text.contains(part)),
                None => objection.is_none(),
            };
            assert!(is_expected, "{status}");
        };
        check("FAILED", None);
        check("PROCESSING", None);
        check("PUBLISHED", Some("force a run"));
        check("REJECTED", Some("mend the video"));
        check("FAILED_QC", Some("force a run"));
        check("DUPLICATE", Some("duplicate of v-"));
        let told = json!({"state": "NotifyPublished", "error": "SNS.NotFoundException", "cause": "", "execution": "e"});
        for status in ["PUBLISHED", "REJECTED"] {
            assert_eq!(objection(&job(status, &told)), None, "{status} untold");
        }
    }
}
