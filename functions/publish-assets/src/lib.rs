//! Publishes a brief: `published/<job>/` with `brief.json`, `.md`, `.html`, `quality.json` and subtitles, with content
//! types and cache headers; `OutputLocations` and `ActualCostUsd` on the job item.
//!
//! Repeating it writes the same files.

use aws_config::SdkConfig;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use tracing::info;
use videoflow_shared::brief::Brief;
use videoflow_shared::brief::page::{self, Page, Picture};
use videoflow_shared::identity::JobId;
use videoflow_shared::location::{Places, S3Uri};
use videoflow_shared::storage::Serving;
use videoflow_shared::stores::Stores;
use videoflow_shared::timeline::Timeline;
use videoflow_shared::transcript::Transcript;
use videoflow_shared::{from_storage_error, settings};

mod cost;
mod locations;

pub use locations::Locations;

/// Cache of documents: short, for a forced run may replace them.
const DOCUMENT_CACHE: &str = "private, max-age=300";
/// Bytes of a picture that is set into the page; larger ones are linked.
const PICTURE_BYTES: u64 = 200 * 1024;
/// Pictures that are set into the page.
const PICTURES_LIMIT: usize = 20;
/// Bytes of all of them: with four hours of speech the page stays below three megabytes.
const PICTURES_BYTES: u64 = 768 * 1024;

/// Why nothing was published.
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
    /// There is no such job. Final.
    #[error("no job {0}")]
    JobNotFound(JobId),
    /// The brief, or a document that it is made of, is not there. Final.
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

/// Output: what the event `VideoPublished` tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Output {
    /// `published/<job>/brief.json`.
    pub brief: S3Uri,
    /// Everything that was published.
    pub locations: Locations,
    /// Duration of the video.
    pub duration_ms: u64,
    /// BCP 47 code of the speech; `und` where there is none.
    pub language: String,
    /// What it cost.
    pub cost_usd: CostUsd,
}

/// Cost in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CostUsd {
    /// By the plan.
    pub predicted: f64,
    /// By what this run paid for.
    pub actual: f64,
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
        let id = &input.job_id;
        let job = self
            .stores
            .jobs
            .get(id)
            .await?
            .ok_or_else(|| Error::JobNotFound(id.clone()))?;
        let places = self.stores.places(id);
        let mut brief: Brief = self.document(&places.work("brief.json")).await?;
        let timeline: Timeline = self.document(&places.work("timeline.json")).await?;
        let transcript: Option<Transcript> = match &timeline.sources.transcript {
            Some(uri) => Some(self.document(uri).await?),
            None => None,
        };
        let plan = self.stores.plan(id).await?;
        let plan = plan.ok_or_else(|| Error::BriefNotFound(places.plan()))?;
        let drift_percent = cost::settle(&mut brief.cost, &plan, &job);
        let actual_cost_usd = brief.cost.actual_usd.unwrap_or(0.0);
        // A metric filter reads this line: the alarm cost-drift watches it.
        info!(
            actual_cost_usd,
            drift_percent,
            cost_drift_percent = drift_percent.abs(),
            "cost"
        );
        self.publish_subtitles(&mut brief, places).await?;
        self.publish_quality(places).await?;
        let words = self.publish_transcript(transcript.as_ref(), places).await?;
        let pictures = self.pictures(&brief).await?;
        let page = Page {
            brief: &brief,
            transcript: transcript.as_ref(),
            pictures: &pictures,
            stills: Some(&timeline.renditions.thumbnails),
        };
        let html = page::html(&page);
        let markdown = page::markdown(&page);
        self.put(
            &places.published("brief.html"),
            html,
            "text/html; charset=utf-8",
        )
        .await?;
        self.put(
            &places.published("brief.md"),
            markdown,
            "text/markdown; charset=utf-8",
        )
        .await?;
        let json = serde_json::to_string_pretty(&brief);
        let json =
            json.map_err(|error| Error::RecordUnreadable(format!("brief of {id}: {error}")))?;
        // The JSON last: where it is, everything is.
        let uri = places.published("brief.json");
        self.put(&uri, json, "application/json").await?;
        let locations = Locations::new(places, &brief, words, &timeline.renditions);
        let mut attributes = Map::new();
        attributes.insert("OutputLocations".to_owned(), json!(locations));
        attributes.insert("ActualCostUsd".to_owned(), json!(actual_cost_usd));
        self.stores.jobs.update(id, &attributes).await?;
        Ok(Output {
            brief: uri,
            locations,
            duration_ms: brief.source.duration_ms,
            language: brief.language.code,
            cost_usd: CostUsd {
                predicted: brief.cost.predicted_usd,
                actual: actual_cost_usd,
            },
        })
    }

    async fn document<T: serde::de::DeserializeOwned>(&self, uri: &S3Uri) -> Result<T, Error> {
        let document = self.stores.objects.get_json(uri).await?;
        document.ok_or_else(|| Error::BriefNotFound(uri.clone()))
    }

    async fn put(&self, uri: &S3Uri, text: String, content_type: &str) -> Result<(), Error> {
        let serving = Serving {
            content_type,
            cache_control: Some(DOCUMENT_CACHE),
        };
        Ok(self
            .stores
            .objects
            .put(uri, text.into_bytes(), serving)
            .await?)
    }

    /// Subtitles beside the brief, which then names the copies.
    async fn publish_subtitles(&self, brief: &mut Brief, places: Places<'_>) -> Result<(), Error> {
        for one in &mut brief.subtitles {
            let to = places.published(&format!("subtitles/{}", one.uri.file_name()));
            let serving = Serving {
                content_type: one.format.content_type(),
                cache_control: Some(DOCUMENT_CACHE),
            };
            self.stores.objects.copy(&one.uri, &to, serving).await?;
            one.uri = to;
        }
        Ok(())
    }

    /// What check-quality found, beside the brief.
    async fn publish_quality(&self, places: Places<'_>) -> Result<(), Error> {
        let serving = Serving {
            content_type: "application/json",
            cache_control: Some(DOCUMENT_CACHE),
        };
        let (from, to) = (
            places.work("quality.json"),
            places.published("quality.json"),
        );
        Ok(self.stores.objects.copy(&from, &to, serving).await?)
    }

    /// The words with their times, for players, search and editing programs.
    async fn publish_transcript(
        &self,
        transcript: Option<&Transcript>,
        places: Places<'_>,
    ) -> Result<Option<S3Uri>, Error> {
        let Some(transcript) = transcript else {
            return Ok(None);
        };
        let uri = places.published("transcript.json");
        let json = serde_json::to_string(transcript)
            .map_err(|error| Error::RecordUnreadable(format!("{uri}: {error}")))?;
        self.put(&uri, json, "application/json").await?;
        Ok(Some(uri))
    }

    /// Pictures of the chapters, as far as they are small and few.
    async fn pictures(&self, brief: &Brief) -> Result<Vec<Picture>, Error> {
        let mut pictures: Vec<Picture> = Vec::new();
        let mut left = PICTURES_BYTES;
        let uris = brief
            .chapters
            .iter()
            .filter_map(|chapter| chapter.keyframe_uri.as_ref());
        for uri in uris.take(PICTURES_LIMIT) {
            let head = self.stores.objects.head(uri, None).await?;
            let size = head.map_or(u64::MAX, |head| head.size_bytes);
            if size > left.min(PICTURE_BYTES) || pictures.iter().any(|known| known.uri == *uri) {
                continue;
            }
            left -= size;
            let bytes = self.stores.objects.get(uri, PICTURE_BYTES).await?;
            pictures.extend(bytes.map(|bytes| Picture {
                uri: uri.clone(),
                base64: STANDARD.encode(bytes),
            }));
        }
        Ok(pictures)
    }
}
