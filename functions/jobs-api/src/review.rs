//! A person's decision: over a video that waits for one, or over the price of one that was rejected for it.

use aws_sdk_sfn::operation::send_task_failure::SendTaskFailureError;
use aws_sdk_sfn::operation::send_task_success::SendTaskSuccessError;
use serde_json::json;
use videoflow_shared::error::classify;
use videoflow_shared::intake::Intake;
use videoflow_shared::jobs::{Job, JobStatus};

use crate::Error;
use crate::answer::Answer;
use crate::request::Review;

/// Error of the execution whose review ends so.
const REJECTED: &str = "ReviewRejected";
/// Verdict of the sanitizer that a person may overrule.
const TOO_EXPENSIVE: &str = "PriceOverLimit";

/// Lets the execution go on to publish; a job that was rejected for its price gets a run at that price.
///
/// # Errors
/// [`Error::ReviewNotAwaited`], the errors of the services.
pub async fn approve(intake: &Intake, job: &Job, review: &Review) -> Result<Answer, Error> {
    if is_too_expensive(job) {
        let run = intake.approve(job, &review.reviewer).await?;
        return Ok(Answer::accepted(&run));
    }
    let token = token(job)?;
    let comment = review.comment.as_deref().unwrap_or_default();
    let output = json!({"decision": "approve", "reviewer": review.reviewer, "comment": comment});
    let request = intake.executions.send_task_success().task_token(token);
    match request.output(output.to_string()).send().await {
        Ok(_) => Ok(Answer::accepted(&job.job_id)),
        Err(error) if error.as_service_error().is_some_and(is_stale_success) => {
            Err(Error::ReviewNotAwaited(job.job_id.to_string()))
        }
        Err(error) => Err(classify("SendTaskSuccess", &error).into()),
    }
}

/// Ends the job as `FAILED_QC`.
///
/// # Errors
/// [`Error::ReviewNotAwaited`], the errors of Step Functions.
pub async fn reject(intake: &Intake, job: &Job, review: &Review) -> Result<Answer, Error> {
    let token = token(job)?;
    let cause = match &review.comment {
        Some(comment) => format!("Rejected by {}: {comment}", review.reviewer),
        None => format!("Rejected by {}", review.reviewer),
    };
    let request = intake.executions.send_task_failure().task_token(token);
    match request.error(REJECTED).cause(cause).send().await {
        Ok(_) => Ok(Answer::accepted(&job.job_id)),
        Err(error) if error.as_service_error().is_some_and(is_stale_failure) => {
            Err(Error::ReviewNotAwaited(job.job_id.to_string()))
        }
        Err(error) => Err(classify("SendTaskFailure", &error).into()),
    }
}

fn is_too_expensive(job: &Job) -> bool {
    let verdict = job
        .error_details
        .as_ref()
        .map(|details| details.error.as_str());
    job.job_status == JobStatus::Rejected && verdict == Some(TOO_EXPENSIVE)
}

/// The credential by which the waiting execution goes on.
fn token(job: &Job) -> Result<&str, Error> {
    match (job.job_status, &job.review_token) {
        (JobStatus::AwaitingReview, Some(token)) => Ok(token),
        (JobStatus::Deleted, _) => Err(Error::JobDeleted(job.job_id.to_string())),
        _ => Err(Error::ReviewNotAwaited(job.job_id.to_string())),
    }
}

/// Whether the execution does not wait any more.
fn is_stale_success(error: &SendTaskSuccessError) -> bool {
    use SendTaskSuccessError::{InvalidToken, TaskDoesNotExist, TaskTimedOut};
    matches!(
        error,
        InvalidToken(_) | TaskDoesNotExist(_) | TaskTimedOut(_)
    )
}

/// Whether the execution does not wait any more.
fn is_stale_failure(error: &SendTaskFailureError) -> bool {
    use SendTaskFailureError::{InvalidToken, TaskDoesNotExist, TaskTimedOut};
    matches!(
        error,
        InvalidToken(_) | TaskDoesNotExist(_) | TaskTimedOut(_)
    )
}
