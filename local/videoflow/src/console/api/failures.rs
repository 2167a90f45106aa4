//! Failed jobs, grouped by state and error: one cause has one row, however many jobs it met.

use std::collections::BTreeMap;

use anyhow::Context;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use videoflow_shared::jobs::{Filter, Job, JobStatus};

use super::{Answer, Console, SUMS_AGE, Shared};

/// Failed jobs that are looked at, the last ones.
const LOOKED_AT: usize = 10_000;
/// Jobs of a group that are named.
const NAMED: usize = 100;
/// Characters of a cause that are shown.
const CAUSE_CHARACTERS: usize = 600;
/// Statuses of jobs that failed, and whether a redrive can help them.
const FAILED: [(JobStatus, bool); 2] = [(JobStatus::Failed, true), (JobStatus::FailedQc, false)];

/// A group's key and its jobs, last failed first.
type Groups = BTreeMap<(bool, String, String), Vec<Job>>;

/// The groups, the largest first.
pub async fn failures(State(console): Shared) -> Answer {
    let found = console
        .caches
        .failures
        .get(SUMS_AGE, async || console.grouped().await);
    Ok(Json(found.await?.as_ref().clone()))
}

impl Console {
    async fn grouped(&self) -> anyhow::Result<Value> {
        let mut groups = Groups::new();
        let mut is_whole = true;
        for (status, is_redrivable) in FAILED {
            let (jobs, whole) = self.all(status, None, LOOKED_AT).await?;
            is_whole &= whole;
            for job in jobs {
                groups
                    .entry(key(&job, is_redrivable))
                    .or_default()
                    .push(job);
            }
        }
        let mut groups: Vec<Value> = groups
            .into_iter()
            .map(|(key, jobs)| group(&key, &jobs))
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.get("count").and_then(Value::as_u64)));
        Ok(json!({"groups": groups, "isWhole": is_whole}))
    }

    /// All jobs of a status since a moment, last updated first; and whether these are all.
    pub(super) async fn all(
        &self,
        status: JobStatus,
        since: Option<String>,
        limit: usize,
    ) -> anyhow::Result<(Vec<Job>, bool)> {
        let filter = Filter {
            updated_from: since,
            ..Filter::default()
        };
        let jobs = self.environment.jobs();
        let found = jobs.up_to(status, &filter, limit).await;
        found.context("cannot list the jobs")
    }
}

fn key(job: &Job, is_redrivable: bool) -> (bool, String, String) {
    let error = job.error_details.as_ref();
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    (
        is_redrivable,
        text(error.map(|error| &error.state)),
        text(error.map(|error| &error.error)),
    )
}

fn group((is_redrivable, state, error): &(bool, String, String), jobs: &[Job]) -> Value {
    let times = || {
        jobs.iter()
            .map(|job| job.failed_at.as_ref().unwrap_or(&job.updated_at))
    };
    let cause = jobs
        .iter()
        .find_map(|job| Some(&job.error_details.as_ref()?.cause));
    let named = jobs.iter().take(NAMED);
    json!({
        "state": state,
        "error": error,
        "isRedrivable": is_redrivable,
        "count": jobs.len(),
        "first": times().min(),
        "last": times().max(),
        "cause": cause.map(|cause| cause.chars().take(CAUSE_CHARACTERS).collect::<String>()),
        "jobs": named.map(|job| json!({"jobId": job.job_id, "key": job.source_key, "failedAt": job.failed_at}))
            .collect::<Vec<_>>(),
    })
}
