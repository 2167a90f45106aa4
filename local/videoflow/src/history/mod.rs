//! The tree of a job's executions, read from files or from the Step Functions API.

mod api;
mod event;
mod files;
mod render;
mod tree;

pub use files::find_folder;
pub use render::{json, text};
pub use tree::read_tree;

use std::path::PathBuf;

use videoflow_platform::step_functions::Description;

use event::Event;

/// Where histories come from.
pub enum Source {
    /// Records of the local platform: a folder with `<machine>/<execution>.json`.
    Files(PathBuf),
    /// The Step Functions API, AWS's or a local one.
    Api(aws_sdk_sfn::Client),
}

/// One execution as far as the tree needs it.
#[derive(Debug, Clone)]
pub struct Execution {
    /// `DescribeExecution`.
    pub description: Description,
    /// Its events, oldest first.
    pub events: Vec<Event>,
}

impl Source {
    /// ARN of the process-video execution that works or worked on a job. `None`: no such job.
    ///
    /// # Errors
    /// The source cannot be read.
    pub async fn find_job(&self, job: &str) -> anyhow::Result<Option<String>> {
        if job.starts_with("arn:") {
            return Ok(Some(job.to_owned()));
        }
        match self {
            Self::Files(folder) => Ok(files::find_job(folder, job)),
            Self::Api(client) => api::find_job(client, job).await,
        }
    }

    /// An execution by its ARN.
    ///
    /// # Errors
    /// The source cannot be read or has no such execution.
    pub async fn execution(&self, arn: &str) -> anyhow::Result<Execution> {
        match self {
            Self::Files(folder) => files::execution(folder, arn),
            Self::Api(client) => api::execution(client, arn).await,
        }
    }
}
