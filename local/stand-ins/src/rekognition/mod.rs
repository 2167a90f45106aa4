//! Amazon Rekognition Video: labels by an ImageNet model on sampled frames; content moderation answers, but looks at
//! nothing, and says so.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use uuid::Uuid;
use videoflow_platform::service::{Call, Objects, Principal, Purpose, Service, ServiceError};

use crate::caller::{with_caller, without_caller};
use crate::jobs::{INTERRUPTED, Job, JobError, JobQueue, JobStatus, Submission, Work};
use crate::{Config, ffmpeg, labels};

mod answer;
mod page;

use page::Page;

/// What label results say of who made them.
const LABEL_MODEL: &str = "local-mobilenet-v2";
/// What moderation results say.
const MODERATION_MODEL: &str = "local-none";
const MODERATION_MESSAGE: &str = "local: nothing was looked at";
/// Rekognition's limit of video jobs at once.
const UNFINISHED_MAX: usize = 20;
/// Confidence, in percent, that labels need at least: below it this model is wrong more often than right.
const CONFIDENCE_FLOOR: f64 = 55.0;

/// The service.
pub struct Rekognition {
    objects: Arc<dyn Objects>,
    models: PathBuf,
    labels: JobQueue,
    moderation: JobQueue,
}

#[derive(Clone, Copy)]
enum Analysis {
    Labels,
    Moderation,
}

impl Rekognition {
    /// The service with its job records below the scratch directory.
    pub fn new(config: &Config) -> Self {
        let queue = |name: &str| JobQueue::open(config.scratch.join("jobs").join(name), 1);
        let service = Self {
            objects: Arc::clone(&config.objects),
            models: config.models.clone(),
            labels: queue("rekognition-labels"),
            moderation: queue("rekognition-moderation"),
        };
        for analysis in [Analysis::Labels, Analysis::Moderation] {
            let again = |job: &Job, _| service.work(analysis, &job.request);
            service.queue(analysis).take_up(again);
        }
        service
    }

    /// The work of a job by its request, which was valid when it came.
    fn work(&self, analysis: Analysis, request: &Value) -> Result<Work, JobError> {
        let invalid = || JobError::new(INTERRUPTED, "the request is not known any more");
        let (bucket, key) = video(request).ok_or_else(invalid)?;
        let minimum = minimum_confidence(request);
        let (caller, _) = without_caller(request.clone());
        let (objects, models) = (self.objects_of(&caller, analysis), self.models.clone());
        Ok(Box::pin(async move {
            let file = objects.file(&bucket, &key).await;
            let file = file.map_err(|error| JobError::new("Failed", error.to_string()))?;
            run(analysis, &models, &file, minimum).await
        }))
    }

    /// The objects as a caller sees them.
    fn objects_of(&self, caller: &Principal, analysis: Analysis) -> Arc<dyn Objects> {
        let read = match analysis {
            Analysis::Labels => "rekognition:StartLabelDetection.input",
            Analysis::Moderation => "rekognition:StartContentModeration.input",
        };
        let purpose = Purpose { read, write: "" };
        self.objects.with_rights_of(caller, purpose)
    }

    fn queue(&self, analysis: Analysis) -> &JobQueue {
        match analysis {
            Analysis::Labels => &self.labels,
            Analysis::Moderation => &self.moderation,
        }
    }

    async fn start(&self, analysis: Analysis, call: Call) -> Result<Value, ServiceError> {
        let (caller, parameters) = (call.principal, call.parameters);
        let text = |path: &str| {
            parameters
                .pointer(path)
                .and_then(Value::as_str)
                .map(ToOwned::to_owned)
        };
        if parameters
            .get("Settings")
            .is_some_and(|settings| !settings.is_null())
        {
            return Err(invalid("the local service has no label filters"));
        }
        let (bucket, key) =
            video(&parameters).ok_or_else(|| invalid("Video.S3Object needs Bucket and Name"))?;
        let minimum = minimum_confidence(&parameters);
        if !(0.0..=100.0).contains(&minimum) {
            return Err(invalid("MinConfidence must be between 0 and 100"));
        }
        let token = text("/ClientRequestToken");
        let is_known = |job: &Job| token.is_some() && job.token == token;
        let objects = self.objects_of(&caller, analysis);
        objects.file(&bucket, &key).await.map_err(|_| {
            let message = "Unable to get object metadata from S3. Check object key, region and/or access permissions.";
            ServiceError::new("InvalidS3ObjectException", 400, message)
        })?;
        if !self.queue(analysis).list().iter().any(is_known) && self.unfinished() >= UNFINISHED_MAX
        {
            let message = format!("more than {UNFINISHED_MAX} video jobs at once");
            return Err(ServiceError::new("LimitExceededException", 400, message));
        }
        let id = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let parameters = with_caller(parameters, &caller);
        let work = self.work(analysis, &parameters);
        let work = work.map_err(|error| invalid(&error.message))?;
        match self
            .queue(analysis)
            .submit(&id, token.as_deref(), parameters, |_| work)
        {
            Ok(Submission::New(job) | Submission::Existing(job)) => Ok(json!({"JobId": job.id})),
            Ok(Submission::Conflict(_)) => {
                let message = "the ClientRequestToken was used with other parameters";
                Err(ServiceError::new(
                    "IdempotentParameterMismatchException",
                    400,
                    message,
                ))
            }
            Err(error) => Err(ServiceError::new(
                "InternalServerError",
                500,
                error.to_string(),
            )),
        }
    }

    fn unfinished(&self) -> usize {
        let jobs = self.labels.list().into_iter().chain(self.moderation.list());
        jobs.filter(|job| !job.status.is_final()).count()
    }

    fn get(&self, analysis: Analysis, parameters: &Value) -> Result<Value, ServiceError> {
        let id = parameters
            .get("JobId")
            .and_then(Value::as_str)
            .ok_or_else(|| invalid("JobId is missing"))?;
        let page = Page::parse(parameters, id)?;
        let job = self.queue(analysis).get(id).ok_or_else(|| {
            ServiceError::new("ResourceNotFoundException", 400, "Could not find JobId")
        })?;
        let mut answer = described(&job, &page);
        let Some(result) = &job.result else {
            return Ok(answer);
        };
        answer["VideoMetadata"] = result.get("videoMetadata").cloned().unwrap_or_default();
        match analysis {
            Analysis::Labels => {
                let (labels, next) =
                    page.cut(answer::detections(result, page.aggregation, page.order), id);
                answer["Labels"] = Value::Array(labels);
                answer["LabelModelVersion"] = json!(LABEL_MODEL);
                if let Some(token) = next {
                    answer["NextToken"] = json!(token);
                }
            }
            Analysis::Moderation => {
                answer["ModerationLabels"] = json!([]);
                answer["ModerationModelVersion"] = json!(MODERATION_MODEL);
                answer["StatusMessage"] = json!(MODERATION_MESSAGE);
            }
        }
        Ok(answer)
    }
}

#[async_trait]
impl Service for Rekognition {
    fn name(&self) -> &'static str {
        "rekognition"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        match call.operation.as_str() {
            "StartLabelDetection" => self.start(Analysis::Labels, call).await,
            "StartContentModeration" => self.start(Analysis::Moderation, call).await,
            "GetLabelDetection" => self.get(Analysis::Labels, &call.parameters),
            "GetContentModeration" => self.get(Analysis::Moderation, &call.parameters),
            other => Err(ServiceError::unknown_operation(other)),
        }
    }
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::new("InvalidParameterException", 400, message)
}

/// Bucket and key of the video.
fn video(parameters: &Value) -> Option<(String, String)> {
    let text = |path: &str| Some(parameters.pointer(path)?.as_str()?.to_owned());
    text("/Video/S3Object/Bucket").zip(text("/Video/S3Object/Name"))
}

/// Percent; Rekognition's default is 50.
fn minimum_confidence(parameters: &Value) -> f64 {
    let given = parameters.get("MinConfidence").and_then(Value::as_f64);
    given.unwrap_or(50.0)
}

/// What the answer says whatever was found.
fn described(job: &Job, page: &Page) -> Value {
    let status = match job.status {
        JobStatus::Submitted | JobStatus::Running => "IN_PROGRESS",
        JobStatus::Succeeded => "SUCCEEDED",
        JobStatus::Failed | JobStatus::Cancelled => "FAILED",
    };
    let mut answer = json!({
        "JobStatus": status,
        "JobId": job.id,
        "Video": job.request.get("Video"),
        "GetRequestMetadata": {"SortBy": page.order.name(), "AggregateBy": page.aggregation.name()},
    });
    if let Some(tag) = job.request.get("JobTag") {
        answer["JobTag"] = tag.clone();
    }
    if let Some(error) = &job.error {
        answer["StatusMessage"] = json!(error.message);
    }
    answer
}

async fn run(
    analysis: Analysis,
    models: &Path,
    file: &Path,
    minimum: f64,
) -> Result<Value, JobError> {
    let failed = |cause: String| JobError::new("Failed", cause);
    match analysis {
        Analysis::Labels => {
            let detection = labels::detect(models, file)
                .await
                .map_err(|error| failed(error.to_string()))?;
            Ok(answer::record(&detection, minimum.max(CONFIDENCE_FLOOR)))
        }
        Analysis::Moderation => {
            let probe = ffmpeg::probe(file)
                .await
                .map_err(|error| failed(error.to_string()))?;
            Ok(json!({"videoMetadata": answer::video_metadata(&probe)}))
        }
    }
}

#[cfg(test)]
mod tests;
