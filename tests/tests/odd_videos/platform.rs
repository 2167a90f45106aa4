//! `videoflow up` as a process of its own, and clients for it.

use std::collections::HashMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_s3::primitives::ByteStream;
use tempfile::TempDir;
use videoflow_shared::identity::JobId;

use crate::support::{binaries, root};

/// Bucket that wakes the pipeline.
pub const SOURCE: &str = "videoflow-local-source";
/// Table of the jobs.
const JOBS: &str = "videoflow-local-jobs";
/// From the start of the process to its first answer.
const START_LIMIT: Duration = Duration::from_secs(30);
/// From an upload to its outcome, when everything else is on its way too.
const OUTCOME_LIMIT: Duration = Duration::from_mins(2);
/// Pause between two looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// A running platform; it ends with the value.
pub struct Up {
    process: Child,
    data: TempDir,
    config: SdkConfig,
    s3: aws_sdk_s3::Client,
    tables: aws_sdk_dynamodb::Client,
}

/// What the job table says of a job that is settled.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// `JobStatus`.
    pub status: String,
    /// `ErrorDetails.error`; empty without one.
    pub error: String,
    /// `ErrorDetails.cause`; empty without one.
    pub cause: String,
    /// `SourceKey`.
    pub key: String,
}

impl Drop for Up {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Up {
    /// Starts the platform on free ports and a new folder, and waits until it answers.
    pub async fn start() -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        let port = free_ports();
        let log = std::fs::File::create(data.path().join("up.log")).expect("a log file");
        let process = Command::new(binaries().join("videoflow"))
            .args(["up", "--port", &port.to_string(), "--data"])
            .arg(data.path().join("state"))
            .current_dir(root())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("videoflow is built: run the tests by `make test`");
        let credentials = Credentials::new("tester", "local", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(format!("http://127.0.0.1:{port}"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true);
        let up = Self {
            process,
            data,
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            tables: aws_sdk_dynamodb::Client::new(&config),
            config,
        };
        let begun = Instant::now();
        while up
            .tables
            .describe_table()
            .table_name(JOBS)
            .send()
            .await
            .is_err()
        {
            assert!(begun.elapsed() < START_LIMIT, "no answer: {}", up.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        up
    }

    /// The client for S3.
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        &self.s3
    }

    /// The client for `MediaConvert`.
    pub fn mediaconvert(&self) -> aws_sdk_mediaconvert::Client {
        aws_sdk_mediaconvert::Client::new(&self.config)
    }

    /// A file of the platform's state.
    pub fn state(&self, name: &str) -> PathBuf {
        self.data.path().join("state").join(name)
    }

    /// Puts a file into the source bucket; the job that this wakes.
    pub async fn upload(&self, key: &str, file: &Path) -> JobId {
        let body = ByteStream::from_path(file).await.expect("a readable file");
        let put = self.s3.put_object().bucket(SOURCE).key(key).body(body);
        let put = put.send().await.expect("an upload");
        let version = put.version_id().expect("the source bucket is versioned");
        JobId::of(SOURCE, key, version, "default")
    }

    /// Polls until the condition gives a value.
    pub async fn until<T>(&self, what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            let has_time = begun.elapsed() < OUTCOME_LIMIT;
            assert!(has_time, "no {what} in time: {}", self.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Waits until a job is settled.
    pub async fn settled(&self, job: &JobId) -> Settled {
        let open = ["", "PROCESSING", "AWAITING_REVIEW"];
        let look = async || {
            let settled = self.job(job).await;
            (!open.contains(&settled.status.as_str())).then_some(settled)
        };
        self.until(&format!("outcome of {job}"), look).await
    }

    /// Id of a stage's job at its service, as the ledger has it.
    pub async fn service_job(&self, job: &JobId, stage: &str) -> Option<String> {
        let item = self.item(job).await;
        let stages = item.get("Stages")?.as_m().ok()?;
        let entry = stages.get(stage)?.as_m().ok()?;
        entry.get("serviceJobId")?.as_s().ok().cloned()
    }

    async fn item(&self, job: &JobId) -> HashMap<String, AttributeValue> {
        let id = AttributeValue::S(job.to_string());
        let item = self.tables.get_item().table_name(JOBS).key("JobId", id);
        let item = item.consistent_read(true).send().await.expect("a table");
        item.item.unwrap_or_default()
    }

    /// A job as it is now; empty when there is none yet.
    pub async fn job(&self, job: &JobId) -> Settled {
        let item = self.item(job).await;
        let text = |value: Option<&AttributeValue>| {
            value
                .and_then(|value| value.as_s().ok().cloned())
                .unwrap_or_default()
        };
        let details = item.get("ErrorDetails").and_then(|value| value.as_m().ok());
        let detail = |name: &str| text(details.and_then(|details| details.get(name)));
        Settled {
            status: text(item.get("JobStatus")),
            error: detail("error"),
            cause: detail("cause"),
            key: text(item.get("SourceKey")),
        }
    }

    /// An object's bytes; `None` when it is not there.
    pub async fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let object = self.s3.get_object().bucket(bucket).key(key).send().await;
        let body = object.ok()?.body.collect().await.expect("a whole object");
        Some(body.into_bytes().to_vec())
    }

    /// Keys of a folder.
    pub async fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let list = self.s3.list_objects_v2().bucket(bucket).prefix(prefix);
        let list = list.send().await.expect("a list");
        let keys = list.contents().iter().filter_map(|object| object.key());
        keys.map(str::to_owned).collect()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.data.path().join("up.log")).unwrap_or_default()
    }
}

/// The first of two free ports in a row: the services' and the HTTP API's.
fn free_ports() -> u16 {
    (0..100)
        .find_map(|_| {
            let first = TcpListener::bind(("127.0.0.1", 0)).ok()?;
            let port = first.local_addr().ok()?.port();
            TcpListener::bind(("127.0.0.1", port.checked_add(1)?)).ok()?;
            Some(port)
        })
        .expect("there are two free ports in a row")
}
