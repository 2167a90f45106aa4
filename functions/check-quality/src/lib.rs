//! Judges what is about to be published: the document, the media files and whether they belong together.
//!
//! Writes `QualityScore` and `QualityResults` to the job item. Repeating it judges again.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use videoflow_shared::brief::Brief;
use videoflow_shared::identity::JobId;
use videoflow_shared::location::S3Uri;
use videoflow_shared::profiles::{self, Profile};
use videoflow_shared::stores::Stores;
use videoflow_shared::timeline::Timeline;
use videoflow_shared::{from_storage_error, manifests, settings};

pub mod checks;
mod verdict;

pub use verdict::Verdict;

use checks::Evidence;

/// Playlists of an HLS master that are read: a ladder has a handful.
const PLAYLISTS_LIMIT: usize = 20;

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
        Ok(Self {
            stores: Stores::from_settings(config)?,
        })
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
        let verdict = self.judge(job, profile).await?;
        let mut attributes = Map::new();
        attributes.insert("QualityScore".to_owned(), json!(verdict.score));
        attributes.insert("QualityResults".to_owned(), json!(verdict.results));
        self.stores.jobs.update(job, &attributes).await?;
        Ok(verdict)
    }

    async fn judge(&self, job: &JobId, profile: &Profile) -> Result<Verdict, Error> {
        let places = self.stores.places(job);
        let uri = places.work("brief.json");
        let document: Value = self
            .stores
            .objects
            .get_json(&uri)
            .await?
            .ok_or(Error::BriefNotFound(uri))?;
        // A document that is not even a brief has nothing else to judge.
        let Ok(brief) = serde_json::from_value::<Brief>(document.clone()) else {
            return Ok(verdict::unreadable(&document));
        };
        let uri = places.work("timeline.json");
        let timeline: Timeline = self
            .stores
            .objects
            .get_json(&uri)
            .await?
            .ok_or(Error::BriefNotFound(uri))?;
        let evidence = self.gather(&document, &brief, &timeline).await?;
        Ok(verdict::verdict(checks::all(&evidence), &brief, profile))
    }

    async fn gather<'a>(
        &self,
        document: &'a Value,
        brief: &'a Brief,
        timeline: &'a Timeline,
    ) -> Result<Evidence<'a>, Error> {
        let hls = &timeline.renditions.stream.hls;
        let folder = parent(&timeline.renditions.proxy);
        let listed = self.stores.objects.list(&folder).await?;
        let sizes = listed
            .into_iter()
            .map(|one| (one.key, one.size_bytes))
            .collect();
        let stream = parent(hls);
        let mut playlists = BTreeMap::new();
        let master = self.stores.objects.get_text(hls).await?.unwrap_or_default();
        for name in manifests::hls_references(&master)
            .into_iter()
            .take(PLAYLISTS_LIMIT)
        {
            let uri = S3Uri::new(&stream.bucket, format!("{}{name}", stream.key));
            playlists.insert(
                name,
                self.stores
                    .objects
                    .get_text(&uri)
                    .await?
                    .unwrap_or_default(),
            );
        }
        let dash = self
            .stores
            .objects
            .get_text(&timeline.renditions.stream.dash)
            .await?
            .unwrap_or_default();
        let mut subtitles = Vec::new();
        for one in &brief.subtitles {
            subtitles.push((
                one.uri.to_string(),
                self.stores
                    .objects
                    .get_text(&one.uri)
                    .await?
                    .unwrap_or_default(),
            ));
        }
        let mut outputs = Vec::new();
        for engine in &brief.provenance.engines {
            outputs.push(match &engine.output_uri {
                Some(uri) => self.stores.objects.get_json(uri).await?,
                None => None,
            });
        }
        Ok(Evidence {
            document,
            brief,
            timeline,
            sizes,
            stream,
            playlists,
            dash,
            subtitles,
            outputs,
        })
    }
}

/// Folder of an object, with the slash.
fn parent(uri: &S3Uri) -> S3Uri {
    let folder = uri.key.strip_suffix(uri.file_name()).unwrap_or(&uri.key);
    S3Uri::new(&uri.bucket, folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_end_with_a_slash() {
        let check =
            |key: &str, expected: &str| assert_eq!(parent(&S3Uri::new("b", key)).key, expected);
        check("media/j/proxy.mp4", "media/j/");
        check("media/j/stream/index.m3u8", "media/j/stream/");
        check("proxy.mp4", "");
    }
}
