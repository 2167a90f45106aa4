//! Follows Data Automation's `job_metadata.json` to its standard output and writes what it means (`meaning.json`).
//!
//! Repeating it writes the same document and the same result into the ledger.

use aws_config::SdkConfig;
use serde::{Deserialize, Serialize};
use serde_json::json;
use videoflow_shared::identity::{JobId, Stage};
use videoflow_shared::ledger::Ledger;
use videoflow_shared::location::S3Uri;
use videoflow_shared::meaning;
use videoflow_shared::storage::DOCUMENT_LIMIT_BYTES;
use videoflow_shared::stores::Stores;
use videoflow_shared::{from_storage_error, settings};

/// Why the meaning cannot be used.
#[derive(
    Debug, Clone, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames,
)]
pub enum Error {
    /// The input is not in the documented shape. Final.
    #[error("{0}")]
    InvalidInput(String),
    /// S3 or `DynamoDB` kept failing. Transient.
    #[error("{0}")]
    StorageFailed(String),
    /// S3 or `DynamoDB` refuses. Final.
    #[error("{0}")]
    StorageRefused(String),
    /// A stored document is not in our form. Final.
    #[error("{0}")]
    RecordUnreadable(String),
    /// There is no such job.
    #[error("no job {0}")]
    JobNotFound(JobId),
    /// Data Automation's output is not there, or not in its form.
    #[error("{0}")]
    MeaningUnreadable(String),
}

from_storage_error!(Error);

/// Input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
    /// `job_metadata.json`.
    pub output_uri: S3Uri,
}

/// Output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Output {
    /// Always `DONE`.
    pub status: String,
    /// `meaning.json`.
    pub meaning: S3Uri,
}

/// The function with its clients.
#[derive(Debug, Clone)]
pub struct Function {
    stores: Stores,
}

impl Function {
    /// The function as the environment sets it up.
    ///
    /// # Errors
    /// [`settings::Error::Missing`].
    pub fn from_settings(config: &SdkConfig) -> Result<Self, settings::Error> {
        Ok(Self {
            stores: Stores::from_settings(config)?,
        })
    }

    /// Handles one invocation.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn handle(&self, input: Input) -> Result<Output, Error> {
        let metadata = self.read(&input.output_uri).await?;
        let outputs = meaning::standard_outputs(&metadata);
        let outputs = outputs.map_err(|error| unreadable(&input.output_uri, &error))?;
        // One video is one asset with one segment; the others would be of other assets.
        let output = outputs
            .first()
            .ok_or_else(|| unreadable(&input.output_uri, &"no output"))?;
        let meaning = meaning::parse(&self.read(output).await?)
            .map_err(|error| unreadable(output, &error))?;
        let uri = self.stores.places(&input.job_id).work("meaning.json");
        self.stores.objects.put_json(&uri, &meaning).await?;
        let output = Output {
            status: "DONE".to_owned(),
            meaning: uri,
        };
        self.record(&input.job_id, &output).await?;
        Ok(output)
    }

    async fn read(&self, uri: &S3Uri) -> Result<Vec<u8>, Error> {
        let bytes = self.stores.objects.get(uri, DOCUMENT_LIMIT_BYTES).await?;
        bytes.ok_or_else(|| unreadable(uri, &"it is not there"))
    }

    /// The ledger knows the service's job; the input does not.
    async fn record(&self, job: &JobId, output: &Output) -> Result<(), Error> {
        let item = self
            .stores
            .jobs
            .get(job)
            .await?
            .ok_or_else(|| Error::JobNotFound(job.clone()))?;
        let id = item
            .stages
            .get(&Stage::Meaning)
            .and_then(|entry| entry.service_job_id.as_deref());
        if let Some(id) = id {
            Ledger::new(&self.stores.jobs)
                .succeeded(job, Stage::Meaning, id, &json!(output))
                .await?;
        }
        Ok(())
    }
}

fn unreadable(uri: &S3Uri, cause: &dyn std::fmt::Display) -> Error {
    Error::MeaningUnreadable(format!("{uri}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_document() {
        let uri = S3Uri::new("b", "k");
        assert_eq!(unreadable(&uri, &"gone").to_string(), "s3://b/k: gone");
        assert_eq!(<&str>::from(unreadable(&uri, &"gone")), "MeaningUnreadable");
    }
}
