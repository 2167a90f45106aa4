//! `CreateJob`, `GetJob`, `CancelJob`, `ListJobs` and `SearchJobs`.

use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use videoflow_platform::arn::last_part;
use videoflow_platform::service::ServiceError;

use super::settings::CreateJob;
use super::validate::validate;
use super::{MediaConvert, answer, error, neutral, run};
use crate::jobs::{INTERRUPTED, Job, JobError, JobStatus, Progress, Submission, Work};

/// A page of `ListJobs` or `SearchJobs`, and all that is ever listed here.
const LISTED_JOBS: usize = 20;
/// Queue of a job that names none.
const DEFAULT_QUEUE: &str = "Default";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ById {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListJobs {
    max_results: Option<usize>,
    queue: Option<String>,
    status: Option<String>,
    // One order there is.
    #[serde(rename = "Order")]
    _order: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SearchJobs {
    input_file: Option<String>,
    max_results: Option<usize>,
    order: Option<String>,
    queue: Option<String>,
    status: Option<String>,
    next_token: Option<String>,
}

/// Starts a job. The same token starts nothing again for a minute: the answer is the first one's job, whatever the request says.
///
/// # Errors
/// `BadRequestException` with the path of what is wrong or not supported.
pub fn create(service: &MediaConvert, parameters: Value) -> Result<Value, ServiceError> {
    let request = parsed(&parameters)?;
    let token = request.client_request_token.clone();
    let (objects, scratch) = (service.objects_of(&request.role), service.scratch.clone());
    let work = move |progress| run::run(objects, scratch, request, progress);
    let submission = service
        .jobs
        .submit(&new_id(), token.as_deref(), parameters, work);
    match submission.map_err(|cause| error::internal(&cause))? {
        Submission::New(job) | Submission::Existing(job) | Submission::Conflict(job) => {
            Ok(json!({ "Job": answer::job(&job) }))
        }
    }
}

fn parsed(parameters: &Value) -> Result<CreateJob, ServiceError> {
    let mut stripped = parameters.clone();
    if let Some(settings) = stripped.get_mut("Settings") {
        *settings = neutral::strip(settings, "Settings")?;
    }
    let request: CreateJob = error::parse(stripped)?;
    validate(&request)?;
    Ok(request)
}

/// The work of a job that was not finished.
///
/// # Errors
/// `Interrupted`: the request is not valid any more.
pub fn again(service: &MediaConvert, job: &Job, progress: Progress) -> Result<Work, JobError> {
    let request =
        parsed(&job.request).map_err(|error| JobError::new(INTERRUPTED, error.message))?;
    let (objects, scratch) = (service.objects_of(&request.role), service.scratch.clone());
    Ok(Box::pin(run::run(objects, scratch, request, progress)))
}

/// Tells how a job stands.
///
/// # Errors
/// `NotFoundException`.
pub fn get(service: &MediaConvert, parameters: Value) -> Result<Value, ServiceError> {
    let ById { id } = error::parse(parameters)?;
    let job = service.jobs.get(&id).ok_or_else(|| no_job(&id))?;
    Ok(json!({ "Job": answer::job(&job) }))
}

/// Cancels a job that has not ended; ffmpeg is killed.
///
/// # Errors
/// `NotFoundException`; `ConflictException` for a job that has ended.
pub fn cancel(service: &MediaConvert, parameters: Value) -> Result<Value, ServiceError> {
    let ById { id } = error::parse(parameters)?;
    let before = service.jobs.get(&id).ok_or_else(|| no_job(&id))?;
    if before.status.is_final() {
        return Err(error::conflict(format!(
            "job {id} has ended and cannot be canceled"
        )));
    }
    service.jobs.cancel(&id);
    Ok(json!({}))
}

/// Lists the newest jobs.
///
/// # Errors
/// `BadRequestException`.
pub fn list(service: &MediaConvert, parameters: Value) -> Result<Value, ServiceError> {
    let request: ListJobs = error::parse(parameters)?;
    let jobs = service
        .jobs
        .list()
        .into_iter()
        .filter(|job| is_queued(&job.request, request.queue.as_deref()))
        .filter(|job| is_status(request.status.as_ref(), job.status));
    let limit = request.max_results.unwrap_or(LISTED_JOBS).min(LISTED_JOBS);
    Ok(json!({ "Jobs": jobs.take(limit).map(|job| answer::job(&job)).collect::<Vec<_>>() }))
}

/// Finds the jobs with an input whose URL contains a text.
///
/// # Errors
/// `BadRequestException`.
pub fn search(service: &MediaConvert, parameters: Value) -> Result<Value, ServiceError> {
    let request: SearchJobs = error::parse(parameters)?;
    let skipped = match request.next_token.as_deref().map(str::parse) {
        None => 0,
        Some(Ok(number)) => number,
        Some(Err(_)) => return Err(error::bad_request("NextToken is none of an answer")),
    };
    let mut jobs = service.jobs.list();
    if request.order.as_deref() == Some("ASCENDING") {
        jobs.reverse();
    }
    let limit = request.max_results.unwrap_or(LISTED_JOBS).min(LISTED_JOBS);
    let mut found = jobs
        .iter()
        .filter(|job| is_queued(&job.request, request.queue.as_deref()))
        .filter(|job| is_status(request.status.as_ref(), job.status))
        .filter(|job| has_input(&job.request, request.input_file.as_deref()))
        .skip(skipped)
        .map(answer::job);
    let page: Vec<Value> = found.by_ref().take(limit).collect();
    let next = found.next().map(|_| (skipped + limit).to_string());
    Ok(match next {
        Some(next) => json!({ "Jobs": page, "NextToken": next }),
        None => json!({ "Jobs": page }),
    })
}

/// A queue is asked for by its name or by its ARN.
fn is_queued(request: &Value, wanted: Option<&str>) -> bool {
    let queue = request.get("Queue").and_then(Value::as_str);
    wanted.is_none_or(|wanted| last_part(wanted) == queue.map_or(DEFAULT_QUEUE, last_part))
}

fn is_status(wanted: Option<&String>, status: JobStatus) -> bool {
    wanted.is_none_or(|wanted| wanted == answer::status(status))
}

fn has_input(request: &Value, part: Option<&str>) -> bool {
    let inputs = request
        .pointer("/Settings/Inputs")
        .and_then(Value::as_array);
    let mut urls = inputs
        .into_iter()
        .flatten()
        .filter_map(|input| input.get("FileInput")?.as_str());
    part.is_none_or(|part| urls.any(|url| url.contains(part)))
}

fn no_job(id: &str) -> ServiceError {
    error::not_found(format!("job {id} does not exist"))
}

/// As `MediaConvert` makes them: milliseconds and six letters or digits.
fn new_id() -> String {
    let millis = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    let random: String = uuid::Uuid::new_v4()
        .simple()
        .to_string()
        .chars()
        .take(6)
        .collect();
    format!("{millis}-{random}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, Failure};

    /// A service with jobs 0 to 24, in this order, on two files in turns.
    fn service(bench: &Bench) -> Result<MediaConvert, Failure> {
        let service = MediaConvert::new(&bench.config());
        for number in 0..25 {
            let input = format!(
                "s3://in/{}/ü.mp4",
                if number % 2 == 0 { "even" } else { "odd" }
            );
            let mut request = json!({"Settings": {"Inputs": [{"FileInput": input}]}});
            if number == 5 {
                request["Queue"] = json!("arn:aws:mediaconvert:us-east-1:000000000000:queues/own");
            }
            let id = number.to_string();
            service
                .jobs
                .submit(&id, None, request, async |_| std::future::pending().await)?;
        }
        Ok(service)
    }

    fn check(service: &MediaConvert, parameters: &Value, ids: &[&str], next: Option<&str>) {
        let answer = search(service, parameters.clone()).unwrap_or_default();
        let jobs = answer["Jobs"].as_array().into_iter().flatten();
        let found: Vec<&str> = jobs.filter_map(|job| job["Id"].as_str()).collect();
        assert_eq!(found, ids, "{parameters}");
        assert_eq!(answer["NextToken"].as_str(), next, "{parameters}");
    }

    #[tokio::test]
    async fn finds_jobs_by_part_of_their_input_page_by_page() -> Result<(), Failure> {
        let bench = Bench::new()?;
        let service = service(&bench)?;
        let odd = |members: Value| {
            let mut parameters = json!({"InputFile": "odd/ü", "MaxResults": 5});
            if let (Some(parameters), Value::Object(members)) =
                (parameters.as_object_mut(), members)
            {
                parameters.extend(members);
            }
            parameters
        };
        let newest = ["23", "21", "19", "17", "15"];
        check(
            &service,
            &odd(json!({"Order": "DESCENDING"})),
            &newest,
            Some("5"),
        );
        let oldest = ["1", "3", "5", "7", "9"];
        check(
            &service,
            &odd(json!({"Order": "ASCENDING"})),
            &oldest,
            Some("5"),
        );
        check(
            &service,
            &odd(json!({"NextToken": "10"})),
            &["3", "1"],
            None,
        );
        check(&service, &odd(json!({"Status": "COMPLETE"})), &[], None);
        check(&service, &json!({"InputFile": "none"}), &[], None);
        check(&service, &odd(json!({"Queue": "own"})), &["5"], None);
        check(
            &service,
            &odd(json!({"Queue": "arn:aws:mediaconvert:us-east-1:000000000000:queues/own"})),
            &["5"],
            None,
        );
        check(
            &service,
            &odd(json!({"Queue": "Default", "NextToken": "5"})),
            &["13", "11", "9", "7", "3"],
            Some("10"),
        );
        let refused = search(&service, json!({"NextToken": "x"}));
        assert_eq!(
            refused.map_err(|error| error.code),
            Err("BadRequestException".to_owned())
        );
        Ok(())
    }
}
