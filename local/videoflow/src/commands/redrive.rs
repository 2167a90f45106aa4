//! `videoflow redrive`: a failed job goes on from the state that failed.

use std::process::ExitCode;

use anyhow::{Context, bail};
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::ExecutionStatus;
use videoflow_platform::names;
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::{Job, JobStatus};

use super::place::{Begun, Place, Reached};
use super::{block_on, log_to_stderr};
use crate::endpoint;
use crate::job::follow::execution_arn;
use crate::job::report::report;

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-redrive";

/// Lets a failed job go on from the state that failed, once the cause is mended
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What had succeeded is neither run nor paid for again. Without --out, --data or --endpoint-url the
job is looked for in ./.videoflow and then in ./videoflow-out/.videoflow. Exit code: 0 published,
2 rejected or failed its quality check, 1 failed again or not redriven.

Examples:
  videoflow redrive v-0123…
  videoflow redrive v-0123… --out /tmp/briefs   as `videoflow run --out /tmp/briefs` was
  videoflow redrive v-0123… --data /srv/videoflow
  videoflow redrive v-0123… --endpoint-url http://127.0.0.1:4566")]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
}

/// Carries out the command. With `--json` there is an object on standard output whatever happens.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    let place = &arguments.place;
    let is_elsewhere = place.endpoint_url.is_some();
    let redrive = async |reached: &Reached, job: &JobId| begin(reached, job, is_elsewhere).await;
    report(place.json, block_on(place.follow(PRINCIPAL, redrive)))
}

/// Redrives the job's execution, if the job is one that a redrive can help.
async fn begin(reached: &Reached, job: &JobId, is_elsewhere: bool) -> anyhow::Result<Begun> {
    let config = &reached.config;
    let client = aws_sdk_sfn::Client::new(config);
    let execution = describe(&client, job).await?;
    if execution.status == ExecutionStatus::Running {
        if is_elsewhere {
            bail!("{job} is still running; `videoflow history {job} --endpoint-url …` shows where");
        }
        return Ok(Begun {
            job: job.clone(),
            redrives: 0,
            note: Some("the job had not ended when its platform did, and goes on"),
        });
    }
    let jobs = endpoint::jobs(config);
    let item = jobs.get(job).await?;
    let item = item.with_context(|| format!("{job} has no item in the job table"))?;
    if let Some(reason) = objection(&item) {
        bail!(reason);
    }
    let owner = jobs.other_owner(&names::prefixed("claims"), &item).await;
    if let Some(other) = owner.context("cannot read the claim")? {
        bail!("{job} cannot be redriven: its content is processed as {other} by now");
    }
    let redrive = client
        .redrive_execution()
        .execution_arn(execution_arn(job))
        .send();
    match redrive.await.map_err(aws_sdk_sfn::Error::from) {
        Ok(_) => {
            let redrives = execution
                .redrive_count
                .and_then(|count| count.try_into().ok());
            Ok(Begun {
                job: job.clone(),
                redrives: redrives.unwrap_or(0) + 1,
                note: None,
            })
        }
        Err(aws_sdk_sfn::Error::ExecutionNotRedrivable(reason)) => bail!(
            "{job} cannot be redriven ({}); `videoflow run` of the video begins it anew",
            reason.message.unwrap_or_default()
        ),
        Err(error) => Err(error).with_context(|| format!("cannot redrive {job}")),
    }
}

async fn describe(
    client: &aws_sdk_sfn::Client,
    job: &JobId,
) -> anyhow::Result<DescribeExecutionOutput> {
    let described = client
        .describe_execution()
        .execution_arn(execution_arn(job))
        .send()
        .await;
    match described.map_err(aws_sdk_sfn::Error::from) {
        Ok(execution) => Ok(execution),
        Err(aws_sdk_sfn::Error::ExecutionDoesNotExist(_)) => bail!("there is no job {job}"),
        Err(error) => Err(error).with_context(|| format!("cannot describe {job}")),
    }
}

/// Why a redrive is of no use to a job, and what is.
fn objection(job: &Job) -> Option<String> {
    let id = &job.job_id;
    match job.job_status {
        // Settled, but not everyone could be told: a redrive tells them.
        JobStatus::Published | JobStatus::Rejected if job.announcement_error.is_some() => None,
        JobStatus::Published => Some(format!(
            "{id} is published; `videoflow run --force` of the video makes it again"
        )),
        JobStatus::Rejected => Some(format!(
            "{id} was rejected, which another try would repeat; mend the video and run that"
        )),
        JobStatus::FailedQc => Some(format!(
            "{id} failed its quality check, which a redrive would repeat; `videoflow run --force` of the video makes it again"
        )),
        JobStatus::Duplicate => {
            let original = job.original_job_id.as_ref();
            let original = original.map_or("another job", JobId::as_str);
            Some(format!("{id} is a duplicate of {original}; redrive that"))
        }
        JobStatus::Deleted => Some(format!(
            "the results of {id} were deleted; run the video again"
        )),
        JobStatus::Queued => Some(format!("{id} waits for its turn; it starts by itself")),
        JobStatus::Failed | JobStatus::Processing | JobStatus::AwaitingReview => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn jobs_that_a_redrive_cannot_help_say_what_can() {
        let job = |status: &str, untold: &serde_json::Value| -> Job {
            let id = JobId::of("b", "k", "1", "default");
            let item = json!({"JobId": id, "JobStatus": status, "SourceBucket": "b", "SourceKey": "k", "CreatedAt": "",
                "SourceVersionId": "1", "Profile": "default", "UpdatedAt": "", "OriginalJobId": id,
                "AnnouncementError": untold});
            serde_json::from_value(item).unwrap_or_else(|error| unreachable!("{error}"))
        };
        let check = |status: &str, expected: Option<&str>| {
            let objection = objection(&job(status, &json!(null)));
            match expected {
                Some(part) => assert!(
                    objection.is_some_and(|text| text.contains(part)),
                    "{status}"
                ),
                None => assert_eq!(objection, None, "{status}"),
            }
        };
        check("FAILED", None);
        check("PROCESSING", None);
        check("PUBLISHED", Some("run --force"));
        check("REJECTED", Some("mend the video"));
        check("FAILED_QC", Some("run --force"));
        check("DUPLICATE", Some("duplicate of v-"));
        check("DELETED", Some("run the video again"));
        let told = json!({"state": "NotifyPublished", "error": "SNS.NotFoundException", "cause": "", "execution": "e"});
        for status in ["PUBLISHED", "REJECTED"] {
            assert_eq!(objection(&job(status, &told)), None, "{status} untold");
        }
    }
}
