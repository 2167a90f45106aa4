//! One look at the jobs in flight.

use std::collections::BTreeMap;

use anyhow::Context;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::{Filter, Job, JobStatus, Jobs};
use videoflow_shared::stations::{Station, stations};
use videoflow_shared::{error, storage};

use super::{Seen, Wish};
use crate::environment::Environment;

/// Statuses of jobs in flight.
const OPEN: [JobStatus; 3] = [
    JobStatus::Processing,
    JobStatus::AwaitingReview,
    JobStatus::Queued,
];
/// Jobs that are looked at: more fit no screen.
const JOBS_LIMIT: usize = 1000;
/// Requests at the same time.
const AT_ONCE: usize = 8;

/// What a look found.
#[derive(Debug)]
pub enum Look {
    /// The jobs, and how many calls it took.
    Seen {
        /// Those in flight or named, and those that have settled since the look before.
        jobs: Vec<Seen>,
        /// Calls.
        calls: u32,
    },
    /// AWS throttles.
    Throttled,
}

/// Looks at the jobs that are wished for.
pub async fn look(
    environment: &Environment,
    wish: &Wish,
    before: &BTreeMap<JobId, Seen>,
) -> anyhow::Result<Look> {
    let jobs = environment.jobs();
    let found = match wish.jobs.as_slice() {
        [] => in_flight(&jobs, before).await,
        named => named_jobs(&jobs, named).await,
    };
    let found = match found {
        Err(Failed::Throttled) => return Ok(Look::Throttled),
        Err(Failed::Missing(job)) => anyhow::bail!("there is no job {job}"),
        Err(Failed::Other(error)) => return Err(error).context("cannot read the job table"),
        Ok(found) => found,
    };
    let states = environment.states();
    let of_job = async |job: Job| {
        let stations = match job.job_status {
            JobStatus::Processing | JobStatus::AwaitingReview => stations(&states, &job).await?,
            _ => Vec::new(),
        };
        Ok(Seen { job, stations })
    };
    let count = found.len();
    let seen: Result<Vec<Seen>, error::Error> = stream::iter(found.into_iter().map(of_job))
        .buffered(AT_ONCE)
        .try_collect()
        .await;
    match seen {
        Err(error::Error::ServiceThrottled(_)) => Ok(Look::Throttled),
        Err(error) => Err(error).context("cannot read a history"),
        Ok(seen) => {
            let stations: usize = seen.iter().map(|one| one.stations.len()).sum();
            let calls = u32::try_from(count + stations).unwrap_or(u32::MAX);
            Ok(Look::Seen { jobs: seen, calls })
        }
    }
}

enum Failed {
    Throttled,
    Missing(JobId),
    Other(storage::Error),
}

impl From<storage::Error> for Failed {
    fn from(error: storage::Error) -> Self {
        match error {
            // The SDK has tried again and again.
            storage::Error::StorageFailed(text) if text.contains("Throttl") => Self::Throttled,
            error => Self::Other(error),
        }
    }
}

async fn named_jobs(jobs: &Jobs, named: &[JobId]) -> Result<Vec<Job>, Failed> {
    let read = async |id: &JobId| {
        let job = jobs.get(id).await?;
        job.ok_or_else(|| Failed::Missing(id.clone()))
    };
    stream::iter(named.iter().map(read))
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// Jobs in flight, and those that were at the last look.
async fn in_flight(jobs: &Jobs, before: &BTreeMap<JobId, Seen>) -> Result<Vec<Job>, Failed> {
    let mut found: BTreeMap<JobId, Job> = BTreeMap::new();
    for status in OPEN {
        let rest = JOBS_LIMIT.saturating_sub(found.len());
        let (of_status, _) = jobs.up_to(status, &Filter::default(), rest).await?;
        found.extend(of_status.into_iter().map(|job| (job.job_id.clone(), job)));
    }
    let was_open = before
        .values()
        .filter(|seen| !seen.job.job_status.is_settled());
    let gone: Vec<JobId> = was_open
        .map(|seen| seen.job.job_id.clone())
        .filter(|id| !found.contains_key(id))
        .collect();
    let settled = named_jobs(jobs, &gone).await?;
    Ok(found.into_values().chain(settled).collect())
}

/// Where a job is, in a few words.
pub fn place(stations: &[Station]) -> String {
    let places = stations
        .iter()
        .map(|station| format!("{} {}", station.stage, station.state));
    places.collect::<Vec<_>>().join(" · ")
}
