//! reconcile-library mends what crashes leave, on the real platform; a second run finds nothing to mend.

use std::time::SystemTime;

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use serde_json::{Value, json};
use videoflow_shared::identity::JobId;

use crate::support::up::{EXECUTIONS, SOURCE, Up};

/// Lost jobs beside the single cases: more than two pages of a listing.
const MANY: usize = 210;

/// A moment that is longer ago than reconcile-library waits.
pub fn two_hours_ago() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = now.expect("a clock after 1970").as_secs().cast_signed() - 7200;
    let moment = DateTime::from_secs(seconds).fmt(DateTimeFormat::DateTime);
    moment.expect("a date of this age").replace('Z', ".000Z")
}

struct Scene {
    up: Up,
    /// An execution that failed.
    failed: String,
}

impl Scene {
    async fn new() -> Self {
        let up = Up::start().await;
        up.lose_events().await;
        let (status, _) = up.execute("process-video", "failed", &json!({})).await;
        assert_eq!(status, "FAILED");
        Self {
            up,
            failed: format!("{EXECUTIONS}failed"),
        }
    }

    /// Writes the item of a job that nothing has touched for two hours.
    async fn job(&self, job: &JobId, members: Value) {
        let mut item = json!({"JobId": job, "JobStatus": "PROCESSING", "SourceBucket": SOURCE, "SourceKey": "k",
            "SourceVersionId": "1", "Profile": "default", "CreatedAt": two_hours_ago(), "UpdatedAt": two_hours_ago(),
            "ExecutionArn": self.failed, "RedriveCount": 0, "Stages": {}});
        let members = members.as_object().expect("an object").clone();
        item.as_object_mut().expect("an object").extend(members);
        self.up.write("jobs", &item).await;
    }

    async fn claim(&self, name: &str, owner: &JobId) {
        let claim = json!({"ClaimId": name, "JobId": owner, "ClaimStatus": "RUNNING", "UpdatedAt": two_hours_ago()});
        self.up.write("claims", &claim).await;
    }

    async fn reconcile(&self, name: &str) -> Value {
        let input = json!({"bucket": SOURCE});
        let (status, output) = self.up.execute("reconcile-library", name, &input).await;
        assert_eq!(status, "SUCCEEDED");
        self.up.until_empty("ingest").await;
        self.up.until_empty("failures").await;
        // The requeues that record-failure sends.
        self.up.until_empty("ingest").await;
        serde_json::from_str(&output).expect("JSON")
    }

    async fn check_job(&self, job: &JobId, status: &str, error: &str) {
        let item = self.up.settled(job).await;
        assert_eq!(item["JobStatus"], status, "{item}");
        assert_eq!(item["ErrorDetails"]["error"], error, "{item}");
    }
}

fn id(key: &str) -> JobId {
    JobId::of(SOURCE, key, "1", "default")
}

#[tokio::test(flavor = "multi_thread")]
async fn mends_what_crashes_leave_and_then_nothing() {
    let scene = Scene::new().await;
    let up = &scene.up;
    let nowhere = format!("{EXECUTIONS}never");
    let file = up.empty_file();

    // Open jobs whose execution failed and nobody heard of it.
    scene
        .job(&id("processing"), json!({"ClaimId": "mine"}))
        .await;
    scene.claim("mine", &id("processing")).await;
    scene
        .job(&id("review"), json!({"JobStatus": "AWAITING_REVIEW"}))
        .await;
    for number in 0..MANY {
        scene.job(&id(&format!("many-{number}")), json!({})).await;
    }
    // Open jobs that were never started; they are rejected when they are.
    let never = up.upload("never.mp4", &file, "default").await;
    let version = up.put("never-either.mp4", &file, "lean").await;
    let never_either = JobId::of(SOURCE, "never-either.mp4", &version, "lean");
    let started = |key: &str, version: &str, profile: &str| json!({"SourceKey": key, "SourceVersionId": version, "Profile": profile});
    let mut members = started("never-either.mp4", &version, "lean");
    members["ExecutionArn"] = json!(nowhere);
    scene.job(&never_either, members).await;
    // A job whose execution succeeded, and whose item was lost and written anew.
    let done = up.upload("done.mp4", &file, "default").await;
    up.send("ingest", &json!({"reconcile": {"bucket": SOURCE, "objects": [{"key": "done.mp4", "versionId": version_of(up, "done.mp4").await}]}}).to_string()).await;
    let item = up.settled(&done).await;
    scene
        .job(&done, json!({"ExecutionArn": item["ExecutionArn"], "SourceKey": "done.mp4", "SourceVersionId": item["SourceVersionId"]}))
        .await;
    // Claims of jobs that failed, were rejected, are gone, and one that is held.
    scene
        .job(
            &id("old"),
            json!({"JobStatus": "FAILED", "FailureAnnounced": 0}),
        )
        .await;
    scene
        .job(&id("replaced"), json!({"JobStatus": "REJECTED"}))
        .await;
    let running = json!({"UpdatedAt": "2999-01-01T00:00:00.000Z"});
    scene.job(&id("running"), running).await;
    for owner in ["old", "replaced", "gone", "running"] {
        scene.claim(owner, &id(owner)).await;
    }
    // Duplicates: one whose original failed, one whose original was published.
    let waiting = up.put("waiting.mp4", &file, "default").await;
    let duplicate = JobId::of(SOURCE, "waiting.mp4", &waiting, "default");
    let mut members = started("waiting.mp4", &waiting, "default");
    members["JobStatus"] = json!("DUPLICATE");
    members["OriginalJobId"] = json!(id("old"));
    scene.job(&duplicate, members).await;
    scene
        .job(&id("published"), json!({"JobStatus": "PUBLISHED"}))
        .await;
    let content = json!({"JobStatus": "DUPLICATE", "OriginalJobId": id("published")});
    scene.job(&id("copy"), content).await;

    let counts = scene.reconcile("first").await;
    let expected =
        json!({"lostJobs": MANY + 4, "freedClaims": 3, "requeuedJobs": 1, "queuedVideos": 1});
    assert_eq!(counts, expected);

    for key in ["processing", "review", "many-0", "many-209"] {
        let item = up.settled(&id(key)).await;
        assert_eq!(item["JobStatus"], "FAILED", "{item}");
        assert_eq!(item["FailureAnnounced"], 0, "{item}");
    }
    scene.check_job(&done, "FAILED", "ExecutionLost").await;
    let run = duplicate.forced(1).expect("a run");
    for job in [&never, &never_either, &run] {
        assert_eq!(up.settled(job).await["JobStatus"], "REJECTED");
    }
    assert_eq!(up.job(&duplicate).await["RequeuedAs"], json!(run));
    assert_eq!(up.job(&id("copy")).await["RequeuedAs"], Value::Null);
    for (claim, status) in [
        ("mine", "FAILED"),
        ("old", "FAILED"),
        ("replaced", "FAILED"),
        ("gone", "FAILED"),
        ("running", "RUNNING"),
    ] {
        let item = up.item("claims", "ClaimId", claim).await;
        assert_eq!(item["ClaimStatus"], status, "{item}");
    }

    let items = async || {
        let mut claims = up.items("claims", "ClaimId").await;
        // Bursts of failures end by themselves.
        claims.retain(|claim, _| !claim.starts_with("failures-"));
        (up.items("jobs", "JobId").await, claims)
    };
    let before = items().await;
    let counts = scene.reconcile("second").await;
    assert_eq!(
        counts,
        json!({"lostJobs": 0, "freedClaims": 0, "requeuedJobs": 0, "queuedVideos": 0})
    );
    assert!(before == items().await, "the second run changed something");
}

async fn version_of(up: &Up, key: &str) -> String {
    let head = aws_sdk_s3::Client::new(up.config()).head_object();
    let head = head
        .bucket(SOURCE)
        .key(key)
        .send()
        .await
        .expect("an object");
    head.version_id().expect("a version").to_owned()
}
