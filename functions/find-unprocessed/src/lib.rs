//! Finds the objects of a batch that no job knows.
//!
//! Idempotent: it only reads.

use aws_config::SdkConfig;
use serde::{Deserialize, Serialize};
use videoflow_shared::intake::job_id;
use videoflow_shared::jobs::Jobs;
use videoflow_shared::location::S3Uri;
use videoflow_shared::settings::{Setting, read};
use videoflow_shared::storage::Objects;

/// Objects of a batch, as reconcile-library's `ItemBatcher` makes them.
pub const OBJECTS_LIMIT: usize = 100;

/// Input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Bucket.
    pub bucket: String,
    /// Objects, at most [`OBJECTS_LIMIT`].
    pub objects: Vec<Listed>,
}

/// An object of a listing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listed {
    /// Key.
    pub key: String,
    /// Size; not looked at: an empty object has a verdict too.
    #[serde(rename = "sizeBytes", default)]
    _size_bytes: Option<u64>,
}

/// Output.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// Objects that no job knows.
    pub unprocessed: Vec<Unprocessed>,
    /// Number of objects that were looked at.
    pub checked: usize,
}

/// An object that no job knows.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unprocessed {
    /// Key.
    pub key: String,
    /// Latest version.
    pub version_id: String,
}

/// Why the batch could not be checked.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The input is not in the documented shape, or the batch is too large. Final.
    #[error("{0}")]
    InvalidInput(String),
    /// S3 or `DynamoDB` failed. Transient.
    #[error("{0}")]
    StorageFailed(String),
    /// S3 or `DynamoDB` refused. Final.
    #[error("{0}")]
    StorageRefused(String),
    /// A job item is not in VideoFlow's shape. Final.
    #[error("{0}")]
    RecordUnreadable(String),
}

videoflow_shared::from_storage_error!(Error);

/// The function.
#[derive(Debug)]
pub struct Function {
    jobs: Jobs,
    objects: Objects,
}

impl Function {
    /// The function as deployed.
    ///
    /// # Errors
    /// A missing setting.
    pub fn from_settings(config: &SdkConfig) -> Result<Self, videoflow_shared::settings::Error> {
        Ok(Self {
            jobs: Jobs::new(
                aws_sdk_dynamodb::Client::new(config),
                read(Setting::JobsTableName)?,
            ),
            objects: Objects::new(aws_sdk_s3::Client::new(config)),
        })
    }

    /// Checks the batch, object by object: it is not urgent, and must not compete with uploads.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn handle(&self, input: Input) -> Result<Found, Error> {
        check_size(&input)?;
        let mut unprocessed = Vec::new();
        for object in &input.objects {
            let uri = S3Uri::new(&input.bucket, &object.key);
            // Deleted since it was listed: nothing to process.
            let Some(head) = self.objects.head(&uri, None).await? else {
                continue;
            };
            if self.jobs.get(&job_id(&uri, &head, None)).await?.is_none() {
                let version_id = head.version_id.unwrap_or_else(|| "null".to_owned());
                unprocessed.push(Unprocessed {
                    key: object.key.clone(),
                    version_id,
                });
            }
        }
        Ok(Found {
            unprocessed,
            checked: input.objects.len(),
        })
    }
}

fn check_size(input: &Input) -> Result<(), Error> {
    if input.objects.len() > OBJECTS_LIMIT {
        return Err(Error::InvalidInput(format!(
            "more than {OBJECTS_LIMIT} objects"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(input: &Value, is_valid: bool) {
        let parsed = serde_json::from_value::<Input>(input.clone());
        assert_eq!(
            parsed.is_ok_and(|input| check_size(&input).is_ok()),
            is_valid,
            "{input}"
        );
    }

    #[test]
    fn takes_the_documented_batches_only() {
        let object = json!({"key": "k", "sizeBytes": 0});
        check(&json!({"bucket": "b", "objects": []}), true);
        check(&json!({"bucket": "b", "objects": [{"key": "k"}]}), true);
        check(
            &json!({"bucket": "b", "objects": vec![object.clone(); 100]}),
            true,
        );
        check(&json!({"bucket": "b", "objects": vec![object; 101]}), false);
        check(
            &json!({"bucket": "b", "objects": [{"key": "k", "eTag": "e"}]}),
            false,
        );
        check(&json!({"objects": []}), false);
    }
}
