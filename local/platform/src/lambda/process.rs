//! One process of a function with its Runtime API endpoint.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use super::function::Function;
use super::log::InvocationLog;
use super::program;
use super::runtime_api::{self, Invocation};

/// Variables of the platform's own environment that a function may see. Everything else stays out, so that a
/// developer's AWS credentials never reach a local function.
const INHERITED: [&str; 5] = ["PATH", "HOME", "TMPDIR", "RUST_LOG", "RUST_BACKTRACE"];

/// A running process.
pub(super) struct Process {
    invocations: mpsc::Sender<Invocation>,
    exit: watch::Receiver<Option<String>>,
    kill: Arc<Notify>,
    log: InvocationLog,
    endpoint: JoinHandle<()>,
}

impl Process {
    /// Spawns the function's binary; its output goes to `log_folder/<request id>.log`.
    pub(super) async fn spawn(function: &Function, log_folder: &Path) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let mut child = command(function, &address)?.spawn()?;
        let (invocations, receiver) = mpsc::channel(1);
        let endpoint = tokio::spawn(runtime_api::serve(listener, function.arn.clone(), receiver));
        let log = InvocationLog::new(log_folder.to_path_buf());
        if let Some(pipe) = child.stdout.take() {
            tokio::spawn(log.clone().copy(pipe));
        }
        if let Some(pipe) = child.stderr.take() {
            tokio::spawn(log.clone().copy(pipe));
        }
        let (exited, exit) = watch::channel(None);
        let kill = Arc::new(Notify::new());
        tokio::spawn(watch_over(child, Arc::clone(&kill), exited));
        Ok(Self {
            invocations,
            exit,
            kill,
            log,
            endpoint,
        })
    }

    /// Hands an invocation to the process.
    pub(super) async fn send(&self, invocation: Invocation) {
        self.log.begin(&invocation.request_id);
        // A closed channel means that the process is gone, which its exit tells better.
        let _ = self.invocations.send(invocation).await;
    }

    /// Waits for the end of the process and tells its reason in AWS's words.
    pub(super) async fn exited(&self) -> String {
        let mut exit = self.exit.clone();
        let reason = exit
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|reason| reason.clone());
        reason.unwrap_or_else(|| "Runtime exited without providing a reason".to_owned())
    }

    /// Is it still running?
    pub(super) fn is_alive(&self) -> bool {
        self.exit.borrow().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill.notify_one();
        self.endpoint.abort();
    }
}

async fn watch_over(mut child: Child, kill: Arc<Notify>, exited: watch::Sender<Option<String>>) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.notified() => {
            // It may have ended by itself in between, which is what is wanted.
            let _ = child.start_kill();
            child.wait().await
        }
    };
    exited.send_replace(Some(exit_reason(status.ok())));
}

fn command(function: &Function, runtime_api: &str) -> std::io::Result<Command> {
    let mut command = program::command(&function.binary)?;
    command
        .env_clear()
        .envs(
            INHERITED
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
        .envs(&function.environment)
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("AWS_LAMBDA_FUNCTION_NAME", &function.full_name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env(
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            function.memory_mb.to_string(),
        )
        .env(
            "AWS_LAMBDA_LOG_GROUP_NAME",
            format!("/aws/lambda/{}", function.full_name),
        )
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    Ok(command)
}

/// The sentence that Lambda puts into `Runtime.ExitError`.
fn exit_reason(status: Option<ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status {
        Some(status) if status.success() => "Runtime exited without providing a reason".to_owned(),
        Some(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
            (None, Some(signal)) => format!("Runtime exited with error: signal: {signal}"),
            (None, None) => "Runtime exited with error".to_owned(),
        },
        None => "Runtime exited without providing a reason".to_owned(),
    }
}
