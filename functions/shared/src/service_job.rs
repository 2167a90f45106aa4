//! Starting a paid service job by the ledger: the one procedure behind every start function.

use serde::Serialize;
use serde_json::Value;
use tracing::info;

use crate::error;
use crate::identity::{JobId, Stage, service_token};
use crate::jobs::Jobs;
use crate::ledger::{Ledger, Step, Written, next_step};

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

    /// The job that was started under a token earlier. The service is asked only where it forgets tokens: elsewhere
    /// [`StageService::start`] under the same token (or name) finds the job itself.
    fn find(&self, _token: &str) -> impl Future<Output = Result<Option<String>, error::Error>> {
        std::future::ready(Ok(None))
    }

    /// Starts a job under a token (or name); the same token again brings the id of the same job, for as long as the
    /// service remembers it.
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

/// Why no service job could be started: the errors of every start function.
#[derive(
    Debug, Clone, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames,
)]
pub enum Error {
    /// The input is not in the documented shape. Final.
    #[error("{0}")]
    InvalidInput(String),
    /// There is no such job. Final.
    #[error("no job {0}")]
    JobNotFound(String),
    /// The job has no plan. Final.
    #[error("job {0} has no plan")]
    PlanNotFound(String),
    /// S3 or `DynamoDB` failed. Transient.
    #[error("{0}")]
    StorageFailed(String),
    /// S3 or `DynamoDB` refused. Final.
    #[error("{0}")]
    StorageRefused(String),
    /// The plan or the job item is not in VideoFlow's shape. Final.
    #[error("{0}")]
    RecordUnreadable(String),
    /// The service is throttling, or has no slot free. Transient.
    #[error("{0}")]
    ServiceThrottled(String),
    /// The service failed. Transient.
    #[error("{0}")]
    ServiceFailed(String),
    /// The service refused what it was asked. Final.
    #[error("{0}")]
    ServiceRefused(String),
}

crate::from_storage_error!(Error);
crate::from_service_error!(Error);

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
            .ok_or_else(|| Error::JobNotFound(job.to_string()))?;
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
            Step::Resume { attempt } => {
                let found = service.find(&service_token(job, stage, attempt)).await?;
                if let Some(id) = found {
                    info!(%stage, attempt, service_job_id = id, "found");
                    if ledger.running(job, stage, attempt, &id).await? == Written::Overtaken {
                        continue;
                    }
                    return Ok(running(id, RESUMED_WAIT_SECONDS));
                }
                (attempt, false)
            }
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
    Err(Error::StorageFailed(message))
}

fn running(id: String, first_wait_seconds: u32) -> Started {
    Started {
        is_reused: false,
        service_job_id: Some(id),
        first_wait_seconds,
        result: None,
    }
}
