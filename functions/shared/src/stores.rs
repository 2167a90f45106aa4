//! The stores that most functions use, from their settings.

use aws_config::SdkConfig;

use crate::identity::JobId;
use crate::jobs::Jobs;
use crate::location::Places;
use crate::plan::{self, Plan};
use crate::settings::{self, Setting};
use crate::storage::{Error, Objects};

/// Job table and output bucket.
#[derive(Debug, Clone)]
pub struct Stores {
    /// The job table.
    pub jobs: Jobs,
    /// S3.
    pub objects: Objects,
    /// Bucket of everything that VideoFlow writes.
    pub output_bucket: String,
}

impl Stores {
    /// The stores that `JOBS_TABLE_NAME` and `OUTPUT_BUCKET_NAME` name.
    ///
    /// # Errors
    /// [`settings::Error::Missing`].
    pub fn from_settings(config: &SdkConfig) -> Result<Self, settings::Error> {
        Ok(Self {
            jobs: Jobs::new(
                aws_sdk_dynamodb::Client::new(config),
                settings::read(Setting::JobsTableName)?,
            ),
            objects: Objects::new(aws_sdk_s3::Client::new(config)),
            output_bucket: settings::read(Setting::OutputBucketName)?,
        })
    }

    /// Places of a job in the output bucket.
    pub fn places<'a>(&'a self, job: &'a JobId) -> Places<'a> {
        Places::new(&self.output_bucket, job)
    }

    /// The plan of a job; `None` when there is none.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn plan(&self, job: &JobId) -> Result<Option<Plan>, Error> {
        plan::read(&self.objects, &self.output_bucket, job).await
    }
}
