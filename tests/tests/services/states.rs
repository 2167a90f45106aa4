//! Step Functions: the whole platform with the SDK as the client, on the machine that needs no video.

use std::net::Ipv4Addr;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{
    ExecutionListItem, ExecutionStatus, HistoryEventType, RoutingConfigurationListItem, Tag,
};
use tempfile::TempDir;
use videoflow_platform::platform::{Activity, Config, Iam, Platform, Ports};
use videoflow_platform::step_functions::Definitions;

use super::{SOURCE, code};
use crate::support::{binaries, models};

const MACHINE: &str =
    "arn:aws:states:us-east-1:000000000000:stateMachine:videoflow-local-reconcile-library";
/// Polls before a test gives up; each takes as long as an answer does.
const POLLS_LIMIT: usize = 10_000;

pub(super) struct Scene {
    platform: Platform,
    pub(super) client: Client,
    _folder: TempDir,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.platform.shut_down();
    }
}

impl Scene {
    async fn new() -> Self {
        Self::with(Definitions::embedded()).await
    }

    /// A platform of these definitions.
    pub(super) async fn with(definitions: Definitions) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let ports = Ports::bind(Ipv4Addr::LOCALHOST.into(), 0).await;
        let config = Config {
            data: folder.path().to_owned(),
            functions: binaries(),
            models: models(),
            definitions,
            ports: ports.expect("free ports"),
            time_scale: 0.0,
            stand_ins: Box::new(|_, _| Vec::new()),
            activity: Activity::Working,
            iam: Iam::Enforced,
        };
        let platform = Platform::start(config).await.expect("a platform");
        let credentials = Credentials::new("tester", "local", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(videoflow_shared::http::client())
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
        self.end(started.expect("it starts").execution_arn).await
    }

    /// Waits for the end of an execution.
    pub(super) async fn end(&self, arn: String) -> String {
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

/// A definition that hands back `answer`.
fn answering(answer: &str) -> String {
    format!(
        r#"{{"StartAt": "Answer", "States": {{"Answer": {{"Type": "Pass", "Result": "{answer}", "End": true}}}}}}"#
    )
}

impl Scene {
    /// Makes a machine with one version; its ARN.
    async fn machine(&self, name: &str) -> String {
        let create = self.client.create_state_machine().name(name);
        let create = create
            .definition(answering("one"))
            .role_arn("arn:aws:iam::000000000000:role/mine");
        let created = create.publish(true).send().await.expect("a machine");
        let version = created.state_machine_version_arn();
        assert_eq!(version, Some(&*format!("{}:1", created.state_machine_arn)));
        created.state_machine_arn
    }

    /// Executions of a machine, version or alias, page by page.
    async fn listed(&self, arn: &str) -> Vec<ExecutionListItem> {
        let list = self.client.list_executions().state_machine_arn(arn);
        let mut items = list.into_paginator().page_size(2).items().send();
        let mut listed = Vec::new();
        while let Some(item) = items.next().await {
            listed.push(item.expect("a page"));
        }
        listed
    }
}

fn route(version_arn: String, weight: i32) -> RoutingConfigurationListItem {
    RoutingConfigurationListItem::builder()
        .state_machine_version_arn(version_arn)
        .weight(weight)
        .build()
        .expect("a route")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_of_a_machine_gets_its_share_and_can_be_ended() {
    let scene = Scene::new().await;
    let client = &scene.client;
    let machine = scene.machine("mine").await;
    let update = client.update_state_machine().state_machine_arn(&machine);
    let update = update.definition(answering("two")).publish(true).send();
    let updated = update.await.expect("an update");
    assert!(updated.revision_id().is_some(), "{updated:?}");
    let (first, second) = (format!("{machine}:1"), format!("{machine}:2"));
    assert_eq!(updated.state_machine_version_arn(), Some(&*second));

    let alias = client.create_state_machine_alias().name("live");
    let alias = alias.routing_configuration(route(first.clone(), 50));
    let alias = alias.routing_configuration(route(second.clone(), 50));
    let alias = alias
        .send()
        .await
        .expect("an alias")
        .state_machine_alias_arn;
    let mut hits = [0, 0];
    // That all go one way happens once in 2 to the 63rd.
    for number in 0..64 {
        let start = client.start_execution().state_machine_arn(&alias);
        let started = start.name(format!("e{number}")).send().await;
        let arn = started.expect("it starts").execution_arn;
        let described = client.describe_execution().execution_arn(arn).send();
        let described = described.await.expect("a description");
        assert_eq!(described.state_machine_alias_arn(), Some(&*alias));
        let is_second = described.state_machine_version_arn() == Some(&*second);
        hits[usize::from(is_second)] += 1;
    }
    assert!(hits.iter().all(|hits| *hits > 0), "{hits:?}");
    assert_eq!(scene.listed(&first).await.len(), hits[0]);
    assert_eq!(scene.listed(&second).await.len(), hits[1]);
    assert_eq!(scene.listed(&alias).await.len(), 64);

    let delete = |version: &str| {
        let delete = client.delete_state_machine_version();
        delete.state_machine_version_arn(version).send()
    };
    assert_eq!(code(delete(&second).await), "ConflictException");
    let update = client.update_state_machine_alias();
    let update = update.state_machine_alias_arn(&alias);
    let update = update.routing_configuration(route(first, 100)).send();
    update.await.expect("an update");
    assert_eq!(code(delete(&second).await), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_tagged_described_and_deleted() {
    let scene = Scene::new().await;
    let client = &scene.client;
    let machine = scene.machine("mine").await;
    let tag = Tag::builder().key("team").value("video").build();
    let tagged = client
        .tag_resource()
        .resource_arn(&machine)
        .tags(tag.clone());
    tagged.send().await.expect("a tag");
    let tags = client.list_tags_for_resource().resource_arn(&machine);
    let tags = tags.send().await.expect("tags");
    assert_eq!(tags.tags(), [tag]);

    let described = client.describe_state_machine().state_machine_arn(&machine);
    let described = described.send().await.expect("a description");
    assert_eq!(described.definition, answering("one"));
    assert_eq!(described.role_arn, "arn:aws:iam::000000000000:role/mine");
    let twice = client.create_state_machine().name("mine");
    let twice = twice.definition(answering("two"));
    let twice = twice.role_arn("arn:aws:iam::000000000000:role/mine").send();
    assert_eq!(code(twice.await), "StateMachineAlreadyExists");

    let delete = client.delete_state_machine().state_machine_arn(&machine);
    delete.send().await.expect("an answer");
    let gone = client.describe_state_machine().state_machine_arn(&machine);
    assert_eq!(code(gone.send().await), "StateMachineDoesNotExist");
    let listed = client.list_state_machines().send().await.expect("a list");
    let machines = listed.state_machines.iter();
    let own = machines.filter(|machine| machine.name.starts_with("videoflow-local-"));
    assert_eq!((own.count(), listed.state_machines.len()), (9, 9));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_projects_own_machines_have_versions_and_two_have_an_alias() {
    let scene = Scene::new().await;
    let main = MACHINE.replace("reconcile-library", "process-video");
    for machine in [MACHINE, &main] {
        let alias = scene.client.describe_state_machine_alias();
        let alias = alias.state_machine_alias_arn(format!("{machine}:live"));
        let alias = alias.send().await.expect("an alias");
        assert_eq!(
            alias.routing_configuration(),
            [route(format!("{machine}:1"), 100)]
        );
    }
    let described = scene.client.describe_state_machine();
    let described = described.state_machine_arn(format!("{main}:1")).send();
    let definition = described.await.expect("a version").definition;
    assert!(
        definition.contains("videoflow-local-sanitize-file:1\""),
        "{definition}"
    );
}
