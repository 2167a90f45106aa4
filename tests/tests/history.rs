//! `videoflow history` and `videoflow jobs` as a user asks them, of the real platform.

use std::time::Instant;

use serde_json::{Value, json};

use crate::prepared_failures::scenes::Scene;
use crate::support::up::{EXECUTIONS, Up};
use crate::support::{last_json, videoflow};

/// Who the command is, in the record of calls.
const PRINCIPAL: &str = "videoflow-history";

/// The failure of a scene is told as it was: by address and from the folder, its true cause first.
pub fn check(scene: &Scene) {
    let job = scene.job.to_string();
    let url = scene.up.url();
    let before = calls(scene);
    let by_address = videoflow(&["history", &job, "--endpoint-url", &url, "--json"]);
    let by_address = last_json(&by_address);
    check_cause(scene, &by_address);
    check_calls(&by_address, calls(scene) - before);
    check_text(scene, &job);
    let data = scene.up.state("executions");
    let data = data.parent().and_then(|data| data.to_str());
    let from_folder = videoflow(&["history", &job, "--data", data.expect("UTF-8"), "--json"]);
    let from_folder = last_json(&from_folder);
    assert_eq!(
        without_place(by_address),
        without_place(from_folder),
        "files and API tell the same"
    );
    if scene.expected.error == "Thrown" {
        check_list(scene, &job);
    }
}

fn check_cause(scene: &Scene, story: &Value) {
    let expected = &scene.expected;
    let cause = &story["rootCause"];
    let found = [&cause["machine"], &cause["state"], &cause["error"]];
    assert_eq!(
        found,
        [expected.machine, expected.state, expected.error],
        "{cause}"
    );
    let text = match &cause["cause"] {
        Value::String(text) => text.clone(),
        cause => cause.to_string(),
    };
    assert!(text.contains(expected.cause), "{cause}");
    assert_ne!(cause["input"], Value::Null, "{cause}");
    assert_eq!(story["isComplete"], true, "{}", story["missing"]);
    let path = cause["path"].as_array().expect("a path");
    assert_eq!(path.last(), Some(&cause["state"]), "{cause}");
    if expected.error == "ServiceThrottled" {
        // The function's own words, of the last of its tries.
        let tries = cause["attempts"].as_array().expect("attempts");
        assert!(tries.len() > 1, "{cause}");
        let lines = cause["log"]["lines"].as_array().expect("lines");
        let says = |line: &Value| {
            line["text"]
                .as_str()
                .unwrap_or_default()
                .contains("ServiceThrottled")
        };
        assert!(lines.iter().any(says), "{}", cause["log"]);
        assert_eq!(cause["log"]["function"], "write-brief");
        assert!(
            cause["runbook"]["text"]
                .as_str()
                .is_some_and(|text| text.contains("quota")),
            "{cause}"
        );
    }
    let redrive = cause["redrive"].as_str().unwrap_or_default();
    assert!(redrive.starts_with("videoflow redrive v-"), "{cause}");
}

/// At most as many calls as executions and pages: these histories have one page each.
fn check_calls(story: &Value, made: u64) {
    let executions = story["totals"]["executions"].as_u64().expect("a number");
    assert_eq!(story["calls"]["made"], json!(made), "every call is counted");
    assert!(
        made <= 2 * executions,
        "{made} calls for {executions} executions"
    );
    // One for the job's item, one for each history.
    assert_eq!(made, executions + 1);
}

fn check_text(scene: &Scene, job: &str) {
    let begun = Instant::now();
    let shown = videoflow(&["history", job, "--endpoint-url", &scene.up.url()]);
    let took = begun.elapsed();
    assert_eq!(shown.status.code(), Some(0));
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    let expected = &scene.expected;
    let first = format!(
        "{}  in {} of {}",
        expected.error, expected.state, expected.machine
    );
    assert!(
        shown.starts_with(&first),
        "the root cause is not first:\n{shown}"
    );
    assert!(shown.contains("videoflow redrive"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colours without a terminal");
    assert!(took.as_secs_f64() < 1.0, "history took {took:?}");
}

fn check_list(scene: &Scene, job: &str) {
    let url = scene.up.url();
    let list = |more: &[&str]| {
        let arguments = [&["jobs", "--endpoint-url", &url, "--json"], more].concat();
        last_json(&videoflow(&arguments))
    };
    let failed = list(&[
        "--status",
        "failed",
        "--since",
        "1h",
        "--profile-name",
        "lean",
    ]);
    let station = format!("{}: {}", scene.expected.state, scene.expected.error);
    assert_eq!(failed["jobs"][0]["jobId"], job, "{failed}");
    assert_eq!(failed["jobs"][0]["station"], json!(station), "{failed}");
    assert_eq!(failed["next"], Value::Null, "{failed}");
    for none in [
        ["--status", "published"],
        ["--older-than", "1h"],
        ["--source", "day shift/"],
        ["--profile-name", "default"],
    ] {
        assert_eq!(list(&none)["jobs"], json!([]), "{none:?}");
    }
    assert_eq!(list(&["--source", "night shift/"])["jobs"][0]["jobId"], job);
}

/// Calls of the command so far, logs aside.
fn calls(scene: &Scene) -> u64 {
    let record = scene.up.record();
    let made = record
        .iter()
        .filter(|call| call.principal == PRINCIPAL && call.service != "logs");
    u64::try_from(made.count()).expect("a number")
}

/// A story but for what depends on how the platform was reached.
fn without_place(mut story: Value) -> Value {
    for (part, member) in [("rootCause", "redrive"), ("calls", "made")] {
        story[part].as_object_mut().expect("a part").remove(member);
    }
    story
}

fn item(number: u32, status: &str, second: u32) -> Value {
    json!({
        "JobId": format!("v-{number:040}"), "JobStatus": status, "SourceBucket": "videoflow-local-source",
        "SourceKey": format!("{number}.mp4"), "SourceVersionId": "1", "Profile": "default",
        "CreatedAt": "2026-11-22T02:00:00.000Z", "UpdatedAt": format!("2026-11-22T02:00:{second:02}.000Z"),
        "RedriveCount": 0, "Stages": {},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_jobs_have_each_job_once_whatever_its_status_last_changed_first() {
    let up = Up::start().await;
    // Two statuses that take turns, and a moment that both share.
    let items = [
        item(1, "PUBLISHED", 5),
        item(2, "FAILED", 4),
        item(3, "PUBLISHED", 3),
        item(4, "FAILED", 3),
        item(5, "PUBLISHED", 1),
    ];
    for item in &items {
        up.write("jobs", item).await;
    }
    let (url, mut pages, mut after) = (up.url(), Vec::new(), None::<String>);
    for _ in 0..4 {
        let mut arguments = vec!["jobs", "--endpoint-url", &url, "--limit", "2", "--json"];
        if let Some(after) = &after {
            arguments.extend(["--after", after]);
        }
        let page = last_json(&videoflow(&arguments));
        let keys = page["jobs"].as_array().expect("jobs").iter();
        let keys = keys.map(|job| job["source"]["key"].as_str().expect("a key").to_owned());
        pages.push(keys.collect::<Vec<_>>());
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    let expected = [
        vec!["1.mp4", "2.mp4"],
        vec!["4.mp4", "3.mp4"],
        vec!["5.mp4"],
    ];
    assert_eq!(pages, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_histories_are_gone_is_explained_by_its_item() {
    let up = Up::start().await;
    let mut gone = item(7, "FAILED", 1);
    let job = gone["JobId"].as_str().expect("an id").to_owned();
    gone["ExecutionArn"] = json!(format!("{EXECUTIONS}{job}"));
    gone["ErrorDetails"] = json!({"state": "InspectFile", "error": "SourceGone", "cause": "version 1 is gone",
        "input": "{\"n\":1}", "execution": format!("{}{job}-sanitize-0-0", EXECUTIONS.replace("process-video", "sanitize-file"))});
    up.write("jobs", &gone).await;
    let shown = videoflow(&["history", &job, "--endpoint-url", &up.url(), "--json"]);
    assert_eq!(shown.status.code(), Some(0));
    let story = last_json(&shown);
    assert_eq!(story["isComplete"], false);
    let missing = story["missing"][0].as_str().unwrap_or_default();
    assert!(missing.contains("90 days"), "{missing}");
    assert_eq!(story["execution"], Value::Null);
    let cause = &story["rootCause"];
    assert_eq!(
        [
            &cause["machine"],
            &cause["state"],
            &cause["error"],
            &cause["cause"]
        ],
        [
            "sanitize-file",
            "InspectFile",
            "SourceGone",
            "version 1 is gone"
        ]
    );
    assert_eq!(cause["input"], json!({"n": 1}));
    assert_eq!(story["calls"]["made"], 2);
    let unknown = format!("v-{:040}", 8);
    let unknown = videoflow(&["history", &unknown, "--endpoint-url", &up.url()]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no v-"));
}
