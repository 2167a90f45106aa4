//! Following a job until it settles.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use videoflow_platform::names;
use videoflow_platform::platform::Platform;
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::{Job, JobStatus, Jobs};

use super::display::Display;
use crate::history::{Meter, Source, read_tree};

/// From the upload to the start of the execution: an event, a message and a function.
const START_LIMIT: Duration = Duration::from_mins(1);
/// From the end of the execution to the settled job item: an event, a message and a function.
const SETTLE_LIMIT: Duration = Duration::from_secs(30);
/// Pause between two looks: fast enough for the eye.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// Pause between two looks by way of the API: one looks at all histories.
const ASK_INTERVAL: Duration = Duration::from_secs(1);
/// State in which a person has to decide.
const REVIEW_STATE: &str = "AwaitReview";

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// `JobStatus` of its item.
    pub status: String,
    /// The job that has the same content, where this one is a duplicate.
    pub original: Option<JobId>,
    /// `ErrorDetails` of its item.
    pub error: Option<String>,
}

/// ARN of a job's execution of process-video.
pub fn execution_arn(job: &JobId) -> String {
    names::execution_arn(&names::prefixed(names::PROCESS_VIDEO), job.as_str())
}

/// Waits until the job's execution has started.
///
/// `lost_before` is what [`Platform::lost_uploads`] said before the job was handed in.
pub async fn wait_for_start(
    platform: &Platform,
    job: &JobId,
    lost_before: u64,
) -> anyhow::Result<()> {
    let arn = execution_arn(job);
    let begun = Instant::now();
    while platform.step_functions().stations(&arn).is_empty() {
        if platform.lost_uploads()? > lost_before {
            bail!(
                "start-processing failed again and again; see the logs in .videoflow/logs/start-processing"
            );
        }
        if begun.elapsed() > START_LIMIT {
            bail!("no execution started within {} s", START_LIMIT.as_secs());
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}

/// Shows the job's stations until its execution ends.
pub async fn follow(platform: &Platform, job: &JobId, display: &mut Display) {
    let arn = execution_arn(job);
    let mut is_review_told = false;
    loop {
        let stations = platform.step_functions().stations(&arn);
        display.show(&stations);
        if !is_review_told
            && stations
                .iter()
                .any(|station| station.state.as_deref() == Some(REVIEW_STATE))
        {
            is_review_told = true;
            display.note(&format!(
                "a person has to decide: curl --json '{{\"reviewer\":\"me\"}}' http://{}/jobs/{job}/approve (or …/reject)",
                platform.http_api()
            ));
        }
        if stations
            .first()
            .is_some_and(|root| root.status != "RUNNING")
        {
            break;
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    display.finish();
}

/// Shows the job's stations on a platform elsewhere until its execution ends.
pub async fn follow_elsewhere(
    source: &Source,
    job: &JobId,
    display: &mut Display,
) -> anyhow::Result<()> {
    let arn = execution_arn(job);
    loop {
        let (root, _) = read_tree(source, &arn, &Meter::default()).await?;
        let stations = root.stations();
        display.show(&stations);
        if stations
            .first()
            .is_some_and(|root| root.status != "RUNNING")
        {
            display.finish();
            return Ok(());
        }
        tokio::time::sleep(ASK_INTERVAL).await;
    }
}

/// What the job's item says once it is settled: a failed execution's item is written after its end, by record-failure,
/// with the count of its redrives.
pub async fn outcome(jobs: &Jobs, job: &JobId, redrive_count: u32) -> anyhow::Result<Settled> {
    let begun = Instant::now();
    loop {
        let item = jobs.get(job).await.context("cannot read the job's item")?;
        let item = item.context("the job has no item")?;
        let is_old = item.job_status == JobStatus::Failed && item.redrive_count < redrive_count;
        if (item.job_status.is_settled() && !is_old) || begun.elapsed() > SETTLE_LIMIT {
            return Ok(Settled::of(item));
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

impl Settled {
    fn of(item: Job) -> Self {
        // An execution that ended while its item says PROCESSING failed all the same.
        let is_open = !item.job_status.is_settled();
        let status = if is_open {
            JobStatus::Failed
        } else {
            item.job_status
        };
        let error = item.error_details.map(|details| {
            if details.cause.is_empty() {
                details.error
            } else {
                format!("{}: {}", details.error, details.cause)
            }
        });
        Self {
            status: status.to_string(),
            original: item.original_job_id,
            error,
        }
    }
}
