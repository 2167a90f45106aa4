//! What became of the jobs that went on, for people and for programs.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::{Job, JobStatus};

use super::{Begun, Proposal, to_json};
use crate::environment::Environment;
use crate::job::export::{Export, outputs};
use crate::watching::Seen;

/// What was begun of each proposal that was not refused.
pub type Answers = Vec<(JobId, anyhow::Result<Begun>)>;

/// Tells what became of each proposal; `seen` is how the jobs were left, where they were followed. What they made joins the
/// results in `out`.
///
/// # Errors
/// The results cannot be written.
pub async fn tell(
    environment: &Environment,
    proposals: &[Proposal],
    answers: &Answers,
    seen: Option<&BTreeMap<JobId, Seen>>,
    out: Option<&Path>,
) -> anyhow::Result<Vec<Value>> {
    let mut told = Vec::new();
    for proposal in proposals {
        let answer = answers.iter().find(|(id, _)| *id == proposal.job.job_id);
        let members = match answer {
            None => json!({}),
            Some((_, Err(error))) => {
                eprintln!("{error:#}");
                json!({"status": "FAILED", "error": format!("{error:#}")})
            }
            Some((_, Ok(begun))) => match seen.and_then(|seen| seen.get(&begun.job)) {
                Some(seen) => result(environment, &seen.job, out).await?,
                None => json!({"jobId": begun.job, "status": "PROCESSING", "error": null}),
            },
        };
        let mut document = to_json(proposal);
        if let (Value::Object(document), Value::Object(members)) = (&mut document, members) {
            document.extend(members);
        }
        told.push(document);
    }
    Ok(told)
}

async fn result(environment: &Environment, job: &Job, out: Option<&Path>) -> anyhow::Result<Value> {
    let id = &job.job_id;
    let folder = match (out, environment.platform(), &environment.data) {
        (Some(out), Some(platform), Some(data)) => {
            let s3 = environment.s3();
            let export = Export {
                platform,
                s3: &s3,
                data,
                out,
            };
            Some(export.write(id).await?)
        }
        _ => None,
    };
    let failure = job
        .error_details
        .as_ref()
        .filter(|_| job.job_status != JobStatus::Published);
    let error =
        failure.map(|details| format!("{}: {}: {}", details.state, details.error, details.cause));
    eprintln!("{id}  {}", job.job_status);
    if let Some(error) = &error {
        let arguments = &environment.arguments;
        eprintln!("  {error}\n  videoflow history {id} {arguments}");
    }
    if let Some(folder) = &folder {
        eprintln!("  {}", folder.display());
    }
    Ok(json!({
        "jobId": id,
        "status": job.job_status,
        "outputs": folder.as_deref().map(outputs),
        "alreadyProcessed": false,
        "error": error,
    }))
}

/// Exit code of what was told: 0 all well, 1 something failed, 2 something was refused.
pub fn exit_code(told: &[Value], is_followed: bool) -> u8 {
    let is = |statuses: &[&str]| {
        told.iter().any(|job| {
            job["status"]
                .as_str()
                .is_some_and(|status| statuses.contains(&status))
        })
    };
    if is(&["FAILED"]) || (is_followed && is(&["PROCESSING", "QUEUED", "DUPLICATE", "DELETED"])) {
        1
    } else if is(&["REJECTED", "FAILED_QC"]) || told.iter().any(|job| job["way"] == "refused") {
        2
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_that_happened_is_the_exit_code() {
        let check = |jobs: &[Value], is_followed: bool, expected: u8| {
            assert_eq!(exit_code(jobs, is_followed), expected, "{jobs:?}");
        };
        let published = json!({"status": "PUBLISHED", "way": "redrive"});
        let refused = json!({"jobStatus": "PUBLISHED", "way": "refused"});
        check(std::slice::from_ref(&published), true, 0);
        check(&[published.clone(), refused.clone()], true, 2);
        check(&[json!({"status": "FAILED_QC"})], true, 2);
        check(&[json!({"status": "FAILED"}), refused], true, 1);
        check(&[json!({"status": "PROCESSING"})], false, 0);
        check(&[json!({"status": "PROCESSING"}), published], true, 1);
    }
}
