//! `videoflow redrive`, as a user mends a failed job.

use std::path::Path;
use std::process::Output;

use crate::failures::functions_with_a_throwing;
use crate::support::{calls, item, job_item, last_json, read_json, short_clip, videoflow};

/// What each of them starts costs money on AWS.
const PAID: [&str; 4] = [
    "CreateJob",
    "StartTranscriptionJob",
    "StartLabelDetection",
    "InvokeDataAutomationAsync",
];

fn redrive(job: &str, out: &Path) -> Output {
    let out = out.to_str().expect("UTF-8");
    videoflow(&["redrive", job, "--out", out, "--json", "--yes"])
}

/// A redrive that cannot be, with a reason in which `part` stands.
fn check_refused(job: &str, out: &Path, (code, part): (i32, &str)) {
    let refused = redrive(job, out);
    assert_eq!(refused.status.code(), Some(code));
    let answer = last_json(&refused);
    let error = answer["error"].as_str().unwrap_or_default();
    assert!(error.contains(part), "{answer}");
}

#[test]
fn a_failed_job_goes_on_from_the_failed_state_and_pays_for_nothing_twice() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clip = short_clip(folder.path());
    let out = folder.path().join("out");
    let functions = folder.path().join("functions");
    std::fs::create_dir(&functions).expect("a folder");
    functions_with_a_throwing("publish-assets", &functions);
    let failed = videoflow(&[
        "run",
        clip.to_str().expect("UTF-8"),
        "--out",
        out.to_str().expect("UTF-8"),
        "--functions",
        functions.to_str().expect("UTF-8"),
        "--json",
    ]);
    assert_eq!(failed.status.code(), Some(1));
    let answer = last_json(&failed);
    let job = answer["jobId"].as_str().expect("a job id");
    check_refused(
        &job.replacen("v-", "v-f", 1)[..job.len()],
        &out,
        (1, "no job"),
    );

    let redriven = redrive(job, &out);
    assert_eq!(redriven.status.code(), Some(0));
    let answer = last_json(&redriven);
    assert_eq!(
        (&answer["status"], &answer["jobId"]),
        (&"PUBLISHED".into(), &job.into())
    );
    assert_eq!(answer["alreadyProcessed"], false);
    let brief = answer["outputs"]["briefJson"].as_str().expect("a brief");
    assert_eq!(read_json(Path::new(brief))["runId"], job);

    for action in PAID {
        assert_eq!(calls(&out, action), 1, "{action}");
    }
    let found = job_item(&out, job);
    assert_eq!(found["JobStatus"]["S"], "PUBLISHED", "{found}");
    assert_eq!(found["RedriveCount"]["N"], "1", "{found}");
    assert!(
        found.get("ErrorDetails").is_none() && found.get("FailedAt").is_none(),
        "{found}"
    );
    let claim = found["ClaimId"]["S"].as_str().expect("a claim");
    let claim = item(&out, "claims", "ClaimId", claim);
    assert_eq!(claim["ClaimStatus"]["S"], "PUBLISHED", "{claim}");

    let histories = out.join(job).join("histories");
    let main = read_json(&histories.join(format!("process-video/{job}.json")));
    let types: Vec<&str> = main["events"]
        .as_array()
        .expect("events")
        .iter()
        .filter_map(|event| event["type"].as_str())
        .collect();
    let at = types.iter().position(|name| *name == "ExecutionRedriven");
    let at = at.expect("the history tells of the redrive");
    assert_eq!(types[at + 1], "TaskStateEntered");
    let again = types[at..]
        .iter()
        .filter(|name| name.ends_with("StateEntered"));
    assert_eq!(again.count(), 1, "PublishVideo");
    assert!(
        histories
            .join(format!("publish-video/{job}-publish-1-0.json"))
            .is_file()
    );

    check_refused(job, &out, (2, "is published"));
}
