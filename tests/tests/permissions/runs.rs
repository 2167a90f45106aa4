//! The roles against the calls of real runs: every call is covered by its caller's role, and every call of a role is
//! made, but for a short list of those that no run of a minute can make.

use std::collections::BTreeSet;

use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};
use videoflow_platform::iam::report::{Use, allowed, report as iam_report};
use videoflow_platform::iam::{Table, document};
use videoflow_platform::record::RecordedCall;
use videoflow_shared::identity::JobId;

use super::reference::check_need;
use super::{rights_of, table};
use crate::reconcile::two_hours_ago;
use crate::support::up::{EXECUTIONS, SOURCE, Up};
use crate::support::{report, short_clip};

const OUTPUT: &str = "videoflow-local-output";

/// What no run here makes, and why.
const NOT_MADE: [(&str, &str, &[&str], &str); 8] = [
    (
        "delete-video",
        "sqs:SendMessage",
        &["deletions-queue"],
        "only of a video with more than fifty thousand objects",
    ),
    (
        "jobs-api",
        "sqs:SendMessage",
        &["ingest-queue"],
        "only when as many videos run as may",
    ),
    (
        "start-processing",
        "sqs:SendMessage",
        &["ingest-queue"],
        "only when as many videos run as may",
    ),
    (
        "jobs-api",
        "states:GetExecutionHistory",
        &[
            "detect-labels",
            "extract-meaning",
            "preprocess-video",
            "publish-video",
            "sanitize-file",
            "transcribe-speech",
        ],
        "the station of a job is found alike in whichever child it is: here merge-brief",
    ),
    (
        "preprocess-video",
        "mediaconvert:CancelJob",
        &["media-convert"],
        "only after all polls of a transcode, which take hours",
    ),
    (
        "record-failure",
        "states:GetExecutionHistory",
        &[
            "detect-labels",
            "extract-meaning",
            "preprocess-video",
            "transcribe-speech",
        ],
        "the walk is the same whichever child has failed: here merge-brief, publish-video and sanitize-file",
    ),
    (
        "reconcile-library-schedule",
        "states:StartExecution",
        &["reconcile-library"],
        "the schedule's first start is a quarter of an hour after the platform's",
    ),
    (
        "transcribe-speech",
        "transcribe:DeleteTranscriptionJob",
        &["transcribe"],
        "only after all polls of a transcription, which take hours",
    ),
];

/// One platform, driven through everything that makes another kind of call.
struct Drive {
    up: Up,
    clip: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl Drive {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            up: Up::gated("align-streams").await,
            clip: short_clip(folder.path()),
            _folder: folder,
        }
    }

    /// A job whose analyses are done, with something for a reviewer to see and more speech than one prompt holds.
    async fn analysed(&self) -> JobId {
        let up = &self.up;
        let job = up.upload("a.mp4", &self.clip, "moderated").await;
        up.until("the analyses are done", async || {
            let stages = up.job(&job).await["Stages"].take();
            let is_done = |stage: &str| stages[stage]["status"] == "SUCCEEDED";
            let stages = ["labels", "moderation", "transcription", "meaning"];
            stages.into_iter().all(is_done).then_some(())
        })
        .await;
        let document = format!("work/{job}/moderation.json");
        let mut moderation = self.document(&document).await;
        moderation["flags"] = json!([{"category": "Alcohol", "parent": null, "severity": "high", "confidence": 0.9, "source": "rekognition",
            "startMs": 0, "endMs": 1000}]);
        self.put(&document, &moderation).await;
        let document = format!("work/{job}/transcript.json");
        let mut transcript = self.document(&document).await;
        let segments = (0..40u64).map(|number| {
            json!({"id": format!("s{}", number + 1), "startMs": number * 70, "endMs": number * 70 + 60,
                "text": "The duck goes on. ".repeat(200), "confidence": 0.9, "words": []})
        });
        transcript["segments"] = segments.collect();
        self.put(&document, &transcript).await;
        job
    }

    async fn document(&self, key: &str) -> Value {
        let bytes = self.up.object(OUTPUT, key).await.expect("a document");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    async fn put(&self, key: &str, document: &Value) {
        let body = ByteStream::from(document.to_string().into_bytes());
        let put = self.up.s3().put_object().bucket(OUTPUT).key(key).body(body);
        put.send().await.expect("an upload");
    }

    /// Stops a job, so that its duplicate is processed instead, and gives the run of the duplicate.
    async fn fail(&self, job: &JobId) -> JobId {
        let up = &self.up;
        let duplicate = up.upload("b.mp4", &self.clip, "moderated").await;
        assert_eq!(up.settled(&duplicate).await["JobStatus"], "DUPLICATE");
        let stop = aws_sdk_sfn::Client::new(up.config())
            .stop_execution()
            .execution_arn(format!("{EXECUTIONS}{job}"));
        stop.send().await.expect("it stops");
        assert_eq!(up.settled(job).await["JobStatus"], "FAILED");
        duplicate.forced(1).expect("a run")
    }

    async fn review(&self, job: &JobId, decision: &str, expected: &str) {
        let up = &self.up;
        up.until(&format!("{job} awaits its review"), async || {
            let item = up.job(job).await;
            let status = item["JobStatus"].as_str().unwrap_or("PROCESSING");
            assert!(
                ["QUEUED", "PROCESSING", "AWAITING_REVIEW"].contains(&status),
                "{item}"
            );
            item["ReviewToken"].is_string().then_some(())
        })
        .await;
        let review = json!({"reviewer": "a person"});
        let (status, answer) = up.post(&format!("/jobs/{job}/{decision}"), &review);
        assert_eq!(status, 202, "{answer}");
        assert_eq!(up.settled(job).await["JobStatus"], expected);
    }

    /// The other questions that the HTTP API answers.
    fn ask(&self, version: &str) {
        let key = json!({"key": "a.mp4", "profile": "moderated"});
        assert_eq!(self.up.post("/jobs", &key).0, 200);
        let version = json!({"key": "a.mp4", "profile": "moderated", "versionId": version});
        assert_eq!(self.up.post("/jobs", &version).0, 200);
        assert_eq!(self.up.get("/jobs").0, 200);
    }

    /// What a published job shows, and what its URLs give.
    fn fetch(&self, job: &JobId) {
        let up = &self.up;
        assert_eq!(up.get(&format!("/jobs/{job}/brief")).0, 200);
        let (status, outputs) = up.get(&format!("/jobs/{job}/outputs"));
        assert_eq!(status, 200, "{outputs}");
        let port = up.address().port();
        for output in outputs["outputs"].as_array().expect("outputs") {
            let url = output["url"].as_str().expect("a URL");
            let target = url.strip_prefix(&up.url()).expect("of this platform");
            assert_eq!(
                Up::ask_at(port, "GET", target, &[], "").status,
                200,
                "{url}"
            );
        }
    }

    /// A run at its price of a job that was rejected for it. The source is not there, and so it fails.
    async fn approve_price(&self) {
        let up = &self.up;
        let id = JobId::of(SOURCE, "dear.mp4", "1", "default");
        let details = json!({"state": "InspectFile", "error": "PriceOverLimit", "cause": "why", "execution": "e"});
        let item = json!({"JobId": id, "JobStatus": "REJECTED", "SourceBucket": SOURCE, "SourceKey": "dear.mp4",
            "SourceVersionId": "1", "Profile": "default", "CreatedAt": two_hours_ago(), "UpdatedAt": two_hours_ago(),
            "Stages": {}, "RedriveCount": 0, "PredictedCostUsd": 70.5, "ErrorDetails": details});
        up.write("jobs", &item).await;
        let (status, answer) = up.post(
            &format!("/jobs/{id}/approve"),
            &json!({"reviewer": "a person"}),
        );
        assert_eq!(status, 202, "{answer}");
        let run = id.forced(1).expect("a run");
        assert_eq!(answer["jobId"], json!(run));
        assert_eq!(up.settled(&run).await["ApprovedPriceUsd"], 70.5);
    }

    /// Redrives the execution of a job by another one that names it and holds no claim, and waits for its end.
    async fn redrive(&self, failed: &JobId) {
        let up = &self.up;
        let taken = up.post(&format!("/jobs/{failed}/redrive"), &json!({}));
        assert_eq!(taken.0, 409, "its content is another's: {}", taken.1);
        let lost = JobId::of(SOURCE, "lost.mp4", "1", "default");
        let redriven = up.post(&format!("/jobs/{lost}/redrive"), &json!({}));
        assert_eq!(redriven.0, 202, "{}", redriven.1);
        let client = aws_sdk_sfn::Client::new(up.config());
        up.until("the redriven execution ends", async || {
            let execution = client.describe_execution();
            let execution = execution
                .execution_arn(format!("{EXECUTIONS}{failed}"))
                .send()
                .await;
            (execution.ok()?.status != aws_sdk_sfn::types::ExecutionStatus::Running).then_some(())
        })
        .await;
    }

    /// Deletes a video, for which a duplicate waits.
    async fn delete(&self, run: &JobId) {
        let up = &self.up;
        let answer = up.ask("DELETE", &format!("/jobs/{run}"), &[], "");
        assert_eq!(answer.status, 202, "{answer:?}");
        up.until("the video is deleted", async || {
            let (_, deletion) = up.get(&format!("/jobs/{run}/deletion"));
            (deletion["status"] == "DONE").then_some(())
        })
        .await;
    }

    /// Starts the stages of a job again whose ledger says that their service jobs run, or may have been started.
    async fn start_again(&self, job: &JobId) {
        let up = &self.up;
        let mut item = up.job(job).await;
        let stages = item["Stages"].as_object_mut().expect("stages");
        for entry in stages.values_mut() {
            *entry =
                json!({"attempt": 1, "status": "RUNNING", "serviceJobId": entry["serviceJobId"]});
        }
        up.write("jobs", &item).await;
        let media = |name: &str| format!("s3://{OUTPUT}/media/{job}/{name}");
        let video = media("proxy.mp4");
        for (machine, input) in [
            ("preprocess-video", json!({"jobId": job})),
            (
                "detect-labels",
                json!({"jobId": job, "video": video, "moderation": true}),
            ),
            (
                "transcribe-speech",
                json!({"jobId": job, "audio": media("audio.m4a")}),
            ),
            ("extract-meaning", json!({"jobId": job, "video": video})),
        ] {
            let (status, output) = up.execute(machine, "again", &input).await;
            assert_eq!(status, "SUCCEEDED", "{machine}: {output}");
        }
        item["Stages"]["transcode"] = json!({"attempt": 1, "status": "STARTING"});
        up.write("jobs", &item).await;
        let input = json!({"jobId": job});
        let (status, _) = up.execute("preprocess-video", "found", &input).await;
        assert_eq!(status, "SUCCEEDED");
    }

    /// Leaves what crashes leave, and lets reconcile-library mend it.
    async fn reconcile(&self, failed: &JobId) {
        let up = &self.up;
        up.lose_events().await;
        up.put("missed.mp4", &up.empty_file(), "lean").await;
        let id = |key: &str| JobId::of(SOURCE, key, "1", "default");
        let job = |key: &str, status: &str, execution: &str| {
            json!({"JobId": id(key), "JobStatus": status, "SourceBucket": SOURCE, "SourceKey": key, "SourceVersionId": "1",
                "Profile": "default", "CreatedAt": two_hours_ago(), "UpdatedAt": two_hours_ago(), "Stages": {},
                "RedriveCount": 0, "ExecutionArn": format!("{EXECUTIONS}{execution}"), "OriginalJobId": failed})
        };
        up.write("jobs", &job("lost.mp4", "PROCESSING", failed.as_str()))
            .await;
        // They fail alike: the second one is counted.
        for key in ["unstarted.mp4", "unstarted-too.mp4"] {
            up.write("jobs", &job(key, "PROCESSING", "never")).await;
        }
        up.write("jobs", &job("waiting.mp4", "DUPLICATE", "never"))
            .await;
        let claim = json!({"ClaimId": "lost", "JobId": id("nobody"), "ClaimStatus": "RUNNING",
            "UpdatedAt": two_hours_ago()});
        up.write("claims", &claim).await;
        let input = json!({"bucket": SOURCE});
        let (status, output) = up.execute("reconcile-library", "mend", &input).await;
        assert_eq!(status, "SUCCEEDED");
        let output: Value = serde_json::from_str(&output).expect("JSON");
        // Its source is not there.
        for key in ["unstarted.mp4", "unstarted-too.mp4"] {
            assert_eq!(up.settled(&id(key)).await["JobStatus"], "FAILED");
        }
        for count in ["lostJobs", "freedClaims", "requeuedJobs", "queuedVideos"] {
            assert!(output[count].as_u64() > Some(0), "{count}: {output}");
        }
    }

    async fn until_quiet(&self) {
        for queue in ["deletions", "ingest", "failures", "ingest"] {
            self.up.until_empty(queue).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_allow_the_calls_that_are_made_and_no_others() {
    let drive = Drive::new().await;
    let up = &drive.up;
    let job = drive.analysed().await;
    assert_eq!(up.get(&format!("/jobs/{job}")).0, 200);
    let run = drive.fail(&job).await;
    up.open_gate();
    drive.review(&run, "approve", "PUBLISHED").await;
    drive.fetch(&run);
    let waiting = up.upload("c.mp4", &drive.clip, "moderated").await;
    assert_eq!(up.settled(&waiting).await["OriginalJobId"], json!(run));
    let (status, answer) = up.post("/jobs", &json!({"jobId": run, "force": true}));
    assert_eq!(status, 202, "{answer}");
    let forced = run.forced(2).expect("a run");
    drive.review(&forced, "reject", "FAILED_QC").await;
    let rejected = up.upload("empty.mp4", &up.empty_file(), "lean").await;
    assert_eq!(up.settled(&rejected).await["JobStatus"], "REJECTED");
    let version = up.job(&job).await["SourceVersionId"].take();
    drive.ask(version.as_str().expect("a version"));
    for queue in ["deletions", "ingest", "failures"] {
        up.send(queue, "{}").await;
    }
    drive.approve_price().await;
    // As a bucket without versions sends it.
    let detail = json!({"bucket": {"name": SOURCE}, "object": {"key": "a.mp4"}});
    let event = json!({"source": "aws.s3", "detail-type": "Object Created", "detail": detail});
    up.send("ingest", &event.to_string()).await;
    drive.start_again(&job).await;
    drive.reconcile(&job).await;
    drive.redrive(&job).await;
    drive.delete(&run).await;
    drive.until_quiet().await;

    let calls = up.record();
    let report = iam_report(table(), &calls).expect("a report");
    assert_eq!(report.refused, [], "no role allows these");
    let unused: BTreeSet<Use> = report.unused.into_iter().collect();
    assert_eq!(unused, not_made(), "allowed, but not made");
    check_needs(&calls);
    check_removals(&calls);
}

fn not_made() -> BTreeSet<Use> {
    let uses = NOT_MADE.iter().flat_map(|(role, call, targets, _)| {
        targets.iter().map(|target| Use {
            role: (*role).to_owned(),
            call: (*call).to_owned(),
            target: (*target).to_owned(),
        })
    });
    uses.collect()
}

/// What the recorded calls of roles are thought to need, by AWS's authorization reference.
fn check_needs(calls: &[RecordedCall]) {
    let of_roles = calls
        .iter()
        .filter(|call| table().roles.of(&call.principal).is_some());
    for call in of_roles {
        let name = format!("{}:{}", call.service, call.action);
        call.needs.iter().for_each(|need| check_need(&name, need));
    }
}

/// Every call on every target, taken away from its role, would have been refused to this run, but for those that it does
/// not make and those that lose no right, because another call of the role needs the same.
fn check_removals(calls: &[RecordedCall]) {
    let not_made = not_made();
    let (mut refused, mut doubled) = (0, Vec::new());
    for one in allowed(table()) {
        let made: Vec<&RecordedCall> = calls
            .iter()
            .filter(|call| call.principal == one.role)
            .collect();
        let without = without(&one);
        let (before, after) = (rights(table(), &one.role), rights(&without, &one.role));
        if before == after {
            doubled.push(one);
            continue;
        }
        let is_refused = !iam_report(&without, made)
            .expect("a report")
            .refused
            .is_empty();
        assert_eq!(is_refused, !not_made.contains(&one), "{one:?} taken away");
        refused += usize::from(is_refused);
    }
    report(&format!(
        "IAM: {} recorded calls; of the table's uses {refused} taken away refuse the run something, {} lose no right, {} are not made",
        calls.len(),
        doubled.len(),
        not_made.len(),
    ));
}

/// The table without a use, and without the calls of all other roles.
fn without(one: &Use) -> Table {
    let mut table = table().clone();
    let roles = &mut table.roles;
    let kinds = [
        &mut roles.functions,
        &mut roles.machines,
        &mut roles.services,
    ];
    for (name, role) in kinds.into_iter().flatten() {
        if *name != one.role {
            role.clear();
        } else if let Some(targets) = role.get_mut(&one.call) {
            targets.remove(&one.target);
        }
    }
    table
}

/// Actions with resources and conditions.
fn rights(table: &Table, role: &str) -> BTreeSet<[String; 3]> {
    let calls = table.roles.of(role).expect("a role");
    rights_of(&document(table, role, calls).expect("a policy"))
}
