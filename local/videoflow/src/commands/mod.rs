//! One file per command.

pub mod asl;
mod asl_bench;
mod asl_check;
mod asl_exec;
pub mod completions;
pub mod console;
pub mod cost;
pub mod decide;
pub mod delete;
pub mod dlq;
pub mod history;
pub mod jobs;
pub mod permissions;
mod place;
pub mod profiles;
pub mod redrive;
pub mod report;
pub mod run;
pub mod up;
pub mod watch;

use std::future::Future;
use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

/// Runs a command's work on a tokio runtime.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.context("cannot start the runtime")?.block_on(work)
}

/// The platform's own messages go to standard error; `VIDEOFLOW_LOG` chooses which (default: warnings).
fn log_to_stderr() {
    let filter =
        EnvFilter::try_from_env("VIDEOFLOW_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // A second subscriber in one process would be refused, and there is only one.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}
