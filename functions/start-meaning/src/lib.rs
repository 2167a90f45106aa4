//! Starts Data Automation on a job's proxy, or finds the invocation that runs or has run.
//!
//! Idempotent by the stage ledger, and by the client token, for which Data Automation answers the same ARN again.

use aws_config::SdkConfig;
use aws_sdk_bedrockdataautomationruntime::Client;
use aws_sdk_bedrockdataautomationruntime::error::BuildError;
use aws_sdk_bedrockdataautomationruntime::operation::get_data_automation_status::GetDataAutomationStatusError;
use aws_sdk_bedrockdataautomationruntime::types::{
    AutomationJobStatus, DataAutomationConfiguration, DataAutomationStage, InputConfiguration,
    OutputConfiguration,
};
use serde::Deserialize;
use videoflow_shared::error::{self, classify};
use videoflow_shared::identity::{JobId, Stage};
use videoflow_shared::location::S3Uri;
pub use videoflow_shared::service_job::Error;
use videoflow_shared::service_job::{Condition, StageService, Started, start_stage};
use videoflow_shared::settings::{Setting, read};
use videoflow_shared::speech::conflict;
use videoflow_shared::stores::Stores;

/// Input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
    /// The proxy.
    pub video: S3Uri,
}

/// The function.
#[derive(Debug)]
pub struct Function {
    stores: Stores,
    client: Client,
    project_arn: String,
    profile_arn: String,
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
            project_arn: read(Setting::DataAutomationProjectArn)?,
            profile_arn: read(Setting::DataAutomationProfileArn)?,
        })
    }

    /// Starts or finds the invocation.
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
        if let Some(conflict) = conflict(&plan.speech, &plan.languages, plan.analyses) {
            let refusal = format!("profile {}: {conflict}", plan.profile);
            return Err(Error::ServiceRefused(refusal));
        }
        let service = DataAutomation {
            function: self,
            input: &input,
        };
        let expected = plan.expected_seconds.meaning;
        start_stage(&self.stores.jobs, job, Stage::Meaning, expected, &service).await
    }
}

struct DataAutomation<'a> {
    function: &'a Function,
    input: &'a Input,
}

impl StageService for DataAutomation<'_> {
    async fn condition(&self, service_job_id: &str) -> Result<Condition, error::Error> {
        match self
            .function
            .client
            .get_data_automation_status()
            .invocation_arn(service_job_id)
            .send()
            .await
        {
            Ok(answer) => Ok(condition_of(answer.status())),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(GetDataAutomationStatusError::ResourceNotFoundException(_))
                ) =>
            {
                Ok(Condition::Lost)
            }
            Err(error) => Err(classify("GetDataAutomationStatus", &error)),
        }
    }

    async fn start(&self, token: &str, attempt: u32) -> Result<String, error::Error> {
        let places = self.function.stores.places(&self.input.job_id);
        let target = places.raw(Stage::Meaning, attempt, "/");
        let input = InputConfiguration::builder()
            .s3_uri(self.input.video.to_string())
            .build();
        let output = OutputConfiguration::builder()
            .s3_uri(target.to_string())
            .build();
        let project = DataAutomationConfiguration::builder()
            .data_automation_project_arn(&self.function.project_arn)
            .stage(DataAutomationStage::Live)
            .build();
        let answer = self
            .function
            .client
            .invoke_data_automation_async()
            .client_token(token)
            .input_configuration(input.map_err(|error| incomplete(&error))?)
            .output_configuration(output.map_err(|error| incomplete(&error))?)
            .data_automation_configuration(project.map_err(|error| incomplete(&error))?)
            .data_automation_profile_arn(&self.function.profile_arn)
            .send()
            .await
            .map_err(|error| classify("InvokeDataAutomationAsync", &error))?;
        Ok(answer.invocation_arn)
    }
}

/// An unknown status is the poll's to judge.
fn condition_of(status: Option<&AutomationJobStatus>) -> Condition {
    match status {
        Some(AutomationJobStatus::ServiceError | AutomationJobStatus::ClientError) => {
            Condition::Lost
        }
        _ => Condition::Alive,
    }
}

/// The builders refuse only what lacks a member.
fn incomplete(error: &BuildError) -> error::Error {
    error::Error::ServiceRefused(format!("InvokeDataAutomationAsync: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: &str, expected: Condition) {
        assert_eq!(
            condition_of(Some(&AutomationJobStatus::from(status))),
            expected,
            "{status}"
        );
    }

    #[test]
    fn only_failed_invocations_are_lost() {
        for status in ["Created", "InProgress", "Success", "Novel"] {
            check(status, Condition::Alive);
        }
        check("ServiceError", Condition::Lost);
        check("ClientError", Condition::Lost);
        assert_eq!(condition_of(None), Condition::Alive);
    }
}
