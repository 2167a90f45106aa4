//! The story of a job, read from files or from the Step Functions API.

mod api;
mod assembly;
mod backoff;
mod cause;
mod draft;
mod event;
mod files;
pub mod jobs;
mod logs;
mod measures;
mod outline;
mod places;
mod read;
mod runbook;
mod stations;
pub mod story;
mod text;
mod walk;

pub use files::find_folder;
pub use read::{read, read_execution, read_tree};
pub use text::text;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use event::Event;
use story::{Calls, Moment, Status};

/// Where histories come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Records of the local platform: a folder with `<machine>/<execution>.json`.
    Files(PathBuf),
    /// The Step Functions API, AWS's or a local one.
    Api(aws_sdk_sfn::Client),
}

/// Why something was not read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// There is no such execution: it never was, or its history is gone.
    #[error("its history is gone: Step Functions keeps it for 90 days after the end")]
    Gone,
    /// The caller may not.
    #[error("no permission: {0}")]
    Denied(String),
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// A child of a Distributed Map, as a list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// ARN.
    pub arn: String,
    /// How it stands.
    pub status: Status,
    /// Start.
    pub started_at: Moment,
    /// End.
    pub stopped_at: Option<Moment>,
}

/// Calls of APIs so far.
#[derive(Debug, Default)]
pub struct Meter {
    made: AtomicU64,
    throttled: AtomicU64,
}

impl Meter {
    /// One more call was answered.
    pub fn count(&self) {
        self.made.fetch_add(1, Ordering::Relaxed);
    }

    /// One more was refused because they were too many.
    pub fn count_throttled(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    fn calls(&self) -> Calls {
        Calls {
            made: self.made.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
        }
    }
}

impl Source {
    /// The events of an execution, oldest first.
    async fn events(&self, arn: &str, meter: &Meter) -> Result<Vec<Event>, Unreadable> {
        match self {
            Self::Files(folder) => files::events(folder, arn),
            Self::Api(client) => api::events(client, arn, meter).await,
        }
    }

    /// The first children of a Distributed Map's run, and whether there are more.
    async fn children(
        &self,
        map_run_arn: &str,
        meter: &Meter,
    ) -> Result<(Vec<Listed>, bool), Unreadable> {
        match self {
            Self::Files(folder) => files::children(folder, map_run_arn),
            Self::Api(client) => api::children(client, map_run_arn, meter).await,
        }
    }
}

/// The status that Step Functions calls so.
fn status(name: &str) -> Status {
    match name {
        "RUNNING" | "PENDING_REDRIVE" => Status::Running,
        "SUCCEEDED" => Status::Succeeded,
        "FAILED" => Status::Failed,
        "TIMED_OUT" => Status::TimedOut,
        "ABORTED" => Status::Aborted,
        _ => Status::Unknown,
    }
}
