//! A state while its events are read.

use serde_json::Value;

use super::event::{Details, Event};
use super::places::Place;
use super::story::{Attempt, Moment, State, StateStatus, document};

/// Ends a resource that waits for a task token.
const TOKEN: &str = ".waitForTaskToken";

/// An error and its cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Error name.
    pub error: String,
    /// Cause.
    pub cause: Option<String>,
}

/// A state that was entered.
#[derive(Debug)]
pub struct Draft {
    /// Number of the event of its entry.
    pub id: u64,
    /// Name.
    pub name: String,
    /// `Task`, `Wait`, …
    pub kind: String,
    /// Where it is.
    pub place: Place,
    /// JSON text.
    pub input: String,
    /// JSON text.
    pub output: Option<String>,
    /// How it ended, once it has.
    pub end: Option<(StateStatus, Moment)>,
    /// A Parallel or Map whose branches are done or failed, though it was not left yet.
    pub is_settled: bool,
    /// Branches that have begun.
    pub branches: u64,
    /// What it failed with last, unless it was tried again with success.
    pub failure: Option<Failure>,
    /// The state within that made it fail.
    pub failed_by: Option<usize>,
    /// Executions that it started.
    pub children: Vec<Child>,
    /// Run of a Distributed Map.
    pub map_run_arn: Option<String>,
    entered_at: Moment,
    attempts: Vec<Attempt>,
    /// The machine that its last attempt starts.
    machine: Option<String>,
}

/// An execution that a state started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Its ARN.
    pub arn: String,
    /// Version of its machine, where a version was asked for.
    pub version_arn: Option<String>,
}

impl Failure {
    /// What an event says of it.
    pub fn of(details: &Details) -> Option<Self> {
        Some(Self {
            error: details.error.clone()?,
            cause: details.cause.clone(),
        })
    }

    /// The machine's own timeout, of which the event need not tell.
    pub fn overdue() -> Self {
        Self {
            error: "States.Timeout".to_owned(),
            cause: None,
        }
    }
}

impl Draft {
    /// A state that is entered.
    pub fn new(event: &Event, place: Place) -> Self {
        let kind = event.kind.strip_suffix("StateEntered");
        Self {
            id: event.id,
            name: event.details.name.clone().unwrap_or_default(),
            kind: kind.unwrap_or_default().to_owned(),
            place,
            input: event.details.input.clone().unwrap_or_default(),
            output: None,
            end: None,
            is_settled: false,
            branches: 0,
            failure: None,
            failed_by: None,
            children: Vec::new(),
            map_run_arn: None,
            entered_at: event.at,
            attempts: Vec::new(),
            machine: None,
        }
    }

    /// Whether it has not ended.
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Whether it failed, and nothing has mended that.
    pub fn has_failure(&self) -> bool {
        self.failure.is_some()
    }

    /// Whether it has states within.
    pub fn is_container(&self) -> bool {
        matches!(self.kind.as_str(), "Parallel" | "Map")
    }

    /// It is tried, for the first time or again.
    pub fn begin_attempt(&mut self, event: &Event) {
        let details = &event.details;
        let before = self.attempts.last().and_then(|attempt| attempt.ended_at);
        let resource = match (&details.resource_type, &details.resource) {
            (Some(service), Some(action)) => Some(format!("{service}:{action}")),
            (_, resource) => resource.clone(),
        };
        let parameters = details.parameters.as_deref().map(document);
        let parameter = |name: &str| {
            let value = parameters.as_ref()?.get(name)?.as_str()?;
            Some(value.to_owned())
        };
        let is_function = event.kind == "LambdaFunctionScheduled";
        let function = details.resource.clone().filter(|_| is_function);
        self.machine = parameter("StateMachineArn");
        self.attempts.push(Attempt {
            number: self.attempts.len() + 1,
            started_at: event.at,
            ended_at: None,
            error: None,
            cause: None,
            wait_before_ms: before.map_or(0, |before| event.at.since(before)),
            resource,
            function: parameter("FunctionName").or(function),
            request_id: None,
        });
        self.is_settled = false;
        self.branches = 0;
    }

    /// The service took it on: a nested execution is named.
    pub fn submit(&mut self, details: &Details) {
        let answer = details.output.as_deref().map(document);
        let arn = answer.and_then(|answer| {
            let arn = answer.get("ExecutionArn").or(answer.get("executionArn"))?;
            Some(arn.as_str()?.to_owned())
        });
        // `arn:aws:states:<region>:<account>:stateMachine:<name>:<version>`; without the version it is no version.
        let is_version = |arn: &String| arn.split(':').count() > 7;
        self.children.extend(arn.map(|arn| Child {
            arn,
            version_arn: self.machine.clone().filter(is_version),
        }));
    }

    /// What it does succeeded, though its own expressions may yet fail.
    pub fn answer(&mut self, event: &Event) {
        let output = event.details.output.clone();
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.ended_at = Some(event.at);
            attempt.request_id = output.as_deref().and_then(request_id);
        }
        self.output = output;
        self.failure = None;
        self.failed_by = None;
    }

    /// What it does failed; it may be tried again, or caught.
    pub fn fail(&mut self, event: &Event) {
        let failure = Failure::of(&event.details);
        if let Some(attempt) = self.attempts.last_mut()
            && attempt.ended_at.is_none()
        {
            attempt.ended_at = Some(event.at);
            attempt.error.clone_from(&event.details.error);
            attempt.cause = event.details.cause.as_deref().map(document);
            attempt.request_id = event.details.cause.as_deref().and_then(request_id);
        }
        self.failure = failure.or(self.failure.take());
    }

    /// It is left, or ends with what is around it.
    pub fn end(&mut self, status: StateStatus, at: Moment) {
        self.end = Some((status, at));
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.ended_at = attempt.ended_at.or(Some(at));
        }
    }

    /// It goes on after a redrive, because a state within does.
    pub fn reopen(&mut self) {
        self.end = None;
        self.is_settled = false;
        self.failure = None;
        self.failed_by = None;
    }

    /// The story of it, `within` the entry of that number.
    pub fn into_state(self, within: Option<u64>) -> State {
        let (status, exited_at) = match self.end {
            Some((status, at)) => (status, Some(at)),
            None => (StateStatus::Running, None),
        };
        let duration_ms = exited_at.map(|exited_at| exited_at.since(self.entered_at));
        let failure = self.failure;
        State {
            id: self.id,
            name: self.name,
            status,
            entered_at: self.entered_at,
            exited_at,
            duration_ms,
            waited_ms: waited_ms(&self.kind, duration_ms, &self.attempts),
            kind: self.kind,
            input: document(&self.input),
            output: self.output.as_deref().map(document),
            cause: failure
                .as_ref()
                .and_then(|failure| failure.cause.as_deref().map(document)),
            error: failure.map(|failure| failure.error),
            attempts: self.attempts,
            within,
            branch: self.place.branch,
            iteration: self.place.iteration,
            child_arns: self.children.into_iter().map(|child| child.arn).collect(),
            map_run_arn: self.map_run_arn,
        }
    }
}

/// How long a state did nothing but wait.
fn waited_ms(kind: &str, duration_ms: Option<i64>, attempts: &[Attempt]) -> i64 {
    if kind == "Wait" {
        return duration_ms.unwrap_or(0);
    }
    let of_attempt = |attempt: &Attempt| {
        let is_token = attempt
            .resource
            .as_ref()
            .is_some_and(|resource| resource.ends_with(TOKEN));
        let ended = attempt.ended_at.filter(|_| is_token);
        attempt.wait_before_ms + ended.map_or(0, |ended| ended.since(attempt.started_at))
    };
    attempts.iter().map(of_attempt).sum()
}

/// The id of a request in what a service answered: in the SDK's metadata, or in the words of a failure.
fn request_id(text: &str) -> Option<String> {
    let told = document(text);
    let of_metadata = told
        .get("SdkResponseMetadata")
        .and_then(|metadata| metadata.get("RequestId")?.as_str());
    if let Some(id) = of_metadata {
        return Some(id.to_owned());
    }
    // `… Request ID: <id>)` of an SDK integration, `RequestId: <id> Error: …` of a function that ended by itself.
    let words = told.get("errorMessage").and_then(Value::as_str);
    let words = words.unwrap_or(text);
    let rest = ["Request ID: ", "RequestId: "]
        .iter()
        .find_map(|mark| words.split_once(mark))?
        .1;
    let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    Some(rest.get(..end.unwrap_or(rest.len()))?.to_owned()).filter(|id| !id.is_empty())
}
