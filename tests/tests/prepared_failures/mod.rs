//! Two in the morning: five videos that failed, each in a way of its own, on the real platform. The true cause is told
//! first, and after it is mended a redrive publishes the video and pays for nothing twice.

pub mod scenes;

use serde_json::{Value, json};

use crate::history;
use crate::support::console::{Console, look};
use crate::support::videoflow;
use scenes::Scene;

/// What is paid for in these scenes. What had succeeded is not paid for again.
fn check_paid(scene: &Scene) {
    let paid = [
        ("CreateJob", scene.expected.transcodes),
        ("StartTranscriptionJob", 1),
        ("InvokeDataAutomationAsync", 1),
    ];
    for (operation, expected) in paid {
        assert_eq!(scene.up.calls(operation), expected, "{operation}");
    }
}

/// The job's item names the cause, as notices do.
fn check_item(scene: &Scene, item: &Value) {
    assert_eq!(item["JobStatus"], "FAILED", "{item}");
    let details = &item["ErrorDetails"];
    let expected = &scene.expected;
    assert_eq!(details["state"], expected.state, "{item}");
    assert_eq!(details["error"], expected.error, "{item}");
    let cause = details["cause"].as_str().unwrap_or_default();
    assert!(cause.contains(expected.cause), "{item}");
    let execution = details["execution"].as_str().unwrap_or_default();
    let machine = format!(":videoflow-local-{}:", expected.machine);
    assert!(execution.contains(&machine), "{item}");
}

/// Console and report show the cause first.
fn check_pages(scene: &Scene) {
    let url = scene.up.url();
    let report = scene.up.folder().join("report.html");
    let file = report.display().to_string();
    let made = videoflow(&[
        "report",
        scene.job.as_str(),
        "--endpoint-url",
        &url,
        "-o",
        &file,
        "--mask",
    ]);
    assert!(made.status.success());
    let text = std::fs::read_to_string(&report).expect("a report");
    assert!(
        !text.contains("clip +1") && !text.contains("night shift"),
        "the file's name is masked"
    );
    let console = Console::start(&["--endpoint-url", &url]);
    let expected = &scene.expected;
    look(json!({
        "console": console.url, "report": report, "job": scene.job, "pages": expected.error == "Thrown",
        "expected": {"machine": expected.machine, "state": expected.state, "error": expected.error, "cause": expected.cause},
    }));
}

/// Lets the job go on: one of the five by the console, which says before what runs again; the others by the HTTP API.
fn redrive(scene: &Scene) {
    if scene.expected.error != "Thrown" {
        let path = format!("/jobs/{}/redrive", scene.job);
        let (status, answer) = scene.up.post(&path, &Value::Null);
        assert_eq!(status, 202, "{answer}");
        return;
    }
    let console = Console::start(&["--endpoint-url", &scene.up.url(), "--write"]);
    let jobs = json!({"jobIds": [scene.job]}).to_string();
    let plan = console.post("/api/redrive/plan", &jobs).json();
    assert_eq!(plan["jobs"][0]["way"], "redrive", "{plan}");
    assert_eq!(plan["jobs"][0]["runs"], json!(["publish-video"]), "{plan}");
    let answer = console.post("/api/redrive", &jobs).json();
    assert!(answer["results"][0]["problem"].is_null(), "{answer}");
}

async fn check(mut scene: Scene) {
    let item = scene.up.settled(&scene.job).await;
    check_item(&scene, &item);
    history::check(&scene);
    check_pages(&scene);
    scene.mend().await;
    redrive(&scene);
    let up = &scene.up;
    up.until("the video is published", async || {
        let item = up.job(&scene.job).await;
        (item["JobStatus"] == "PUBLISHED").then_some(())
    })
    .await;
    check_paid(&scene);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_throws() {
    check(Scene::thrown().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_transcoding_job() {
    check(Scene::failed_transcode().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_model_that_was_given_up() {
    check(Scene::throttled().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_ran_out_of_time() {
    check(Scene::timed_out().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_was_stopped() {
    check(Scene::stopped().await).await;
}
