//! Reads Transcribe's output file and writes what is said (`transcript.json`) and subtitles that can be read.
//!
//! Repeating it writes the same documents and the same result into the ledger.

use aws_config::SdkConfig;
use serde::{Deserialize, Serialize};
use serde_json::json;
use strum::IntoEnumIterator;
use videoflow_shared::identity::{JobId, Stage};
use videoflow_shared::ledger::Ledger;
use videoflow_shared::location::{Places, S3Uri};
use videoflow_shared::plan::Plan;
use videoflow_shared::profiles::Redaction;
use videoflow_shared::storage::{DOCUMENT_LIMIT_BYTES, Serving};
use videoflow_shared::stores::Stores;
use videoflow_shared::subtitles::{self, Format, Subtitles};
use videoflow_shared::transcript::{self, Transcript};
use videoflow_shared::{from_storage_error, settings};

/// Why the transcript cannot be used.
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
    /// Transcribe's output file is not there, not in its form, or not redacted where it should be.
    #[error("{0}")]
    TranscriptUnreadable(String),
}

from_storage_error!(Error);

/// Input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
    /// Name of the transcription job: the token of its start.
    pub service_job_id: String,
    /// Transcribe's own words on where its results are.
    pub files: Files,
}

/// `Transcript` of Transcribe's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Files {
    /// URL of the redacted transcript; there only where redaction was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redacted_transcript_file_uri: Option<String>,
}

/// Whether somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Yes.
    Done,
    /// No.
    NoSpeech,
}

/// Output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Output {
    /// Whether somebody speaks.
    pub status: Status,
    /// `transcript.json`.
    pub transcript: Option<S3Uri>,
    /// Subtitles.
    pub subtitles: Vec<Subtitles>,
    /// Language of the speech.
    pub language: Option<String>,
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
        let job = &input.job_id;
        let plan = self.stores.plan(job).await?;
        let plan = plan.ok_or_else(|| Error::PlanNotFound(job.clone()))?;
        let raw = output_file(&self.stores.output_bucket, &input.service_job_id)?;
        let raw = match (
            plan.speech.redaction,
            &input.files.redacted_transcript_file_uri,
        ) {
            (Redaction::None, _) => raw,
            (Redaction::PersonalData, Some(uri)) => beside(&raw, uri)?,
            (Redaction::PersonalData, None) => {
                let missing = format!("{} has no redacted transcript", input.service_job_id);
                return Err(Error::TranscriptUnreadable(missing));
            }
        };
        let bytes = self.stores.objects.get(&raw, DOCUMENT_LIMIT_BYTES).await?;
        let bytes =
            bytes.ok_or_else(|| Error::TranscriptUnreadable(format!("{raw} is not there")))?;
        let transcript = transcript::parse(&bytes);
        let transcript =
            transcript.map_err(|error| Error::TranscriptUnreadable(format!("{raw}: {error}")))?;
        if plan.speech.redaction != Redaction::None && !transcript.redacted {
            let unredacted = format!("{raw} does not say that it is redacted");
            return Err(Error::TranscriptUnreadable(unredacted));
        }
        let output = if transcript.words() == 0 {
            no_speech()
        } else {
            self.write(&plan, &transcript).await?
        };
        // Overtaken: a newer attempt owns the stage, and its own collection will record it.
        let ledger = Ledger::new(&self.stores.jobs);
        ledger
            .succeeded(
                job,
                Stage::Transcription,
                &input.service_job_id,
                &json!(output),
            )
            .await?;
        Ok(output)
    }

    async fn write(&self, plan: &Plan, transcript: &Transcript) -> Result<Output, Error> {
        let places = self.stores.places(&plan.job_id);
        let uri = places.work("transcript.json");
        self.stores.objects.put_json(&uri, transcript).await?;
        let cues = subtitles::within(subtitles::cues(transcript), plan.video.duration_ms);
        let language = &transcript.language.code;
        let mut written = Vec::new();
        for format in Format::iter() {
            let uri = places.work(&format!(
                "subtitles/{}.{}",
                file_stem(language),
                format.ending()
            ));
            let serving = Serving {
                content_type: format.content_type(),
                cache_control: None,
            };
            self.stores
                .objects
                .put(&uri, format.write(&cues).into_bytes(), serving)
                .await?;
            written.push(Subtitles {
                language: language.clone(),
                format,
                uri,
            });
        }
        let language = Some(language.clone());
        Ok(Output {
            status: Status::Done,
            transcript: Some(uri),
            subtitles: written,
            language,
        })
    }
}

fn no_speech() -> Output {
    Output {
        status: Status::NoSpeech,
        transcript: None,
        subtitles: Vec::new(),
        language: None,
    }
}

/// Where a transcription job was told to write: its name is `<job>-transcription-<attempt>`.
fn output_file(bucket: &str, name: &str) -> Result<S3Uri, Error> {
    let mark = format!("-{}-", Stage::Transcription);
    let parts = name.rsplit_once(&mark).and_then(|(job, attempt)| {
        Some((job.parse::<JobId>().ok()?, attempt.parse::<u32>().ok()?))
    });
    let (job, attempt) =
        parts.ok_or_else(|| Error::TranscriptUnreadable(format!("`{name}` is no job of ours")))?;
    Ok(Places::new(bucket, &job).raw(Stage::Transcription, attempt, ".json"))
}

/// The file of this URL, which has to lie beside the one that was asked for: Transcribe names the redacted transcript
/// itself.
fn beside(asked: &S3Uri, url: &str) -> Result<S3Uri, Error> {
    let folder = asked
        .key
        .strip_suffix(asked.file_name())
        .unwrap_or_default();
    let mark = format!("/{}/{folder}", asked.bucket);
    let name = url.rsplit_once(&mark).map(|(_, name)| name);
    let name = name.filter(|name| !name.is_empty() && !name.contains('/'));
    let name = name.ok_or_else(|| {
        Error::TranscriptUnreadable(format!(
            "the redacted transcript is not beside {asked}: {url}"
        ))
    })?;
    Ok(S3Uri::new(&asked.bucket, format!("{folder}{name}")))
}

/// A language code as a file name.
fn file_stem(language: &str) -> String {
    language
        .chars()
        .filter(|mark| mark.is_ascii_alphanumeric() || *mark == '-')
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Option<&str>) {
        let file = output_file("out", name).ok();
        assert_eq!(
            file.map(|uri| uri.to_string()).as_deref(),
            expected,
            "{name}"
        );
    }

    #[test]
    fn finds_the_output_by_the_name_of_the_job() {
        let job = format!("v-{}-r2", "0".repeat(40));
        check(
            &format!("{job}-transcription-3"),
            Some(&format!("s3://out/work/{job}/transcription/3.json")),
        );
        check(&format!("{job}-transcription-"), None);
        check(&format!("{job}-labels-3"), None);
        check("somebody-elses", None);
        check("", None);
    }

    #[test]
    fn the_redacted_transcript_lies_beside_the_one_that_was_asked_for() {
        let asked = S3Uri::new("out", "work/v-1/transcription/1.json");
        let check = |url: &str, expected: Option<&str>| {
            let found = beside(&asked, url).ok().map(|uri| uri.key);
            assert_eq!(found.as_deref(), expected, "{url}");
        };
        check(
            "https://s3.us-east-1.amazonaws.com/out/work/v-1/transcription/redacted-1.json",
            Some("work/v-1/transcription/redacted-1.json"),
        );
        check(
            "https://s3.us-east-1.amazonaws.com/other/work/v-1/transcription/1.json",
            None,
        );
        check(
            "https://s3.us-east-1.amazonaws.com/out/work/v-2/transcription/1.json",
            None,
        );
        check(
            "https://s3.us-east-1.amazonaws.com/out/work/v-1/transcription/a/1.json",
            None,
        );
        check(
            "https://s3.us-east-1.amazonaws.com/out/work/v-1/transcription/",
            None,
        );
        check("", None);
    }

    #[test]
    fn language_codes_are_safe_in_keys() {
        assert_eq!(file_stem("en-US"), "en-US");
        assert_eq!(file_stem("../e n"), "en");
    }

    #[test]
    fn output_has_the_contract_s_shape() {
        let expected =
            json!({"status": "NO_SPEECH", "transcript": null, "subtitles": [], "language": null});
        assert_eq!(json!(no_speech()), expected);
    }
}
