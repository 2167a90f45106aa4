//! Starts the transcode of a job by `MediaConvert`, or finds the one that runs or has run.
//!
//! Idempotent by the stage ledger: a repeated invocation answers the same service job. `MediaConvert` remembers a token
//! for about a minute only, so a start that may have come before (the ledger says STARTING) is searched for first.

mod outputs;
mod settings;
mod sound;
mod stills;
mod stream;

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::Client;
use aws_sdk_mediaconvert::error::SdkError;
use aws_sdk_mediaconvert::operation::get_job::GetJobError;
use aws_sdk_mediaconvert::types::{Input as JobInput, Job, JobStatus, Order};
use serde::Deserialize;
use videoflow_shared::error::{self, classify};
use videoflow_shared::identity::{JobId, Stage};
use videoflow_shared::plan::Plan;
pub use videoflow_shared::service_job::Error;
use videoflow_shared::service_job::{Condition, StageService, Started, start_stage};
use videoflow_shared::settings::{Setting, read};
use videoflow_shared::stores::Stores;

pub use settings::{acceleration, job_settings};

/// Entry of a job's user metadata that holds the service token.
const TOKEN_METADATA: &str = "token";
/// Pages of 20 jobs with one input, newest first, that a search reads: more starts of one file there are not.
const SEARCH_PAGES_LIMIT: usize = 5;
/// Characters that `SearchJobs` takes of an input's URL; part of it is as good.
const SEARCH_INPUT_LIMIT: usize = 300;

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
    queue_arn: String,
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
            queue_arn: read(Setting::MediaConvertQueueArn)?,
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

    async fn find(&self, token: &str) -> Result<Option<String>, error::Error> {
        let places = self.function.stores.places(&self.plan.job_id);
        let settings = job_settings(self.plan, &places);
        let input = settings.inputs().first().and_then(JobInput::file_input);
        let mut next = None;
        for _ in 0..SEARCH_PAGES_LIMIT {
            let request = self
                .function
                .client
                .search_jobs()
                .set_input_file(input.map(|url| tail(url, SEARCH_INPUT_LIMIT).to_owned()))
                .queue(&self.function.queue_arn)
                .order(Order::Descending)
                .max_results(20)
                .set_next_token(next);
            let page = request.send().await;
            let page = page.map_err(|error| classify("SearchJobs", &error))?;
            let found = page.jobs().iter().find(|job| has_token(job, token));
            if let Some(id) = found.and_then(Job::id) {
                return Ok(Some(id.to_owned()));
            }
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(None)
    }

    async fn start(&self, token: &str, _attempt: u32) -> Result<String, error::Error> {
        let places = self.function.stores.places(&self.plan.job_id);
        let request = self.function.client.create_job();
        let answer = request
            .role(&self.function.role_arn)
            .queue(&self.function.queue_arn)
            .settings(job_settings(self.plan, &places))
            .set_acceleration_settings(acceleration(self.plan))
            .client_request_token(token)
            .user_metadata(TOKEN_METADATA, token)
            .send()
            .await
            .map_err(|error| classify("CreateJob", &error))?;
        let id = answer.job().and_then(|job| job.id()).map(str::to_owned);
        id.ok_or_else(|| error::Error::ServiceFailed("CreateJob answered no job id".to_owned()))
    }
}

fn has_token(job: &Job, token: &str) -> bool {
    job.user_metadata()
        .and_then(|metadata| metadata.get(TOKEN_METADATA))
        .is_some_and(|found| found == token)
}

/// The last characters of a text, at most `limit`.
fn tail(text: &str, limit: usize) -> &str {
    match text.char_indices().rev().nth(limit.saturating_sub(1)) {
        Some((start, _)) => text.get(start..).unwrap_or(text),
        None => text,
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
    fn searches_by_what_the_service_takes_of_a_url() {
        assert_eq!(tail("s3://b/ü", 300), "s3://b/ü");
        assert_eq!(tail("s3://b/ü", 8), "s3://b/ü");
        assert_eq!(tail("s3://b/ü", 2), "/ü");
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
