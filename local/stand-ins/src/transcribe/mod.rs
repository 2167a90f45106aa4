//! Amazon Transcribe by Whisper tiny.en: batch jobs with a JSON result and subtitles, in English.
//!
//! What it cannot do it refuses or fails with the reason: other languages, and vocabularies, of which there are none.
//! Redaction finds addresses and long numbers by their form, toxicity a few words by a list. Speaker labels are left
//! out of the result.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use videoflow_platform::service::{Call, Objects, Principal, Purpose, Service, ServiceError};

use crate::Config;
use crate::caller::{with_caller, without_caller};
use crate::jobs::{INTERRUPTED, JobError, JobQueue, Submission, Work};
use crate::speech;

mod description;
mod output;
mod redaction;
mod request;
mod toxicity;

use description::{described, status_of, summary};
use output::Options;
pub use output::SubtitleFormat;
use request::{Redaction, Request};

/// What the results say of who made them.
pub const ENGINE: &str = "local whisper-tiny.en";
/// Transcribe's limit of jobs at once.
const UNFINISHED_MAX: usize = 250;
/// Transcribe's limits of one page of a list.
const PAGE_MAX: usize = 100;
const PAGE_DEFAULT: usize = 5;
/// Transcribe's shortest sound.
const SHORTEST_MS: u64 = 500;

/// A job reads and writes with the caller's rights.
const JOB: Purpose = Purpose {
    read: "transcribe:StartTranscriptionJob.input",
    write: "transcribe:StartTranscriptionJob.output",
};

/// The service.
pub struct Transcribe {
    objects: Arc<dyn Objects>,
    models: PathBuf,
    jobs: JobQueue,
}

impl Transcribe {
    /// The service with its job records below the scratch directory.
    pub fn new(config: &Config) -> Self {
        let jobs = JobQueue::open(config.scratch.join("jobs/transcribe"), 1);
        let service = Self {
            objects: Arc::clone(&config.objects),
            models: config.models.clone(),
            jobs,
        };
        service.jobs.take_up(|job, _| {
            let (caller, parameters) = without_caller(job.request.clone());
            let request = Request::parse(&parameters);
            let request = request.map_err(|cause| JobError::new(INTERRUPTED, cause))?;
            Ok(service.work(request, &caller))
        });
        service
    }

    fn work(&self, request: Request, caller: &Principal) -> Work {
        let (objects, models) = (
            self.objects.with_rights_of(caller, JOB),
            self.models.clone(),
        );
        Box::pin(async move { run(&request, &*objects, models).await })
    }

    async fn start(&self, call: Call) -> Result<Value, ServiceError> {
        let (caller, parameters) = (call.principal, call.parameters);
        let request = Request::parse(&parameters).map_err(bad_request)?;
        if self
            .jobs
            .list()
            .iter()
            .filter(|job| !job.status.is_final())
            .count()
            >= UNFINISHED_MAX
        {
            return Err(ServiceError::new(
                "LimitExceededException",
                400,
                "too many transcription jobs at once",
            ));
        }
        let (bucket, key) = &request.media;
        let objects = self.objects.with_rights_of(&caller, JOB);
        objects.file(bucket, key).await.map_err(|error| {
            bad_request(format!(
                "The S3 URI that you provided can't be accessed ({error}). Check it and try again."
            ))
        })?;
        let name = request.name.clone();
        let work = self.work(request, &caller);
        let parameters = with_caller(parameters, &caller);
        match self.jobs.submit(&name, None, parameters, |_| work) {
            Ok(Submission::New(job) | Submission::Existing(job)) => {
                Ok(json!({"TranscriptionJob": described(&job)}))
            }
            Ok(Submission::Conflict(_)) => {
                let message = "The requested job name already exists. Use a different job name.";
                Err(ServiceError::new("ConflictException", 400, message))
            }
            Err(error) => Err(ServiceError::new(
                "InternalFailureException",
                500,
                error.to_string(),
            )),
        }
    }

    fn get(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let job = self.jobs.get(&job_name(parameters)?).ok_or_else(|| {
            let message = "The requested job couldn't be found. Check the job name and try your request again.";
            ServiceError::new("NotFoundException", 400, message)
        })?;
        Ok(json!({"TranscriptionJob": described(&job)}))
    }

    fn delete(&self, parameters: &Value) -> Result<Value, ServiceError> {
        if self.jobs.delete(&job_name(parameters)?) {
            return Ok(json!({}));
        }
        Err(bad_request(
            "The requested job couldn't be found. Check the job name and try your request again.",
        ))
    }

    fn list(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let text = |member: &str| parameters.get(member).and_then(Value::as_str);
        let from = text("NextToken").map_or(Ok(0), str::parse::<usize>);
        let from = from.map_err(|_| bad_request("NextToken is not of this list"))?;
        let size = parameters.get("MaxResults").and_then(Value::as_u64);
        let size = size.map_or(PAGE_DEFAULT, |size| {
            usize::try_from(size).unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX)
        });
        let jobs = self.jobs.list();
        let wanted = jobs.iter().filter(|job| {
            text("Status").is_none_or(|status| status == status_of(job))
                && text("JobNameContains").is_none_or(|part| job.id.contains(part))
        });
        let mut page: Vec<Value> = wanted.skip(from).take(size + 1).map(summary).collect();
        let mut answer = json!({});
        if page.len() > size {
            page.truncate(size);
            answer["NextToken"] = json!((from + size).to_string());
        }
        if let Some(status) = text("Status") {
            answer["Status"] = json!(status);
        }
        answer["TranscriptionJobSummaries"] = Value::Array(page);
        Ok(answer)
    }
}

#[async_trait]
impl Service for Transcribe {
    fn name(&self) -> &'static str {
        "transcribe"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        match call.operation.as_str() {
            "StartTranscriptionJob" => self.start(call).await,
            "GetTranscriptionJob" => self.get(&call.parameters),
            "DeleteTranscriptionJob" => self.delete(&call.parameters),
            "ListTranscriptionJobs" => self.list(&call.parameters),
            other => Err(ServiceError::unknown_operation(other)),
        }
    }
}

fn bad_request(message: impl Into<String>) -> ServiceError {
    ServiceError::new("BadRequestException", 400, message)
}

fn job_name(parameters: &Value) -> Result<String, ServiceError> {
    let name = parameters
        .get("TranscriptionJobName")
        .and_then(Value::as_str);
    name.map(ToOwned::to_owned)
        .ok_or_else(|| bad_request("TranscriptionJobName is missing"))
}

/// Transcribes, puts the result files, and hands back what the job record shows of them.
async fn run(request: &Request, objects: &dyn Objects, models: PathBuf) -> Result<Value, JobError> {
    let failed = |reason: String| JobError::new("Failed", reason);
    if let Some(reason) = request.unsupported() {
        return Err(failed(reason));
    }
    let (bucket, key) = &request.media;
    let media = objects
        .file(bucket, key)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let transcript = speech::transcribe(&models, &media)
        .await
        .map_err(|error| failed(error.to_string()))?;
    if transcript.duration_ms < SHORTEST_MS {
        return Err(failed(
            "Your audio file must have a length of at least 0.5 seconds.".to_owned(),
        ));
    }
    let redacted = match request.redaction {
        Redaction::None => None,
        Redaction::Redacted | Redaction::Both => Some(redaction::redacted(&transcript)),
    };
    let whole = (request.redaction != Redaction::Redacted).then_some(&*transcript);
    let texts = [
        (whole, request.output_key.clone()),
        (redacted.as_ref(), request.redacted_key()),
    ];
    for (text, key) in &texts {
        let Some(text) = text else { continue };
        let options = Options {
            is_identified: request.is_language_identified,
            is_redacted: *key != request.output_key,
            is_toxicity_wanted: request.is_toxicity_wanted,
        };
        let document = output::document(&request.name, text, options);
        let document = serde_json::to_vec(&document).map_err(|error| failed(error.to_string()))?;
        put(objects, request, key, &document, "application/json").await?;
    }
    let mut subtitles = Vec::new();
    for format in &request.subtitles {
        let key = request.subtitle_key(*format);
        let words = redacted.as_ref().unwrap_or(&*transcript);
        let file = output::subtitles(words, *format, request.first_subtitle);
        put(
            objects,
            request,
            &key,
            file.as_bytes(),
            format.content_type(),
        )
        .await?;
        subtitles.push(request.output_uri(&key));
    }
    let [whole, taken] = texts.map(|(text, key)| text.map(|_| request.output_uri(&key)));
    Ok(json!({
        "transcriptFileUri": whole,
        "redactedTranscriptFileUri": taken,
        "subtitleFileUris": subtitles,
        "languageScore": request.is_language_identified.then(|| transcript.confidence()),
    }))
}

async fn put(
    objects: &dyn Objects,
    request: &Request,
    key: &str,
    data: &[u8],
    kind: &str,
) -> Result<(), JobError> {
    let failed = |cause: String| {
        JobError::new(
            "Failed",
            format!("the result {key} was not written: {cause}"),
        )
    };
    let file = tempfile::NamedTempFile::new().map_err(|error| failed(error.to_string()))?;
    tokio::fs::write(file.path(), data)
        .await
        .map_err(|error| failed(error.to_string()))?;
    objects
        .put(&request.output_bucket, key, file.path(), kind)
        .await
        .map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests;
