//! Checks what a transcode left in `media/<job>/` and writes it down: `GetJob` names no files.
//!
//! Reads the plan, a listing, the master manifests and the frame captures; writes poster, sprite sheet and the ledger's
//! result. Repeating it brings the same answer: everything it reads is there before the first call.

use aws_config::SdkConfig;
use serde::{Deserialize, Serialize};
use serde_json::json;
use videoflow_shared::identity::{JobId, Stage};
use videoflow_shared::ledger::Ledger;
use videoflow_shared::location::S3Uri;
use videoflow_shared::plan::Plan;
use videoflow_shared::renditions::Renditions;
use videoflow_shared::settings;
use videoflow_shared::stores::Stores;
use videoflow_shared::{from_storage_error, manifests};

mod inventory;
mod picture;
mod pictures;
mod sheet;
mod warnings;

pub use inventory::Inventory;
pub use warnings::ServiceWarning;

/// Why the renditions cannot be used.
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
    /// The job has no plan. Final.
    #[error("no plan of {0}")]
    PlanNotFound(JobId),
    /// The transcode did not write what it was asked to. Final.
    #[error("missing or empty: {0}")]
    RenditionMissing(String),
    /// The source is not the file any more that the plan was made for; the newer upload has a job of its own. Final.
    #[error(
        "{0} was replaced while it was processed: nothing of this upload is published, and the newer one has a job of its own"
    )]
    SourceReplaced(S3Uri),
    /// The source does not exist any more. Final.
    #[error(
        "{0} was deleted while it was processed: nothing of it is published; upload it again if it is wanted"
    )]
    SourceGone(S3Uri),
}

from_storage_error!(Error);

/// Input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
    /// `MediaConvert`'s job.
    pub service_job_id: String,
    /// What it found odd.
    #[serde(default)]
    pub warnings: Vec<ServiceWarning>,
    /// Duration of its longest output, in milliseconds; 0: it does not tell.
    #[serde(default)]
    pub transcoded_ms: u64,
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
    pub async fn handle(&self, input: Input) -> Result<Renditions, Error> {
        let job = &input.job_id;
        let plan = self
            .stores
            .plan(job)
            .await?
            .ok_or_else(|| Error::PlanNotFound(job.clone()))?;
        let folder = self.stores.places(job).media("");
        let listed = self.stores.objects.list(&folder).await?;
        let inventory = Inventory::new(folder, &listed);
        let mut renditions = inventory
            .renditions(&plan)
            .map_err(Error::RenditionMissing)?;
        let hls = self.manifest(&renditions.stream.hls).await?;
        let dash = self.manifest(&renditions.stream.dash).await?;
        let mut missing = missing(
            &renditions.stream.hls,
            &inventory,
            manifests::hls_references(&hls),
        )?;
        let of_dash = manifests::dash_references(&dash);
        missing.extend(self::missing(&renditions.stream.dash, &inventory, of_dash)?);
        if !missing.is_empty() {
            return Err(Error::RenditionMissing(inventory::named(&missing)));
        }
        self.check_source(&plan).await?;
        renditions.stream.variants = manifests::hls_variants(&hls);
        renditions.warnings = warnings::in_words(&input.warnings);
        renditions.transcoded_ms = Some(input.transcoded_ms).filter(|duration| *duration > 0);
        self.add_pictures(job, &inventory, &mut renditions).await?;
        let ledger = Ledger::new(&self.stores.jobs);
        // Overtaken: a newer attempt owns the stage, and its own collection will record it.
        ledger
            .succeeded(
                job,
                Stage::Transcode,
                &input.service_job_id,
                &json!(renditions),
            )
            .await?;
        Ok(renditions)
    }

    /// The text of a manifest.
    async fn manifest(&self, manifest: &S3Uri) -> Result<String, Error> {
        let text = self.stores.objects.get_text(manifest).await?;
        text.ok_or_else(|| Error::RenditionMissing(manifest.to_string()))
    }

    /// Makes poster and sprite sheet of the frame captures.
    async fn add_pictures(
        &self,
        job: &JobId,
        inventory: &Inventory,
        renditions: &mut Renditions,
    ) -> Result<(), Error> {
        let (objects, places) = (&self.stores.objects, self.stores.places(job));
        renditions.poster = pictures::poster(objects, places, &inventory.posters()).await?;
        let thumbnails = &renditions.thumbnails;
        renditions.sprite = pictures::sprite(
            objects,
            places,
            thumbnails,
            thumbnails.interval_ms.unwrap_or(renditions.duration_ms),
            renditions.duration_ms,
        )
        .await?;
        Ok(())
    }

    /// `MediaConvert` reads a key without a version: were these the planned bytes?
    async fn check_source(&self, plan: &Plan) -> Result<(), Error> {
        let source = S3Uri::new(&plan.source.bucket, &plan.source.key);
        match self.stores.objects.head(&source, None).await? {
            Some(head) if head.etag == plan.source.etag => Ok(()),
            Some(_) => Err(Error::SourceReplaced(source)),
            None => Err(Error::SourceGone(source)),
        }
    }
}

/// Files that a manifest names and the listing lacks.
fn missing(
    manifest: &S3Uri,
    inventory: &Inventory,
    names: Vec<String>,
) -> Result<Vec<String>, Error> {
    if names.is_empty() {
        return Err(Error::RenditionMissing(format!(
            "everything that {manifest} should name"
        )));
    }
    Ok(names
        .into_iter()
        .map(|name| format!("stream/{name}"))
        .filter(|name| !inventory.has(name))
        .collect())
}
