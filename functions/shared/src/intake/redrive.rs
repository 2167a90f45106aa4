//! Whether a job that ended without a brief can go on: by a redrive of its execution, by a new run, or not at all.

use aws_sdk_sfn::operation::describe_execution::{DescribeExecutionError, DescribeExecutionOutput};
use aws_sdk_sfn::operation::redrive_execution::RedriveExecutionError;
use aws_sdk_sfn::types::{ExecutionRedriveStatus, ExecutionStatus};

use super::{Error, Intake};
use crate::error::classify;
use crate::identity::JobId;
use crate::jobs::{Job, JobStatus};

/// Why a redrive is of no use to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// Everything of it was deleted.
    Deleted,
    /// It has not begun, and will by itself.
    Queued,
    /// It runs.
    Running,
    /// It is published, and everyone was told.
    Published,
    /// Its file was refused, which another try would repeat.
    Rejected,
    /// It failed its quality check, which another try would repeat.
    QualityFailed,
    /// It is a duplicate of this job, which is the one to redrive.
    Duplicate(Option<JobId>),
    /// Its content is processed as this job by now.
    Overtaken(String),
}

/// How a job can go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prospect {
    /// A redrive from the state that failed.
    Redrive {
        /// Execution.
        execution_arn: String,
        /// Redrives of it so far.
        redrive_count: u32,
    },
    /// Only a new run, for the reason that Step Functions gives.
    NewRun(String),
    /// It cannot.
    None(Objection),
}

/// What came of a redrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redriven {
    /// It goes on.
    Begun,
    /// Step Functions does not redrive it, for this reason.
    Refused(String),
}

impl Intake {
    /// How a job can go on. Changes nothing.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Service`].
    pub async fn prospect(&self, job: &Job) -> Result<Prospect, Error> {
        let early = match job.job_status {
            JobStatus::Deleted => Some(Objection::Deleted),
            JobStatus::Queued => Some(Objection::Queued),
            _ => None,
        };
        if let Some(objection) = early {
            return Ok(Prospect::None(objection));
        }
        let execution = self.execution(job).await?;
        let status = execution.as_ref().map(|execution| &execution.status);
        if status == Some(&ExecutionStatus::Running) {
            return Ok(Prospect::None(Objection::Running));
        }
        if let Some(objection) = objection(job) {
            return Ok(Prospect::None(objection));
        }
        if let Some(other) = self.jobs.other_owner(&self.admission.table, job).await? {
            return Ok(Prospect::None(Objection::Overtaken(other)));
        }
        let Some(execution) = execution else {
            return Ok(Prospect::NewRun("its execution is gone".to_owned()));
        };
        if execution.redrive_status == Some(ExecutionRedriveStatus::NotRedrivable) {
            let reason = execution.redrive_status_reason;
            return Ok(Prospect::NewRun(reason.unwrap_or_else(no_reason)));
        }
        let count = execution.redrive_count.unwrap_or(0);
        Ok(Prospect::Redrive {
            execution_arn: execution.execution_arn,
            redrive_count: count.try_into().unwrap_or(0),
        })
    }

    /// Lets an execution go on from the state that failed; children that failed in it are started anew.
    ///
    /// # Errors
    /// [`Error::Service`].
    pub async fn redrive(&self, execution_arn: &str) -> Result<Redriven, Error> {
        let request = self.executions.redrive_execution();
        match request.execution_arn(execution_arn).send().await {
            Ok(_) => Ok(Redriven::Begun),
            Err(error) => match error.as_service_error() {
                Some(RedriveExecutionError::ExecutionNotRedrivable(reason)) => {
                    let reason = reason.message.clone();
                    Ok(Redriven::Refused(reason.unwrap_or_else(no_reason)))
                }
                _ => Err(classify("RedriveExecution", &error).into()),
            },
        }
    }

    /// The execution of a job, unless it is gone: Step Functions forgets them after 90 days.
    async fn execution(&self, job: &Job) -> Result<Option<DescribeExecutionOutput>, Error> {
        let Some(execution) = &job.execution_arn else {
            return Ok(None);
        };
        let request = self.executions.describe_execution();
        match request.execution_arn(execution).send().await {
            Ok(described) => Ok(Some(described)),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(DescribeExecutionError::ExecutionDoesNotExist(_))
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(classify("DescribeExecution", &error).into()),
        }
    }
}

/// Why a redrive is of no use to a job whose execution has ended.
fn objection(job: &Job) -> Option<Objection> {
    match job.job_status {
        // Settled, but not everyone could be told: a redrive tells them.
        JobStatus::Published | JobStatus::Rejected if job.announcement_error.is_some() => None,
        JobStatus::Published => Some(Objection::Published),
        JobStatus::Rejected => Some(Objection::Rejected),
        JobStatus::FailedQc => Some(Objection::QualityFailed),
        JobStatus::Duplicate => Some(Objection::Duplicate(job.original_job_id.clone())),
        JobStatus::Failed
        | JobStatus::Queued
        | JobStatus::Processing
        | JobStatus::AwaitingReview
        | JobStatus::Deleted => None,
    }
}

fn no_reason() -> String {
    "no reason given".to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(status: &str, untold: &Value) -> Job {
        let id = JobId::of("b", "k", "1", "default");
        let item = json!({"JobId": id, "JobStatus": status, "SourceBucket": "b", "SourceKey": "k", "CreatedAt": "",
            "SourceVersionId": "1", "Profile": "default", "UpdatedAt": "", "OriginalJobId": id,
            "AnnouncementError": untold});
        serde_json::from_value(item).unwrap_or_else(|error| unreachable!("{error}"))
    }

    #[test]
    fn a_redrive_is_of_use_to_what_failed_and_to_what_could_not_be_told() {
        let check = |status: &str, expected: Option<Objection>| {
            assert_eq!(objection(&job(status, &Value::Null)), expected, "{status}");
        };
        check("FAILED", None);
        check("PROCESSING", None);
        check("PUBLISHED", Some(Objection::Published));
        check("REJECTED", Some(Objection::Rejected));
        check("FAILED_QC", Some(Objection::QualityFailed));
        let original = JobId::of("b", "k", "1", "default");
        check("DUPLICATE", Some(Objection::Duplicate(Some(original))));
        let told = json!({"state": "NotifyPublished", "error": "SNS.NotFoundException", "cause": "", "execution": "e"});
        for status in ["PUBLISHED", "REJECTED"] {
            assert_eq!(objection(&job(status, &told)), None, "{status} untold");
        }
    }
}
