//! The stage ledger and the intake of the functions, on the local DynamoDB and S3: nothing is started or paid twice.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use videoflow_platform::service::{Call, Service, ServiceError};
use videoflow_shared::error;
use videoflow_shared::identity::{JobId, Stage};
use videoflow_shared::intake::{Admission, Entered, Intake};
use videoflow_shared::jobs::{Filter, JobStatus, Jobs};
use videoflow_shared::ledger::{Ledger, Written};
use videoflow_shared::location::S3Uri;
use videoflow_shared::service_job::{Condition, Error, StageService, Started, start_stage};
use videoflow_shared::storage::Objects;

use super::{Local, QUEUE, SOURCE};

const MACHINE: &str =
    "arn:aws:states:us-east-1:000000000000:stateMachine:videoflow-local-process-video:live";

/// Step Functions that remembers the inputs of its executions, and starts each name once.
#[derive(Default)]
pub struct Executions(pub Mutex<Vec<String>>);

#[async_trait]
impl Service for Executions {
    fn name(&self) -> &'static str {
        "states"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        let input = call.parameters["Input"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let mut started = self.0.lock().expect("no test panics with it");
        if !started.contains(&input) {
            started.push(input);
        }
        Ok(
            json!({"ExecutionArn": "arn:aws:states:us-east-1:000000000000:execution:m:x", "StartDate": 1.0}),
        )
    }
}

/// A service whose job number `lost` fails.
struct Paid {
    lost: &'static str,
    started: Mutex<Vec<String>>,
}

impl StageService for Paid {
    async fn condition(&self, service_job_id: &str) -> Result<Condition, error::Error> {
        Ok(if service_job_id.ends_with(self.lost) {
            Condition::Lost
        } else {
            Condition::Alive
        })
    }

    async fn start(&self, token: &str, _attempt: u32) -> Result<String, error::Error> {
        self.started
            .lock()
            .expect("no test panics with it")
            .push(token.to_owned());
        Ok(token.to_owned())
    }
}

pub fn intake(local: &Local) -> (Intake, Arc<Executions>) {
    let executions = Arc::new(Executions::default());
    local.services.add(Arc::clone(&executions) as _);
    let config = local.client_of("start-processing");
    let intake = Intake {
        admission: Admission {
            table: "videoflow-local-claims".to_owned(),
            limit: 100,
        },
        queues: aws_sdk_sqs::Client::new(&config),
        queue_url: local.url.clone() + "/000000000000/" + QUEUE,
        jobs: Jobs::new(
            aws_sdk_dynamodb::Client::new(&config),
            "videoflow-local-jobs".to_owned(),
        ),
        objects: Objects::new(aws_sdk_s3::Client::new(&config)),
        executions: aws_sdk_sfn::Client::new(&config),
        machine_arn: MACHINE.to_owned(),
    };
    (intake, executions)
}

/// Uploads a file and enters it.
async fn entered(local: &Local, intake: &Intake, key: &str) -> JobId {
    let client = aws_sdk_s3::Client::new(&local.client());
    let body = aws_sdk_s3::primitives::ByteStream::from_static(b"video");
    client
        .put_object()
        .bucket(SOURCE)
        .key(key)
        .body(body)
        .send()
        .await
        .expect("an upload");
    match intake.enter(&S3Uri::new(SOURCE, key), None, None).await {
        Ok(Entered::Started(job)) => job,
        other => panic!("{other:?}"),
    }
}

async fn set(intake: &Intake, job: &JobId, attributes: Value) {
    let Value::Object(attributes) = attributes else {
        panic!("{attributes}")
    };
    intake.jobs.update(job, &attributes).await.expect("a job");
}

#[tokio::test]
async fn an_object_enters_once() {
    let local = Local::new().await;
    let (intake, executions) = intake(&local);
    let job = entered(&local, &intake, "a b/ü+.mp4").await;
    assert_eq!(
        entered_again(&intake, "a b/ü+.mp4").await,
        Ok(Entered::Started(job.clone()))
    );
    set(&intake, &job, json!({"JobStatus": "PUBLISHED"})).await;
    let settled = Entered::Settled(job.clone(), JobStatus::Published);
    assert_eq!(entered_again(&intake, "a b/ü+.mp4").await, Ok(settled));
    assert_eq!(
        entered_again(&intake, "no such key").await,
        Ok(Entered::Gone)
    );
    let started = executions.0.lock().expect("no test panics with it").clone();
    assert_eq!(started.len(), 1, "{started:?}");
    assert!(
        started.first().is_some_and(
            |input| input.contains(job.as_str()) && input.ends_with(r#""forced":false}"#)
        )
    );
}

async fn entered_again(
    intake: &Intake,
    key: &str,
) -> Result<Entered, videoflow_shared::intake::Error> {
    intake.enter(&S3Uri::new(SOURCE, key), None, None).await
}

#[tokio::test]
async fn a_stage_is_paid_once_and_reused() {
    let local = Local::new().await;
    let (intake, _) = intake(&local);
    let (jobs, job) = (&intake.jobs, entered(&local, &intake, "a.mp4").await);
    let paid = Paid {
        lost: "-1",
        started: Mutex::default(),
    };
    let start = || start_stage(jobs, &job, Stage::Labels, 9, &paid);
    let token = |attempt: u32| format!("{job}-labels-{attempt}");
    let running = |attempt, first_wait_seconds| Started {
        is_reused: false,
        service_job_id: Some(token(attempt)),
        first_wait_seconds,
        result: None,
    };
    assert_eq!(start().await, Ok(running(1, 9)));
    assert_eq!(
        start().await,
        Ok(running(2, 9)),
        "the first attempt is lost"
    );
    assert_eq!(start().await, Ok(running(2, 1)), "the second one runs");

    let ledger = Ledger::new(jobs);
    let result = json!({"status": "DONE", "numbers": [1, 2.5, null]});
    let overtaken = ledger
        .succeeded(&job, Stage::Labels, &token(1), &result)
        .await;
    assert_eq!(
        overtaken,
        Ok(Written::Overtaken),
        "a result of a lost attempt"
    );
    assert_eq!(
        ledger
            .succeeded(&job, Stage::Labels, &token(2), &result)
            .await,
        Ok(Written::Done)
    );
    let reused = start()
        .await
        .map(|started| (started.is_reused, started.result));
    assert_eq!(reused, Ok((true, Some(result))));
    assert_eq!(
        *paid.started.lock().expect("no test panics with it"),
        [token(1), token(2)]
    );
}

#[tokio::test]
async fn a_crash_between_ledger_and_service_starts_under_the_same_token() {
    let local = Local::new().await;
    let (intake, _) = intake(&local);
    let job = entered(&local, &intake, "a.mp4").await;
    assert_eq!(
        Ledger::new(&intake.jobs)
            .begin(&job, Stage::Meaning, 1)
            .await,
        Ok(Written::Done)
    );
    assert_eq!(
        Ledger::new(&intake.jobs)
            .begin(&job, Stage::Meaning, 1)
            .await,
        Ok(Written::Overtaken)
    );
    let paid = Paid {
        lost: "none",
        started: Mutex::default(),
    };
    let started = start_stage(&intake.jobs, &job, Stage::Meaning, 9, &paid).await;
    assert_eq!(
        started.map(|started| started.service_job_id),
        Ok(Some(format!("{job}-meaning-1")))
    );
    let unknown = job.forced(7).expect("a run");
    let started = start_stage(&intake.jobs, &unknown, Stage::Meaning, 9, &paid).await;
    assert_eq!(started, Err(Error::JobNotFound(unknown.to_string())));
}

#[tokio::test]
async fn a_forced_run_takes_the_ledger_along() {
    let local = Local::new().await;
    let (intake, executions) = intake(&local);
    let job = entered(&local, &intake, "a.mp4").await;
    let stages = json!({"transcode": {"attempt": 1, "serviceJobId": "s", "status": "SUCCEEDED", "result": 1},
        "labels": {"attempt": 1, "serviceJobId": "l", "status": "RUNNING"}});
    set(
        &intake,
        &job,
        json!({"JobStatus": "PUBLISHED", "Stages": stages}),
    )
    .await;
    let item = intake.jobs.get(&job).await.ok().flatten().expect("a job");
    for number in 1..=2 {
        let run = intake.force(&item).await.expect("a run");
        assert_eq!(run, job.forced(number).expect("a run"));
        let run = intake.jobs.get(&run).await.ok().flatten().expect("a run");
        assert_eq!(
            run.stages.keys().collect::<Vec<_>>(),
            [&Stage::Transcode],
            "only what is paid for"
        );
    }
    assert_eq!(
        executions.0.lock().expect("no test panics with it").len(),
        3
    );
}

#[tokio::test]
async fn a_duplicate_is_queued_again_once_for_a_failed_original() {
    let local = Local::new().await;
    let (intake, executions) = intake(&local);
    let original = entered(&local, &intake, "a.mp4").await;
    let duplicate = entered(&local, &intake, "copy.mp4").await;
    set(&intake, &original, json!({"JobStatus": "FAILED"})).await;
    set(
        &intake,
        &duplicate,
        json!({"JobStatus": "DUPLICATE", "OriginalJobId": original}),
    )
    .await;
    let found = intake
        .jobs
        .duplicates_of(&original, 10)
        .await
        .expect("a query");
    assert_eq!(
        found.iter().map(|job| &job.job_id).collect::<Vec<_>>(),
        [&duplicate]
    );
    let run = duplicate.forced(1).ok();
    for item in &found {
        assert_eq!(intake.requeue(item, &original).await.ok(), run);
        let stale = intake.requeue(item, &original).await;
        assert!(stale.is_err(), "read before it was queued again: {stale:?}");
    }
    for item in &intake
        .jobs
        .duplicates_of(&original, 10)
        .await
        .expect("jobs")
    {
        assert_eq!(intake.requeue(item, &original).await.ok(), run);
    }
    let started = executions.0.lock().expect("no test panics with it").clone();
    let input = started.last().expect("a start");
    assert!(input.ends_with(r#""forced":false}"#), "{input}");
    let listed = intake
        .jobs
        .page(JobStatus::Processing, &Filter::default(), None, 10)
        .await
        .expect("a query");
    assert_eq!(listed.jobs.len(), 1, "one run of the duplicate");
}
