//! record-failure on the local services: job and claim are settled once, and everyone is told once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use record_failure::{Function, Resources};
use serde_json::{Value, json};
use videoflow_platform::service::{Call, Service, ServiceError};
use videoflow_shared::batch::DeadLetters;
use videoflow_shared::identity::JobId;

use super::{BUS, Local, QUEUE, TOPIC};

const MACHINE: &str =
    "arn:aws:states:us-east-1:000000000000:stateMachine:videoflow-local-process-video";
const CHILD: &str =
    "arn:aws:states:us-east-1:000000000000:execution:videoflow-local-sanitize-file:child";

/// Queue that record-failure reads.
pub const FAILURES: &str = "videoflow-local-failures";
/// Seconds for which equal failures are counted.
pub const WINDOW_SECONDS: u32 = 2;

/// Step Functions with the histories of a main execution and of the child that failed in it.
struct Histories {
    /// Input of the states.
    input: String,
    /// Cause of the innermost failure.
    cause: String,
    /// Whether it answers at all.
    is_throttling: bool,
}

#[async_trait]
impl Service for Histories {
    fn name(&self) -> &'static str {
        "states"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        if self.is_throttling {
            return Err(ServiceError::new("ThrottlingException", 400, "slower"));
        }
        let event = |id: i64, kind: &str, members: Value| {
            let mut event =
                json!({"Id": id, "PreviousEventId": id - 1, "Timestamp": 1.0, "Type": kind});
            if let (Value::Object(event), Value::Object(members)) = (&mut event, members) {
                event.extend(members);
            }
            event
        };
        let entered =
            |state: &str| json!({"StateEnteredEventDetails": {"Name": state, "Input": self.input}});
        let failed = |error: &str, cause: &str| {
            let details =
                json!({"ResourceType": "x", "Resource": "y", "Error": error, "Cause": cause});
            json!({"TaskFailedEventDetails": details})
        };
        let events = if call.parameters["ExecutionArn"] == CHILD {
            vec![
                event(2, "TaskFailed", failed("StorageFailed", &self.cause)),
                event(1, "TaskStateEntered", entered("InspectFile")),
            ]
        } else {
            let cause = json!({"ExecutionArn": CHILD}).to_string();
            vec![
                event(2, "TaskFailed", failed("States.TaskFailed", &cause)),
                event(1, "TaskStateEntered", entered("SanitizeFile")),
            ]
        };
        Ok(json!({"Events": events}))
    }
}

pub struct Scene {
    pub local: Local,
    pub function: Function,
    pub job: JobId,
}

impl Scene {
    /// A job that is processed and holds the claim `claim`.
    pub async fn new() -> Self {
        Self::with(Histories {
            input: "{\"a\":1}".to_owned(),
            cause: "why".to_owned(),
            is_throttling: false,
        })
        .await
    }

    async fn with(histories: Histories) -> Self {
        let local = Local::new().await;
        local.services.add(Arc::new(histories));
        let config = local.client_of("record-failure");
        let queue = local.queues.url(QUEUE);
        let created = local
            .queues
            .create_with_dead_letters(FAILURES, Duration::from_secs(30), 2);
        created.expect("a queue");
        let function = Function::new(
            &config,
            Resources {
                jobs_table: "videoflow-local-jobs".to_owned(),
                claims_table: "videoflow-local-claims".to_owned(),
                machine_arn: format!("{MACHINE}:live"),
                failed_videos_queue_url: queue.clone(),
                ingest_queue_url: queue,
                notices_topic_arn: videoflow_platform::arn::topic(TOPIC),
                failures_queue_url: local.queues.url(FAILURES),
                notice_window_seconds: WINDOW_SECONDS,
                command_options: "--data /d".to_owned(),
                bus_name: BUS.to_owned(),
            },
            DeadLetters {
                client: aws_sdk_sqs::Client::new(&config),
                queue_url: local.queues.url(&format!("{QUEUE}-dead-letters")),
                receive_limit: 2,
                function_name: "record-failure".to_owned(),
            },
        );
        let job = JobId::of("b", "k", "1", "default");
        let scene = Self {
            local,
            function,
            job,
        };
        scene.local.put_item("jobs", &scene.item()).await;
        let claim = json!({"ClaimId": "claim", "JobId": scene.job, "ClaimStatus": "RUNNING"});
        scene.local.put_item("claims", &claim).await;
        scene
    }

    pub fn item(&self) -> Value {
        json!({"JobId": self.job, "JobStatus": "PROCESSING", "SourceBucket": "b", "SourceKey": "k", "CreatedAt": "t",
            "SourceVersionId": "1", "Profile": "default", "UpdatedAt": "t", "Stages": {}, "ClaimId": "claim"})
    }

    /// Hands an event over and gives the number of messages that failed.
    pub async fn handle(&self, status: &str, redrive_count: u32) -> usize {
        self.receive(status, redrive_count, 1).await
    }

    /// Like [`Scene::handle`], for a message that was received that often.
    async fn receive(&self, status: &str, redrive_count: u32, received: u32) -> usize {
        let event = json!({"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": {
            "executionArn": "arn:aws:states:us-east-1:000000000000:execution:videoflow-local-process-video:main",
            "stateMachineArn": MACHINE, "name": self.job, "status": status, "redriveCount": redrive_count}});
        let attributes = json!({"ApproximateReceiveCount": received.to_string()});
        let batch = json!({"Records": [{"messageId": "1", "body": event.to_string(), "attributes": attributes}]});
        let batch = serde_json::from_value(batch).expect("a batch");
        self.function
            .handle(batch)
            .await
            .expect("an answer")
            .batch_item_failures
            .len()
    }

    /// Statuses of job and claim.
    async fn statuses(&self) -> (Value, Value) {
        let job = self.local.item("jobs", "JobId", self.job.as_str()).await;
        let claim = self.local.item("claims", "ClaimId", "claim").await;
        (job["JobStatus"].clone(), claim["ClaimStatus"].clone())
    }
}

#[tokio::test]
async fn a_failure_is_found_settled_and_told_once() {
    let scene = Scene::new().await;
    assert_eq!(scene.handle("FAILED", 0).await, 0);
    assert_eq!(scene.statuses().await, (json!("FAILED"), json!("FAILED")));
    let job = scene.local.item("jobs", "JobId", scene.job.as_str()).await;
    let expected = json!({"state": "InspectFile", "error": "StorageFailed", "cause": "why", "input": "{\"a\":1}",
        "execution": CHILD});
    assert_eq!(job["ErrorDetails"], expected);

    let told = scene.local.received(QUEUE).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter()
            .any(|message| message["failure"] == expected && message["jobId"] == job["JobId"])
    );
    assert!(told.contains(&json!({"requeue": {"jobId": scene.job}})));
    assert_eq!(scene.handle("FAILED", 0).await, 0, "the same event again");
    assert_eq!(
        scene.local.received(QUEUE).await.len(),
        0,
        "no one is told twice"
    );
}

#[tokio::test]
async fn a_redrive_takes_job_and_claim_back_to_work() {
    let scene = Scene::new().await;
    scene.handle("TIMED_OUT", 0).await;
    assert_eq!(scene.handle("RUNNING", 1).await, 0);
    assert_eq!(
        scene.statuses().await,
        (json!("PROCESSING"), json!("RUNNING"))
    );
    assert_eq!(scene.handle("FAILED", 0).await, 0, "an older redrive");
    assert_eq!(
        scene.statuses().await,
        (json!("PROCESSING"), json!("RUNNING"))
    );
}

#[tokio::test]
async fn a_claim_of_another_job_is_left_alone() {
    let scene = Scene::new().await;
    scene
        .local
        .put_item(
            "claims",
            &json!({"ClaimId": "claim", "JobId": "another", "ClaimStatus": "PUBLISHED"}),
        )
        .await;
    assert_eq!(scene.handle("ABORTED", 0).await, 0);
    assert_eq!(
        scene.statuses().await,
        (json!("FAILED"), json!("PUBLISHED"))
    );
}

#[tokio::test]
async fn a_first_start_is_ignored_without_a_look() {
    let scene = Scene::new().await;
    let before = scene.local.services.record().calls().len();
    assert_eq!(scene.handle("RUNNING", 0).await, 0);
    assert_eq!(scene.local.services.record().calls().len(), before);
}

#[tokio::test]
async fn what_may_pass_comes_again_and_is_a_dead_letter_in_the_end() {
    let scene = Scene::with(Histories {
        input: String::new(),
        cause: String::new(),
        is_throttling: true,
    })
    .await;
    let dead_letters = format!("{QUEUE}-dead-letters");
    assert_eq!(scene.receive("FAILED", 0, 1).await, 1);
    assert_eq!(scene.local.received(&dead_letters).await.len(), 0);
    assert_eq!(scene.receive("FAILED", 0, 2).await, 0, "it is moved");
    let moved = scene.local.queues.poll(&dead_letters, 10, Duration::ZERO);
    let moved = moved.await.expect("a queue");
    let message = moved.first().expect("a dead letter");
    assert!(message.body.contains(scene.job.as_str()), "{message:?}");
    let attribute = |name: &str| message.attributes[name]["StringValue"].clone();
    assert_eq!(attribute("ErrorName"), "ServiceThrottled");
    assert_eq!(
        attribute("ErrorCause"),
        "GetExecutionHistory: ThrottlingException: slower"
    );
    assert_eq!(attribute("FunctionName"), "record-failure");
    assert_eq!(
        scene.statuses().await,
        (json!("PROCESSING"), json!("RUNNING"))
    );
}

/// A failure of the video `key` with an input and a cause of `length` characters of two bytes.
async fn check_told(key: &str, length: usize, kept: usize) {
    let scene = Scene::with(Histories {
        input: "ä".repeat(length),
        cause: "ö".repeat(length),
        is_throttling: false,
    })
    .await;
    let mut item = scene.item();
    item["SourceKey"] = json!(key);
    scene.local.put_item("jobs", &item).await;
    assert_eq!(scene.handle("FAILED", 0).await, 0);

    let job = scene.local.item("jobs", "JobId", scene.job.as_str()).await;
    let details = &job["ErrorDetails"];
    assert_eq!(details["input"], "ä".repeat(kept));
    assert_eq!(details["cause"], "ö".repeat(kept));
    let told = scene.local.received(QUEUE).await;
    let context = told.iter().find(|message| message["failure"] == *details);
    assert_eq!(context.expect("the context")["source"]["key"], key);

    let notices = scene.local.topics.notices();
    let [notice] = notices.as_slice() else {
        panic!("one notice: {notices:?}")
    };
    let subject = notice.subject.as_deref().unwrap_or_default();
    assert_eq!(
        subject,
        "videoflow-local: video failed in InspectFile: StorageFailed"
    );
    for part in [
        format!("Job: {}", scene.job),
        "State: InspectFile".to_owned(),
        "Error: StorageFailed".to_owned(),
        format!("Cause: {}", "ö".repeat(length.min(2000))),
        format!("videoflow history {} --data /d\n", scene.job),
        format!("videoflow redrive {} --data /d\n", scene.job),
    ] {
        assert!(notice.message.contains(&part), "{part}: {}", notice.message);
    }
    let is_plain = |c: char| !c.is_control() || c.is_whitespace();
    assert!(notice.message.chars().all(is_plain), "{}", notice.message);
}

#[tokio::test]
async fn failures_of_odd_keys_and_long_texts_are_told_whole_or_cut_at_a_character() {
    check_told("a + b%2F/ü 😀.mp4", 1, 1).await;
    check_told(&"ü".repeat(500), 16 * 1024, 16 * 1024).await;
    check_told("line\nbreak\u{1}", 150 * 1024, 16 * 1024).await;
}

#[tokio::test]
async fn late_news_of_a_redrive_leaves_what_the_redriven_run_has_done() {
    for (status, claim, expected_claim) in [
        ("PUBLISHED", "PUBLISHED", "PUBLISHED"),
        ("AWAITING_REVIEW", "FAILED", "RUNNING"),
    ] {
        let scene = Scene::new().await;
        let mut item = scene.item();
        item["JobStatus"] = json!(status);
        scene.local.put_item("jobs", &item).await;
        let claim = json!({"ClaimId": "claim", "JobId": scene.job, "ClaimStatus": claim});
        scene.local.put_item("claims", &claim).await;
        for (event, redrive_count) in [("RUNNING", 0), ("RUNNING", 1), ("FAILED", 0)] {
            assert_eq!(scene.handle(event, redrive_count).await, 0);
        }
        assert_eq!(
            scene.statuses().await,
            (json!(status), json!(expected_claim))
        );
        let job = scene.local.item("jobs", "JobId", scene.job.as_str()).await;
        assert_eq!(job["RedriveCount"], 1);
    }
}
