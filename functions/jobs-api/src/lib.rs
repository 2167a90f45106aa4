//! The HTTP API of jobs. openapi.json describes it, and is served as `GET /openapi.json`.
//!
//! Errors are problem documents (RFC 9457) whose `type` ends in the error's name. A POST with an `Idempotency-Key` is
//! carried out once; without one, only `force` does something new each time.

mod answer;
mod deletion;
mod error;
mod idempotency;
mod listing;
mod negotiation;
mod outputs;
mod redrive;
mod request;
mod review;
mod route;
mod view;

use std::sync::LazyLock;

use aws_config::SdkConfig;
use lambda_http::http::header::{ACCEPT, CONTENT_TYPE};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};
use serde_json::{Value, json};
use tracing::{error, info, warn};
use videoflow_shared::identity::JobId;
use videoflow_shared::intake::{Entered, Intake};
use videoflow_shared::jobs::{Job, JobStatus};
use videoflow_shared::location::S3Uri;
use videoflow_shared::profiles;
use videoflow_shared::settings::{Setting, read};
use videoflow_shared::stations::stations;

use answer::{Answer, JSON, problem};
use deletion::Deletions;
use idempotency::{Keyed, Known, Records, keyed};
use listing::Listing;
use outputs::Outputs;
use request::NewJob;

pub use error::Error;
pub use route::{Operation, ROUTES, Route, route};

/// Header with the key of a request.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The function.
#[derive(Debug)]
pub struct Function {
    intake: Intake,
    deletions_queue_url: String,
    output_bucket: String,
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
            deletions_queue_url: read(Setting::DeletionsQueueUrl)?,
            output_bucket: read(Setting::OutputBucketName)?,
            source_bucket: read(Setting::SourceBucketName)?,
        })
    }

    /// Answers a request; every error is an answer too.
    ///
    /// # Errors
    /// The answer could not be put together.
    pub async fn answer(&self, request: Request) -> Result<Response<Body>, lambda_http::Error> {
        let path = request.raw_http_path().to_owned();
        match Box::pin(self.carry_out(&request, &path)).await {
            Ok(answer) => {
                info!(method = %request.method(), path, status = answer.status, "answered");
                answer.response()
            }
            Err(failure) => {
                let name: &str = (&failure).into();
                let method = request.method();
                if failure.status() < 500 {
                    info!(%method, path, error = name, "refused: {failure}");
                } else {
                    error!(%method, path, error = name, "{failure}");
                }
                problem(&failure, &path)
            }
        }
    }

    async fn carry_out(&self, request: &Request, path: &str) -> Result<Answer, Error> {
        let method = request.method().as_str();
        let route = route(method, path)?;
        let header = |name: &str| Some(request.headers().get(name)?.to_str().unwrap_or("?"));
        let forms: &[&str] = match route.operation {
            Operation::Brief => &negotiation::BRIEF_FORMS,
            _ => &negotiation::JSON_ONLY,
        };
        let form = negotiation::form(header(ACCEPT.as_str()), forms)?;
        let body = request.body().as_ref();
        if body.len() > request::BODY_LIMIT_BYTES {
            return Err(Error::BodyTooLarge(request::BODY_LIMIT_BYTES));
        }
        if matches!(
            route.operation,
            Operation::Start | Operation::Approve | Operation::Reject
        ) {
            negotiation::check_json(header(CONTENT_TYPE.as_str()))?;
        }
        let caller = caller(request);
        let key = header(IDEMPOTENCY_KEY).filter(|_| method == "POST");
        let Some(key) = key else {
            return Box::pin(self.act(&route, request, form, caller)).await;
        };
        let keyed = keyed(key, caller.as_deref(), (method, path), body)?;
        Box::pin(self.act_once(&keyed, &route, request, caller)).await
    }

    /// Carries out a request with a key, unless it was before.
    async fn act_once(
        &self,
        keyed: &Keyed,
        route: &Route,
        request: &Request,
        caller: Option<String>,
    ) -> Result<Answer, Error> {
        let records = Records {
            jobs: &self.intake.jobs,
        };
        if let Known::Answered(answer) = records.begin(keyed).await? {
            return Ok(answer);
        }
        let outcome = Box::pin(self.act(route, request, JSON, caller)).await;
        records.settle(keyed, &outcome).await;
        outcome
    }

    async fn act(
        &self,
        route: &Route,
        request: &Request,
        form: &str,
        caller: Option<String>,
    ) -> Result<Answer, Error> {
        let body = request.body().as_ref();
        let query = request.query_string_parameters();
        let outputs = Outputs {
            objects: &self.intake.objects,
            bucket: &self.output_bucket,
        };
        match route.operation {
            Operation::Start => self.start(request::parse(body)?).await,
            Operation::List => self.list(Listing::parse(&query)?).await,
            Operation::Show => self.show(&self.job(route.job()?).await?).await,
            Operation::Brief => outputs.brief(&self.job(route.job()?).await?, form).await,
            Operation::Outputs => outputs.list(&self.job(route.job()?).await?).await,
            Operation::Approve => {
                let review = request::parse_review(body)?;
                review::approve(&self.intake, &self.job(route.job()?).await?, &review).await
            }
            Operation::Reject => {
                let review = request::parse_review(body)?;
                review::reject(&self.intake, &self.job(route.job()?).await?, &review).await
            }
            Operation::Redrive => {
                let job = self.job(route.job()?).await?;
                redrive::redrive(&self.intake, &job).await
            }
            Operation::Delete => {
                let source = request::parse_deletion(&query)?;
                let deletions = Deletions {
                    intake: &self.intake,
                    queue_url: &self.deletions_queue_url,
                };
                let base = self.job(&route.job()?.base()).await?;
                deletions.request(base, source, caller).await
            }
            Operation::Deletion => deletion::show(&self.job(&route.job()?.base()).await?),
            Operation::Describe => Ok(Answer::document(200, JSON, description().to_owned())),
        }
    }

    async fn start(&self, new: NewJob) -> Result<Answer, Error> {
        let (key, version, profile) = match new {
            NewJob::Forced { job_id } => return self.force(&job_id).await,
            NewJob::Upload {
                key,
                version_id,
                profile,
            } => (key, version_id, profile),
        };
        let object = S3Uri::new(&self.source_bucket, key);
        let entered = self
            .intake
            .enter(&object, version.as_deref(), profile.as_deref())
            .await?;
        match entered {
            Entered::Started(job) | Entered::Queued(job) => Ok(Answer::accepted(&job)),
            Entered::Settled(job, status) => {
                let location = format!("/jobs/{job}");
                Ok(Answer::json(200, &json!({"jobId": job, "jobStatus": status})).at(location))
            }
            Entered::Gone => Err(Error::SourceNotFound(object.to_string())),
        }
    }

    async fn force(&self, job: &JobId) -> Result<Answer, Error> {
        let job = self.job(job).await?;
        if job.job_status == JobStatus::Deleted {
            return Err(Error::JobDeleted(job.job_id.to_string()));
        }
        if let Some(open) = self.intake.open_run(&job.job_id).await? {
            return Err(Error::JobRunning(open.to_string()));
        }
        Ok(Answer::accepted(&self.intake.force(&job).await?))
    }

    async fn list(&self, listing: Listing) -> Result<Answer, Error> {
        let (jobs, next) = listing.read(&self.intake.jobs).await?;
        let jobs: Vec<Value> = jobs.iter().map(view::summary).collect();
        Ok(Answer::json(200, &json!({"jobs": jobs, "next": next})))
    }

    async fn show(&self, job: &Job) -> Result<Answer, Error> {
        let stations = match job.job_status {
            JobStatus::Processing | JobStatus::AwaitingReview => {
                let found = stations(&self.intake.executions, job).await;
                // Null where Step Functions does not tell.
                found.map_or_else(
                    |error| {
                        warn!(job = %job.job_id, "no stations: {error}");
                        Value::Null
                    },
                    |stations| json!(stations),
                )
            }
            _ => json!([]),
        };
        Ok(Answer::json(200, &view::job(job, stations)))
    }

    async fn job(&self, job: &JobId) -> Result<Job, Error> {
        let found = self.intake.jobs.get(job).await?;
        found.ok_or_else(|| Error::JobNotFound(job.to_string()))
    }
}

/// The API in `OpenAPI` 3.1: openapi.json, with the names of the profiles that there are.
pub fn description() -> &'static str {
    static DESCRIPTION: LazyLock<String> = LazyLock::new(|| {
        let committed = include_str!("../openapi.json");
        let mut document: Value = serde_json::from_str(committed).unwrap_or_default();
        if let Some(name) = document.pointer_mut("/components/schemas/ProfileName") {
            name["enum"] = profiles::names().collect();
        }
        document.to_string()
    });
    &DESCRIPTION
}

/// Who asks, as far as the authorization of the API says: the ARN of a signed request, the subject of a token.
fn caller(request: &Request) -> Option<String> {
    let RequestContext::ApiGatewayV2(context) = request.request_context_ref()? else {
        return None;
    };
    let authorizer = context.authorizer.as_ref()?;
    let signed = authorizer.iam.as_ref().and_then(|iam| iam.user_arn.clone());
    let token = || Some(authorizer.jwt.as_ref()?.claims.get("sub")?.clone());
    signed.or_else(token)
}
