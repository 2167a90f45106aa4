//! `videoflow up` as a process of its own, with the AWS SDK as its client.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Map, Value};
use tempfile::TempDir;
use videoflow_platform::lambda;
use videoflow_platform::record::RecordedCall;
use videoflow_shared::attribute::{from_item, to_item};
use videoflow_shared::identity::JobId;

use super::description::{self, Answer};
use super::events::check_events;
use super::{binaries, check_deviations, link_functions, root, write_program};

/// Bucket of uploads.
pub const SOURCE: &str = "videoflow-local-source";
/// The main machine's executions are named after this.
pub const EXECUTIONS: &str =
    "arn:aws:states:us-east-1:000000000000:execution:videoflow-local-process-video:";
/// Longest wait for anything: a job of these tests takes some seconds, more on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// Ports that are tried before a test gives up.
const PORTS_LIMIT: usize = 20;

/// A running `videoflow up`; it ends with the test.
pub struct Up {
    process: Child,
    port: u16,
    config: SdkConfig,
    folder: TempDir,
    way: Way,
}

/// How a platform is started.
#[derive(Debug, Default)]
struct Way {
    /// Folder of the functions' programs.
    functions: PathBuf,
    /// Megabytes of the disk on which its state lies, where that is a disk of its own.
    disk: Option<u32>,
    /// Variables of its environment.
    environment: Vec<(&'static str, OsString)>,
}

impl Way {
    fn with(functions: &Path) -> Self {
        Self {
            functions: functions.to_owned(),
            ..Self::default()
        }
    }
}

/// What the processes of a function have used.
#[derive(Debug)]
pub struct Figures {
    /// Name.
    pub function: String,
    /// Time on a processor.
    pub cpu_seconds: f64,
    /// The most memory of one of them.
    pub peak_mb: f64,
}

impl Drop for Up {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log"));
            eprintln!("{}", log.unwrap_or_default());
        } else {
            check_deviations(&self.folder.path().join("data"));
            check_events(&self.folder.path().join("data"));
        }
    }
}

impl Up {
    /// Starts the platform on a new folder.
    pub async fn start() -> Self {
        Self::on(
            tempfile::tempdir().expect("a folder"),
            Way::with(&binaries()),
        )
        .await
    }

    /// Starts the platform on a prepared folder: its `functions` are taken, and these variables of its environment.
    pub async fn prepared(folder: TempDir, environment: Vec<(&'static str, OsString)>) -> Self {
        let way = Way {
            environment,
            ..Way::with(&folder.path().join("functions"))
        };
        Self::on(folder, way).await
    }

    /// Starts the platform with the programs of a folder in place of those functions' own.
    pub async fn with_programs(programs: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let functions = folder.path().join("functions");
        link_functions(&functions, |name| {
            Some(lambda::binary(programs, name)).filter(|program| program.is_file())
        });
        Self::on(folder, Way::with(&functions)).await
    }

    /// Starts the platform with a function that waits for [`Up::open_gate`] before it starts to work.
    pub async fn gated(function: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let functions = Self::gate(function, &folder);
        Self::on(folder, Way::with(&functions)).await
    }

    /// Like [`Up::gated`], with its state on a disk of so many megabytes. `None`: this machine lets nobody mount one.
    pub async fn gated_on_small_disk(function: &str, megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mount = format!("mount -t tmpfs tmpfs '{}'", folder.path().display());
        let tried = Command::new("unshare")
            .args(["-rm", "sh", "-c", &mount])
            .output();
        if !tried.is_ok_and(|tried| tried.status.success()) {
            return None;
        }
        let functions = Self::gate(function, &folder);
        let way = Way {
            disk: Some(megabytes),
            ..Way::with(&functions)
        };
        Some(Self::on(folder, way).await)
    }

    /// A folder of functions, one of which waits for the gate.
    pub fn gate(function: &str, folder: &TempDir) -> PathBuf {
        let functions = folder.path().join("functions");
        let (gate, real) = (folder.path().join("gate"), binaries().join(function));
        let script = format!(
            "#!/bin/sh\necho $$ >'{0}.process'\nwhile [ ! -e '{0}' ]; do sleep 0.1; done\nexec '{1}'\n",
            gate.display(),
            real.display()
        );
        let waiting = folder.path().join("waiting");
        write_program(&waiting, &script);
        link_functions(&functions, |name| {
            (name == function).then(|| waiting.clone())
        });
        functions
    }

    /// Lets the gated function work.
    pub fn open_gate(&self) {
        std::fs::write(self.folder.path().join("gate"), "").expect("a gate");
    }

    /// The number of the process that waits at the gate.
    pub fn gated_process(&self) -> Option<String> {
        let number = std::fs::read_to_string(self.folder.path().join("gate.process"));
        number.ok()?.strip_suffix('\n').map(str::to_owned)
    }

    /// What the platform has told.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    /// Kills the platform.
    pub fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("a child");
    }

    /// Starts the platform again where it was.
    pub async fn start_again(&mut self) {
        self.process = spawn(self.port, &self.folder, &self.way);
        self.listens().await;
    }

    /// Starts it again where it was, with the functions as they are built and in an ordinary environment.
    pub async fn start_mended(&mut self) {
        self.way = Way::with(&binaries());
        self.start_again().await;
    }

    /// The folder of everything of this platform.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    async fn listens(&self) {
        let listens = async || TcpStream::connect(("127.0.0.1", self.port + 1)).ok();
        self.until("the platform listens", listens).await;
    }

    async fn on(folder: TempDir, way: Way) -> Self {
        let port = free_port();
        let process = spawn(port, &folder, &way);
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(videoflow_shared::http::client())
            .region(Region::new("us-east-1"))
            .endpoint_url(format!("http://127.0.0.1:{port}"))
            .credentials_provider(credentials("tester"))
            .build();
        let up = Self {
            process,
            port,
            config,
            folder,
            way,
        };
        up.listens().await;
        up
    }

    /// Where the services are.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where the HTTP API is.
    pub fn http_api_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port + 1)
    }

    /// Where the services listen.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The most memory that the process has used.
    pub fn peak_memory_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|number| number.parse().ok())
            .expect("a number of kB")
    }

    /// Configuration of the SDK's clients.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The same with the rights of a role: its name is an access key.
    pub fn config_of(&self, role: &'static str) -> SdkConfig {
        let config = self.config.to_builder();
        config.credentials_provider(credentials(role)).build()
    }

    /// A client for S3 that puts every key as it is.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        s3(&self.config)
    }

    /// The same with the rights of a role.
    pub fn s3_of(&self, role: &'static str) -> aws_sdk_s3::Client {
        s3(&self.config_of(role))
    }

    /// An object's bytes; `None` when it is not there.
    pub async fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let object = self.s3().get_object().bucket(bucket).key(key).send().await;
        let body = object.ok()?.body.collect().await.expect("a whole object");
        Some(body.into_bytes().to_vec())
    }

    /// Keys of a folder.
    pub async fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let list = self.s3().list_objects_v2().bucket(bucket).prefix(prefix);
        let list = list.send().await.expect("a list");
        let keys = list.contents().iter().filter_map(|object| object.key());
        keys.map(str::to_owned).collect()
    }

    /// Path of a file of the platform's state.
    pub fn state(&self, name: &str) -> PathBuf {
        let data = self.folder.path().join("data");
        match self.way.disk {
            // A disk of its own is seen by the platform only.
            Some(_) => {
                let seen = format!("/proc/{}/root{}", self.process.id(), data.display());
                Path::new(&seen).join(name)
            }
            None => data.join(name),
        }
    }

    /// How many versions there are, delete markers included.
    pub async fn versions(&self, bucket: &str, prefix: &str) -> usize {
        let list = self
            .s3()
            .list_object_versions()
            .bucket(bucket)
            .prefix(prefix);
        let list = list.send().await.expect("a list");
        assert_eq!(list.is_truncated(), Some(false), "more than a page");
        list.versions().len() + list.delete_markers().len()
    }

    /// Asks until there is an answer.
    pub async fn until<T>(&self, what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("waited {PATIENCE:?} in vain until {what}");
    }

    /// Uploads a file and gives the id of its job.
    pub async fn upload(&self, key: &str, file: &Path, profile: &str) -> JobId {
        let version = self.put(key, file, profile).await;
        JobId::of(SOURCE, key, &version, profile)
    }

    /// Uploads a file and gives its version.
    pub async fn put(&self, key: &str, file: &Path, profile: &str) -> String {
        let body = ByteStream::from_path(file).await.expect("a file");
        let put = self
            .s3()
            .put_object()
            .bucket(SOURCE)
            .key(key)
            .metadata("videoflow-profile", profile)
            .body(body);
        let put = put.send().await.expect("an upload");
        put.version_id().expect("a version").to_owned()
    }

    /// Lets no upload reach the ingest queue any more.
    pub async fn lose_events(&self) {
        let rule = aws_sdk_eventbridge::Client::new(&self.config)
            .put_rule()
            .name("videoflow-local-object-created")
            .event_pattern(r#"{"source": ["nobody"]}"#);
        rule.send().await.expect("a rule");
    }

    /// URL of a queue, given its name without prefix.
    pub fn queue_url(&self, queue: &str) -> String {
        format!(
            "http://127.0.0.1:{}/000000000000/videoflow-local-{queue}",
            self.port
        )
    }

    /// Sends a message.
    pub async fn send(&self, queue: &str, body: &str) {
        let sent = aws_sdk_sqs::Client::new(&self.config)
            .send_message()
            .queue_url(self.queue_url(queue))
            .message_body(body);
        sent.send().await.expect("a message");
    }

    /// Waits until the messages of a queue are handled.
    pub async fn until_empty(&self, queue: &str) {
        use aws_sdk_sqs::types::QueueAttributeName as Name;
        let client = aws_sdk_sqs::Client::new(&self.config);
        self.until("the queue is empty", async || {
            let request = client.get_queue_attributes();
            let answer = request
                .queue_url(self.queue_url(queue))
                .attribute_names(Name::ApproximateNumberOfMessages)
                .attribute_names(Name::ApproximateNumberOfMessagesNotVisible)
                .send()
                .await
                .expect("attributes");
            let counts = answer.attributes().expect("attributes");
            counts.values().all(|count| count == "0").then_some(())
        })
        .await;
    }

    /// An item of a table; null when there is none.
    pub async fn item(&self, table: &str, key: &str, value: &str) -> Value {
        let answer = aws_sdk_dynamodb::Client::new(&self.config)
            .get_item()
            .table_name(format!("videoflow-local-{table}"))
            .key(key, AttributeValue::S(value.to_owned()))
            .consistent_read(true);
        let answer = answer.send().await.expect("an answer");
        answer
            .item()
            .map_or(Value::Null, |item| Value::Object(from_item(item)))
    }

    /// All items of a table, by their keys.
    pub async fn items(&self, table: &str, key: &str) -> Map<String, Value> {
        let scan = aws_sdk_dynamodb::Client::new(&self.config)
            .scan()
            .table_name(format!("videoflow-local-{table}"))
            .into_paginator()
            .items();
        let items = scan.send().collect::<Result<Vec<_>, _>>().await;
        let items = items.expect("items");
        let keyed = items.iter().map(|item| {
            let item = from_item(item);
            let key = item[key].as_str().expect("a key").to_owned();
            (key, Value::Object(item))
        });
        keyed.collect()
    }

    /// Writes an item.
    pub async fn write(&self, table: &str, item: &Value) {
        let put = aws_sdk_dynamodb::Client::new(&self.config)
            .put_item()
            .table_name(format!("videoflow-local-{table}"))
            .set_item(Some(to_item(item.as_object().expect("an object"))));
        put.send().await.expect("an item");
    }

    /// A job's item; null when there is none.
    pub async fn job(&self, job: &JobId) -> Value {
        self.item("jobs", "JobId", job.as_str()).await
    }

    /// A job's item as soon as it is settled.
    pub async fn settled(&self, job: &JobId) -> Value {
        self.until(&format!("{job} is settled"), async || {
            let item = self.job(job).await;
            let is_open = ["QUEUED", "PROCESSING", "AWAITING_REVIEW"]
                .contains(&item["JobStatus"].as_str().unwrap_or("PROCESSING"));
            (!is_open).then_some(item)
        })
        .await
    }

    /// Names of all executions of process-video.
    pub async fn executions(&self) -> Vec<String> {
        let machine = EXECUTIONS.replace(":execution:", ":stateMachine:");
        let list = aws_sdk_sfn::Client::new(&self.config)
            .list_executions()
            .state_machine_arn(machine.trim_end_matches(':'))
            .send();
        let list = list.await.expect("a list");
        list.executions
            .into_iter()
            .map(|execution| execution.name)
            .collect()
    }

    /// Starts an execution of a machine and gives its status and output when it has ended.
    pub async fn execute(&self, machine: &str, name: &str, input: &Value) -> (String, String) {
        let client = aws_sdk_sfn::Client::new(&self.config);
        let arn =
            format!("arn:aws:states:us-east-1:000000000000:stateMachine:videoflow-local-{machine}");
        let start = client.start_execution().state_machine_arn(arn).name(name);
        let started = start.input(input.to_string()).send().await;
        let arn = started.expect("an execution").execution_arn;
        self.until(&format!("{name} ends"), async || {
            let execution = client.describe_execution().execution_arn(&arn);
            let execution = execution.send().await.expect("a description");
            let status = execution.status.as_str().to_owned();
            let output = execution.output.unwrap_or_default();
            (status != "RUNNING").then_some((status, output))
        })
        .await
    }

    /// Inputs and outputs of the states and tasks of an execution.
    pub async fn payloads(&self, machine: &str, name: &str) -> Vec<String> {
        let arn = format!("{}{name}", EXECUTIONS.replace("process-video", machine));
        let events = aws_sdk_sfn::Client::new(&self.config)
            .get_execution_history()
            .execution_arn(arn)
            .into_paginator()
            .items();
        let events = events.send().collect::<Result<Vec<_>, _>>().await;
        let texts = events.expect("a history").into_iter().flat_map(|event| {
            [
                event.state_entered_event_details.and_then(|one| one.input),
                event.state_exited_event_details.and_then(|one| one.output),
                event.task_scheduled_event_details.map(|one| one.parameters),
                event
                    .task_succeeded_event_details
                    .and_then(|one| one.output),
            ]
        });
        texts.flatten().collect()
    }

    /// What the processes of a function have used until now, together; the platform keeps them.
    pub fn figures(&self, function: &str) -> Figures {
        let mut figures = Figures {
            function: function.to_owned(),
            cpu_seconds: 0.0,
            peak_mb: 0.0,
        };
        let processes = std::fs::read_dir("/proc").expect("processes").flatten();
        for folder in processes.map(|entry| entry.path()) {
            let Ok(status) = std::fs::read_to_string(folder.join("status")) else {
                continue;
            };
            let member = |name: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(name));
                line.and_then(|line| line.split_whitespace().next())
                    .map(str::to_owned)
            };
            let program = std::fs::read_link(folder.join("exe")).unwrap_or_default();
            let is_it = program
                .components()
                .any(|part| part.as_os_str() == function);
            if member("PPid:") != Some(self.process.id().to_string()) || !is_it {
                continue;
            }
            let stat = std::fs::read_to_string(folder.join("stat")).expect("figures of a process");
            let (_, rest) = stat.rsplit_once(')').expect("a name");
            // User and system time, in hundredths of a second (proc_pid_stat(5)).
            let ticks: f64 = rest
                .split_whitespace()
                .skip(11)
                .take(2)
                .filter_map(|one| one.parse::<f64>().ok())
                .sum();
            let kilobytes: f64 = member("VmHWM:")
                .and_then(|one| one.parse().ok())
                .expect("a peak");
            figures.cpu_seconds += ticks / 100.0;
            figures.peak_mb = figures.peak_mb.max(kilobytes / 1000.0);
        }
        assert!(figures.peak_mb > 0.0, "{function} does not run");
        figures
    }

    /// Every call, as it is recorded.
    pub fn record(&self) -> Vec<RecordedCall> {
        let record = std::fs::read_to_string(self.state("calls.jsonl"));
        let record = record.expect("a record");
        let calls = record.lines();
        calls
            .map(|line| serde_json::from_str(line).expect("a call"))
            .collect()
    }

    /// Calls of an operation that were answered well.
    pub fn calls(&self, operation: &str) -> usize {
        let calls = self.record().into_iter();
        calls
            .filter(|call| call.action == operation && call.error.is_none())
            .count()
    }

    /// Asks the HTTP API and gives status and body.
    pub fn get(&self, path: &str) -> (u16, Value) {
        let answer = self.ask("GET", path, &[], "");
        (answer.status, answer.json())
    }

    /// Tells the HTTP API and gives status and body.
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.ask("POST", path, &[], &body.to_string());
        (answer.status, answer.json())
    }

    /// What the HTTP API answers, which is as its description says.
    #[track_caller]
    pub fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let answer = Self::ask_at(self.port + 1, method, target, headers, body);
        description::check(method, target, &answer);
        answer
    }

    /// What a port of this machine answers to a request without signature.
    pub fn ask_at(
        port: u16,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let usual = [("content-type", "application/json")];
        let usual = usual
            .iter()
            .filter(|(name, _)| !headers.iter().any(|(of, _)| of == name));
        let headers: Vec<String> = headers
            .iter()
            .chain(usual)
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let headers = headers.concat();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("a request");
        let mut response = Vec::new();
        stream.read_to_end(&mut response).expect("a response");
        let response = String::from_utf8_lossy(&response);
        let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let headers = head.lines().filter_map(|line| line.split_once(": "));
        Answer {
            status: status.expect("a status"),
            headers: headers
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect(),
            text: body.to_owned(),
        }
    }

    /// A silent clip made by ffmpeg; another `number` is another content.
    pub fn clip(&self, number: u32) -> PathBuf {
        let path = self.folder.path().join(format!("{number}.mp4"));
        let source = format!(
            "testsrc2=size=320x180:rate=10:duration=2,hue=h={}",
            number * 30
        );
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-f", "lavfi", "-i", &source])
            .args(["-c:v", "libx264", "-pix_fmt", "yuv420p", "-y"])
            .arg(&path)
            .status();
        assert!(made.expect("ffmpeg").success());
        path
    }

    /// An empty file.
    pub fn empty_file(&self) -> PathBuf {
        let path = self.folder.path().join("empty.mp4");
        std::fs::write(&path, "").expect("a file");
        path
    }
}

fn spawn(port: u16, folder: &TempDir, way: &Way) -> Child {
    let log = folder.path().join("log");
    let log = OpenOptions::new().create(true).append(true).open(log);
    let data = folder.path().join("data");
    let mut command = match way.disk {
        Some(megabytes) => {
            std::fs::create_dir_all(&data).expect("a folder");
            let mut command = Command::new("unshare");
            let mount = format!(
                "mount -t tmpfs -o size={megabytes}m tmpfs '{}' && exec \"$@\"",
                data.display()
            );
            command
                .args(["-rm", "sh", "-c", &mount, "sh"])
                .arg(binaries().join("videoflow"));
            command
        }
        None => Command::new(binaries().join("videoflow")),
    };
    command
        .args(["up", "--enforce-iam", "--port", &port.to_string(), "--data"])
        .arg(data)
        .arg("--functions")
        .arg(&way.functions)
        .envs(way.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.expect("a log"))
        .spawn()
        .expect("videoflow is built: run the tests by `make test`")
}

/// A port whose successor is free too, and which no other test was given.
fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..PORTS_LIMIT {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let Some(next) = port.checked_add(1) else {
            continue;
        };
        if !given.contains(&port) && !given.contains(&next) && is_free(next) {
            given.extend([port, next]);
            return port;
        }
    }
    panic!("no two free ports in a row");
}

fn credentials(access_key: &'static str) -> SharedCredentialsProvider {
    let credentials = Credentials::new(access_key, "local", None, None, "test");
    SharedCredentialsProvider::new(credentials)
}

fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}
