//! The real start functions, cut off at each of their calls in turn: what a service is paid for is started once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::{Value, json};
use videoflow_platform::lambda::{Function, Host};
use videoflow_platform::service::{Call, Service, ServiceError};
use videoflow_shared::plan::Analyses;
use videoflow_shared::profiles;

use super::{Local, OUTPUT};
use crate::support::{binaries, read_json, report, root};

/// Calls of one invocation, at most: beyond them nothing is left to cut off.
const CALLS_LIMIT: usize = 20;

/// From which call on an invocation is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The call is not made.
    Before(usize),
    /// The call is made, and its answer is lost.
    After(usize),
}

/// What every call passes: the cut of the invocation at hand, and the calls so far.
#[derive(Default)]
struct Wire {
    cut: Option<Cut>,
    calls: usize,
}

/// A service behind the wire that may be cut.
struct Cuttable {
    inner: Arc<dyn Service>,
    wire: Arc<Mutex<Wire>>,
}

#[async_trait]
impl Service for Cuttable {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        // Not one that the SDK tries again: the function is gone with its connection.
        let lost = || ServiceError::new("AccessDeniedException", 400, "cut off");
        let (number, cut) = {
            let mut wire = self.wire.lock().unwrap_or_else(PoisonError::into_inner);
            wire.calls += 1;
            (wire.calls, wire.cut)
        };
        match cut {
            Some(Cut::Before(first)) if number >= first => Err(lost()),
            Some(Cut::After(first)) if number > first => Err(lost()),
            Some(Cut::After(first)) if number == first => {
                self.inner.call(call).await?;
                Err(lost())
            }
            _ => self.inner.call(call).await,
        }
    }
}

/// A service that is paid for each job: it knows its tokens as the real one does, and counts.
pub struct Paid {
    name: &'static str,
    /// Jobs by token. `MediaConvert` forgets its tokens after a minute: here at once.
    jobs: Mutex<HashMap<String, usize>>,
    /// What was asked for to start each job, in order.
    started: Mutex<Vec<Value>>,
}

impl Paid {
    pub fn new(name: &'static str) -> Self {
        let (jobs, started) = (Mutex::default(), Mutex::default());
        Self {
            name,
            jobs,
            started,
        }
    }

    fn count(&self) -> usize {
        self.requests().len()
    }

    /// What was asked for to start each job, in order.
    pub fn requests(&self) -> Vec<Value> {
        self.started.lock().expect("no panic holds it").clone()
    }

    /// Number of the job that `token` stands for, which is started unless it is known.
    fn start(&self, token: &str, request: &Value) -> (usize, bool) {
        let mut started = self.started.lock().expect("no panic holds it");
        let mut jobs = self.jobs.lock().expect("no panic holds it");
        let known = jobs
            .get(token)
            .copied()
            .filter(|_| self.name != "mediaconvert");
        let number = known.unwrap_or(started.len());
        if known.is_none() {
            jobs.insert(token.to_owned(), number);
            started.push(request.clone());
        }
        (number, known.is_some())
    }

    fn token<'a>(parameters: &'a Value, member: &str) -> &'a str {
        parameters[member]
            .as_str()
            .expect("a start has a token or a name")
    }
}

#[async_trait]
impl Service for Paid {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        let parameters = &call.parameters;
        Ok(match call.operation.as_str() {
            "CreateJob" => {
                assert!(parameters["Queue"].is_string(), "not the project's queue");
                let (number, _) =
                    self.start(Self::token(parameters, "ClientRequestToken"), parameters);
                json!({ "Job": { "Id": number.to_string(), "Role": "r", "Settings": {} } })
            }
            "SearchJobs" => {
                let started = self.started.lock().expect("no panic holds it");
                let queued = started.iter().enumerate();
                let queued = queued.filter(|(_, request)| request["Queue"] == parameters["Queue"]);
                let jobs: Vec<Value> = queued.map(|(number, request)| {
                    json!({ "Id": number.to_string(), "Role": "r", "Settings": {}, "Status": "PROGRESSING",
                        "UserMetadata": request["UserMetadata"] })
                }).collect();
                json!({ "Jobs": jobs })
            }
            "GetJob" => {
                json!({ "Job": { "Id": parameters["Id"], "Role": "r", "Settings": {}, "Status": "PROGRESSING" } })
            }
            "StartTranscriptionJob" => {
                let key = &parameters["OutputEncryptionKMSKeyId"];
                assert!(key.is_string(), "the result is not under the project's key");
                let name = Self::token(parameters, "TranscriptionJobName");
                if self.start(name, parameters).1 {
                    return Err(ServiceError::new(
                        "ConflictException",
                        400,
                        "the name is in use",
                    ));
                }
                json!({ "TranscriptionJob": { "TranscriptionJobName": name } })
            }
            "GetTranscriptionJob" => {
                json!({ "TranscriptionJob": { "TranscriptionJobStatus": "IN_PROGRESS" } })
            }
            "StartLabelDetection" | "StartContentModeration" => {
                json!({ "JobId": self.start(Self::token(parameters, "ClientRequestToken"), parameters).0.to_string() })
            }
            "GetLabelDetection" | "GetContentModeration" => json!({ "JobStatus": "IN_PROGRESS" }),
            "InvokeDataAutomationAsync" => {
                let (number, _) = self.start(Self::token(parameters, "ClientToken"), parameters);
                json!({ "InvocationArn": format!("arn:aws:bedrock:us-east-1:000000000000:data-automation-invocation/{number}") })
            }
            "GetDataAutomationStatus" => json!({ "Status": "InProgress" }),
            other => return Err(ServiceError::unknown_operation(other)),
        })
    }
}

/// A start function, its service, and its input beside the job id.
struct Stage {
    function: &'static str,
    service: &'static str,
    input: Value,
}

fn stages() -> [Stage; 5] {
    let video = "s3://videoflow-local-output/media/proxy.mp4";
    let stage = |function, service, input| Stage {
        function,
        service,
        input,
    };
    [
        stage("start-transcode", "mediaconvert", json!({})),
        stage(
            "start-transcription",
            "transcribe",
            json!({ "audio": "s3://videoflow-local-output/media/audio.m4a" }),
        ),
        stage(
            "start-labels",
            "rekognition",
            json!({ "analysis": "labels", "video": video }),
        ),
        stage(
            "start-labels",
            "rekognition",
            json!({ "analysis": "moderation", "video": video }),
        ),
        stage("start-meaning", "bedrock", json!({ "video": video })),
    ]
}

/// The function on services of its own, with a job that is planned.
struct Scene {
    local: Local,
    host: Host,
    wire: Arc<Mutex<Wire>>,
    paid: Arc<Paid>,
    plan: Value,
}

impl Scene {
    async fn new(stage: &Stage) -> Self {
        let wire = Arc::new(Mutex::new(Wire::default()));
        let cuttable = |inner| -> Arc<dyn Service> {
            let wire = Arc::clone(&wire);
            Arc::new(Cuttable { inner, wire })
        };
        let local = Local::with_tables(&cuttable).await;
        let paid = Arc::new(Paid::new(stage.service));
        local.services.add(cuttable(Arc::clone(&paid) as _));
        let folder = local.folder().join("logs");
        let host = Host::new([function(stage.function, &local.url)], folder);
        let plan = read_json(&root().join("functions/shared/samples/plan.json"));
        let scene = Self {
            local,
            host,
            wire,
            paid,
            plan,
        };
        scene.put_plan().await;
        scene
    }

    fn job(&self) -> &str {
        self.plan["jobId"].as_str().expect("a plan has a job")
    }

    async fn put_plan(&self) {
        let client = aws_sdk_s3::Client::new(&self.local.client());
        let key = format!("work/{}/plan.json", self.job());
        let body = self.plan.to_string().into_bytes().into();
        client
            .put_object()
            .bucket(OUTPUT)
            .key(key)
            .body(body)
            .send()
            .await
            .expect("an upload");
    }

    /// The job as it was before any stage.
    async fn reset(&self) {
        let item = json!({
            "JobId": self.job(), "JobStatus": "PROCESSING", "SourceBucket": "b", "SourceKey": "k", "SourceVersionId": "1",
            "Profile": "default", "CreatedAt": "t", "UpdatedAt": "t", "Stages": {},
        });
        self.cut(None);
        self.local.put_item("jobs", &item).await;
        self.paid.jobs.lock().expect("no panic holds it").clear();
        self.paid.started.lock().expect("no panic holds it").clear();
    }

    fn cut(&self, cut: Option<Cut>) {
        *self.wire.lock().expect("no panic holds it") = Wire { cut, calls: 0 };
    }

    /// One invocation: its answer, or its error's name.
    async fn invoke(&self, stage: &Stage, cut: Option<Cut>) -> Result<Value, String> {
        self.cut(cut);
        let mut input = stage.input.clone();
        input["jobId"] = json!(self.job());
        let answer = self
            .host
            .invoke(stage.function, &input)
            .await
            .expect("an answer");
        match answer.function_error {
            None => Ok(answer.payload),
            Some(_) => Err(answer.payload["errorType"]
                .as_str()
                .unwrap_or_default()
                .to_owned()),
        }
    }
}

/// A function as the local platform runs it, on services at `url`.
pub fn function(name: &str, url: &str) -> Function {
    let environment = [
        ("JOBS_TABLE_NAME", "videoflow-local-jobs"),
        ("OUTPUT_BUCKET_NAME", OUTPUT),
        ("DATA_KEY_ARN", "arn:aws:kms:us-east-1:000000000000:key/k"),
        (
            "MEDIA_CONVERT_QUEUE_ARN",
            "arn:aws:mediaconvert:us-east-1:000000000000:queues/q",
        ),
        (
            "MEDIA_CONVERT_ROLE_ARN",
            "arn:aws:iam::000000000000:role/media-convert",
        ),
        (
            "DATA_AUTOMATION_PROJECT_ARN",
            "arn:aws:bedrock:us-east-1:000000000000:data-automation-project/p",
        ),
        (
            "DATA_AUTOMATION_PROFILE_ARN",
            "arn:aws:bedrock:us-east-1:000000000000:data-automation-profile/p",
        ),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", name),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Function {
        name: name.to_owned(),
        full_name: format!("videoflow-local-{name}"),
        arn: videoflow_platform::names::function_arn(name),
        binary: binaries().join(name),
        environment: BTreeMap::from_iter(environment.map(text)),
        memory_mb: 256,
        timeout_seconds: 60,
    }
}

/// Cuts the function off at each of its calls, before and after; each time a second invocation mends it.
async fn check(stage: &Stage) -> usize {
    let scene = Scene::new(stage).await;
    let mut tried = 0;
    for number in 1..=CALLS_LIMIT {
        for cut in [Cut::Before(number), Cut::After(number)] {
            scene.reset().await;
            let first = scene.invoke(stage, Some(cut)).await;
            let second = scene.invoke(stage, None).await;
            let context = format!("{} {cut:?}: {first:?}, then {second:?}", stage.function);
            let id = second.as_ref().map(|answer| answer["serviceJobId"].clone());
            assert!(id.is_ok_and(|id| id.is_string()), "{context}");
            assert_eq!(scene.paid.count(), 1, "{context}");
            assert_eq!(
                scene
                    .invoke(stage, None)
                    .await
                    .map(|answer| answer["serviceJobId"].clone()),
                second.map(|answer| answer["serviceJobId"].clone()),
                "{context}: the same job again"
            );
            assert_eq!(scene.paid.count(), 1, "{context}: a third invocation");
            tried += 1;
            if first.is_ok() {
                assert!(
                    number > 3,
                    "{context}: a start takes more than {number} calls"
                );
                return tried;
            }
        }
    }
    panic!("{} makes more than {CALLS_LIMIT} calls", stage.function);
}

#[tokio::test]
async fn a_start_that_is_cut_off_anywhere_is_paid_once() {
    let mut tried = 0;
    for stage in stages() {
        tried += check(&stage).await;
    }
    report(&format!(
        "paid once: {tried} cuts of 5 start functions, one paid job each"
    ));
}

/// Whether a plan asks for what a stage starts.
fn is_planned(stage: &Stage, analyses: Analyses) -> bool {
    match stage.function {
        "start-transcription" => analyses.transcription,
        "start-labels" if stage.input["analysis"] == "moderation" => analyses.moderation,
        "start-labels" => analyses.labels,
        "start-meaning" => analyses.meaning,
        _ => true,
    }
}

/// The local services hold every request to AWS's API model, and refuse what the service would.
#[tokio::test]
async fn the_requests_of_every_profile_are_what_the_services_take() {
    for stage in stages() {
        let mut scene = Scene::new(&stage).await;
        for name in profiles::names() {
            let profile = profiles::find(name).expect("a profile of this name");
            if !is_planned(&stage, profile.analyses) {
                continue;
            }
            scene.plan["profile"] = json!(name);
            scene.plan["analyses"] = json!(profile.analyses);
            scene.plan["languages"] = json!(profile.languages);
            scene.plan["speech"] = json!(profile.speech);
            scene.plan["streaming"] = json!(profile.streaming);
            scene.put_plan().await;
            scene.reset().await;
            let answer = scene.invoke(&stage, None).await;
            assert!(answer.is_ok(), "{name}, {}: {answer:?}", stage.function);
            assert_eq!(scene.paid.count(), 1, "{name}, {}", stage.function);
        }
    }
}
