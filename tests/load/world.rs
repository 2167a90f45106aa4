//! Functions and services as they answer Tasks, each with AWS's limits, and now and then an error.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_asl::StateMachine;
use videoflow_asl::simulation::{Answer, Call, EPOCH, Nested};
use videoflow_platform::names;
use videoflow_platform::platform::placeholders::placeholders;
use videoflow_platform::step_functions::{Definitions, render};

use crate::ingest::start;
use crate::limits::{Concurrency, Rate};
use crate::random::Random;
use crate::service_jobs::{ServiceJobs, WhenFull};
use crate::tables::Tables;
use crate::video::{Fate, Video};

/// Of a thousand calls, so many fail before anything has happened.
const FAILURES: u64 = 5;
/// Of a thousand invocations, so many fail after everything has happened.
const LOST_ANSWERS: u64 = 1;
/// `StartExecution` in a region with the smaller quota: bucket and refill a second.
const START_EXECUTION: (i64, i64) = (800, 150);
/// Concurrent invocations of an account.
const INVOCATIONS: usize = 1000;
/// Requests to the language model: bucket and refill a second.
const CONVERSE: (i64, i64) = (60, 2);
/// How long any call takes.
const CALL_MS: i64 = 50;
/// How long an invocation takes.
const INVOCATION_MS: i64 = 1500;

type Failed = (&'static str, &'static str);

/// Everything around the definitions.
pub struct World {
    /// The tables.
    pub tables: Tables,
    /// Domain events by type.
    pub events: BTreeMap<String, usize>,
    /// Notices.
    pub notices: usize,
    /// Jobs that record-failure was told of.
    pub recorded_failures: usize,
    /// Analyses that briefs do without, by reason.
    pub missing: BTreeMap<String, usize>,
    /// All calls.
    pub calls: usize,
    /// Those that were refused or failed.
    pub faults: usize,
    machines: HashMap<String, Arc<StateMachine>>,
    videos: HashMap<String, Video>,
    random: Random,
    names: HashSet<String>,
    services: BTreeMap<&'static str, ServiceJobs>,
    start_execution: Rate,
    converse: Rate,
    invocations: Concurrency,
}

impl World {
    /// The services before the first video comes.
    pub fn new(videos: &[Video]) -> Self {
        Self {
            tables: Tables::new(),
            events: BTreeMap::new(),
            notices: 0,
            recorded_failures: 0,
            missing: BTreeMap::new(),
            calls: 0,
            faults: 0,
            machines: machines(),
            videos: videos
                .iter()
                .map(|video| (video.job.clone(), video.clone()))
                .collect(),
            random: Random::new(3),
            names: HashSet::new(),
            services: BTreeMap::from([
                ("transcode", ServiceJobs::new(40, WhenFull::Queues, 500)),
                ("labels", ServiceJobs::new(20, WhenFull::Refuses, 500)),
                (
                    "transcription",
                    ServiceJobs::new(250, WhenFull::Refuses, 200),
                ),
                ("meaning", ServiceJobs::new(20, WhenFull::Queues, 300)),
            ]),
            start_execution: Rate::new(START_EXECUTION.0, START_EXECUTION.1),
            converse: Rate::new(CONVERSE.0, CONVERSE.1),
            invocations: Concurrency::new(INVOCATIONS),
        }
    }

    /// Executions that were started.
    pub fn executions(&self) -> usize {
        self.names.len()
    }

    /// Service jobs that were started, by service.
    pub fn started(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let services = self.services.iter();
        services.map(|(name, service)| (*name, service.started()))
    }

    /// Answers a Task.
    pub fn answer(&mut self, call: &Call<'_>) -> Answer {
        self.calls += 1;
        let now = call.now.0 - EPOCH.0;
        let answer = match call.resource.trim_start_matches("arn:aws:states:::") {
            "states:startExecution" => match self.start_execution(call.arguments, now) {
                Ok(nested) => return Answer::starts(nested),
                Err(failed) => Err(failed),
            },
            "lambda:invoke" => {
                let answer = self.invoke(call.arguments, now);
                return self.told(answer).after_ms(INVOCATION_MS);
            }
            resource => self.serve(resource, call.arguments, now),
        };
        self.told(answer).after_ms(CALL_MS)
    }

    fn told(&mut self, answer: Result<Value, Failed>) -> Answer {
        match answer {
            Ok(output) => Answer::returns(output),
            Err((error, cause)) => {
                self.faults += 1;
                Answer::throws(error, cause)
            }
        }
    }

    fn start_execution(&mut self, arguments: &Value, now: i64) -> Result<Nested, Failed> {
        if !self.start_execution.admits(now) {
            return Err(("StepFunctions.ThrottlingException", "Rate exceeded"));
        }
        let machine = text(arguments, "StateMachineArn");
        let machine = machine.split(':').nth(6).unwrap_or(machine);
        let machine = names::unprefixed(machine);
        let name = text(arguments, "Name");
        if !self.names.insert(name.to_owned()) {
            return Err((
                "StepFunctions.ExecutionAlreadyExistsException",
                "Execution Already Exists",
            ));
        }
        let found = self.machines.get(machine);
        Ok(Nested {
            machine: Arc::clone(found.unwrap_or_else(|| panic!("no machine {machine}"))),
            start: start(machine, name, arguments["Input"].clone()),
        })
    }

    fn invoke(&mut self, arguments: &Value, now: i64) -> Result<Value, Failed> {
        if !self.invocations.admits(now, now + INVOCATION_MS) {
            return Err(("Lambda.TooManyRequestsException", "Rate Exceeded."));
        }
        if self.random.strikes(FAILURES) {
            return Err(("Lambda.ServiceException", "a server error"));
        }
        let function = text(arguments, "FunctionName");
        let function = function.split(':').nth(6).unwrap_or(function);
        let payload = self.work(names::unprefixed(function), &arguments["Payload"], now)?;
        if self.random.strikes(LOST_ANSWERS) {
            return Err(("Lambda.Unknown", "the answer was lost"));
        }
        Ok(json!({ "Payload": payload }))
    }

    /// What a function does.
    fn work(&mut self, function: &str, input: &Value, now: i64) -> Result<Value, Failed> {
        if function == "start-processing" {
            return Ok(self.start_processing(input));
        }
        let job = text(input, "jobId");
        let video = self.videos.get(job);
        let video = video
            .unwrap_or_else(|| panic!("{function} is asked for {job}"))
            .clone();
        Ok(match function {
            "record-failure" => {
                self.recorded_failures += 1;
                self.tables.fail(job);
                json!({})
            }
            "inspect-file" => inspected(&video),
            "start-transcode" => self.start_job("transcode", &video, now)?,
            "start-labels" => self.start_job("labels", &video, now)?,
            "start-transcription" => self.start_job("transcription", &video, now)?,
            "start-meaning" => self.start_job("meaning", &video, now)?,
            "collect-renditions" => json!({
                "proxy": "s3://o/proxy.mp4", "audio": "s3://o/audio.m4a", "renditions": [],
                "durationMs": video.seconds * 1000
            }),
            "collect-labels" | "collect-transcript" | "collect-meaning" => {
                json!({ "status": "DONE" })
            }
            "align-streams" => {
                self.note_missing(&input["analyses"]);
                json!({ "timeline": "s3://o/timeline.json", "parts": [] })
            }
            "write-brief" if !self.converse.admits(now) => {
                return Err(("ServiceThrottled", "Too many requests"));
            }
            "write-brief" => json!({ "brief": "s3://o/brief.json", "warnings": 0 }),
            "check-quality" => json!({
                "passed": video.fate != Fate::QualityFails, "score": 0.5, "report": "s3://o/work/quality.json",
                "isReviewNeeded": false
            }),
            "publish-assets" => json!({
                "brief": "s3://o/published/brief.json", "locations": {}, "durationMs": video.seconds * 1000,
                "language": "en-US", "costUsd": { "predicted": 0.1, "actual": 0.1 }
            }),
            other => panic!("nobody models {other}"),
        })
    }

    /// A job is begun once; one that has not settled is started again, which its name makes harmless.
    fn start_processing(&self, input: &Value) -> Value {
        let job = text(&input["input"], "jobId");
        let is_new =
            self.tables.begin(job) || self.tables.job_status(job).as_deref() == Some("PROCESSING");
        json!({ "isNew": is_new, "input": input["input"] })
    }

    fn start_job(&mut self, stage: &'static str, video: &Video, now: i64) -> Result<Value, Failed> {
        let service = self.services.get_mut(stage).expect("a known stage");
        let token = format!("{}-{stage}-1", video.job);
        if !service.start(&token, video.seconds, now) {
            return Err(("ServiceThrottled", "all places are taken"));
        }
        let wait_seconds = service.takes_ms(video.seconds) / 1000;
        Ok(json!({
            "isReused": false, "serviceJobId": token, "firstWaitSeconds": wait_seconds, "result": null
        }))
    }

    fn note_missing(&mut self, analyses: &Value) {
        for (name, analysis) in analyses.as_object().into_iter().flatten() {
            if analysis["status"] == "MISSING" {
                let cause = text(&analysis["reason"], "cause");
                let child: Value = serde_json::from_str(cause).unwrap_or_default();
                let reason = format!("{name}: {}", child["Error"]);
                *self.missing.entry(reason).or_default() += 1;
            }
        }
    }

    /// What a service answers to a Task's own call.
    fn serve(&mut self, resource: &str, arguments: &Value, now: i64) -> Result<Value, Failed> {
        if self.random.strikes(FAILURES) {
            return Err((throttling(resource), "slow down"));
        }
        Ok(match resource {
            "aws-sdk:mediaconvert:probe" => {
                json!({ "ProbeResults": [{ "Container": { "Format": "mp4" } }] })
            }
            "aws-sdk:mediaconvert:getJob" => self.transcode(text(arguments, "Id"), now),
            "aws-sdk:rekognition:getLabelDetection" => {
                let has_ended = self.has_ended("labels", text(arguments, "JobId"), now);
                json!({ "JobStatus": if has_ended { "SUCCEEDED" } else { "IN_PROGRESS" } })
            }
            "aws-sdk:transcribe:getTranscriptionJob" => {
                let job = text(arguments, "TranscriptionJobName");
                let has_ended = self.has_ended("transcription", job, now);
                let status = if has_ended {
                    "COMPLETED"
                } else {
                    "IN_PROGRESS"
                };
                json!({ "TranscriptionJob": { "TranscriptionJobStatus": status } })
            }
            "aws-sdk:bedrockdataautomationruntime:getDataAutomationStatus" => {
                let has_ended = self.has_ended("meaning", text(arguments, "InvocationArn"), now);
                let output = json!({ "S3Uri": "s3://o/job_metadata.json" });
                let status = if has_ended { "Success" } else { "InProgress" };
                json!({ "Status": status, "OutputConfiguration": output })
            }
            "aws-sdk:s3:putObjectTagging" => json!({}),
            "sns:publish" => {
                self.notices += 1;
                json!({ "MessageId": "m" })
            }
            "events:putEvents" => {
                let kind = text(&arguments["Entries"][0], "DetailType").to_owned();
                *self.events.entry(kind).or_default() += 1;
                json!({ "Entries": [{ "EventId": "e" }], "FailedEntryCount": 0 })
            }
            _ => return self.dynamodb(resource, arguments),
        })
    }

    fn dynamodb(&self, resource: &str, arguments: &Value) -> Result<Value, Failed> {
        let operation = match resource {
            "dynamodb:putItem" => "PutItem",
            "dynamodb:getItem" => "GetItem",
            "dynamodb:updateItem" => "UpdateItem",
            "aws-sdk:dynamodb:transactWriteItems" => "TransactWriteItems",
            other => panic!("nobody models {other}"),
        };
        let answer = self.tables.call(operation, arguments.clone());
        answer.map_err(|refused| match refused.code.as_str() {
            "ConditionalCheckFailedException" => {
                ("DynamoDB.ConditionalCheckFailedException", "refused")
            }
            "TransactionCanceledException" => ("DynamoDb.TransactionCanceledException", "refused"),
            other => panic!("{other}: {refused}"),
        })
    }

    fn transcode(&self, job: &str, now: i64) -> Value {
        let fails = self
            .videos
            .get(job.trim_end_matches("-transcode-1"))
            .is_some_and(|video| video.fate == Fate::TranscodeFails);
        let status = match (self.has_ended("transcode", job, now), fails) {
            (false, _) => "PROGRESSING",
            (true, true) => "ERROR",
            (true, false) => "COMPLETE",
        };
        json!({ "Job": { "Status": status, "ErrorMessage": "the video is damaged" } })
    }

    fn has_ended(&self, service: &str, job: &str, now: i64) -> bool {
        self.services
            .get(service)
            .expect("a known service")
            .has_ended(job, now)
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    let found = value.get(name).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("{value} has no {name}"))
}

/// The error by which a service asks for patience.
fn throttling(resource: &str) -> &'static str {
    let known = [
        (
            "aws-sdk:mediaconvert:",
            "MediaConvert.TooManyRequestsException",
        ),
        ("aws-sdk:rekognition:", "Rekognition.ThrottlingException"),
        ("aws-sdk:transcribe:", "Transcribe.LimitExceededException"),
        (
            "aws-sdk:bedrock",
            "BedrockDataAutomationRuntime.ThrottlingException",
        ),
        ("aws-sdk:s3:", "S3.S3Exception"),
        ("aws-sdk:dynamodb:", "DynamoDb.ThrottlingException"),
        ("dynamodb:", "DynamoDB.ThrottlingException"),
        ("sns:", "SNS.ThrottledException"),
        ("events:", "EventBridge.InternalException"),
    ];
    let error = known
        .iter()
        .find(|(prefix, _)| resource.starts_with(prefix));
    error
        .unwrap_or_else(|| panic!("nobody models {resource}"))
        .1
}

fn inspected(video: &Video) -> Value {
    if video.fate == Fate::Rejected {
        return json!({ "verdict": "REJECTED", "code": "UnreadableFile", "message": "Upload a video.", "predictedCostUsd": 0 });
    }
    let analyses =
        json!({ "labels": true, "moderation": false, "transcription": true, "meaning": true });
    json!({
        "verdict": "ACCEPTED", "claimId": video.content, "code": null, "message": null, "analyses": analyses
    })
}

/// The nine definitions with the local platform's names.
fn machines() -> HashMap<String, Arc<StateMachine>> {
    let definitions = Definitions::embedded().machines;
    let arn = |name: &String| {
        (
            name.clone(),
            format!("{}:1", names::state_machine_arn(name)),
        )
    };
    let arns: BTreeMap<String, String> = definitions
        .iter()
        .map(|machine| arn(&machine.name))
        .collect();
    let values = placeholders(
        |queue| format!("http://127.0.0.1/000000000000/{queue}"),
        &arns,
    );
    let machine = |template| {
        let text = render(template, &values).unwrap_or_else(|error| panic!("{error}"));
        let machine = StateMachine::compile(&text);
        Arc::new(machine.unwrap_or_else(|findings| panic!("{findings:?}")))
    };
    definitions
        .iter()
        .map(|template| (template.name.clone(), machine(template)))
        .collect()
}
