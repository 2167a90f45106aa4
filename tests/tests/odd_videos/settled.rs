//! What the job table says of a job that is settled.

use serde_json::Value;
use videoflow_shared::identity::JobId;

use crate::support::up::Up;

/// A settled job.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// `JobStatus`.
    pub status: String,
    /// `ErrorDetails.error`; empty without one.
    pub error: String,
    /// `ErrorDetails.cause`; empty without one.
    pub cause: String,
    /// `SourceKey`.
    pub key: String,
}

impl Settled {
    /// A job as soon as it is settled.
    pub async fn wait(up: &Up, job: &JobId) -> Self {
        let item = up.settled(job).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            status: text(&item["JobStatus"]),
            error: text(&item["ErrorDetails"]["error"]),
            cause: text(&item["ErrorDetails"]["cause"]),
            key: text(&item["SourceKey"]),
        }
    }
}
