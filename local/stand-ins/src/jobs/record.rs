//! The record of a job, and its file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

/// Code of the error of a job whose process ended before it did, and which cannot be done again.
pub const INTERRUPTED: &str = "Interrupted";

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobStatus {
    /// Waits for its turn.
    Submitted,
    /// Being worked on.
    Running,
    /// Done, with a result.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Cancelled by its owner.
    Cancelled,
}

impl JobStatus {
    /// Whether the job has ended.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Submitted | Self::Running)
    }
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobError {
    /// The service's code or error name.
    pub code: String,
    /// Message for the owner.
    pub message: String,
}

impl JobError {
    /// An error with this code and message.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }
}

/// One job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Id that the service gave out.
    pub id: String,
    /// The caller's idempotency token.
    pub token: Option<String>,
    /// The request as it came.
    pub request: Value,
    /// Where it stands.
    pub status: JobStatus,
    /// Progress, 0 to 100.
    pub percent: u8,
    /// What it is doing, in the service's words.
    pub phase: Option<String>,
    /// Result of a job that succeeded.
    pub result: Option<Value>,
    /// Error of a job that failed.
    pub error: Option<JobError>,
    /// Created at.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Work began at.
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    /// Ended at.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
}

/// Why a job could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The record cannot be written.
    #[error("the job record {path} cannot be written: {source}")]
    Unwritable {
        /// File of the record.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
}

/// File of a job's record.
pub(super) fn path(directory: &Path, id: &str) -> PathBuf {
    // Ids may hold characters that are no good in file names (ARNs have colons and slashes).
    let name: String = id
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    directory.join(format!("{name}.json"))
}

/// What a record is called while it is written; a killed process leaves it behind.
const PART_ENDING: &str = "part";

/// Writes a record whole or not at all. Two writes of the same job must not meet.
///
/// # Errors
/// `Unwritable`.
pub(super) fn write(directory: &Path, job: &Job) -> Result<(), Error> {
    let path = path(directory, &job.id);
    let attempt = || -> std::io::Result<()> {
        std::fs::create_dir_all(directory)?;
        let part = path.with_added_extension(PART_ENDING);
        let written = std::fs::write(&part, serde_json::to_vec(job)?);
        written
            .and_then(|()| std::fs::rename(&part, &path))
            .inspect_err(|_| {
                // The first error is the one to tell.
                let _ = std::fs::remove_file(&part);
            })
    };
    attempt().map_err(|source| Error::Unwritable {
        path: path.clone(),
        source,
    })
}

/// Every readable record of a directory. What a killed process had not written whole is removed.
pub(super) fn read_all(directory: &Path) -> Vec<Job> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let (parts, files): (Vec<PathBuf>, Vec<PathBuf>) = entries
        .flatten()
        .map(|entry| entry.path())
        .partition(|path| path.extension().is_some_and(|ending| ending == PART_ENDING));
    for part in parts {
        if let Err(error) = std::fs::remove_file(&part) {
            tracing::warn!(%error, part = %part.display(), "a part of a record stays");
        }
    }
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .filter_map(|path| serde_json::from_slice(&std::fs::read(path).ok()?).ok())
        .collect()
}
