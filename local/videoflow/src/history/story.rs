//! The story of a job: every execution and state of it, what failed first, and what to do about it. Commands, console and
//! report show this one document.

use serde::Serialize;
use serde_json::Value;

pub use super::measures::{Calls, Moment, Totals, document};

/// Everything that happened to a job, or in one execution.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Story {
    /// The job's item; none where an execution was asked for that works on no job, or where there is no such item.
    pub job: Option<JobFacts>,
    /// Whether every history was read whole.
    pub is_complete: bool,
    /// What was not read, and why.
    pub missing: Vec<String>,
    /// What failed first; none while it runs, and where it succeeded.
    pub root_cause: Option<RootCause>,
    /// The execution of process-video, or the one that was asked for.
    pub execution: Option<Execution>,
    /// Sums over all executions.
    pub totals: Totals,
    /// What reading it took.
    pub calls: Calls,
}

/// What the job table has.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobFacts {
    /// Job id.
    pub job_id: String,
    /// `JobStatus`.
    pub status: String,
    /// Name of the profile.
    pub profile: String,
    /// The version of the object that it works on.
    pub source: Source,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
    /// Prediction, US dollars.
    pub predicted_cost_usd: Option<f64>,
    /// By the ledger, US dollars.
    pub actual_cost_usd: Option<f64>,
    /// Quality of the brief, 0 to 1.
    pub quality_score: Option<f64>,
    /// What record-failure wrote: state, error, cause, input, execution.
    pub error_details: Option<Value>,
}

/// A version of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// Version.
    pub version_id: String,
}

/// The failure that all others follow from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RootCause {
    /// Machine without the environment's prefix: `preprocess-video`.
    pub machine: String,
    /// The execution that the state is in.
    pub execution_arn: String,
    /// Name of the state; empty where none was entered.
    pub state: String,
    /// States from the topmost execution down, with the Parallels and Maps on the way.
    pub path: Vec<String>,
    /// Error name.
    pub error: String,
    /// JSON where it is JSON, else text.
    pub cause: Value,
    /// The state's input.
    pub input: Value,
    /// What the service had answered before the state failed.
    pub output: Option<Value>,
    /// Tries, the failed ones too.
    pub attempts: Vec<Attempt>,
    /// Failures before it that a Catch went on from, and what caused them: a caught failure may be what led here.
    pub caught: Vec<CaughtFailure>,
    /// What the function wrote that failed.
    pub log: Option<Log>,
    /// What the documentation says of the error.
    pub runbook: Option<Runbook>,
    /// The command that lets the job go on, once the cause is mended.
    pub redrive: Option<String>,
}

/// A failure that did not end its execution.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CaughtFailure {
    /// Machine of the state that failed first.
    pub machine: String,
    /// That state.
    pub state: String,
    /// Error name.
    pub error: String,
    /// JSON where it is JSON, else text.
    pub cause: Value,
}

/// Lines of a function's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// Name of the function without the environment's prefix.
    pub function: String,
    /// Invocation.
    pub request_id: Option<String>,
    /// Oldest first.
    pub lines: Vec<LogLine>,
    /// Where they are, or why they could not be read.
    pub from: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// When, where that is known.
    pub at: Option<Moment>,
    /// As the function wrote it.
    pub text: String,
}

/// A paragraph of the documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Runbook {
    /// Heading that it is under.
    pub title: String,
    /// Anchor of that heading.
    pub anchor: String,
    /// Markdown.
    pub text: String,
    /// `docs/errors.md` or `docs/operations.md`.
    pub source: &'static str,
}

/// One execution and those that it started.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// Machine without the environment's prefix.
    pub machine: String,
    /// Name of the execution.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Version of the machine, where that is known.
    pub version_arn: Option<String>,
    /// How it stands.
    pub status: Status,
    /// The parent's state that started it.
    pub started_by: Option<String>,
    /// Start.
    pub started_at: Option<Moment>,
    /// End.
    pub stopped_at: Option<Moment>,
    /// From start to end.
    pub duration_ms: Option<i64>,
    /// How often it was redriven.
    pub redrive_count: u64,
    /// Input.
    pub input: Value,
    /// Output.
    pub output: Option<Value>,
    /// Error name.
    pub error: Option<String>,
    /// JSON where it is JSON, else text.
    pub cause: Option<Value>,
    /// Link to the AWS console.
    pub console: Option<String>,
    /// Why its history is not here.
    pub missing: Option<String>,
    /// States in order of entry.
    pub states: Vec<State>,
    /// Executions that it started, in order.
    pub children: Vec<Execution>,
    /// Index of the state that ended it; for whoever looks for the cause.
    #[serde(skip)]
    pub culprit: Option<usize>,
}

/// Status of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It goes on.
    Running,
    /// It ended well.
    Succeeded,
    /// A state failed.
    Failed,
    /// It took longer than its machine allows.
    TimedOut,
    /// It was stopped.
    Aborted,
    /// Its history could not be read.
    Unknown,
}

/// One entry of a state: a state that a loop or a redrive enters again is there again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// Number of the event of its entry: unique in the execution.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Task, Choice, Wait, Pass, Parallel, Map, Succeed or Fail.
    #[serde(rename = "type")]
    pub kind: String,
    /// How it ended.
    pub status: StateStatus,
    /// Entry.
    pub entered_at: Moment,
    /// Exit, failure or abortion.
    pub exited_at: Option<Moment>,
    /// From entry to exit.
    pub duration_ms: Option<i64>,
    /// Of that: in Wait states, between retries, and for a task token.
    pub waited_ms: i64,
    /// Input.
    pub input: Value,
    /// Output; of a state that failed: what its service had answered.
    pub output: Option<Value>,
    /// Error name.
    pub error: Option<String>,
    /// JSON where it is JSON, else text.
    pub cause: Option<Value>,
    /// Tries of what it does.
    pub attempts: Vec<Attempt>,
    /// `id` of the Parallel or Map that it is in.
    pub within: Option<u64>,
    /// Which branch of that Parallel, in the order of their begin, from 0.
    pub branch: Option<u64>,
    /// Which iteration of that Map, from 0.
    pub iteration: Option<u64>,
    /// Executions that it started.
    pub child_arns: Vec<String>,
    /// Run of a Distributed Map.
    pub map_run_arn: Option<String>,
}

/// How a state stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StateStatus {
    /// It was entered and not left.
    Running,
    /// It was left.
    Succeeded,
    /// It failed, and a Catch went on.
    Caught,
    /// It failed, and with it what is around it.
    Failed,
    /// It was stopped because something else failed, timed out or was stopped.
    Aborted,
}

/// One try of a state.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// From 1.
    pub number: usize,
    /// When it was scheduled.
    pub started_at: Moment,
    /// When it was answered.
    pub ended_at: Option<Moment>,
    /// Error name.
    pub error: Option<String>,
    /// JSON where it is JSON, else text.
    pub cause: Option<Value>,
    /// Pause since the try before.
    pub wait_before_ms: i64,
    /// `lambda:invoke`, `states:startExecution.sync:2`, …
    pub resource: Option<String>,
    /// ARN or name of the function that it invokes.
    pub function: Option<String>,
    /// The service's id of the request, where it told.
    pub request_id: Option<String>,
}
