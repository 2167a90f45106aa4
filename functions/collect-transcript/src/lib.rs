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
    /// Transcribe's output file is not there, or not in its form.
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
        let raw = output_file(&self.stores.output_bucket, &input.service_job_id)?;
        let bytes = self.stores.objects.get(&raw, DOCUMENT_LIMIT_BYTES).await?;
        let bytes =
            bytes.ok_or_else(|| Error::TranscriptUnreadable(format!("{raw} is not there")))?;
        let transcript = transcript::parse(&bytes);
        let transcript =
            transcript.map_err(|error| Error::TranscriptUnreadable(format!("{raw}: {error}")))?;
        let output = if transcript.words() == 0 {
            no_speech()
        } else {
            self.write(job, &transcript).await?
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

    async fn write(&self, job: &JobId, transcript: &Transcript) -> Result<Output, Error> {
        let places = self.stores.places(job);
        let uri = places.work("transcript.json");
        self.stores.objects.put_json(&uri, transcript).await?;
        let cues = subtitles::cues(transcript);
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
