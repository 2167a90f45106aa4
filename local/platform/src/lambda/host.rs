//! Warm processes per function, bounded concurrency, timeouts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;

use super::function::Function;
use super::process::Process;
use super::runtime_api::{Invocation, Outcome};

/// Processes of one function at a time. They mostly wait for the platform, so more than the cores of a laptop
/// is useful; a Map over forty parts must not start forty of them.
const MAX_PROCESSES: usize = 8;

/// Bytes of a log in the answer of an invocation: Lambda's own limit.
const MAX_TAIL_BYTES: usize = 4096;

/// Why an invocation could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No function has this name.
    #[error("Function not found: {0}")]
    FunctionNotFound(String),
    /// The binary cannot be started.
    #[error("cannot start {binary}: {source}")]
    NotStarted {
        /// The executable.
        binary: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The host is shutting down.
    #[error("the Lambda host is shutting down")]
    ShuttingDown,
}

/// Answer of an invocation that began.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The function's result, or AWS's error document `{"errorType", "errorMessage", …}`.
    pub payload: Value,
    /// `Unhandled` if the function failed.
    pub function_error: Option<&'static str>,
    /// Request id, which is also the name of the log file.
    pub request_id: String,
}

struct Slot {
    function: Function,
    idle: Mutex<Vec<Process>>,
    permits: Semaphore,
}

/// Runs functions on demand.
pub struct Host {
    slots: BTreeMap<String, Slot>,
    log_folder: PathBuf,
}

impl Host {
    /// A host for `functions` that writes logs to `log_folder/<function>/<request id>.log`.
    pub fn new(functions: impl IntoIterator<Item = Function>, log_folder: PathBuf) -> Self {
        let slot = |function: Function| {
            let slot = Slot {
                idle: Mutex::default(),
                permits: Semaphore::new(MAX_PROCESSES),
                function,
            };
            (slot.function.name.clone(), slot)
        };
        Self {
            slots: functions.into_iter().map(slot).collect(),
            log_folder,
        }
    }

    /// The function that a name or ARN means: `inspect-file`, `videoflow-local-inspect-file`, or any of its ARNs.
    pub fn function(&self, name_or_arn: &str) -> Option<&Function> {
        Some(&self.slot(name_or_arn)?.function)
    }

    /// All functions, by name.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.slots.values().map(|slot| &slot.function)
    }

    /// The end of an invocation's log, given the function's name without prefix; empty if there is none.
    pub async fn log_tail(&self, function: &str, request_id: &str) -> Vec<u8> {
        let file = self
            .log_folder
            .join(function)
            .join(format!("{request_id}.log"));
        let mut log = tokio::fs::read(file).await.unwrap_or_default();
        log.split_off(log.len().saturating_sub(MAX_TAIL_BYTES))
    }

    fn slot(&self, name_or_arn: &str) -> Option<&Slot> {
        let name = match name_or_arn.strip_prefix("arn:aws:lambda:") {
            Some(rest) => rest.split(':').nth(3)?,
            None => name_or_arn.split(':').next()?,
        };
        self.slots.get(name).or_else(|| {
            self.slots
                .values()
                .find(|slot| slot.function.full_name == name)
        })
    }

    /// Runs one invocation to its end.
    ///
    /// # Errors
    /// [`Error`] if it could not begin. A function that fails, crashes or takes too long is an [`Answer`].
    pub async fn invoke(&self, name_or_arn: &str, payload: &Value) -> Result<Answer, Error> {
        let slot = self
            .slot(name_or_arn)
            .ok_or_else(|| Error::FunctionNotFound(name_or_arn.to_owned()))?;
        let _permit = slot
            .permits
            .acquire()
            .await
            .map_err(|_| Error::ShuttingDown)?;
        let warm = slot.take_warm();
        let process = match warm {
            Some(process) => process,
            None => Process::spawn(&slot.function, &self.log_folder.join(&slot.function.name))
                .await
                .map_err(|source| Error::NotStarted {
                    binary: slot.function.binary.clone(),
                    source,
                })?,
        };
        let request_id = Uuid::new_v4().to_string();
        let (outcome, process) = run(process, &slot.function, &request_id, payload).await;
        if let Some(process) =
            process.filter(|process| process.is_alive() && !slot.permits.is_closed())
        {
            slot.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(process);
        }
        Ok(answer(request_id, outcome))
    }

    /// Ends all idle processes and refuses new invocations. Processes at work end with their invocation.
    pub fn shut_down(&self) {
        for slot in self.slots.values() {
            slot.permits.close();
            slot.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
        }
    }
}

impl Slot {
    fn take_warm(&self) -> Option<Process> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Process::is_alive);
        idle.pop()
    }
}

/// One invocation; the process comes back if it may serve another.
async fn run(
    process: Process,
    function: &Function,
    request_id: &str,
    payload: &Value,
) -> (Outcome, Option<Process>) {
    let timeout = Duration::from_secs(u64::from(function.timeout_seconds));
    let (reply, outcome) = oneshot::channel();
    let invocation = Invocation {
        request_id: request_id.to_owned(),
        payload: Bytes::from(payload.to_string()),
        deadline_ms: deadline_ms(timeout),
        reply,
    };
    process.send(invocation).await;
    tokio::select! {
        biased;
        Ok(outcome) = outcome => (outcome, Some(process)),
        reason = process.exited() => (failed("Runtime.ExitError", request_id, &reason), None),
        () = tokio::time::sleep(timeout) => {
            let reason = format!("Task timed out after {}.00 seconds", function.timeout_seconds);
            (failed("Sandbox.Timedout", request_id, &reason), None)
        }
    }
}

fn failed(error_type: &str, request_id: &str, reason: &str) -> Outcome {
    let message = format!("RequestId: {request_id} Error: {reason}");
    Outcome::Failed(json!({"errorType": error_type, "errorMessage": message}))
}

fn deadline_ms(timeout: Duration) -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from((now + timeout).as_millis()).unwrap_or(i64::MAX)
}

fn answer(request_id: String, outcome: Outcome) -> Answer {
    let (payload, function_error) = match outcome {
        Outcome::Succeeded(body) => match parse(&body) {
            Ok(payload) => (payload, None),
            Err(error) => {
                let message =
                    format!("RequestId: {request_id} Error: the result is no JSON: {error}");
                (
                    json!({"errorType": "Runtime.MalformedResponse", "errorMessage": message}),
                    Some("Unhandled"),
                )
            }
        },
        Outcome::Failed(document) => (document, Some("Unhandled")),
    };
    Answer {
        payload,
        function_error,
        request_id,
    }
}

/// An empty result is JSON's null, as Lambda has it.
fn parse(body: &[u8]) -> serde_json::Result<Value> {
    if body.is_empty() {
        Ok(Value::Null)
    } else {
        serde_json::from_slice(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        let function = |name: &str| Function {
            name: name.to_owned(),
            full_name: format!("videoflow-local-{name}"),
            arn: format!("arn:aws:lambda:us-east-1:000000000000:function:videoflow-local-{name}:1"),
            binary: PathBuf::from("/nowhere").join(name),
            environment: BTreeMap::new(),
            memory_mb: 128,
            timeout_seconds: 1,
        };
        Host::new(
            [function("inspect-file"), function("write-brief")],
            PathBuf::from("/nowhere/logs"),
        )
    }

    #[test]
    fn finds_functions_by_name_and_arn() {
        let check = |given: &str, expected: Option<&str>| {
            let host = host();
            assert_eq!(
                host.function(given).map(|function| function.name.as_str()),
                expected,
                "{given}"
            );
        };
        check("inspect-file", Some("inspect-file"));
        check("videoflow-local-inspect-file", Some("inspect-file"));
        check("videoflow-local-inspect-file:1", Some("inspect-file"));
        check(
            "arn:aws:lambda:us-east-1:000000000000:function:videoflow-local-write-brief",
            Some("write-brief"),
        );
        check(
            "arn:aws:lambda:us-east-1:000000000000:function:videoflow-local-write-brief:1",
            Some("write-brief"),
        );
        check(
            "arn:aws:lambda:us-east-1:000000000000:function:videoflow-local-other:1",
            None,
        );
        check("", None);
    }

    #[test]
    fn answers_follow_the_invoke_api() {
        let check = |outcome: Outcome, payload: Value, function_error: Option<&str>| {
            let answer = answer("r-1".to_owned(), outcome);
            assert_eq!(
                (answer.payload, answer.function_error),
                (payload, function_error)
            );
        };
        check(
            Outcome::Succeeded(Bytes::from_static(b"{\"a\":1}")),
            json!({"a": 1}),
            None,
        );
        check(Outcome::Succeeded(Bytes::new()), Value::Null, None);
        check(
            failed(
                "Sandbox.Timedout",
                "r-1",
                "Task timed out after 1.00 seconds",
            ),
            json!({
                "errorType": "Sandbox.Timedout",
                "errorMessage": "RequestId: r-1 Error: Task timed out after 1.00 seconds"
            }),
            Some("Unhandled"),
        );
    }

    #[tokio::test]
    async fn tells_a_binary_that_is_missing() {
        let error = host()
            .invoke("inspect-file", &Value::Null)
            .await
            .map_err(|error| error.to_string());
        assert!(error.is_err_and(|error| error.starts_with("cannot start /nowhere/inspect-file")));
    }

    /// Runs a script in place of a function and answers the error and what it logged.
    async fn run_script(script: &str) -> anyhow::Result<(Value, String)> {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir()?;
        let binary = folder.path().join("script");
        std::fs::write(&binary, script)?;
        std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755))?;
        let mut function = host().function("inspect-file").cloned();
        if let Some(function) = &mut function {
            function.binary = binary;
        }
        let host = Host::new(function, folder.path().join("logs"));
        let answer = host.invoke("inspect-file", &json!({})).await?;
        let log = folder
            .path()
            .join(format!("logs/inspect-file/{}.log", answer.request_id));
        Ok((answer.payload, std::fs::read_to_string(log)?))
    }

    #[tokio::test]
    async fn a_crash_and_a_timeout_are_answers_of_their_own() -> anyhow::Result<()> {
        let check = |script: &'static str, error_type: &'static str, reason: &'static str| async move {
            let (error, log) = run_script(script).await?;
            assert_eq!(error["errorType"], json!(error_type));
            let message = error["errorMessage"].as_str().unwrap_or_default();
            assert!(message.ends_with(reason), "{message}");
            anyhow::Ok(log)
        };
        let exited = "Runtime exited with error: exit status 3";
        check("#!/bin/sh\nexit 3\n", "Runtime.ExitError", exited).await?;
        let timed_out = "Task timed out after 1.00 seconds";
        let log = check(
            "#!/bin/sh\necho begun\nexec tail -f /dev/null\n",
            "Sandbox.Timedout",
            timed_out,
        )
        .await?;
        assert_eq!(log, "begun\n");
        Ok(())
    }
}
