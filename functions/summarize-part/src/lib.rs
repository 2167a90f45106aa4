//! Lets the model write about one part of a long video (`parts/<index>.json`), checked like a brief.
//!
//! Repeating it asks the model again and replaces the document.

use aws_config::SdkConfig;
use serde::{Deserialize, Serialize};
use videoflow_shared::brief::Warning;
use videoflow_shared::brief::draft::PartDraft;
use videoflow_shared::brief::review::Window;
use videoflow_shared::identity::JobId;
use videoflow_shared::location::S3Uri;
use videoflow_shared::stores::Stores;
use videoflow_shared::timeline::{Part, Timeline};
use videoflow_shared::{prompt, settings};
use write_brief::model::Model;

pub use write_brief::Error;

/// Input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
    /// The part, as align-streams cut it.
    pub part: Part,
}

/// Output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Output {
    /// Number of the part.
    pub index: u32,
    /// What was written.
    pub uri: S3Uri,
}

/// The function with its clients.
#[derive(Debug, Clone)]
pub struct Function {
    stores: Stores,
    model: Model,
}

impl Function {
    /// The function as the environment sets it up.
    ///
    /// # Errors
    /// [`settings::Error::Missing`].
    pub fn from_settings(config: &SdkConfig) -> Result<Self, settings::Error> {
        Ok(Self {
            stores: Stores::from_settings(config)?,
            model: Model::from_settings(config)?,
        })
    }

    /// Handles one invocation.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn handle(&self, input: Input) -> Result<Output, Error> {
        let places = self.stores.places(&input.job_id);
        let timeline: Option<Timeline> = self
            .stores
            .objects
            .get_json(&places.work("timeline.json"))
            .await?;
        let timeline = timeline.ok_or_else(|| Error::TimelineNotFound(input.job_id.clone()))?;
        let part = known(&timeline, input.part)?;
        let window = Window {
            start_ms: part.start_ms,
            end_ms: part.end_ms,
        };
        let written = self
            .model
            .write(prompt::part(&timeline, part), &timeline, window)
            .await?;
        let problems = written.reviewed.problems;
        let draft = PartDraft {
            part,
            draft: written.reviewed.draft,
            unsupported: problems
                .iter()
                .filter(|problem| problem.is_unsupported)
                .count(),
            warnings: problems.into_iter().map(Warning::from).collect(),
            input_tokens: written.input_tokens,
            output_tokens: written.output_tokens,
        };
        let uri = places.work(&format!("parts/{}.json", part.index));
        self.stores.objects.put_json(&uri, &draft).await?;
        Ok(Output {
            index: part.index,
            uri,
        })
    }
}

/// The part, if the timeline has it.
fn known(timeline: &Timeline, part: Part) -> Result<Part, Error> {
    let found = timeline.parts.iter().find(|known| **known == part);
    found.copied().ok_or_else(|| {
        Error::InvalidInput(format!("the timeline has no part {} like this", part.index))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(part: Part, is_known: bool) {
        let timeline: Timeline = serde_json::from_value(json!({
            "jobId": format!("v-{}", "0".repeat(40)), "durationMs": 10000,
            "language": {"code": "und", "score": 0.0, "alternatives": []}, "segments": [], "labels": [], "shots": [],
            "chapters": [], "parts": [{"index": 0, "startMs": 0, "endMs": 6000}, {"index": 1, "startMs": 6000, "endMs": 10000}],
            "sources": {"transcript": null, "labels": null, "moderation": null, "meaning": null},
            "subtitles": [], "missing": [],
            "renditions": {"renditions": [], "proxy": "s3://o/p", "audio": null, "durationMs": 10000,
                "stream": {"hls": "s3://o/h", "dash": "s3://o/d"},
                "thumbnails": {"prefix": "s3://o/t", "first": 0, "count": 0}}
        }))
        .unwrap_or_else(|error| unreachable!("{error}"));
        assert_eq!(known(&timeline, part).is_ok(), is_known, "{part:?}");
    }

    #[test]
    fn only_parts_of_the_timeline_are_summarised() {
        check(
            Part {
                index: 1,
                start_ms: 6000,
                end_ms: 10_000,
            },
            true,
        );
        check(
            Part {
                index: 1,
                start_ms: 0,
                end_ms: 10_000,
            },
            false,
        );
        check(
            Part {
                index: 2,
                start_ms: 6000,
                end_ms: 10_000,
            },
            false,
        );
    }
}
