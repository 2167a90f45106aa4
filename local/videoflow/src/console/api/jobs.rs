//! Jobs: the list, page by page, and one job's story.

use std::collections::{BTreeMap, VecDeque};

use anyhow::Context;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;
use videoflow_shared::jobs::{Filter, Job, JobStatus, Jobs, Page, Position};

use super::{Answer, Problem, Shared, parse_job};
use crate::history::read;
use crate::history::story::Story;

/// Jobs of a page.
const PAGE: u16 = 200;
/// Queries a status and page, where a filter lets few jobs through: a page may be shorter, and the next one goes on.
const QUERIES_LIMIT: usize = 4;

/// Which jobs are listed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    status: Option<String>,
    profile: Option<String>,
    prefix: Option<String>,
    cursor: Option<String>,
}

/// How far the list of each status was told; none: it has not begun. Those that have ended are left out.
type Cursor = BTreeMap<String, Option<Position>>;

/// A page of the list, last updated first.
pub async fn list(State(console): Shared, Query(asked): Query<Asked>) -> Answer {
    let wanted = parse_status(asked.status.as_deref())?;
    let begun = asked.cursor.as_deref().map(parse_cursor).transpose()?;
    let filter = Filter {
        profile: asked.profile.filter(|profile| !profile.is_empty()),
        key_prefix: asked.prefix.filter(|prefix| !prefix.is_empty()),
        ..Filter::default()
    };
    let streams = JobStatus::iter().filter(|status| wanted.is_none_or(|wanted| wanted == *status));
    let streams = streams.filter_map(|status| match &begun {
        Some(cursor) => Some((status, cursor.get(&status.to_string())?.clone())),
        None => Some((status, None)),
    });
    let jobs = console.environment.jobs();
    let read = try_join_all(streams.map(|(status, after)| stream(&jobs, status, &filter, after)));
    let read = read.await.context("cannot list the jobs")?;
    let (page, cursor) = merge(read);
    let next = (!cursor.is_empty()).then(|| URL_SAFE_NO_PAD.encode(json!(cursor).to_string()));
    Ok(Json(
        json!({"jobs": page.iter().map(summary).collect::<Vec<_>>(), "next": next}),
    ))
}

/// A job's story, as `videoflow history --json` tells it.
pub async fn story(State(console): Shared, Path(job): Path<String>) -> Answer<Story> {
    let job = parse_job(&job)?;
    match read(&console.environment, job.as_str()).await {
        Ok(story) => Ok(Json(story)),
        Err(error) => match console.environment.jobs().get(&job).await {
            // Its upload may be on the way.
            Ok(None) => Err(Problem(
                StatusCode::NOT_FOUND,
                format!("there is no job {job}"),
            )),
            _ => Err(error.into()),
        },
    }
}

/// What a list shows of a job.
pub fn summary(job: &Job) -> Value {
    let error = job.error_details.as_ref();
    json!({
        "jobId": job.job_id,
        "status": job.job_status,
        "key": job.source_key,
        "profile": job.profile,
        "createdAt": job.created_at,
        "updatedAt": job.updated_at,
        "predictedCostUsd": job.predicted_cost_usd,
        "actualCostUsd": job.actual_cost_usd,
        "state": error.map(|error| &error.state),
        "error": error.map(|error| &error.error),
    })
}

fn parse_status(text: Option<&str>) -> Result<Option<JobStatus>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let found = JobStatus::iter().find(|status| status.to_string() == text);
    found.map(Some).ok_or_else(|| {
        Problem(
            StatusCode::BAD_REQUEST,
            format!("there is no status {text}"),
        )
    })
}

fn parse_cursor(text: &str) -> Result<Cursor, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let cursor = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    cursor.ok_or_else(|| {
        Problem(
            StatusCode::BAD_REQUEST,
            "the cursor is none that a list gave".to_owned(),
        )
    })
}

/// The jobs of a status that were read.
#[derive(Debug)]
struct Stream {
    status: JobStatus,
    /// The last one that was told.
    told: Option<Position>,
    jobs: VecDeque<Job>,
    /// Where reading goes on; none: there is no more.
    rest: Option<Position>,
}

async fn stream(
    jobs: &Jobs,
    status: JobStatus,
    filter: &Filter,
    after: Option<Position>,
) -> anyhow::Result<Stream> {
    let mut stream = Stream {
        status,
        told: after.clone(),
        jobs: VecDeque::new(),
        rest: after,
    };
    for _ in 0..QUERIES_LIMIT {
        let Page { jobs: found, next } = jobs
            .page(status, filter, stream.rest.as_ref(), PAGE)
            .await?;
        stream.jobs.extend(found);
        stream.rest = next;
        if stream.rest.is_none() || stream.jobs.len() >= usize::from(PAGE) {
            break;
        }
    }
    Ok(stream)
}

/// Tells the jobs of all streams in the order of time. Where a stream that goes on has none in hand, nobody knows which
/// is next: the page ends.
fn merge(mut streams: Vec<Stream>) -> (Vec<Job>, Cursor) {
    let mut page = Vec::new();
    while page.len() < usize::from(PAGE)
        && !streams
            .iter()
            .any(|stream| stream.jobs.is_empty() && stream.rest.is_some())
    {
        let key = |stream: &Stream| {
            let job = stream.jobs.front();
            job.map(|job| (job.updated_at.clone(), job.job_id.clone()))
        };
        let newest = streams.iter_mut().max_by_key(|stream| key(stream));
        let next = newest.and_then(|stream| Some((stream.jobs.pop_front()?, stream)));
        let Some((job, stream)) = next else { break };
        stream.told = Some(Position {
            updated_at: job.updated_at.clone(),
            job_id: job.job_id.clone(),
        });
        page.push(job);
    }
    let open = streams.into_iter().filter_map(|stream| {
        let position = match (stream.jobs.is_empty(), stream.rest) {
            (true, None) => return None,
            (true, rest) => rest,
            (false, _) => stream.told,
        };
        Some((stream.status.to_string(), position))
    });
    (page, open.collect())
}

#[cfg(test)]
mod tests {
    use videoflow_shared::identity::JobId;

    use super::*;

    fn job(status: JobStatus, updated_at: &str) -> Job {
        let item = json!({"JobId": JobId::of("b", updated_at, "1", "default"), "JobStatus": status,
            "SourceBucket": "b", "SourceKey": "k", "SourceVersionId": "1", "Profile": "default",
            "CreatedAt": updated_at, "UpdatedAt": updated_at});
        serde_json::from_value(item).expect("a job")
    }

    fn stream_of(status: JobStatus, times: &[&str], is_over: bool) -> Stream {
        let jobs: VecDeque<Job> = times.iter().map(|time| job(status, time)).collect();
        let rest = jobs.back().filter(|_| !is_over).map(|job| Position {
            updated_at: job.updated_at.clone(),
            job_id: job.job_id.clone(),
        });
        Stream {
            status,
            told: None,
            jobs,
            rest,
        }
    }

    #[test]
    fn statuses_are_merged_by_time_and_no_job_is_passed_over() {
        let (page, cursor) = merge(vec![
            stream_of(JobStatus::Failed, &["9", "5"], false),
            stream_of(JobStatus::Published, &["8", "7", "2"], true),
            stream_of(JobStatus::Rejected, &[], true),
        ]);
        let times: Vec<&str> = page.iter().map(|job| job.updated_at.as_str()).collect();
        // What is older than 5 may come after other failed jobs, which were not read.
        assert_eq!(times, ["9", "8", "7", "5"]);
        let told = |status: &str| {
            let position = cursor.get(status)?.as_ref()?;
            Some(position.updated_at.clone())
        };
        assert_eq!(
            (told("FAILED"), told("PUBLISHED")),
            (Some("5".into()), Some("7".into()))
        );
        assert!(!cursor.contains_key("REJECTED"));
    }

    #[test]
    fn refuses_what_no_list_gave() {
        assert!(parse_status(Some("ODD")).is_err());
        assert!(matches!(
            parse_status(Some("FAILED")),
            Ok(Some(JobStatus::Failed))
        ));
        for odd in ["", "!", "bnVsbA"] {
            assert!(parse_cursor(odd).is_err(), "{odd}");
        }
    }
}
