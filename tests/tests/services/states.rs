//! Step Functions: the whole platform with the SDK as the client, on the machine that needs no video.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{ExecutionListItem, ExecutionStatus, HistoryEventType};
use tempfile::TempDir;
use videoflow_platform::platform::{Config, Platform};
use videoflow_platform::step_functions::Definitions;

use super::{SOURCE, code};
use crate::support::{binaries, models};

const MACHINE: &str =
    "arn:aws:states:us-east-1:000000000000:stateMachine:videoflow-local-reconcile-library";
/// Polls before a test gives up; each takes as long as an answer does.
const POLLS_LIMIT: usize = 10_000;

struct Scene {
    platform: Platform,
    client: Client,
    _folder: TempDir,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.platform.shut_down();
    }
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = Config {
            data: folder.path().to_owned(),
            functions: binaries(),
            models: models(),
            definitions: Definitions::embedded(),
            port: 0,
            time_scale: 0.0,
            stand_ins: Box::new(|_, _| Vec::new()),
            reconcile_interval: None,
        };
        let platform = Platform::start(config).await.expect("a platform");
        let credentials = Credentials::new("tester", "local", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(platform.endpoint_url())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let client = Client::new(&config);
        Self {
            platform,
            client,
            _folder: folder,
        }
    }

    /// Starts reconcile-library and waits for its end.
    async fn reconcile(&self, name: &str, input: &str) -> String {
        let start = self.client.start_execution().state_machine_arn(MACHINE);
        let started = start.name(name).input(input).send().await;
        let arn = started.expect("it starts").execution_arn;
        for _ in 0..POLLS_LIMIT {
            let execution = self.client.describe_execution().execution_arn(&arn).send();
            let execution = execution.await.expect("a description");
            if execution.status != ExecutionStatus::Running {
                return arn;
            }
        }
        panic!("{arn} does not end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_described_listed_and_told_event_by_event() {
    let scene = Scene::new().await;
    let input = format!(r#"{{"bucket":"{SOURCE}"}}"#);
    let arn = scene.reconcile("first", &input).await;

    let described = scene.client.describe_execution().execution_arn(&arn).send();
    let described = described.await.expect("a description");
    assert_eq!(
        described.status,
        ExecutionStatus::Succeeded,
        "{described:?}"
    );
    assert_eq!(
        described.output(),
        Some(r#"{"lostJobs":0,"freedClaims":0,"requeuedJobs":0,"queuedVideos":0}"#)
    );
    assert_eq!(described.input(), Some(input.as_str()));

    let mut ids = Vec::new();
    let mut last = None;
    let mut pages = scene
        .client
        .get_execution_history()
        .execution_arn(&arn)
        .into_paginator()
        .page_size(3)
        .items()
        .send();
    while let Some(event) = pages.next().await {
        let event = event.expect("an event");
        ids.push(event.id);
        last = Some(event.r#type);
    }
    let expected: Vec<i64> = (1..).take(ids.len()).collect();
    assert!(ids.len() > 3, "more than one page");
    assert_eq!(ids, expected);
    assert_eq!(last, Some(HistoryEventType::ExecutionSucceeded));

    let listed = scene.client.list_executions().state_machine_arn(MACHINE);
    let listed = listed.send().await.expect("a list");
    let names: Vec<&str> = listed
        .executions
        .iter()
        .map(ExecutionListItem::name)
        .collect();
    assert_eq!(names, ["first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_used_once_and_what_is_unknown_is_refused() {
    let scene = Scene::new().await;
    scene
        .reconcile("once", &format!(r#"{{"bucket":"{SOURCE}"}}"#))
        .await;
    let start = |machine: &str, name: &str, input: &str| {
        let start = scene.client.start_execution().state_machine_arn(machine);
        start.name(name).input(input).send()
    };
    assert_eq!(
        code(start(MACHINE, "once", "{}").await),
        "ExecutionAlreadyExists"
    );
    assert_eq!(
        code(start(MACHINE, "two", "{").await),
        "InvalidExecutionInput"
    );
    assert_eq!(code(start(MACHINE, "a name", "{}").await), "InvalidName");
    let nobody = format!("{MACHINE}-not");
    assert_eq!(
        code(start(&nobody, "three", "{}").await),
        "StateMachineDoesNotExist"
    );
    let gone = MACHINE.replace(":stateMachine:", ":execution:") + ":never";
    let described = scene.client.describe_execution().execution_arn(gone);
    assert_eq!(code(described.send().await), "ExecutionDoesNotExist");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_execution_says_why() {
    let scene = Scene::new().await;
    let arn = scene
        .reconcile("lost", r#"{"bucket":"no-such-bucket"}"#)
        .await;
    let described = scene.client.describe_execution().execution_arn(&arn).send();
    let described = described.await.expect("a description");
    assert_eq!(described.status, ExecutionStatus::Failed);
    assert!(
        described.error().is_some() && described.cause().is_some(),
        "{described:?}"
    );
}
