//! Which places go with a video, and which stay because another video's results lie there.
//!
//! A forced run of a duplicate takes over what its original had paid for, and so its results lie below the original. They
//! stay as long as such a run does, and go with the last one.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::{Job, JobStatus, Kept};

/// The first part of every key of the output bucket.
const ROOTS: [&str; 3] = ["published", "media", "work"];
/// The part that only a video's own runs use.
const OWN: &str = "published";

/// What is to be deleted.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// Beginnings of keys of the output bucket.
    pub prefixes: Vec<String>,
    /// Other videos below which results of this one lie, and nobody else's: if those are deleted already, their places
    /// go now.
    pub foreign: Vec<JobId>,
    /// What stays.
    pub kept: Vec<Kept>,
}

/// Decides by the runs of the video and the runs of others with the same content.
pub fn plan(base: &JobId, runs: &[Job], sharers: &[Job]) -> Plan {
    let user = |video: &JobId| {
        sharers
            .iter()
            .find(|job| job.job_id.base() != *video && named(job).contains(video))
    };
    let named_here: BTreeSet<JobId> = runs.iter().flat_map(named).collect();
    let foreign = named_here.into_iter().filter(|video| video != base);
    let foreign = foreign.filter(|video| user(video).is_none()).collect();
    match user(base) {
        Some(user) => Plan {
            prefixes: vec![prefix(OWN, base)],
            foreign,
            kept: vec![Kept {
                job_id: base.clone(),
                used_by: user.job_id.clone(),
            }],
        },
        None => Plan {
            prefixes: all_of(base),
            foreign,
            kept: Vec::new(),
        },
    }
}

/// All places of a video, those of its forced runs included: their ids begin with the first one's.
pub fn all_of(video: &JobId) -> Vec<String> {
    ROOTS.map(|root| prefix(root, video)).into()
}

fn prefix(root: &str, video: &JobId) -> String {
    format!("{root}/{video}")
}

/// Whether results of the job can lie below another video: it has some.
pub fn has_results(job: &Job) -> bool {
    !matches!(
        job.job_status,
        JobStatus::Duplicate | JobStatus::Rejected | JobStatus::Deleted
    )
}

/// Videos below which something lies that the job's item names.
fn named(job: &Job) -> BTreeSet<JobId> {
    let mut found = BTreeSet::new();
    find(&json!(job.stages), &mut found);
    find(&json!(job.output_locations), &mut found);
    found
}

fn find(value: &Value, found: &mut BTreeSet<JobId>) {
    match value {
        Value::String(text) if text.starts_with("s3://") => {
            let jobs = text.split('/').filter_map(|part| part.parse().ok());
            found.extend(jobs.map(|job: JobId| job.base()));
        }
        Value::Array(values) => values.iter().for_each(|value| find(value, found)),
        Value::Object(members) => members.values().for_each(|value| find(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    fn id(key: &str) -> JobId {
        JobId::of("b", key, "1", "default")
    }

    /// A job whose transcode lies below another.
    fn job(job_id: &JobId, below: &JobId) -> Job {
        serde_json::from_value(json!({"JobId": job_id, "JobStatus": "PUBLISHED", "SourceBucket": "b", "SourceKey": "k",
            "SourceVersionId": "1", "Profile": "default", "CreatedAt": "t", "UpdatedAt": "t",
            "Stages": {"transcode": {"attempt": 1, "status": "SUCCEEDED",
                "result": {"proxy": format!("s3://out/media/{below}/proxy.mp4"), "name": id("no place")}}}}))
        .unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn check(runs: &[Job], sharers: &[Job], prefixes: &[&str], foreign: &[JobId], kept: &[JobId]) {
        let base = id("mine");
        let found = plan(&base, runs, sharers);
        let expected: Vec<String> = prefixes
            .iter()
            .map(|root| format!("{root}/{base}"))
            .collect();
        assert_eq!(
            (found.prefixes, found.foreign),
            (expected, foreign.to_vec())
        );
        let users: Vec<JobId> = found.kept.into_iter().map(|kept| kept.used_by).collect();
        assert_eq!(users, kept);
    }

    #[test]
    fn everything_goes_that_nobody_else_uses() {
        let mine = job(&id("mine"), &id("mine"));
        check(from_ref(&mine), &[], &ROOTS, &[], &[]);
        let other = job(&id("other"), &id("other"));
        check(&[mine], &[other], &ROOTS, &[], &[]);
        check(&[], &[], &ROOTS, &[], &[]);
    }

    #[test]
    fn results_of_others_stay() {
        let mine = job(&id("mine"), &id("mine"));
        let run = id("other")
            .forced(1)
            .unwrap_or_else(|error| unreachable!("{error}"));
        let other = job(&run, &id("mine"));
        check(&[mine], &[other], &["published"], &[], &[run]);
    }

    #[test]
    fn places_of_others_go_with_the_last_user() {
        let mine = job(&id("mine"), &id("first"));
        check(from_ref(&mine), &[], &ROOTS, &[id("first")], &[]);
        let first = job(&id("first"), &id("first"));
        check(from_ref(&mine), &[first], &ROOTS, &[id("first")], &[]);
        let third = job(&id("third"), &id("first"));
        check(&[mine], &[third], &ROOTS, &[], &[]);
    }
}
