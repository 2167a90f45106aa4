//! Starting a paid service job by the ledger: the one procedure behind every start function.

use serde::Serialize;
use serde_json::Value;
use tracing::info;

use crate::error;
use crate::identity::{JobId, Stage, service_token};
use crate::jobs::Jobs;
use crate::ledger::{Ledger, Step, Written, next_step};
use crate::storage;

/// Rounds of reading and deciding: each lost race is another invocation's progress, so few are ever needed.
const ROUNDS_LIMIT: usize = 5;
/// First wait for a job that runs since an earlier invocation or is done: soon, but not at once.
const RESUMED_WAIT_SECONDS: u32 = 1;

/// How a service job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It works or has succeeded: its poll will tell.
    Alive,
    /// It failed, was cancelled, or the service does not know it any more.
    Lost,
}

/// A service that works on a stage.
pub trait StageService {
    /// How the job of this id is.
    fn condition(
        &self,
        service_job_id: &str,
    ) -> impl Future<Output = Result<Condition, error::Error>>;

    /// Starts a job under a token (or name); the same token again brings the id of the same job.
    fn start(
        &self,
        token: &str,
        attempt: u32,
    ) -> impl Future<Output = Result<String, error::Error>>;
}

/// What a start function answers to its machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// Whether `result` is here already.
    pub is_reused: bool,
    /// The service's id of the job.
    pub service_job_id: Option<String>,
    /// Seconds until the first poll, at least 1.
    pub first_wait_seconds: u32,
    /// The result of an earlier run.
    pub result: Option<Value>,
}

/// Failure of a start. The names are the functions' own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such job.
    #[error("no job {0}")]
    JobNotFound(JobId),
    /// The ledger could not be read or written.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The service did not start the job.
    #[error(transparent)]
    Service(#[from] error::Error),
}

/// Lets `?` turn [`Error`] into the function's own variants of the same names.
#[macro_export]
macro_rules! from_start_error {
    ($error:ty) => {
        $crate::from_storage_error!($error);
        $crate::from_service_error!($error);
        impl From<$crate::service_job::Error> for $error {
            fn from(error: $crate::service_job::Error) -> Self {
                match error {
                    $crate::service_job::Error::JobNotFound(job) => {
                        Self::JobNotFound(job.to_string())
                    }
                    $crate::service_job::Error::Storage(error) => error.into(),
                    $crate::service_job::Error::Service(error) => error.into(),
                }
            }
        }
    };
}

/// Brings a stage to a running job or to its result, whatever happened before: repeating it starts nothing twice.
///
/// # Errors
/// All of [`Error`].
pub async fn start_stage<S: StageService>(
    jobs: &Jobs,
    job: &JobId,
    stage: Stage,
    expected_seconds: u32,
    service: &S,
) -> Result<Started, Error> {
    let ledger = Ledger::new(jobs);
    for _ in 0..ROUNDS_LIMIT {
        let item = jobs
            .get(job)
            .await?
            .ok_or_else(|| Error::JobNotFound(job.clone()))?;
        let (attempt, is_new) = match next_step(item.stages.get(&stage)) {
            Step::Reuse {
                service_job_id,
                result,
            } => {
                info!(%stage, "reused");
                return Ok(Started {
                    is_reused: true,
                    service_job_id,
                    first_wait_seconds: 1,
                    result: Some(result),
                });
            }
            Step::Ask {
                attempt,
                service_job_id,
            } => match service.condition(&service_job_id).await? {
                Condition::Alive => return Ok(running(service_job_id, RESUMED_WAIT_SECONDS)),
                Condition::Lost => (attempt + 1, true),
            },
            Step::Resume { attempt } => (attempt, false),
            Step::Begin { attempt } => (attempt, true),
        };
        if is_new && ledger.begin(job, stage, attempt).await? == Written::Overtaken {
            continue;
        }
        let id = service
            .start(&service_token(job, stage, attempt), attempt)
            .await?;
        info!(%stage, attempt, service_job_id = id, "started");
        if ledger.running(job, stage, attempt, &id).await? == Written::Done {
            return Ok(running(id, expected_seconds.max(1)));
        }
    }
    let message =
        format!("{job} {stage}: the ledger changed {ROUNDS_LIMIT} times while it was read");
    Err(storage::Error::StorageFailed(message).into())
}

fn running(id: String, first_wait_seconds: u32) -> Started {
    Started {
        is_reused: false,
        service_job_id: Some(id),
        first_wait_seconds,
        result: None,
    }
}
