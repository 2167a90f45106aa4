//! The local services with the AWS SDK for Rust as their client, over the wire.

mod admission;
mod bursts;
mod checks;
mod dynamodb;
mod events;
mod failure;
mod ledger;
mod paid_once;
mod requests;
mod s3;
mod sns;
mod sqs;
mod states;
mod tasks;
mod wire;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::error::ProvideErrorMetadata;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use videoflow_platform::api_model::ApiModels;
use videoflow_platform::dynamodb::DynamoDb;
use videoflow_platform::events::Events;
use videoflow_platform::record::Record;
use videoflow_platform::s3::{Buckets, HttpService, Notifications, Settings, Versioning};
use videoflow_platform::service::Service;
use videoflow_platform::services::Services;
use videoflow_platform::sns::Topics;
use videoflow_platform::sqs::Queues;
use videoflow_platform::wire::Server;
use videoflow_shared::attribute::{from_item, to_item};

use crate::support::{check_deviations, models};

/// Bucket with versions whose events go to [`QUEUE`].
const SOURCE: &str = "videoflow-local-source";
/// Bucket without either.
const OUTPUT: &str = "videoflow-local-output";
/// Queue that gets the events of [`SOURCE`] and has a dead-letter queue for messages received twice.
pub const QUEUE: &str = "videoflow-local-ingest";
/// Topic.
pub const TOPIC: &str = "videoflow-local-notices";
/// Bus that is archived.
pub const BUS: &str = "videoflow-local-domain";

/// The services on a port of their own.
pub struct Local {
    url: String,
    pub services: Arc<Services>,
    pub queues: Arc<Queues>,
    pub topics: Arc<Topics>,
    tables: OnceLock<aws_sdk_dynamodb::Client>,
    events: Arc<Events>,
    server: JoinHandle<()>,
    /// Deleted with the test, where it is the test's own.
    folder: Option<TempDir>,
}

impl Drop for Local {
    fn drop(&mut self) {
        self.server.abort();
        let folder = self.folder.take();
        if let Some(folder) = folder.filter(|_| !std::thread::panicking()) {
            check_deviations(folder.path());
        }
    }
}

impl Local {
    /// Services on a new folder, with tables and queues in memory.
    pub async fn new() -> Self {
        Self::with_tables(|tables| tables).await
    }

    /// As [`Local::new`], with what `wrap` makes of the tables.
    async fn with_tables(wrap: impl FnOnce(Arc<dyn Service>) -> Arc<dyn Service>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut local = Self::start(folder.path(), None, wrap).await;
        local.folder = Some(folder);
        local
    }

    /// Services on a folder that may have state from before.
    async fn on(folder: &Path) -> Self {
        Self::start(folder, Some(folder), |tables| tables).await
    }

    async fn start(
        folder: &Path,
        stores: Option<&Path>,
        wrap: impl FnOnce(Arc<dyn Service>) -> Arc<dyn Service>,
    ) -> Self {
        let server = Server::bind(Ipv4Addr::LOCALHOST.into(), 0)
            .await
            .expect("a free port");
        let url = server.url();
        let record = Arc::new(Record::open(&folder.join("calls.jsonl")).expect("a record"));
        let queues = Queues::open(
            stores.map(|stores| stores.join("queues.sqlite")).as_deref(),
            &url,
        )
        .expect("queues");
        queues
            .create_with_dead_letters(QUEUE, Duration::from_secs(30), 2)
            .expect("a queue");
        let queues = Arc::new(queues);
        let archive = folder.join("archive.jsonl");
        let events = Events::open(Arc::clone(&queues), BUS, Some(&archive)).expect("buses");
        let events = Arc::new(events);
        let pattern = r#"{"source": ["aws.s3"], "detail-type": ["Object Created"]}"#;
        let queue_arn = videoflow_platform::arn::queue(QUEUE);
        events
            .put_queue_rule("object-created", "default", pattern, &queue_arn)
            .expect("a rule");
        let tables = match stores {
            Some(stores) => DynamoDb::open(&stores.join("tables.sqlite")),
            None => DynamoDb::in_memory(),
        };
        let tables = tables.expect("tables");
        tables
            .create_tables("videoflow-local-")
            .expect("new tables");
        let topics = Arc::new(Topics::open(None).expect("topics"));
        topics.create(TOPIC).expect("a topic");
        let buckets = buckets(folder, &events);

        let models = ApiModels::open(&models()).expect("the models of `make setup`");
        let models = models.noting_in(&folder.join("deviations.jsonl"));
        let services = Services::new(record).with_models(models.expect("a new file"));
        let services = Arc::new(services);
        services.add(Arc::clone(&queues) as _);
        services.add(Arc::clone(&events) as _);
        services.add(wrap(Arc::new(tables)));
        services.add(Arc::clone(&topics) as _);
        services.add(Arc::new(buckets.clone()));
        let http = HttpService::new(&buckets, Arc::clone(&services));
        let server = tokio::spawn(server.serve(Arc::clone(&services), http));
        Self {
            url,
            services,
            queues,
            topics,
            tables: OnceLock::new(),
            events,
            server,
            folder: None,
        }
    }

    /// Where the services keep what they keep.
    fn folder(&self) -> &Path {
        self.folder
            .as_ref()
            .expect("a test on a folder of its own")
            .path()
    }

    /// Configuration of the SDK's clients, as a function of that name has it.
    pub fn client_of(&self, principal: &str) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(videoflow_shared::http::client())
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.url)
            .credentials_provider(aws_sdk_s3::config::SharedCredentialsProvider::new(
                Credentials::new(principal, "local", None, None, "test"),
            ))
            .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled())
            .build()
    }

    /// Configuration of the SDK's clients.
    pub fn client(&self) -> SdkConfig {
        self.client_of("tester")
    }

    /// Writes an item of a table, given the table's name without prefix.
    pub async fn put_item(&self, table: &str, item: &Value) {
        let item = to_item(item.as_object().expect("an item is an object"));
        let request = self
            .tables
            .get_or_init(|| aws_sdk_dynamodb::Client::new(&self.client()))
            .put_item()
            .table_name(format!("videoflow-local-{table}"));
        let request = request.set_item(Some(item));
        request.send().await.expect("an answer");
    }

    /// An item of a table.
    pub async fn item(&self, table: &str, key: &str, value: &str) -> Value {
        let request = self
            .tables
            .get_or_init(|| aws_sdk_dynamodb::Client::new(&self.client()))
            .get_item()
            .table_name(format!("videoflow-local-{table}"));
        let request = request.key(key, AttributeValue::S(value.to_owned()));
        let answer = request.send().await.expect("an answer");
        Value::Object(from_item(answer.item().expect("an item")))
    }

    /// Bodies of the messages that are in a queue.
    async fn received(&self, queue: &str) -> Vec<Value> {
        let messages = self
            .queues
            .poll(queue, 10, Duration::ZERO)
            .await
            .expect("a queue");
        let bodies = messages
            .iter()
            .map(|message| serde_json::from_str(&message.body).expect("JSON"));
        bodies.collect()
    }
}

fn buckets(folder: &Path, events: &Arc<Events>) -> Buckets {
    let buckets = Buckets::open(&folder.join("s3"), Arc::clone(events)).expect("buckets");
    for (name, versioning, notifications) in [
        (SOURCE, Versioning::Enabled, Notifications::EventBridge),
        (OUTPUT, Versioning::Off, Notifications::Off),
    ] {
        let settings = Settings {
            versioning,
            notifications,
        };
        buckets.create_bucket(name, settings).expect("a bucket");
    }
    buckets
}

/// Code of an error answer; empty when there is none.
fn code<T, E: ProvideErrorMetadata>(answer: Result<T, E>) -> String {
    answer
        .err()
        .and_then(|error| error.code().map(str::to_owned))
        .unwrap_or_default()
}
