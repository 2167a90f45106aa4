//! Where everything of a published job lies.

use serde::{Deserialize, Serialize};
use videoflow_shared::brief::Brief;
use videoflow_shared::location::{Places, S3Uri};
use videoflow_shared::renditions::Renditions;

/// `OutputLocations` of the job item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Locations {
    /// The brief.
    pub brief_json: S3Uri,
    /// The same to read.
    pub brief_markdown: S3Uri,
    /// The same to watch.
    pub brief_html: S3Uri,
    /// What the quality checks found.
    pub quality: S3Uri,
    /// What is said, word by word with times; null where nobody speaks.
    pub transcript: Option<S3Uri>,
    /// Subtitles.
    pub subtitles: Vec<S3Uri>,
    /// HLS manifest.
    pub hls: S3Uri,
    /// DASH manifest.
    pub dash: S3Uri,
    /// What the names of the frame captures begin with.
    pub thumbnails: S3Uri,
    /// The picture that stands for the video.
    pub poster: Option<S3Uri>,
    /// `WebVTT` whose cues name parts of the sprite sheet beside it.
    pub sprites: Option<S3Uri>,
    /// Sound alone.
    pub audio: Option<S3Uri>,
    /// Files to play, highest first.
    pub renditions: Vec<S3Uri>,
}

impl Locations {
    /// Locations of a job.
    pub fn new(
        places: Places<'_>,
        brief: &Brief,
        transcript: Option<S3Uri>,
        renditions: &Renditions,
    ) -> Self {
        Self {
            brief_json: places.published("brief.json"),
            brief_markdown: places.published("brief.md"),
            brief_html: places.published("brief.html"),
            quality: places.published("quality.json"),
            transcript,
            subtitles: brief.subtitles.iter().map(|one| one.uri.clone()).collect(),
            hls: renditions.stream.hls.clone(),
            dash: renditions.stream.dash.clone(),
            thumbnails: renditions.thumbnails.prefix.clone(),
            poster: renditions.poster.as_ref().map(|one| one.uri.clone()),
            sprites: renditions.sprite.as_ref().map(|one| one.vtt.clone()),
            audio: renditions.audio.clone(),
            renditions: renditions
                .renditions
                .iter()
                .map(|one| one.uri.clone())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn locations_have_the_contract_s_shape() {
        let read = |name: &str| {
            let path = format!(
                "{}/../shared/samples/{name}.json",
                env!("CARGO_MANIFEST_DIR")
            );
            std::fs::read_to_string(path).unwrap_or_else(|error| unreachable!("{error}"))
        };
        let brief: Brief =
            serde_json::from_str(&read("brief")).unwrap_or_else(|error| unreachable!("{error}"));
        let timeline: videoflow_shared::timeline::Timeline =
            serde_json::from_str(&read("timeline")).unwrap_or_else(|error| unreachable!("{error}"));
        let locations = Locations::new(
            Places::new("out", &timeline.job_id),
            &brief,
            None,
            &timeline.renditions,
        );
        let value = json!(locations);
        let names: Vec<&str> = value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "briefJson",
                "briefMarkdown",
                "briefHtml",
                "quality",
                "transcript",
                "subtitles",
                "hls",
                "dash",
                "thumbnails",
                "poster",
                "sprites",
                "audio",
                "renditions"
            ]
        );
        assert!(
            value["briefHtml"]
                .as_str()
                .is_some_and(|uri| uri.ends_with("/brief.html"))
        );
    }
}
