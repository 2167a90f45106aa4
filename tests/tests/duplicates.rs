//! Duplicate and late events, equal contents, forced runs: one processing each, on the real binaries.

use serde_json::{Value, json};
use videoflow_shared::identity::JobId;
use videoflow_shared::intake::{Admission, Intake};
use videoflow_shared::jobs::Jobs;
use videoflow_shared::storage::Objects;

use crate::support::up::{EXECUTIONS, SOURCE, Up};

/// The calls that cost most.
const PAID: [&str; 2] = ["CreateJob", "InvokeDataAutomationAsync"];

fn event(key: &str, version: &str) -> String {
    let detail = json!({"version": "0", "bucket": {"name": SOURCE}, "object": {"key": key, "version-id": version}});
    json!({"source": "aws.s3", "detail-type": "Object Created", "detail": detail}).to_string()
}

/// What was paid for: the number of each of [`PAID`].
fn check_paid(up: &Up, expected: usize) {
    for operation in PAID {
        assert_eq!(up.calls(operation), expected, "{operation}");
    }
}

fn check_duplicate(item: &Value, original: &JobId) {
    assert_eq!(
        (&item["JobStatus"], &item["OriginalJobId"]),
        (&json!("DUPLICATE"), &json!(original)),
        "{item}"
    );
}

/// The entrance as the functions have it, from outside.
fn intake(up: &Up) -> Intake {
    Intake {
        admission: Admission {
            table: "videoflow-local-claims".to_owned(),
            limit: 100,
        },
        queues: aws_sdk_sqs::Client::new(up.config()),
        queue_url: up.queue_url("ingest"),
        jobs: Jobs::new(
            aws_sdk_dynamodb::Client::new(up.config()),
            "videoflow-local-jobs".to_owned(),
        ),
        objects: Objects::new(aws_sdk_s3::Client::new(up.config())),
        executions: aws_sdk_sfn::Client::new(up.config()),
        machine_arn: EXECUTIONS
            .replace(":execution:", ":stateMachine:")
            .trim_end_matches(':')
            .to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_counts_once_while_its_job_runs_and_for_ever_after() {
    let up = Up::gated("align-streams").await;
    let clip = up.clip(1);
    let version = up.put("a.mp4", &clip, "lean").await;
    let job = JobId::of(SOURCE, "a.mp4", &version, "lean");
    up.until("the job runs", async || {
        up.job(&job).await["Stages"].get("meaning").map(drop)
    })
    .await;
    for _ in 0..5 {
        up.send("ingest", &event("a.mp4", &version)).await;
    }
    up.until_empty("ingest").await;
    assert_eq!(up.executions().await, [job.to_string()]);

    let (status, problem) = up.post("/jobs", &json!({"jobId": job, "force": true}));
    assert_eq!(status, 409, "{problem}");
    let detail = format!("job {job} still runs");
    assert_eq!(problem["detail"], detail);
    let intake = intake(&up);
    let running = intake.jobs.get(&job).await.expect("jobs").expect("a job");
    let forced = intake.force(&running).await.expect("a run");
    check_duplicate(&up.settled(&forced).await, &job);

    up.open_gate();
    assert_eq!(up.settled(&job).await["JobStatus"], "PUBLISHED");
    check_paid(&up, 1);
    // The item alone refuses: Step Functions forgets an execution after 90 days, and its name may be used again.
    let starts = up.calls("StartExecution");
    up.send("ingest", &event("a.mp4", &version)).await;
    up.until_empty("ingest").await;
    assert_eq!(up.calls("StartExecution"), starts);
    let (status, answer) = up.post("/jobs", &json!({"key": "a.mp4", "profile": "lean"}));
    assert_eq!((status, &answer["jobStatus"]), (200, &json!("PUBLISHED")));

    let force = json!({"jobId": job, "force": true});
    assert_eq!(up.post("/jobs", &force).0, 202);
    let again = job.forced(2).expect("a run");
    let (status, problem) = up.post("/jobs", &force);
    assert_eq!(status, 409, "{problem}");
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(again.as_str()), "{detail}");
    assert_eq!(up.settled(&again).await["JobStatus"], "PUBLISHED");

    let copy = up.upload("copy of a.mp4", &clip, "lean").await;
    check_duplicate(&up.settled(&copy).await, &again);
    check_paid(&up, 1);
    let other = up.upload("a.mp4", &clip, "default").await;
    assert_eq!(up.settled(&other).await["JobStatus"], "PUBLISHED");
    check_paid(&up, 2);
    assert_eq!(up.executions().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_uploads_at_once_one_is_processed() {
    let up = Up::start().await;
    let clip = up.clip(2);
    let (a, b) = tokio::join!(
        up.upload("a.mp4", &clip, "lean"),
        up.upload("b.mp4", &clip, "lean")
    );
    let (first, second) = (up.settled(&a).await, up.settled(&b).await);
    let (original, duplicate, copy) = if first["JobStatus"] == "DUPLICATE" {
        (&second, &first, &b)
    } else {
        (&first, &second, &a)
    };
    assert_eq!(original["JobStatus"], "PUBLISHED", "{original}");
    check_duplicate(duplicate, copy);
    assert_eq!(up.executions().await.len(), 2);
    check_paid(&up, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_duplicates_of_a_failed_job_one_is_processed() {
    let up = Up::gated("align-streams").await;
    let clip = up.clip(3);
    let original = up.upload("original.mp4", &clip, "lean").await;
    up.until("the analyses are done", async || {
        let item = up.job(&original).await;
        (item["Stages"]["meaning"]["status"] == "SUCCEEDED").then_some(())
    })
    .await;
    let (b, c) = (
        up.upload("b.mp4", &clip, "lean").await,
        up.upload("c.mp4", &clip, "lean").await,
    );
    check_duplicate(&up.settled(&b).await, &original);
    check_duplicate(&up.settled(&c).await, &original);

    let stop = aws_sdk_sfn::Client::new(up.config())
        .stop_execution()
        .execution_arn(format!("{EXECUTIONS}{original}"));
    stop.send().await.expect("it stops");
    assert_eq!(up.settled(&original).await["JobStatus"], "FAILED");
    let runs = [b.forced(1).expect("a run"), c.forced(1).expect("a run")];
    let taken = up
        .until("one run is a duplicate of the other", async || {
            let (first, second) = (up.job(&runs[0]).await, up.job(&runs[1]).await);
            let is_over = |item: &Value| item["JobStatus"] == "DUPLICATE";
            (is_over(&first) || is_over(&second)).then(|| usize::from(is_over(&first)))
        })
        .await;
    up.open_gate();
    assert_eq!(up.settled(&runs[taken]).await["JobStatus"], "PUBLISHED");
    check_duplicate(&up.job(&runs[1 - taken]).await, &runs[taken]);

    up.send(
        "ingest",
        &json!({"requeue": {"jobId": original}}).to_string(),
    )
    .await;
    up.until_empty("ingest").await;
    assert_eq!(up.executions().await.len(), 5, "no third run of anything");
    check_paid(&up, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_that_comes_late_gets_none_of_the_newer_bytes() {
    let up = Up::start().await;
    up.lose_events().await;
    let older = up.put("a.mp4", &up.clip(4), "lean").await;
    let newer = up.put("a.mp4", &up.clip(5), "lean").await;
    up.send("ingest", &event("a.mp4", &newer)).await;
    let job = JobId::of(SOURCE, "a.mp4", &newer, "lean");
    assert_eq!(up.settled(&job).await["JobStatus"], "PUBLISHED");
    up.send("ingest", &event("a.mp4", &older)).await;
    let late = up
        .settled(&JobId::of(SOURCE, "a.mp4", &older, "lean"))
        .await;
    let status = late["JobStatus"].as_str().expect("a status");
    assert!(["FAILED", "REJECTED"].contains(&status), "{late}");
    check_paid(&up, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcode_that_may_have_started_is_found_and_not_paid_again() {
    let up = Up::start().await;
    let job = up.upload("a + b/ü.mp4", &up.clip(6), "lean").await;
    let mut item = up.settled(&job).await;
    assert_eq!(item["JobStatus"], "PUBLISHED");
    let id = item["Stages"]["transcode"]["serviceJobId"].clone();
    // As a crash leaves it that came between CreateJob and the ledger.
    item["Stages"]["transcode"] = json!({"attempt": 1, "status": "STARTING"});
    up.write("jobs", &item).await;
    let (status, _) = up
        .execute("preprocess-video", "again", &json!({"jobId": job}))
        .await;
    assert_eq!(status, "SUCCEEDED");
    assert_eq!(
        up.job(&job).await["Stages"]["transcode"]["serviceJobId"],
        id
    );
    assert_eq!((up.calls("CreateJob"), up.calls("SearchJobs")), (1, 1));
}
