//! What record-failure makes of a failed run: the real function, on the local services, reading the run's histories.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use record_failure::{Function, Resources};
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use videoflow_platform::service::{Call, Service, ServiceError};
use videoflow_platform::sqs::Queues;
use videoflow_shared::batch::DeadLetters;

use super::world::{CAUSE, Ended, JOB, Run};
use crate::services::{BUS, Local, QUEUE, TOPIC};

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:process-video";
const FAILED_VIDEOS: &str = "videoflow-local-failed-videos";
const FAILURES: &str = "videoflow-local-failures";

/// Step Functions with the histories of the run at hand.
#[derive(Default)]
struct Histories(Mutex<HashMap<String, Vec<Value>>>);

#[async_trait]
impl Service for Histories {
    fn name(&self) -> &'static str {
        "states"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        assert_eq!(call.operation, "GetExecutionHistory");
        let arn = call.parameters["ExecutionArn"].as_str().unwrap_or_default();
        let histories = self.0.lock().expect("no panic holds it");
        let events = histories
            .get(arn)
            .ok_or_else(|| ServiceError::new("ExecutionDoesNotExist", 400, arn))?;
        let first: usize = call.parameters["NextToken"]
            .as_str()
            .and_then(|token| token.parse().ok())
            .unwrap_or(0);
        let page: Vec<&Value> = events.iter().rev().skip(first).take(1000).collect();
        let next = first + page.len();
        let mut answer = json!({ "Events": page });
        if next < events.len() {
            answer["NextToken"] = json!(next.to_string());
        }
        Ok(answer)
    }
}

/// The function on its services, for one run after another.
pub struct Settlement {
    runtime: Runtime,
    local: Local,
    histories: Arc<Histories>,
    function: Function,
}

impl Settlement {
    pub fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let (local, function, histories) = runtime.block_on(async {
            let local = Local::new().await;
            let histories = Arc::new(Histories::default());
            local.services.add(Arc::clone(&histories) as _);
            create(&local.queues, FAILED_VIDEOS);
            create(&local.queues, FAILURES);
            let resources = Resources {
                jobs_table: "videoflow-local-jobs".to_owned(),
                claims_table: "videoflow-local-claims".to_owned(),
                machine_arn: format!("{MACHINE}:live"),
                failed_videos_queue_url: local.queues.url(FAILED_VIDEOS),
                ingest_queue_url: local.queues.url(QUEUE),
                notices_topic_arn: videoflow_platform::arn::topic(TOPIC),
                failures_queue_url: local.queues.url(FAILURES),
                notice_window_seconds: 60,
                command_options: "--data /d".to_owned(),
                bus_name: BUS.to_owned(),
            };
            let config = local.client_of("record-failure");
            let dead_letters = DeadLetters {
                client: aws_sdk_sqs::Client::new(&config),
                queue_url: local.queues.url(&format!("{QUEUE}-dead-letters")),
                receive_limit: 2,
                function_name: "record-failure".to_owned(),
            };
            let function = Function::new(&config, resources, dead_letters);
            (local, function, histories)
        });
        Self {
            runtime,
            local,
            histories,
            function,
        }
    }

    /// The job failed: state, error, cause, input and execution in its item, one message, one notice.
    pub fn check_failed(&mut self, run: &Run, state: &str, error: &str) -> Result<(), String> {
        let settled = self.settle(run, "PROCESSING");
        equal("JobStatus", &settled.job["JobStatus"], "FAILED")?;
        equal("ClaimStatus", &settled.claim["ClaimStatus"], "FAILED")?;
        check_details(&settled.job["ErrorDetails"], run, state, error)?;
        settled.check_told(1, "ErrorDetails")
    }

    /// The job was settled by its machine before: its status stays. Where not everyone could be told, the failure is in
    /// the item, the queue and a notice; where the machine's own notice told it, nothing is added.
    pub fn check_settled(
        &mut self,
        run: &Run,
        status: &'static str,
        untold: Option<(&str, &str)>,
    ) -> Result<(), String> {
        let settled = self.settle(run, status);
        equal("JobStatus", &settled.job["JobStatus"], status)?;
        equal("ClaimStatus", &settled.claim["ClaimStatus"], "RUNNING")?;
        if let Some((state, error)) = untold {
            check_details(&settled.job["AnnouncementError"], run, state, error)?;
        }
        settled.check_told(usize::from(untold.is_some()), "AnnouncementError")
    }

    /// Hands the end of the main execution to record-failure, as EventBridge does.
    fn settle(&mut self, run: &Run, status: &str) -> Settled {
        let histories = run
            .executions
            .iter()
            .map(|ended| (ended.arn.clone(), events(ended)));
        *self.histories.0.lock().expect("no panic holds it") = histories.collect();
        let notices_before = self.local.topics.notices().len();
        let main = run.main();
        let event = json!({ "source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": {
            "executionArn": main.arn, "stateMachineArn": MACHINE, "name": JOB, "status": "FAILED", "redriveCount": 0,
            "error": main.execution.error(), "cause": main.execution.cause() } });
        let batch = json!({ "Records": [{ "messageId": "1", "body": event.to_string() }] });
        self.runtime.block_on(async {
            self.local.put_item("jobs", &json!({
                "JobId": JOB, "JobStatus": status, "SourceBucket": "b", "SourceKey": "k.mp4", "SourceVersionId": "1",
                "Profile": "default", "CreatedAt": "t", "UpdatedAt": "t", "Stages": {}, "ClaimId": "c",
            })).await;
            self.local.put_item("claims", &json!({ "ClaimId": "c", "JobId": JOB, "ClaimStatus": "RUNNING" })).await;
            let batch = serde_json::from_value(batch).expect("a batch");
            let failures = self.function.handle(batch).await.expect("an answer");
            assert!(failures.batch_item_failures.is_empty(), "record-failure could not handle {event}");
            Settled {
                job: self.local.item("jobs", "JobId", JOB).await,
                claim: self.local.item("claims", "ClaimId", "c").await,
                messages: drained(&self.local.queues).await,
                notices: self.local.topics.notices().len() - notices_before,
            }
        })
    }
}

/// What record-failure left.
struct Settled {
    job: Value,
    claim: Value,
    messages: Vec<Value>,
    notices: usize,
}

impl Settled {
    fn check_told(&self, times: usize, details: &str) -> Result<(), String> {
        let told = (self.messages.len(), self.notices);
        if told != (times, times) {
            return Err(format!(
                "{} messages in failed-videos and {} notices, expected {times}",
                told.0, told.1
            ));
        }
        match self
            .messages
            .iter()
            .find(|message| message["jobId"] != JOB || message["failure"] != self.job[details])
        {
            Some(message) => Err(format!("the message lacks the context: {message}")),
            None => Ok(()),
        }
    }
}

fn check_details(details: &Value, run: &Run, state: &str, error: &str) -> Result<(), String> {
    equal("state", &details["state"], state)?;
    equal("error", &details["error"], error)?;
    let execution = details["execution"].as_str().unwrap_or_default();
    let ended = run.executions.iter().find(|ended| ended.arn == execution);
    let ended = ended.ok_or_else(|| format!("no execution {execution}"))?;
    let recorded: Option<Value> = details["input"]
        .as_str()
        .and_then(|input| serde_json::from_str(input).ok());
    let is_input = ended.execution.history().iter().any(|event| {
        event.event_type.ends_with("StateEntered")
            && event.text("name") == Some(state)
            && event.payload("input") == recorded.as_ref()
    });
    if !is_input {
        return Err(format!(
            "{execution} never entered {state} with {recorded:?}"
        ));
    }
    let cause = details["cause"].as_str().unwrap_or_default();
    // What the engine says itself has a cause of its own; a Task that timed out has none.
    let is_told = error.starts_with("States.")
        || !cause.is_empty() && (cause == CAUSE || !error.contains("Exception"));
    if is_told {
        Ok(())
    } else {
        Err(format!("cause {cause:?}"))
    }
}

fn equal(what: &str, found: &Value, expected: &str) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what} is {found}, expected {expected}"))
    }
}

/// The events of an execution, with the members' names as services answer them.
fn events(ended: &Ended) -> Vec<Value> {
    let Value::Array(events) =
        serde_json::to_value(ended.execution.history()).expect("a history is JSON")
    else {
        return Vec::new();
    };
    events.into_iter().map(capitalised).collect()
}

fn capitalised(value: Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    let renamed = members.into_iter().map(|(name, value)| {
        let (first, rest) = name.split_at(1);
        (first.to_uppercase() + rest, capitalised(value))
    });
    Value::Object(renamed.collect::<Map<String, Value>>())
}

fn create(queues: &Queues, name: &str) {
    queues
        .create_with_dead_letters(name, Duration::from_secs(30), 2)
        .expect("a queue");
}

async fn drained(queues: &Queues) -> Vec<Value> {
    // Requeues of duplicates are start-processing's; they would only pile up.
    take(queues, QUEUE).await;
    take(queues, FAILED_VIDEOS).await
}

async fn take(queues: &Queues, queue: &str) -> Vec<Value> {
    let messages = queues
        .poll(queue, 10, Duration::ZERO)
        .await
        .expect("a queue");
    queues
        .settle(queue, &messages, &[], Duration::ZERO)
        .expect("messages are deleted");
    messages
        .iter()
        .map(|message| serde_json::from_str(&message.body).expect("JSON"))
        .collect()
}
