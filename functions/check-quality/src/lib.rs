//! Judges what is about to be published by its bytes: the document, the media files and whether they belong together.
//!
//! Media files are read by ranges: their index, frames of the sound, all frame captures. Of segments only the listing is
//! looked at. Writes every fault to `work/<job>/quality.json`, and `QualityScore` and `QualityResults` (the first faults
//! of each check) to the job item, with `ReviewEvidence` where a person has to look. Repeating it judges again.

use aws_config::SdkConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use videoflow_shared::brief::Brief;
use videoflow_shared::identity::JobId;
use videoflow_shared::location::S3Uri;
use videoflow_shared::plan::Plan;
use videoflow_shared::profiles::{self, Profile};
use videoflow_shared::stores::Stores;
use videoflow_shared::timeline::Timeline;
use videoflow_shared::{from_storage_error, settings};

pub mod checks;
mod cues;
pub mod evidence;
mod gather;
pub mod manifests;
pub mod media;
pub mod review;
mod verdict;

pub use verdict::{Report, Verdict};

use gather::{Documents, gather};

/// Why there is no verdict.
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
    /// The job has no brief or timeline. Final.
    #[error("{0} is not there")]
    BriefNotFound(S3Uri),
}

from_storage_error!(Error);

/// Input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
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
        Ok(Self::new(Stores::from_settings(config)?))
    }

    /// The function on these stores.
    pub fn new(stores: Stores) -> Self {
        Self { stores }
    }

    /// Handles one invocation.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn handle(&self, input: Input) -> Result<Verdict, Error> {
        let job = &input.job_id;
        let plan = self
            .stores
            .plan(job)
            .await?
            .ok_or_else(|| Error::PlanNotFound(job.clone()))?;
        let profile = profiles::find(&plan.profile);
        let profile = profile
            .ok_or_else(|| Error::RecordUnreadable(format!("no profile `{}`", plan.profile)))?;
        let (report, shown) = self.judge(job, &plan, profile).await?;
        let uri = self.stores.places(job).work("quality.json");
        self.stores.objects.put_json(&uri, &report).await?;
        let mut attributes = Map::new();
        attributes.insert("QualityScore".to_owned(), json!(report.score));
        attributes.insert("QualityResults".to_owned(), json!(report.shortened()));
        if let Some((evidence, _)) = &shown {
            attributes.insert("ReviewEvidence".to_owned(), json!(evidence));
        }
        self.stores.jobs.update(job, &attributes).await?;
        Ok(report.verdict(uri, shown))
    }

    async fn judge(
        &self,
        job: &JobId,
        plan: &Plan,
        profile: &Profile,
    ) -> Result<(Report, Option<(review::Evidence, String)>), Error> {
        let places = self.stores.places(job);
        let document: Value = self.document(places.work("brief.json")).await?;
        // A document that is not even a brief has nothing else to judge.
        let Ok(brief) = serde_json::from_value::<Brief>(document.clone()) else {
            let report = Report::new(checks::unreadable(&document), None, profile);
            return Ok((report, None));
        };
        let timeline: Timeline = self.document(places.work("timeline.json")).await?;
        let documents = Documents {
            plan,
            document: &document,
            brief: &brief,
            timeline: &timeline,
            thresholds: profile.quality,
        };
        let evidence = gather(&self.stores.objects, documents).await?;
        let report = Report::new(checks::all(&evidence), Some(&brief), profile);
        let reason = report.review_reason.as_deref().filter(|_| report.passed);
        let shown = reason.map(|reason| {
            let shown = review::evidence(&brief, &timeline, places.work("brief.json"));
            let notice = review::notice(job, reason, &shown);
            (shown, notice)
        });
        Ok((report, shown))
    }

    async fn document<T: DeserializeOwned>(&self, uri: S3Uri) -> Result<T, Error> {
        let document = self.stores.objects.get_json(&uri).await?;
        document.ok_or(Error::BriefNotFound(uri))
    }
}
