//! Amazon Bedrock Data Automation's runtime for videos: shots by ffmpeg's scene score, chapters by grouping shots and
//! pauses of speech, summaries by choosing the most central sentences.
//!
//! The standard output has the real service's layout and members, as far as there is something to say: nothing is told of
//! text in pictures, logos, topics and moderation, and `metadata.engine` says who worked.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use videoflow_platform::service::{Call, Objects, Principal, Purpose, Service, ServiceError};

use crate::caller::{with_caller, without_caller};
use crate::jobs::{INTERRUPTED, Job, JobError, JobQueue, JobStatus, Submission};
use crate::{Config, temporary_folder};

mod chapters;
mod output;
mod request;
mod run;
mod shots;
mod spoken;
#[cfg(test)]
mod tests;

use request::Request;

/// Decoding uses all cores by itself.
const CONCURRENT_JOBS: usize = 1;
/// The service's limit of jobs that are not finished.
const OPEN_JOBS: usize = 1800;
/// Code of errors that are the caller's: an unreadable or unsuitable video.
const CLIENT_ERROR: &str = "ClientError";

/// An invocation reads and writes with the caller's rights.
const INVOCATION: Purpose = Purpose {
    read: "bedrock:InvokeDataAutomationAsync.input",
    write: "bedrock:InvokeDataAutomationAsync.output",
};

/// The service.
pub struct DataAutomation {
    objects: Arc<dyn Objects>,
    scratch: PathBuf,
    models: PathBuf,
    jobs: JobQueue,
}

impl DataAutomation {
    /// The service with its records and temporary files below the scratch directory.
    pub fn new(config: &Config) -> Self {
        let service = Self {
            objects: Arc::clone(&config.objects),
            scratch: temporary_folder(config, "data-automation"),
            models: config.models.clone(),
            jobs: JobQueue::open(config.scratch.join("jobs/data-automation"), CONCURRENT_JOBS),
        };
        service.jobs.take_up(|job, _| {
            let (caller, parameters) = without_caller(job.request.clone());
            let request = Request::parse(parameters);
            let request = request.map_err(|error| JobError::new(INTERRUPTED, error.message))?;
            let id = job.id.rsplit('/').next().unwrap_or_default();
            Ok(Box::pin(service.work(request, id, &caller).run()))
        });
        service
    }

    fn work(&self, request: Request, id: &str, caller: &Principal) -> run::Work {
        run::Work {
            objects: self.objects.with_rights_of(caller, INVOCATION),
            scratch: self.scratch.clone(),
            models: self.models.clone(),
            input: request.input,
            output: request.output.folder(id),
            id: id.to_owned(),
        }
    }

    /// Starts an invocation; the same token with the same request starts nothing again.
    fn invoke(&self, call: Call) -> Result<Value, ServiceError> {
        let (caller, parameters) = (call.principal, call.parameters);
        let request = Request::parse(parameters.clone())?;
        if self
            .jobs
            .list()
            .iter()
            .filter(|job| !job.status.is_final())
            .count()
            >= OPEN_JOBS
        {
            return Err(ServiceError::new(
                "ServiceQuotaExceededException",
                400,
                "too many open invocations",
            ));
        }
        let id = uuid::Uuid::new_v4();
        let arn = format!("arn:aws:bedrock:us-east-1:000000000000:data-automation-invocation/{id}");
        let token = request.token.clone();
        let work = self.work(request, &id.to_string(), &caller);
        let parameters = with_caller(parameters, &caller);
        let submission = self
            .jobs
            .submit(&arn, token.as_deref(), parameters, move |_| work.run());
        match submission
            .map_err(|cause| ServiceError::new("InternalServerException", 500, cause.to_string()))?
        {
            Submission::New(job) | Submission::Existing(job) => {
                Ok(json!({ "InvocationArn": job.id }))
            }
            Submission::Conflict(_) => Err(invalid("ClientToken: was used with another request")),
        }
    }

    /// Tells how an invocation stands.
    fn status(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = parameters
            .get("InvocationArn")
            .and_then(Value::as_str)
            .ok_or_else(|| invalid("InvocationArn: is missing"))?;
        let job = self.jobs.get(arn);
        let job = job.ok_or_else(|| {
            ServiceError::new(
                "ResourceNotFoundException",
                404,
                format!("no invocation {arn}"),
            )
        })?;
        Ok(described(&job))
    }
}

fn described(job: &Job) -> Value {
    let time = |time: Option<OffsetDateTime>| {
        time.and_then(|time| time.format(&Rfc3339).ok())
            .map(Value::String)
    };
    let error = job.error.as_ref();
    let status = match (job.status, error) {
        (JobStatus::Submitted, _) => "Created",
        (JobStatus::Running, _) => "InProgress",
        (JobStatus::Succeeded, _) => "Success",
        (_, Some(error)) if error.code == CLIENT_ERROR => CLIENT_ERROR,
        _ => "ServiceError",
    };
    let seconds = job
        .finished_at
        .map(|end| (end - job.created_at).whole_seconds());
    let members = [
        ("Status", Some(json!(status))),
        ("ErrorType", error.map(|error| json!(error.code))),
        ("ErrorMessage", error.map(|error| json!(error.message))),
        ("OutputConfiguration", job.result.clone()),
        ("JobSubmissionTime", time(Some(job.created_at))),
        ("JobCompletionTime", time(job.finished_at)),
        (
            "JobDurationInSeconds",
            seconds.map(|seconds| json!(seconds)),
        ),
    ];
    members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::new("ValidationException", 400, message)
}

#[async_trait]
impl Service for DataAutomation {
    fn name(&self) -> &'static str {
        "bedrock"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        match call.operation.as_str() {
            "InvokeDataAutomationAsync" => self.invoke(call),
            "GetDataAutomationStatus" => self.status(&call.parameters),
            other => Err(ServiceError::unknown_operation(other)),
        }
    }
}
