//! The HTTP API of jobs.
//!
//! | request | answer |
//! |---|---|
//! | `POST /jobs {"key", "versionId"?, "profile"?}` | 202 `{jobId}`; 200 `{jobId, status}` when it was processed before |
//! | `POST /jobs {"jobId", "force": true}` | 202 `{jobId}` of the new run |
//! | `GET /jobs?status=S&limit=N` | 200 `{jobs: […]}`, last updated first |
//! | `GET /jobs/{jobId}` | 200, the job |
//! | `POST /jobs/{jobId}/review {"decision", "reviewer"}` | 202 `{jobId}` |
//!
//! Errors are problem documents (RFC 9457) whose `type` ends in the error's name. Idempotent but for `force`, which
//! makes a new run each time, by an atomic counter.

mod answer;
mod request;
mod view;

use aws_config::SdkConfig;
use aws_sdk_sfn::operation::send_task_failure::SendTaskFailureError;
use aws_sdk_sfn::operation::send_task_success::SendTaskSuccessError;
use lambda_http::{Body, Request, RequestExt, Response};
use serde_json::json;
use strum::IntoEnumIterator;
use tracing::{error, info};
use videoflow_shared::error::classify;
use videoflow_shared::identity::JobId;
use videoflow_shared::intake::{Entered, Intake};
use videoflow_shared::jobs::{Job, JobStatus};
use videoflow_shared::location::S3Uri;
use videoflow_shared::settings::{Setting, read};

use answer::{Answer, problem};
use request::{Decision, Listing, NewJob, Review, Route, route};

/// Why a request was not carried out. The names are the ends of the problems' types.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// 400: the request is not in the documented shape.
    #[error("{0}")]
    InvalidInput(String),
    /// 404: there is no such route.
    #[error("there is no {0}")]
    RouteNotFound(String),
    /// 404: there is no such job.
    #[error("there is no job {0}")]
    JobNotFound(String),
    /// 404: there is no such object in the source bucket.
    #[error("there is no object {0}")]
    SourceNotFound(String),
    /// 409: the job, or another run of it, has not ended.
    #[error("job {0} still runs; a new run can be forced when it has ended")]
    JobRunning(String),
    /// 409: the job does not wait for a review, or not any more.
    #[error("job {0} does not wait for a review")]
    ReviewNotAwaited(String),
    /// 409: the job was forced too often.
    #[error("{0}")]
    TooManyRuns(String),
    /// 503: S3 or `DynamoDB` failed.
    #[error("{0}")]
    StorageFailed(String),
    /// 500: S3 or `DynamoDB` refused.
    #[error("{0}")]
    StorageRefused(String),
    /// 500: a job item is not in VideoFlow's shape.
    #[error("{0}")]
    RecordUnreadable(String),
    /// 503: Step Functions is throttling.
    #[error("{0}")]
    ServiceThrottled(String),
    /// 503: Step Functions failed.
    #[error("{0}")]
    ServiceFailed(String),
    /// 500: Step Functions refused.
    #[error("{0}")]
    ServiceRefused(String),
}

videoflow_shared::from_intake_error!(Error);

/// The function.
#[derive(Debug)]
pub struct Function {
    intake: Intake,
    source_bucket: String,
}

impl Function {
    /// The function as deployed.
    ///
    /// # Errors
    /// A missing setting.
    pub fn from_settings(config: &SdkConfig) -> Result<Self, videoflow_shared::settings::Error> {
        Ok(Self {
            intake: Intake::from_settings(config)?,
            source_bucket: read(Setting::SourceBucketName)?,
        })
    }

    /// Answers a request; every error is an answer too.
    ///
    /// # Errors
    /// The answer could not be put together.
    pub async fn answer(&self, request: Request) -> Result<Response<Body>, lambda_http::Error> {
        let path = request.raw_http_path().to_owned();
        match self.carry_out(&request, &path).await {
            Ok(answer) => {
                info!(method = %request.method(), path, status = answer.status, "answered");
                answer::json(&answer)
            }
            Err(failure) => {
                let name: &str = (&failure).into();
                error!(method = %request.method(), path, error = name, "{failure}");
                problem(&failure, &path)
            }
        }
    }

    async fn carry_out(&self, request: &Request, path: &str) -> Result<Answer, Error> {
        let body = request.body().as_ref();
        match route(request.method().as_str(), path)? {
            Route::Create => match request::parse(body)? {
                NewJob::Upload {
                    key,
                    version_id,
                    profile,
                } => {
                    self.create(&key, version_id.as_deref(), profile.as_deref())
                        .await
                }
                NewJob::Forced { job_id } => self.force(&job_id).await,
            },
            Route::List => {
                let query = request.query_string_parameters();
                self.list(Listing::parse(query.first("status"), query.first("limit"))?)
                    .await
            }
            Route::Show(job) => Ok(Answer {
                status: 200,
                body: view::job(&self.job(&job).await?),
            }),
            Route::Review(job) => self.review(&job, &request::parse_review(body)?).await,
        }
    }

    async fn create(
        &self,
        key: &str,
        version: Option<&str>,
        profile: Option<&str>,
    ) -> Result<Answer, Error> {
        let object = S3Uri::new(&self.source_bucket, key);
        match self.intake.enter(&object, version, profile).await? {
            Entered::Started(job) | Entered::Queued(job) => Ok(Answer::accepted(&job)),
            Entered::Settled(job, status) => Ok(Answer {
                status: 200,
                body: json!({"jobId": job, "status": status}),
            }),
            Entered::Gone => Err(Error::SourceNotFound(object.to_string())),
        }
    }

    async fn force(&self, job: &JobId) -> Result<Answer, Error> {
        let job = self.job(job).await?;
        if let Some(open) = self.intake.open_run(&job.job_id).await? {
            return Err(Error::JobRunning(open.to_string()));
        }
        Ok(Answer::accepted(&self.intake.force(&job).await?))
    }

    async fn list(&self, listing: Listing) -> Result<Answer, Error> {
        let mut jobs = Vec::new();
        for status in listing
            .status
            .map_or_else(|| JobStatus::iter().collect(), |status| vec![status])
        {
            jobs.extend(self.intake.jobs.list(status, listing.limit).await?);
        }
        jobs.sort_by(|left, right| right.updated_at.cmp(&left.updated_at));
        jobs.truncate(usize::from(listing.limit));
        Ok(Answer {
            status: 200,
            body: json!({"jobs": jobs.iter().map(view::summary).collect::<Vec<_>>()}),
        })
    }

    async fn review(&self, job: &JobId, review: &Review) -> Result<Answer, Error> {
        let job = self.job(job).await?;
        let not_awaited = || Error::ReviewNotAwaited(job.job_id.to_string());
        let (JobStatus::AwaitingReview, Some(token)) = (job.job_status, &job.review_token) else {
            return Err(not_awaited());
        };
        match review.decision {
            Decision::Approve => {
                let output =
                    json!({"decision": "approve", "reviewer": review.reviewer}).to_string();
                match self
                    .intake
                    .executions
                    .send_task_success()
                    .task_token(token)
                    .output(output)
                    .send()
                    .await
                {
                    Ok(_) => {}
                    Err(error) if error.as_service_error().is_some_and(is_stale_success) => {
                        return Err(not_awaited());
                    }
                    Err(error) => return Err(classify("SendTaskSuccess", &error).into()),
                }
            }
            Decision::Reject => {
                let request = self
                    .intake
                    .executions
                    .send_task_failure()
                    .task_token(token)
                    .error("ReviewRejected");
                match request
                    .cause(format!("Rejected by {}", review.reviewer))
                    .send()
                    .await
                {
                    Ok(_) => {}
                    Err(error) if error.as_service_error().is_some_and(is_stale_failure) => {
                        return Err(not_awaited());
                    }
                    Err(error) => return Err(classify("SendTaskFailure", &error).into()),
                }
            }
        }
        Ok(Answer::accepted(&job.job_id))
    }

    async fn job(&self, job: &JobId) -> Result<Job, Error> {
        let found = self.intake.jobs.get(job).await?;
        found.ok_or_else(|| Error::JobNotFound(job.to_string()))
    }
}

/// Whether the execution does not wait any more.
fn is_stale_success(error: &SendTaskSuccessError) -> bool {
    use SendTaskSuccessError::{InvalidToken, TaskDoesNotExist, TaskTimedOut};
    matches!(
        error,
        InvalidToken(_) | TaskDoesNotExist(_) | TaskTimedOut(_)
    )
}

/// Whether the execution does not wait any more.
fn is_stale_failure(error: &SendTaskFailureError) -> bool {
    use SendTaskFailureError::{InvalidToken, TaskDoesNotExist, TaskTimedOut};
    matches!(
        error,
        InvalidToken(_) | TaskDoesNotExist(_) | TaskTimedOut(_)
    )
}
