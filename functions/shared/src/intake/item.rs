//! Items and inputs of jobs that start.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock;
use crate::identity::JobId;
use crate::jobs::{Job, JobStatus};
use crate::ledger::EntryStatus;
use crate::location::S3Uri;
use crate::plan::SourceVersion;
use crate::profiles;
use crate::storage::Head;

/// Id of the job that processes the object that `head` describes.
pub fn job_id(object: &S3Uri, head: &Head, profile: Option<&str>) -> JobId {
    let version = head.version_id.as_deref().unwrap_or(UNVERSIONED);
    JobId::of(
        &object.bucket,
        &object.key,
        version,
        profile_of(head, profile),
    )
}

/// Version id of objects in buckets that were never versioned, as S3 writes it.
const UNVERSIONED: &str = "null";

fn profile_of<'a>(head: &'a Head, profile: Option<&'a str>) -> &'a str {
    profile
        .or(head.profile.as_deref())
        .unwrap_or(profiles::DEFAULT)
}

/// The item of a job that is about to start.
pub(super) fn new_job(
    object: &S3Uri,
    head: &Head,
    profile: Option<&str>,
    machine_arn: &str,
) -> Job {
    let job_id = job_id(object, head, profile);
    let now = clock::now();
    Job {
        execution_arn: execution_arn(machine_arn, &job_id),
        job_id,
        job_status: JobStatus::Queued,
        source_bucket: object.bucket.clone(),
        source_key: object.key.clone(),
        source_version_id: head
            .version_id
            .clone()
            .unwrap_or_else(|| UNVERSIONED.to_owned()),
        profile: profile_of(head, profile).to_owned(),
        variant: None,
        redrive_count: 0,
        created_at: now.clone(),
        updated_at: now,
        stages: BTreeMap::new(),
        video_metadata: None,
        claim_id: None,
        predicted_cost_usd: None,
        approved_price_usd: None,
        approved_by: None,
        actual_cost_usd: None,
        quality_score: None,
        quality_results: None,
        output_locations: None,
        error_details: None,
        announcement_error: None,
        original_job_id: None,
        published_at: None,
        failed_at: None,
        failure_announced: None,
        forced_runs: None,
        requeued_after: None,
        requeued_as: None,
        review_token: None,
        review_reason: None,
        deletion: None,
        review_evidence: None,
        review: None,
    }
}

/// A new item for another run: the same source, and what the ledgers hold.
pub(super) fn rerun_of(job: &Job, original: Option<&Job>, job_id: JobId, machine_arn: &str) -> Job {
    let object = S3Uri::new(&job.source_bucket, &job.source_key);
    let head = Head {
        version_id: Some(job.source_version_id.clone()),
        ..Head::default()
    };
    let mut run = new_job(&object, &head, Some(&job.profile), machine_arn);
    let ledgers = original.into_iter().chain([job]);
    let entries = ledgers.flat_map(|job| job.stages.iter());
    let paid = entries
        .filter(|(_, entry)| entry.status == EntryStatus::Succeeded && entry.result.is_some());
    run.stages = paid.map(|(stage, entry)| (*stage, entry.clone())).collect();
    run.execution_arn = execution_arn(machine_arn, &job_id);
    run.job_id = job_id;
    run
}

/// The canonical input of process-video: nothing in it differs between two starts of the same job.
///
/// Only a run that a person forced may take over the claim of a published job. The run of a duplicate whose original
/// failed may not: another duplicate may have published the content in the meantime.
pub fn execution_input(job: &Job) -> Value {
    let source = SourceVersion {
        bucket: job.source_bucket.clone(),
        key: job.source_key.clone(),
        version_id: job.source_version_id.clone(),
    };
    let forced = job.job_id.is_forced() && job.requeued_after.is_none();
    json!({"jobId": job.job_id, "source": source, "profile": job.profile, "forced": forced})
}

/// ARN of the execution of a job: a function of the machine's ARN (with or without alias) and its name.
pub fn execution_arn(machine_arn: &str, job: &JobId) -> Option<String> {
    let (before, machine) = machine_arn.split_once(":stateMachine:")?;
    let name = machine.split(':').next()?;
    Some(format!("{before}:execution:{name}:{job}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Stage;
    use crate::ledger::Entry;

    const MACHINE: &str =
        "arn:aws:states:us-east-1:000000000000:stateMachine:videoflow-local-process-video:live";

    fn job(key: &str) -> Job {
        let head = Head {
            version_id: Some("1".into()),
            ..Head::default()
        };
        new_job(&S3Uri::new("b", key), &head, None, MACHINE)
    }

    fn entry(status: EntryStatus, result: Option<Value>) -> Entry {
        Entry {
            attempt: 1,
            service_job_id: Some("s".into()),
            status,
            result,
        }
    }

    #[test]
    fn input_is_canonical() {
        let job = job("k");
        let expected = format!(
            r#"{{"jobId":"{}","source":{{"bucket":"b","key":"k","versionId":"1"}},"profile":"default","forced":false}}"#,
            job.job_id
        );
        assert_eq!(execution_input(&job).to_string(), expected);
    }

    #[test]
    fn only_a_person_forces() {
        let check = |run: Option<u32>, requeued_after: Option<&str>, expected: bool| {
            let job = job("k");
            let run = run.and_then(|run| job.job_id.forced(run).ok());
            let job = Job {
                job_id: run.unwrap_or(job.job_id.clone()),
                requeued_after: requeued_after.map(|key| JobId::of("b", key, "1", "default")),
                ..job
            };
            assert_eq!(execution_input(&job)["forced"], json!(expected));
        };
        check(None, None, false);
        check(Some(2), None, true);
        check(Some(2), Some("original"), false);
    }

    #[test]
    fn execution_arn_has_no_alias() {
        let id = JobId::of("b", "k", "1", "default");
        let expected = format!(
            "arn:aws:states:us-east-1:000000000000:execution:videoflow-local-process-video:{id}"
        );
        assert_eq!(execution_arn(MACHINE, &id), Some(expected.clone()));
        assert_eq!(
            execution_arn(MACHINE.trim_end_matches(":live"), &id),
            Some(expected)
        );
        assert_eq!(execution_arn("arn:aws:lambda:x", &id), None);
    }

    #[test]
    fn profile_is_the_callers_or_the_objects_or_the_default() {
        let head = |profile: Option<&str>| Head {
            profile: profile.map(str::to_owned),
            ..Head::default()
        };
        assert_eq!(profile_of(&head(None), None), "default");
        assert_eq!(profile_of(&head(Some("lean")), None), "lean");
        assert_eq!(
            profile_of(&head(Some("lean")), Some("moderated")),
            "moderated"
        );
    }

    #[test]
    fn a_rerun_pays_only_for_what_no_ledger_holds() {
        let (mut own, mut original) = (job("k"), job("original"));
        own.stages
            .insert(Stage::Labels, entry(EntryStatus::Failed, None));
        own.stages.insert(
            Stage::Meaning,
            entry(EntryStatus::Succeeded, Some(json!(1))),
        );
        original.stages.insert(
            Stage::Transcode,
            entry(EntryStatus::Succeeded, Some(json!(2))),
        );
        original
            .stages
            .insert(Stage::Meaning, entry(EntryStatus::Running, None));
        let id = own
            .job_id
            .forced(1)
            .unwrap_or_else(|error| unreachable!("{error}"));
        let run = rerun_of(&own, Some(&original), id.clone(), MACHINE);
        let reused: Vec<Stage> = run.stages.keys().copied().collect();
        assert_eq!(reused, [Stage::Transcode, Stage::Meaning]);
        assert_eq!(
            (run.job_id, run.source_key, run.job_status),
            (id, "k".into(), JobStatus::Queued)
        );
    }
}
