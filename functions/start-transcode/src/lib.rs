//! Starts the transcode of a job by `MediaConvert`, or finds the one that runs or has run.
//!
//! Idempotent by the stage ledger: a repeated invocation answers the same service job.

mod outputs;
mod settings;

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::Client;
use aws_sdk_mediaconvert::error::SdkError;
use aws_sdk_mediaconvert::operation::get_job::GetJobError;
use aws_sdk_mediaconvert::types::JobStatus;
use serde::Deserialize;
use videoflow_shared::error::{self, classify};
use videoflow_shared::identity::{JobId, Stage};
use videoflow_shared::plan::Plan;
pub use videoflow_shared::service_job::Error;
use videoflow_shared::service_job::{Condition, StageService, Started, start_stage};
use videoflow_shared::settings::{Setting, read};
use videoflow_shared::stores::Stores;

pub use settings::job_settings;

/// Input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job whose plan says what to make.
    pub job_id: JobId,
}

/// The function.
#[derive(Debug)]
pub struct Function {
    stores: Stores,
    client: Client,
    role_arn: String,
}

impl Function {
    /// The function as deployed.
    ///
    /// # Errors
    /// A missing setting.
    pub fn from_settings(config: &SdkConfig) -> Result<Self, videoflow_shared::settings::Error> {
        let stores = Stores::from_settings(config)?;
        Ok(Self {
            stores,
            client: Client::new(config),
            role_arn: read(Setting::MediaConvertRoleArn)?,
        })
    }

    /// Starts or finds the transcode.
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
        let expected = plan.expected_seconds.transcode;
        let service = MediaConvert {
            function: self,
            plan: &plan,
        };
        start_stage(&self.stores.jobs, job, Stage::Transcode, expected, &service).await
    }
}

struct MediaConvert<'a> {
    function: &'a Function,
    plan: &'a Plan,
}

impl StageService for MediaConvert<'_> {
    async fn condition(&self, service_job_id: &str) -> Result<Condition, error::Error> {
        match self
            .function
            .client
            .get_job()
            .id(service_job_id)
            .send()
            .await
        {
            Ok(answer) => Ok(condition_of(answer.job().and_then(|job| job.status()))),
            Err(SdkError::ServiceError(context))
                if matches!(context.err(), GetJobError::NotFoundException(_)) =>
            {
                Ok(Condition::Lost)
            }
            Err(error) => Err(classify("GetJob", &error)),
        }
    }

    async fn start(&self, token: &str, attempt: u32) -> Result<String, error::Error> {
        let places = self.function.stores.places(&self.plan.job_id);
        let request = self.function.client.create_job();
        let answer = request
            .role(&self.function.role_arn)
            .settings(job_settings(self.plan, &places))
            .client_request_token(token)
            .user_metadata("job", self.plan.job_id.as_str())
            .user_metadata("stage", Stage::Transcode.name())
            .user_metadata("attempt", attempt.to_string())
            .send()
            .await
            .map_err(|error| classify("CreateJob", &error))?;
        let id = answer.job().and_then(|job| job.id()).map(str::to_owned);
        id.ok_or_else(|| error::Error::ServiceFailed("CreateJob answered no job id".to_owned()))
    }
}

/// An unknown status is the poll's to judge.
fn condition_of(status: Option<&JobStatus>) -> Condition {
    match status {
        Some(JobStatus::Canceled | JobStatus::Error) => Condition::Lost,
        _ => Condition::Alive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: &str, expected: Condition) {
        assert_eq!(
            condition_of(Some(&JobStatus::from(status))),
            expected,
            "{status}"
        );
    }

    #[test]
    fn only_failed_jobs_are_lost() {
        for status in ["SUBMITTED", "PROGRESSING", "COMPLETE", "NOVEL"] {
            check(status, Condition::Alive);
        }
        check("CANCELED", Condition::Lost);
        check("ERROR", Condition::Lost);
        assert_eq!(condition_of(None), Condition::Alive);
    }
}
