//! Starts the transcription of a job's sound by Transcribe, or finds the one that runs or has run.
//!
//! Idempotent by the stage ledger, and by the name of the transcription job, which Transcribe keeps unique.

pub mod request;

use aws_config::SdkConfig;
use aws_sdk_transcribe::Client;
use aws_sdk_transcribe::error::ProvideErrorMetadata;
use aws_sdk_transcribe::operation::get_transcription_job::GetTranscriptionJobError;
use aws_sdk_transcribe::operation::start_transcription_job::StartTranscriptionJobError;
use aws_sdk_transcribe::types::TranscriptionJobStatus;
use serde::Deserialize;
use videoflow_shared::error::{self, classify};
use videoflow_shared::identity::{JobId, Stage};
use videoflow_shared::location::S3Uri;
use videoflow_shared::plan::Plan;
pub use videoflow_shared::service_job::Error;
use videoflow_shared::service_job::{Condition, StageService, Started, start_stage};
use videoflow_shared::settings::{Setting, read};
use videoflow_shared::stores::Stores;

/// Input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
    /// The sound.
    pub audio: S3Uri,
}

/// The function.
#[derive(Debug)]
pub struct Function {
    stores: Stores,
    client: Client,
    key_arn: String,
}

impl Function {
    /// The function as deployed.
    ///
    /// # Errors
    /// A missing setting.
    pub fn from_settings(config: &SdkConfig) -> Result<Self, videoflow_shared::settings::Error> {
        Ok(Self {
            stores: Stores::from_settings(config)?,
            client: Client::new(config),
            key_arn: read(Setting::DataKeyArn)?,
        })
    }

    /// Starts or finds the transcription.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn handle(&self, input: Input) -> Result<Started, Error> {
        let job = &input.job_id;
        let plan = self
            .stores
            .plan(job)
            .await?
            .ok_or_else(|| Error::PlanNotFound(job.to_string()))?;
        let expected = plan.expected_seconds.transcription;
        let service = Transcribe {
            function: self,
            audio: &input.audio,
            plan: &plan,
        };
        start_stage(
            &self.stores.jobs,
            job,
            Stage::Transcription,
            expected,
            &service,
        )
        .await
    }
}

struct Transcribe<'a> {
    function: &'a Function,
    audio: &'a S3Uri,
    plan: &'a Plan,
}

impl StageService for Transcribe<'_> {
    async fn condition(&self, service_job_id: &str) -> Result<Condition, error::Error> {
        match self
            .function
            .client
            .get_transcription_job()
            .transcription_job_name(service_job_id)
            .send()
            .await
        {
            Ok(answer) => {
                let status = answer
                    .transcription_job()
                    .and_then(|job| job.transcription_job_status());
                let is_failed = status == Some(&TranscriptionJobStatus::Failed);
                Ok(if is_failed {
                    Condition::Lost
                } else {
                    Condition::Alive
                })
            }
            Err(error) if error.as_service_error().is_some_and(is_unknown_job) => {
                Ok(Condition::Lost)
            }
            Err(error) => Err(classify("GetTranscriptionJob", &error)),
        }
    }

    async fn start(&self, token: &str, attempt: u32) -> Result<String, error::Error> {
        let places = self.function.stores.places(&self.plan.job_id);
        let output = places.raw(Stage::Transcription, attempt, ".json");
        let request = self.function.client.start_transcription_job();
        // Without a key of its own, the result would not be under the bucket's.
        let request = request.output_encryption_kms_key_id(&self.function.key_arn);
        match request::fill(request, token, self.audio, &output, self.plan)?
            .send()
            .await
        {
            Ok(_) => Ok(token.to_owned()),
            // The name is ours alone: the conflict is our own earlier start.
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(StartTranscriptionJobError::ConflictException(_))
                ) =>
            {
                Ok(token.to_owned())
            }
            Err(error) => Err(classify("StartTranscriptionJob", &error)),
        }
    }
}

/// Transcribe says so by either exception, depending on the API's age.
fn is_unknown_job(error: &GetTranscriptionJobError) -> bool {
    match error {
        GetTranscriptionJobError::NotFoundException(_) => true,
        GetTranscriptionJobError::BadRequestException(_) => error
            .message()
            .is_some_and(|message| message.contains("couldn't be found")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_transcribe::error::ErrorMetadata;
    use aws_sdk_transcribe::types::error::{
        BadRequestException, LimitExceededException, NotFoundException,
    };

    use super::*;

    fn check(error: &GetTranscriptionJobError, expected: bool) {
        assert_eq!(is_unknown_job(error), expected, "{error:?}");
    }

    fn bad_request(message: &str) -> GetTranscriptionJobError {
        let meta = ErrorMetadata::builder().message(message).build();
        let error = BadRequestException::builder()
            .message(message)
            .meta(meta)
            .build();
        GetTranscriptionJobError::BadRequestException(error)
    }

    #[test]
    fn a_forgotten_job_is_lost() {
        check(
            &GetTranscriptionJobError::NotFoundException(NotFoundException::builder().build()),
            true,
        );
        check(&bad_request("The requested job couldn't be found."), true);
        check(&bad_request("1 validation error detected"), false);
        check(
            &GetTranscriptionJobError::LimitExceededException(
                LimitExceededException::builder().build(),
            ),
            false,
        );
    }
}
