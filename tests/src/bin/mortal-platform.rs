//! The local platform as `videoflow run` has it, for the tests of crashes: it kills itself (SIGKILL) at chosen steps of
//! the executions' way, as the platform's own log tells them.
//!
//! `mortal-platform DATA VIDEO MODELS EVERY`: puts VIDEO unless it is there and waits until all is settled. Steps that no
//! life before has come to are added to the file DATA.steps; whenever EVERY more are there, the process dies (0: never).
//! A step counts once, however often a poll comes by again. The last line of standard output is a JSON object of what
//! came of it.

use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use videoflow_platform::names;
use videoflow_platform::platform::{Activity, Config, Iam, Platform, Ports};
use videoflow_platform::service::{Call, Objects, Principal};
use videoflow_platform::step_functions::Definitions;
use videoflow_shared::identity::JobId;
use videoflow_shared::profiles;
use videoflow_stand_ins as stand_ins;

type Failure = Box<dyn std::error::Error>;

/// Key of the video.
const KEY: &str = "clip.mp4";
/// As `videoflow run` has it.
const TIME_SCALE: f64 = 1.0 / 50.0;
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Kills the process at every so manieth new step.
struct Death {
    every: usize,
    state: Mutex<(HashSet<String>, File)>,
}

impl Death {
    fn new(steps: &Path, every: usize) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(steps)?;
        let seen = std::fs::read_to_string(steps)?;
        let seen = seen.lines().map(str::to_owned).collect();
        Ok(Self {
            every,
            state: Mutex::new((seen, file)),
        })
    }
}

impl<S: Subscriber> Layer<S> for Death {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !event.fields().any(|field| field.name() == "moment") {
            return;
        }
        let mut step = Step::default();
        event.record(&mut step);
        let step = step.in_words();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, file) = &mut *state;
        if !seen.insert(step.clone()) {
            return;
        }
        let written = writeln!(file, "{step}");
        if written.is_err() || (self.every > 0 && seen.len() % self.every == 0) {
            // It does not come back from this.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}

/// A step: the values of its fields.
#[derive(Default)]
struct Step(BTreeMap<&'static str, String>);

impl Step {
    /// Words by which it is known again in another life.
    fn in_words(mut self) -> String {
        // Tasks tell the branches of process-video apart, which polls nothing. A poll is a new Task at each turn.
        let main = format!(":{}:", names::prefixed(names::PROCESS_VIDEO));
        let is_main = |execution: &String| execution.contains(&main);
        if !self.0.get("execution").is_some_and(is_main) {
            self.0.remove("task");
        }
        let words: Vec<String> = self.0.into_values().collect();
        words.join(" ")
    }
}

impl Visit for Step {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

fn main() -> Result<(), Failure> {
    confine()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(live())
}

/// Keeps this process and its children on one processor: with several, the bytes of what x264 makes are left to chance.
fn confine() -> io::Result<()> {
    let all = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    let first = (0..CpuSet::MAX_CPU).find(|processor| all.is_set(*processor));
    one.set(first.unwrap_or_default());
    Ok(sched_setaffinity(None, &one)?)
}

async fn live() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, video, models, every] = arguments.as_slice() else {
        return Err("usage: mortal-platform DATA VIDEO MODELS EVERY".into());
    };
    let death = Death::new(&Path::new(data).with_extension("steps"), every.parse()?)?;
    tracing_subscriber::registry()
        .with(death.with_filter(LevelFilter::DEBUG))
        .with(
            tracing_subscriber::fmt::layer()
                .with_writer(io::stderr)
                .with_filter(LevelFilter::WARN),
        )
        .init();
    let (platform, objects) = start(data.into(), models.into()).await?;
    let job = hand_in(&platform, &*objects, Path::new(video)).await?;
    settle(&platform, &job).await?;
    println!("{}", outcome(&platform, &job).await?);
    platform.shut_down();
    Ok(())
}

async fn start(data: PathBuf, models: PathBuf) -> Result<(Platform, Arc<dyn Objects>), Failure> {
    let given = Arc::new(OnceLock::new());
    let place = Arc::clone(&given);
    let functions = std::env::current_exe()?;
    let platform = Platform::start(Config {
        data,
        functions: functions.parent().ok_or("no folder")?.to_owned(),
        models: models.clone(),
        definitions: Definitions::embedded(),
        ports: Ports::bind(Ipv4Addr::LOCALHOST.into(), 0).await?,
        time_scale: TIME_SCALE,
        stand_ins: Box::new(move |objects, scratch| {
            place.get_or_init(|| Arc::clone(&objects));
            stand_ins::services(stand_ins::Config {
                objects,
                scratch,
                models,
            })
        }),
        activity: Activity::Working,
        iam: Iam::Enforced,
    });
    let platform = platform.await?;
    let objects = given.get().ok_or("no objects")?;
    Ok((platform, Arc::clone(objects)))
}

/// Puts the video unless an earlier life has, and answers the id of its job.
async fn hand_in(
    platform: &Platform,
    objects: &dyn Objects,
    video: &Path,
) -> Result<JobId, Failure> {
    let bucket = names::prefixed("source");
    if objects.head(&bucket, KEY).await.is_err() {
        objects.put(&bucket, KEY, video, "video/mp4").await?;
    }
    let head = call(
        platform,
        "s3",
        "HeadObject",
        json!({"Bucket": bucket, "Key": KEY}),
    )
    .await?;
    let version = head["VersionId"].as_str().ok_or("no version")?;
    Ok(JobId::of(&bucket, KEY, version, profiles::DEFAULT))
}

/// Waits until the job's execution has ended and no message waits for a function.
async fn settle(platform: &Platform, job: &JobId) -> Result<(), Failure> {
    let arn = names::execution_arn(&names::prefixed(names::PROCESS_VIDEO), job.as_str());
    loop {
        let stations = platform.step_functions().stations(&arn);
        let has_ended = stations
            .first()
            .is_some_and(|root| root.status != "RUNNING");
        if has_ended
            && messages(platform, "ingest").await? + messages(platform, "failures").await? == 0
        {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Messages of a queue, in anyone's hands or not.
async fn messages(platform: &Platform, queue: &str) -> Result<u64, Failure> {
    let asked = json!({"QueueUrl": names::prefixed(queue), "AttributeNames": ["All"]});
    let answer = call(platform, "sqs", "GetQueueAttributes", asked).await?;
    let count = |name: &str| -> Result<u64, Failure> {
        let text = answer["Attributes"][name].as_str().ok_or("no count")?;
        Ok(text.parse()?)
    };
    Ok(count("ApproximateNumberOfMessages")? + count("ApproximateNumberOfMessagesNotVisible")?)
}

async fn outcome(platform: &Platform, job: &JobId) -> Result<Value, Failure> {
    let output = names::prefixed("output");
    let list = json!({"Bucket": output});
    let listed = call(platform, "s3", "ListObjectsV2", list).await?;
    let listed = listed["Contents"].as_array().ok_or("no objects")?.iter();
    let objects =
        listed.map(|object| Some((object["Key"].as_str()?.to_owned(), object["ETag"].clone())));
    let objects: serde_json::Map<String, Value> =
        objects.collect::<Option<_>>().ok_or("no keys")?;
    let brief = json!({"Bucket": output, "Key": format!("published/{job}/brief.json")});
    let brief = call(platform, "s3", "GetObject", brief).await?;
    let item = json!({"TableName": names::prefixed("jobs"), "Key": {"JobId": {"S": job.as_str()}}});
    let item = call(platform, "dynamodb", "GetItem", item).await?;
    let mut queues = serde_json::Map::new();
    for queue in [
        "ingest",
        "failures",
        "failed-videos",
        "ingest-dead-letters",
        "failures-dead-letters",
    ] {
        queues.insert(queue.to_owned(), messages(platform, queue).await?.into());
    }
    Ok(json!({
        "job": job.as_str(),
        "item": item["Item"],
        "objects": objects,
        "brief": serde_json::from_str::<Value>(brief["Body"].as_str().unwrap_or_default())?,
        "queues": queues,
    }))
}

async fn call(
    platform: &Platform,
    service: &str,
    operation: &str,
    parameters: Value,
) -> Result<Value, Failure> {
    let call = Call {
        principal: Principal("tester".to_owned()),
        operation: operation.to_owned(),
        parameters,
    };
    Ok(platform.services().call(service, call).await?)
}
