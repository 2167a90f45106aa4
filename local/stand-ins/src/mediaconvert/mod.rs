//! AWS Elemental `MediaConvert` by ffmpeg and ffprobe.
//!
//! `Probe` reads what a file holds; `CreateJob`, `GetJob`, `CancelJob`, `ListJobs` and `SearchJobs` carry out real job settings, as far as
//! they are known ([`settings`], [`codec`]); others are refused with their path. [`planner`] finds the distinct streams of a job
//! ([`plan`]); [`command`] encodes each of them once and [`package`] copies them into the outputs, two runs of ffmpeg;
//! [`manifest`] describes the streams; [`upload`] puts the results into S3; [`run`] does one after the other. One job runs
//! at a time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use videoflow_platform::arn::last_part;
use videoflow_platform::names::unprefixed;
use videoflow_platform::service::{Call, Objects, Principal, Purpose, Service, ServiceError};

use crate::jobs::JobQueue;
use crate::{Config, temporary_folder};

mod answer;
mod automated;
mod codec;
mod command;
mod error;
mod geometry;
mod loudness;
mod manifest;
mod neutral;
mod package;
mod plan;
mod planner;
mod probe;
mod rate;
mod request;
mod run;
mod settings;
#[cfg(test)]
mod tests;
mod upload;
mod validate;
mod vocabulary;
mod workspace;

/// ffmpeg uses all cores by itself.
const CONCURRENT_JOBS: usize = 1;

/// `MediaConvert` remembers a client request token for about this long.
const TOKEN_MEMORY: Duration = Duration::from_mins(1);

/// A probe reads with the caller's rights.
const PROBE: Purpose = Purpose {
    read: "mediaconvert:Probe.input",
    write: "",
};
/// A job works with those of the role that it is given.
const JOB: Purpose = Purpose {
    read: "mediaconvert:ReadInput",
    write: "mediaconvert:WriteOutput",
};

/// The service.
pub struct MediaConvert {
    objects: Arc<dyn Objects>,
    scratch: PathBuf,
    jobs: JobQueue,
}

impl MediaConvert {
    /// The service with its records and temporary files below the scratch directory.
    pub fn new(config: &Config) -> Self {
        let jobs = JobQueue::open_forgetful(
            config.scratch.join("jobs/mediaconvert"),
            CONCURRENT_JOBS,
            Some(TOKEN_MEMORY),
        );
        let service = Self {
            objects: Arc::clone(&config.objects),
            scratch: temporary_folder(config, "mediaconvert"),
            jobs,
        };
        service
            .jobs
            .take_up(|job, progress| request::again(&service, job, progress));
        service
    }

    /// The objects as a role sees them, given its ARN.
    fn objects_of(&self, role: &str) -> Arc<dyn Objects> {
        let role = Principal(unprefixed(last_part(role)).to_owned());
        self.objects.with_rights_of(&role, JOB)
    }
}

#[async_trait]
impl Service for MediaConvert {
    fn name(&self) -> &'static str {
        "mediaconvert"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        match call.operation.as_str() {
            "Probe" => {
                let objects = self.objects.with_rights_of(&call.principal, PROBE);
                probe::probe(&objects, call.parameters).await
            }
            "CreateJob" => request::create(self, call.parameters),
            "GetJob" => request::get(self, call.parameters),
            "CancelJob" => request::cancel(self, call.parameters),
            "ListJobs" => request::list(self, call.parameters),
            "SearchJobs" => request::search(self, call.parameters),
            other => Err(ServiceError::unknown_operation(other)),
        }
    }
}
