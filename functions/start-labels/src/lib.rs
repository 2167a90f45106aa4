//! Starts label detection or content moderation of a job's proxy by Rekognition, or finds the one that runs or has run.
//!
//! Idempotent by the stage ledger, and by the client request token, for which Rekognition answers the same job again.

mod rekognition;

use aws_config::SdkConfig;
use aws_sdk_rekognition::Client;
use serde::Deserialize;
use videoflow_shared::identity::{JobId, Stage};
use videoflow_shared::location::S3Uri;
pub use videoflow_shared::service_job::Error;
use videoflow_shared::service_job::{Started, start_stage};
use videoflow_shared::stores::Stores;

use rekognition::Rekognition;

/// What Rekognition looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Analysis {
    /// Things and scenes.
    Labels,
    /// What not everyone should see.
    Moderation,
}

impl Analysis {
    /// Its stage in the ledger.
    pub fn stage(self) -> Stage {
        match self {
            Self::Labels => Stage::Labels,
            Self::Moderation => Stage::Moderation,
        }
    }
}

/// Input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
    /// What to look for.
    pub analysis: Analysis,
    /// The proxy.
    pub video: S3Uri,
}

/// The function.
#[derive(Debug)]
pub struct Function {
    stores: Stores,
    client: Client,
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
        })
    }

    /// Starts or finds the analysis.
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
        let expected = plan.expected_seconds.labels;
        let service = Rekognition {
            client: &self.client,
            analysis: input.analysis,
            video: &input.video,
        };
        start_stage(
            &self.stores.jobs,
            job,
            input.analysis.stage(),
            expected,
            &service,
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: Option<Stage>) {
        let parsed: Option<Input> = serde_json::from_str(input).ok();
        assert_eq!(
            parsed.map(|input| input.analysis.stage()),
            expected,
            "{input}"
        );
    }

    #[test]
    fn parses_the_documented_input_only() {
        let job = JobId::of("b", "k", "1", "default");
        let input = |analysis: &str, video: &str| {
            format!(r#"{{"jobId":"{job}","analysis":"{analysis}","video":"{video}"}}"#)
        };
        check(&input("labels", "s3://b/k"), Some(Stage::Labels));
        check(&input("moderation", "s3://b/k"), Some(Stage::Moderation));
        check(&input("faces", "s3://b/k"), None);
        check(&input("labels", "k"), None);
        check(
            r#"{"jobId":"x","analysis":"labels","video":"s3://b/k"}"#,
            None,
        );
    }
}
