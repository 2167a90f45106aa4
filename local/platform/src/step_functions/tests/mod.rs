//! Executions by the real engine: nested ones, tokens, stops, redrives, restarts.

mod activities;
mod executions;
mod machines;
mod map_runs;
mod recovery;
mod redrive;
mod test_state;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::events::Events;
use crate::names;
use crate::service::{Call, Principal, Service, ServiceError};
use crate::services::Services;
use crate::sqs::Queues;
use crate::step_functions::definitions::Template;
use crate::step_functions::machines::Machines;
use crate::step_functions::record::Record;
use crate::step_functions::{Config, StatesService, StepFunctions};

/// Takes SQS messages and keeps the latest body.
#[derive(Default)]
struct Letterbox {
    body: Mutex<String>,
    arrival: Notify,
    is_broken: AtomicBool,
}

#[async_trait]
impl Service for Letterbox {
    fn name(&self) -> &'static str {
        "sqs"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(ServiceError::new("Broken", 400, "no letters today"));
        }
        let body = call
            .parameters
            .get("MessageBody")
            .and_then(Value::as_str)
            .unwrap_or_default();
        body.clone_into(&mut self.body.lock().unwrap_or_else(PoisonError::into_inner));
        self.arrival.notify_one();
        Ok(json!({"MessageId": "m"}))
    }
}

struct Bench {
    services: Arc<Services>,
    step_functions: StepFunctions,
    letterbox: Arc<Letterbox>,
}

const PARENT: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "CallChild", "States": {"CallChild": {
    "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
    "Arguments": {"StateMachineArn": "${child_state_machine_arn}", "Name": "{% 'child-of-parent-' & $states.context.Execution.RedriveCount %}",
        "Input": {"n": "{% $states.input.n %}"}},
    "Output": "{% $states.result.Output %}", "End": true}}}"#;

const ADD: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Add", "States": {"Add": {
    "Type": "Pass", "Output": {"n": "{% $states.input.n + 1 %}"}, "End": true}}}"#;

const REFUSE: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Refuse", "States": {"Refuse": {
    "Type": "Fail", "Error": "TooMany", "Cause": "enough"}}}"#;

const EACH: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": {
    "Type": "Map", "Items": [1], "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Ask", "States": {"Ask": {
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
            "Arguments": {"QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}"}}}}}}}"#;

const ASK: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Ask", "States": {"Ask": {
    "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Arguments": {"QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}"}, "End": true}}}"#;

impl Bench {
    fn new(folder: &Path, child: &str) -> anyhow::Result<Self> {
        let template = |name: &str, source: &str| Template {
            name: name.to_owned(),
            file: format!("{name}.asl.json"),
            source: source.to_owned(),
        };
        let machines = Machines::open(folder)?;
        let templates = [template("parent", PARENT), template("child", child)];
        machines.deploy(&templates, &BTreeMap::new())?;
        let services = Arc::new(Services::new(Arc::new(crate::record::Record::in_memory())));
        let queues = Arc::new(Queues::open(None, "http://127.0.0.1:1")?);
        let events = Arc::new(Events::open(queues, "domain", None)?);
        let config = Config {
            machines,
            folder: folder.to_path_buf(),
            time_scale: 0.0,
            services: Arc::clone(&services),
            events,
        };
        let (step_functions, unsettled) = StepFunctions::open(config)?;
        let letterbox = Arc::new(Letterbox::default());
        services.add(Arc::clone(&letterbox) as Arc<dyn Service>);
        services.add(Arc::new(StatesService::new(&step_functions)));
        step_functions.go_on(unsettled);
        Ok(Self {
            services,
            step_functions,
            letterbox,
        })
    }

    async fn call(&self, operation: &str, parameters: Value) -> Result<Value, ServiceError> {
        let principal = Principal("tester".to_owned());
        self.services
            .call(
                "states",
                Call {
                    principal,
                    operation: operation.to_owned(),
                    parameters,
                },
            )
            .await
    }

    async fn start(&self, machine: &str, input: &Value) -> Result<String, ServiceError> {
        let parameters = json!({
            "StateMachineArn": names::state_machine_arn(machine),
            "Name": machine,
            "Input": input.to_string(),
        });
        let answer = self.call("StartExecution", parameters).await?;
        Ok(answer
            .get("ExecutionArn")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned())
    }

    async fn end(&self, arn: &str) -> anyhow::Result<crate::step_functions::Description> {
        let entry = self.step_functions.shared.store.find(arn);
        Ok(entry
            .ok_or_else(|| anyhow::anyhow!("{arn} is unknown"))?
            .wait()
            .await)
    }

    /// The platform ends, at a moment when only its files are left, and starts again.
    fn restarted(&self, folder: &Path, child: &str) -> anyhow::Result<Self> {
        self.step_functions.stop();
        Self::new(folder, child)
    }

    /// Waits until the history of an execution tells that its Task was accepted.
    async fn submitted(&self, arn: &str) -> anyhow::Result<()> {
        while !self.has_event(arn, "TaskSubmitted")? {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn has_event(&self, arn: &str, event_type: &str) -> anyhow::Result<bool> {
        let entry = self.step_functions.shared.store.find(arn);
        let entry = entry.ok_or_else(|| anyhow::anyhow!("{arn} is unknown"))?;
        let events = self.step_functions.shared.store.events(&entry)?;
        Ok(events.iter().any(|event| event["type"] == event_type))
    }

    /// Answers a token as soon as somebody waits for it.
    async fn settle(&self, token: &str) -> anyhow::Result<()> {
        while self.succeed(token, "7").await.is_err() {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn succeed(&self, token: &str, output: &str) -> Result<Value, ServiceError> {
        let parameters = json!({"TaskToken": token, "Output": output});
        self.call("SendTaskSuccess", parameters).await
    }

    async fn token(&self) -> String {
        self.letterbox.arrival.notified().await;
        self.letterbox
            .body
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The types of an execution's events, from its record.
fn types(folder: &Path, arn: &str) -> anyhow::Result<Vec<String>> {
    let record = Record::read(folder, arn)?;
    let types = record
        .events
        .iter()
        .filter_map(|event| event["type"].as_str());
    Ok(types.map(str::to_owned).collect())
}

fn child_arn() -> String {
    names::execution_arn("videoflow-local-child", "child-of-parent-0")
}

#[tokio::test]
async fn a_parent_gets_its_childs_output_as_a_value() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    let arn = bench.start("parent", &json!({"n": 1})).await?;
    let parent = bench.end(&arn).await?;
    assert_eq!(
        (parent.status.as_str(), parent.output.as_deref()),
        ("SUCCEEDED", Some("{\"n\":2}"))
    );

    let expected = [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ];
    assert_eq!(types(folder.path(), &arn)?, expected);
    let calls = bench.services.record().calls();
    assert!(
        calls
            .iter()
            .any(|call| call.principal == "parent" && call.action == "StartExecution")
    );
    Ok(())
}

#[tokio::test]
async fn a_failed_child_is_a_failed_task_with_the_childs_description() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), REFUSE)?;
    let arn = bench.start("parent", &json!({"n": 1})).await?;
    let parent = bench.end(&arn).await?;
    assert_eq!(
        (parent.status.as_str(), parent.error.as_deref()),
        ("FAILED", Some("States.TaskFailed"))
    );
    let cause: Value = serde_json::from_str(&parent.cause.unwrap_or_default())?;
    assert_eq!(
        (&cause["Error"], &cause["Cause"], &cause["Status"]),
        (&json!("TooMany"), &json!("enough"), &json!("FAILED"))
    );
    assert_eq!(cause["ExecutionArn"], json!(child_arn()));
    Ok(())
}

#[tokio::test]
async fn stopping_a_parent_stops_its_child() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    let arn = bench.start("parent", &json!({"n": 1})).await?;
    let token = bench.token().await;
    bench
        .call(
            "StopExecution",
            json!({"ExecutionArn": arn, "Error": "Enough"}),
        )
        .await?;
    let parent = bench.end(&arn).await?;
    assert_eq!(
        (parent.status.as_str(), parent.error.as_deref()),
        ("ABORTED", Some("Enough"))
    );
    assert_eq!(bench.end(&child_arn()).await?.status, "ABORTED");
    let late = bench
        .call(
            "SendTaskSuccess",
            json!({"TaskToken": token, "Output": "{}"}),
        )
        .await;
    assert_eq!(
        late.map_err(|error| error.code),
        Err("TaskTimedOut".to_owned())
    );
    Ok(())
}

#[tokio::test]
async fn a_token_ends_its_task() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    let arn = bench.start("child", &json!({})).await?;
    let token = bench.token().await;
    bench
        .call("SendTaskHeartbeat", json!({"TaskToken": token}))
        .await?;
    bench
        .call(
            "SendTaskSuccess",
            json!({"TaskToken": token, "Output": "{\"yes\":true}"}),
        )
        .await?;
    assert_eq!(
        bench.end(&arn).await?.output.as_deref(),
        Some("{\"yes\":true}")
    );
    Ok(())
}

#[tokio::test]
async fn a_name_starts_one_execution() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    let arn = bench.start("child", &json!({"n": 1})).await?;
    assert_eq!(bench.start("child", &json!({"n": 1})).await?, arn);
    let other = bench.start("child", &json!({"n": 2})).await;
    assert_eq!(
        other.map_err(|error| error.code),
        Err("ExecutionAlreadyExists".to_owned())
    );
    let token = bench.token().await;
    bench
        .call(
            "SendTaskSuccess",
            json!({"TaskToken": token, "Output": "{}"}),
        )
        .await?;
    bench.end(&arn).await?;
    let again = bench.start("child", &json!({"n": 1})).await;
    assert_eq!(
        again.map_err(|error| error.code),
        Err("ExecutionAlreadyExists".to_owned())
    );
    Ok(())
}
