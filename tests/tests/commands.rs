//! Getting out of trouble, as a user does: what failed is seen, let go on, sent back or dropped; what it cost.

use std::path::Path;
use std::process::Output;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use serde_json::{Value, json};
use videoflow_shared::identity::JobId;

use crate::failures::functions_with_a_throwing;
use crate::support::up::{EXECUTIONS, SOURCE, Up};
use crate::support::{calls, last_json, short_clip, videoflow};

/// A command on a folder: exit code and JSON.
fn ask(data: &Path, words: &[&str]) -> (Option<i32>, Value) {
    let data = data.to_str().expect("UTF-8");
    let output = videoflow(&[words, &["--data", data, "--json"]].concat());
    (output.status.code(), last_json(&output))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Two runs of one folder, the second with another clip, both of which fail where they publish.
fn two_failures(folder: &Path) -> (std::path::PathBuf, Vec<String>) {
    let out = folder.join("out");
    let functions = folder.join("functions");
    std::fs::create_dir(&functions).expect("a folder");
    functions_with_a_throwing("publish-assets", &functions);
    let clip = short_clip(folder);
    let jobs = ["lean", "default"].map(|profile| {
        let words = [
            "run",
            clip.to_str().expect("UTF-8"),
            "--profile",
            profile,
            "--out",
            out.to_str().expect("UTF-8"),
            "--functions",
            functions.to_str().expect("UTF-8"),
            "--json",
        ];
        let answer = last_json(&videoflow(&words));
        assert_eq!(answer["status"], "FAILED", "{answer}");
        answer["jobId"].as_str().expect("a job id").to_owned()
    });
    (out, jobs.to_vec())
}

#[test]
fn several_jobs_are_redriven_after_a_look_at_what_that_costs_and_pay_for_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, jobs) = two_failures(folder.path());
    let data = out.join(".videoflow");
    let jobs: Vec<&str> = jobs.iter().map(String::as_str).collect();

    let (code, plan) = ask(&data, &[&["redrive", "--dry-run"], &*jobs].concat());
    assert_eq!(code, Some(0), "{plan}");
    for job in plan["jobs"].as_array().expect("jobs") {
        assert_eq!(
            (&job["way"], &job["runs"]),
            (&json!("redrive"), &json!(["publish-video"]))
        );
        let cost = job["costUsd"].as_f64().expect("a cost");
        assert!(
            cost > 0.0 && cost < 0.01,
            "services and model are paid: {job}"
        );
    }
    let (code, _) = ask(&data, &[&["redrive"], &*jobs].concat());
    assert_eq!(code, Some(2), "nobody was asked, so nothing is done");

    let paid = [
        "CreateJob",
        "StartTranscriptionJob",
        "InvokeDataAutomationAsync",
        "Converse",
    ];
    let before = paid.map(|action| calls(&out, action));
    let (code, done) = ask(&data, &[&["redrive", "--yes"], &*jobs].concat());
    assert_eq!(code, Some(0), "{done}");
    for job in done["jobs"].as_array().expect("jobs") {
        assert_eq!(job["status"], "PUBLISHED", "{job}");
    }
    assert_eq!(paid.map(|action| calls(&out, action)), before);

    let (_, bill) = ask(&data, &["cost", jobs[1]]);
    let lines = bill["lines"].as_array().expect("lines");
    let of = |service: &str| {
        let found = lines.iter().find(|line| line["service"] == service);
        found
            .unwrap_or_else(|| panic!("no line of {service}"))
            .clone()
    };
    assert_eq!(of("Rekognition")["basis"], "measured", "{bill}");
    assert_eq!(of("Step Functions")["basis"], "planned", "{bill}");
    let (_, days) = ask(&data, &["cost", "--by", "profile"]);
    assert_eq!(days["rows"].as_array().map(Vec::len), Some(2), "{days}");
    assert_eq!(days["total"]["untold"], 0, "{days}");

    let run = ask(&data, &["redrive", jobs[0], "--new-run", "--yes"]).1;
    assert_eq!(run["jobId"], json!(format!("{}-r1", jobs[0])), "{run}");
    assert_eq!(run["status"], "PUBLISHED", "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_execution_is_gone_goes_on_as_a_new_run() {
    let up = Up::start().await;
    let id = JobId::of(SOURCE, "gone.mp4", "1", "lean");
    let details =
        json!({"state": "WriteBrief", "error": "ServiceFailed", "cause": "why", "execution": "e"});
    let item = json!({"JobId": id, "JobStatus": "FAILED", "SourceBucket": SOURCE, "SourceKey": "gone.mp4",
        "SourceVersionId": "1", "Profile": "lean", "CreatedAt": "t", "UpdatedAt": "t", "Stages": {},
        "ExecutionArn": format!("{EXECUTIONS}{id}"), "ErrorDetails": details});
    up.write("jobs", &item).await;
    let ask = |words: &[&str]| {
        let place = ["--endpoint-url", &up.url(), "--json"];
        let output = videoflow(&[&["redrive", id.as_str()], words, &place].concat());
        (output.status.code(), last_json(&output))
    };
    let (code, planned) = ask(&["--dry-run"]);
    assert_eq!((code, &planned["way"]), (Some(0), &json!("newRun")));
    assert_eq!(planned["why"], "its execution is gone");
    let (code, begun) = ask(&["--yes", "--no-wait"]);
    assert_eq!(
        (code, &begun["jobId"]),
        (Some(0), &json!(format!("{id}-r1")))
    );
    // There is no such upload.
    let run = id.forced(1).expect("a run");
    assert_eq!(up.settled(&run).await["JobStatus"], "FAILED");
    let (code, followed) = ask(&["--yes", "--new-run"]);
    assert_eq!((code, &followed["status"]), (Some(1), &json!("FAILED")));
}

/// An `up` with two dead letters of uploads that nobody can handle.
async fn with_dead_letters() -> Up {
    let up = Up::start().await;
    let job = JobId::of(SOURCE, "k", "1", "default");
    for body in [
        "no JSON".to_owned(),
        json!({"start": {"jobId": job}}).to_string(),
    ] {
        up.send("ingest", &body).await;
    }
    let client = Client::new(up.config());
    let url = up.queue_url("ingest-dead-letters");
    up.until("both are dead letters", async || {
        let name = aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessages;
        let request = client
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(name);
        let answer = request.send().await.ok()?;
        let count = answer.attributes?.into_values().next()?;
        (count == "2").then_some(())
    })
    .await;
    up
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_looked_at_sent_back_and_dropped_and_none_is_lost() {
    let up = with_dead_letters().await;
    let ask = |words: &[&str]| {
        let output = videoflow(&[words, &["--endpoint-url", &up.url(), "--json"]].concat());
        (output.status.code(), last_json(&output))
    };
    let letters = |document: &Value| {
        let queue = document["queues"][0].clone();
        assert_eq!(queue["queue"], "ingest-dead-letters", "{document}");
        queue["letters"].as_array().expect("letters").clone()
    };
    for _ in 0..3 {
        let (code, found) = ask(&["dlq"]);
        assert_eq!(
            (code, letters(&found).len()),
            (Some(0), 2),
            "a look hides nothing"
        );
    }
    let found = letters(&ask(&["dlq"]).1);
    let why = |letter: &Value| letter["why"].as_str().unwrap_or_default().to_owned();
    assert!(
        found
            .iter()
            .any(|letter| why(letter).starts_with("MessageUnreadable: ")),
        "{found:?}"
    );
    let missing = found
        .iter()
        .find(|letter| why(letter).starts_with("JobNotFound: "));
    let missing = missing.expect("the other one").clone();
    let (id, job) = (missing["id"].as_str(), missing["jobId"].as_str());
    let (id, job) = (id.expect("an id"), job.expect("a job"));

    let (code, _) = ask(&["dlq", "drop", "--id", id, "--reason", "r"]);
    assert_eq!(code, Some(2), "nobody was asked");
    let (code, planned) = ask(&["dlq", "send-back", "--job", job, "--dry-run"]);
    assert_eq!((code, letters(&planned).len()), (Some(0), 1));
    let words = [
        "dlq",
        "drop",
        "--id",
        &id[..8],
        "--reason",
        "a test",
        "--by",
        "Ada",
        "--yes",
    ];
    let (code, dropped) = ask(&words);
    assert_eq!((code, &dropped["done"]), (Some(0), &json!([id])));
    let keys = up.keys("videoflow-local-output", "work/dropped/").await;
    let [record] = keys.as_slice() else {
        panic!("one record: {keys:?}");
    };
    let record = up
        .object("videoflow-local-output", record)
        .await
        .expect("a record");
    let record: Value = serde_json::from_slice(&record).expect("JSON");
    assert_eq!(
        (&record["by"], &record["why"]),
        (&json!("Ada"), &json!("a test"))
    );
    assert_eq!(record["letter"]["body"], missing["body"]);

    let (code, sent) = ask(&["dlq", "send-back", "--all", "--yes"]);
    assert_eq!(
        (code, sent["done"].as_array().map(Vec::len)),
        (Some(0), Some(1))
    );
    let again = up
        .until("it fails again and comes back", async || {
            let found = letters(&ask(&["dlq"]).1);
            (!found.is_empty()).then_some(found)
        })
        .await;
    assert_eq!(again[0]["body"], "no JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_video_may_be_looked_at_more_often_than_a_function_would_try_it() {
    let up = Up::start().await;
    let message = json!({"jobId": JobId::of(SOURCE, "k", "1", "default"), "source": {"key": "k"},
        "failure": {"state": "S", "error": "E", "cause": "C"}});
    up.send("failed-videos", &message.to_string()).await;
    let client = Client::new(up.config());
    for _ in 0..10 {
        let request = client
            .receive_message()
            .queue_url(up.queue_url("failed-videos"))
            .visibility_timeout(0)
            .message_system_attribute_names(MessageSystemAttributeName::All);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.messages().len(), 1);
    }
    let found = videoflow(&[
        "dlq",
        "--queue",
        "failed-videos",
        "--endpoint-url",
        &up.url(),
    ]);
    assert!(text(&found).contains("k failed in S"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_is_told_a_line_an_event_until_nothing_is() {
    let up = Up::start().await;
    let job = up.upload("empty.mp4", &up.empty_file(), "lean").await;
    up.until("it is a job", async || {
        up.job(&job).await.is_object().then_some(())
    })
    .await;
    let watched = videoflow(&["watch", job.as_str(), "--json", "--endpoint-url", &up.url()]);
    assert_eq!(
        watched.status.code(),
        Some(2),
        "it is no video: {watched:?}"
    );
    let told = text(&watched);
    let events: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let last = events.last().expect("an event");
    assert_eq!(
        (&last["event"], &last["status"]),
        (&json!("status"), &json!("REJECTED"))
    );
    assert!(events.iter().all(|event| event["jobId"] == json!(job)));
    let idle = videoflow(&["watch", "--until-idle", "--endpoint-url", &up.url()]);
    assert_eq!((idle.status.code(), text(&idle).as_str()), (Some(0), ""));
    let none = videoflow(&[
        "watch",
        &job.as_str().replace("v-", "v-0")[..42],
        "--endpoint-url",
        &up.url(),
    ]);
    assert_eq!(none.status.code(), Some(1));
}

#[test]
fn every_shell_has_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let printed = text(&videoflow(&["completions", shell]));
        assert!(printed.contains("redrive"), "{shell}");
    }
}
