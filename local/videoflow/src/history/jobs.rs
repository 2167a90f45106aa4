//! Lists of jobs: what the index of the job table has, and where each job in flight stands.

use std::collections::HashMap;
use std::fmt;
use std::fmt::Write;
use std::str::FromStr;

use anyhow::Context;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Serialize, Serializer};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::{Filter, Job, JobStatus, Jobs};

use super::story::JobFacts;
use super::text::{duration, tone_of_job};
use crate::environment::Environment;
use crate::paint::{Paint, Tone};

/// Jobs that one query looks at where a filter leaves some out.
const LOOKED_AT: u16 = 1000;
/// Queries for one status: a hundred thousand jobs.
const MAX_QUERIES: usize = 100;
/// Histories that are asked at the same time.
const AT_ONCE: usize = 8;
/// Jobs in flight whose station is asked for: more than an environment works on at once.
const MAX_STATIONS: usize = 100;
/// Events from the end among which the last entry is, but for a Map with many iterations.
const LAST_EVENTS: i32 = 50;

/// Which jobs are wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of one of these.
    pub statuses: Vec<JobStatus>,
    /// Changed then or later.
    pub updated_from: Option<String>,
    /// Changed then or before.
    pub updated_to: Option<String>,
    /// Name of the profile.
    pub profile: Option<String>,
    /// What the source's key begins with.
    pub key_prefix: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// The last job of the page before.
    pub after: Option<Cursor>,
}

/// A place in a list: `<time of the last change>/<job>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    updated_at: String,
    job: String,
}

/// A page of jobs.
#[derive(Debug, Serialize)]
pub struct Listing {
    /// Last changed first.
    pub jobs: Vec<Listed>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Cursor>,
}

/// A job of a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// What the job table has.
    #[serde(flatten)]
    pub facts: JobFacts,
    /// The state that it is in, or the one that failed.
    pub station: Option<String>,
}

/// Lists jobs, last changed first.
///
/// # Errors
/// The job table cannot be read.
pub async fn list(environment: &Environment, wanted: &Wanted) -> anyhow::Result<Listing> {
    let table = environment.jobs();
    let found = stream::iter(
        wanted
            .statuses
            .iter()
            .map(|status| of_status(&table, *status, wanted)),
    );
    let found: Vec<Vec<Job>> = found.buffered(AT_ONCE).try_collect().await?;
    let mut jobs: Vec<Job> = found.into_iter().flatten().collect();
    jobs.sort_by_key(|job| std::cmp::Reverse(Cursor::of(job)));
    let has_more = jobs.len() > wanted.limit;
    jobs.truncate(wanted.limit);
    let next = jobs.last().filter(|_| has_more).map(Cursor::of);
    let stations = stations(environment, &jobs).await;
    let listed = jobs.iter().map(|job| Listed {
        facts: short_facts(job),
        station: station(job, &stations),
    });
    Ok(Listing {
        jobs: listed.collect(),
        next,
    })
}

/// One job more than are wanted, of one status.
async fn of_status(table: &Jobs, status: JobStatus, wanted: &Wanted) -> anyhow::Result<Vec<Job>> {
    let to = wanted.after.as_ref().map(|after| after.updated_at.clone());
    let filter = Filter {
        updated_from: wanted.updated_from.clone(),
        // The earlier of both; moments sort as texts.
        updated_to: to.into_iter().chain(wanted.updated_to.clone()).min(),
        profile: wanted.profile.clone(),
        key_prefix: wanted.key_prefix.clone(),
    };
    let is_after = |job: &Job| {
        let after = wanted.after.as_ref();
        after.is_none_or(|after| Cursor::of(job) < *after)
    };
    let is_filtered = filter.profile.is_some() || filter.key_prefix.is_some();
    let few = u16::try_from(wanted.limit + 1).unwrap_or(LOOKED_AT);
    let looked_at = if is_filtered {
        LOOKED_AT
    } else {
        few.min(LOOKED_AT)
    };
    let mut jobs = Vec::new();
    let mut position = None;
    for _ in 0..MAX_QUERIES {
        let page = table.page(status, &filter, position.as_ref(), looked_at);
        let page = page.await.context("cannot list the jobs")?;
        jobs.extend(page.jobs.into_iter().filter(is_after));
        position = page.next;
        if position.is_none() || jobs.len() > wanted.limit {
            break;
        }
    }
    Ok(jobs)
}

/// States that jobs in flight entered last; a job whose history cannot be read is left out.
async fn stations(environment: &Environment, jobs: &[Job]) -> HashMap<JobId, String> {
    let client = environment.states();
    let in_flight = jobs
        .iter()
        .filter(|job| job.job_status == JobStatus::Processing)
        .filter_map(|job| Some((job.job_id.clone(), job.execution_arn.clone()?)))
        .take(MAX_STATIONS);
    let asked = in_flight.map(|(job, arn)| {
        let request = client
            .get_execution_history()
            .execution_arn(arn)
            .reverse_order(true)
            .include_execution_data(false)
            .max_results(LAST_EVENTS);
        async move {
            let page = request.send().await.ok()?;
            let mut entries = page.events.iter();
            let last = entries.find_map(|event| event.state_entered_event_details())?;
            Some((job, last.name().to_owned()))
        }
    });
    let asked: Vec<_> = asked.collect();
    let stations = stream::iter(asked).buffer_unordered(AT_ONCE);
    stations.filter_map(async |station| station).collect().await
}

/// What the job table has, without the input of a state that failed, which is long.
fn short_facts(job: &Job) -> JobFacts {
    let mut facts = JobFacts::of(job);
    if let Some(details) = facts.error_details.as_mut().and_then(Value::as_object_mut) {
        details.remove("input");
    }
    facts
}

fn station(job: &Job, stations: &HashMap<JobId, String>) -> Option<String> {
    match job.job_status {
        JobStatus::Failed => {
            let details = job.error_details.as_ref()?;
            Some(format!("{}: {}", details.state, details.error))
        }
        JobStatus::AwaitingReview => job.review_reason.clone(),
        _ => stations.get(&job.job_id).cloned(),
    }
}

/// The jobs as a table.
pub fn table(listing: &Listing, now: OffsetDateTime, paint: Paint) -> String {
    let head = [
        "JOB", "STATUS", "STATION", "AGE", "PROFILE", "COST", "SOURCE",
    ];
    let rows = listing.jobs.iter().map(|job| {
        let facts = &job.facts;
        [
            facts.job_id.clone(),
            facts.status.clone(),
            job.station.clone().unwrap_or_default(),
            age(&facts.updated_at, now),
            facts.profile.clone(),
            cost(facts),
            facts.source.key.clone(),
        ]
    });
    let rows: Vec<[String; 7]> = std::iter::once(head.map(str::to_owned))
        .chain(rows)
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let padded = format!("{cell:<width$}");
            let tone = match (number, column) {
                (0, _) => Some(Tone::Quiet),
                (_, 1) => Some(tone_of_job(cell)),
                _ => None,
            };
            line.push_str(&tone.map_or(padded.clone(), |tone| paint.tint(tone, &padded)));
            line.push_str("  ");
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn age(updated_at: &str, now: OffsetDateTime) -> String {
    let Ok(updated_at) = OffsetDateTime::parse(updated_at, &Rfc3339) else {
        return "?".to_owned();
    };
    let age_ms = i64::try_from((now - updated_at).whole_milliseconds()).unwrap_or(i64::MAX);
    duration(age_ms.max(0))
}

fn cost(facts: &JobFacts) -> String {
    match (facts.actual_cost_usd, facts.predicted_cost_usd) {
        (Some(actual), _) => format!("{actual:.2} $"),
        (None, Some(predicted)) => format!("~{predicted:.2} $"),
        (None, None) => String::new(),
    }
}

impl Cursor {
    fn of(job: &Job) -> Self {
        Self {
            updated_at: job.updated_at.clone(),
            job: job.job_id.to_string(),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.updated_at, self.job)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let (updated_at, job) = parts.ok_or("a cursor is what the page before ended with")?;
        Ok(Self {
            updated_at: updated_at.to_owned(),
            job: job.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::Source;
    use super::*;

    fn listed(
        status: &str,
        station: Option<&str>,
        actual: Option<f64>,
        predicted: Option<f64>,
    ) -> Listed {
        Listed {
            facts: JobFacts {
                job_id: "v-1".to_owned(),
                status: status.to_owned(),
                profile: "default".to_owned(),
                source: Source {
                    bucket: "b".to_owned(),
                    key: "talks/monday.mp4".to_owned(),
                    version_id: "1".to_owned(),
                },
                created_at: "1970-01-01T00:00:00.000Z".to_owned(),
                updated_at: "1970-01-01T00:00:00.000Z".to_owned(),
                predicted_cost_usd: predicted,
                actual_cost_usd: actual,
                quality_score: None,
                error_details: None,
            },
            station: station.map(str::to_owned),
        }
    }

    #[test]
    fn a_line_a_job_with_its_station_age_and_cost() {
        let listing = Listing {
            jobs: vec![
                listed("PUBLISHED", None, Some(0.151), Some(0.2)),
                listed("FAILED", Some("InspectFile: SourceGone"), None, Some(0.2)),
            ],
            next: None,
        };
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::hours(3);
        let expected = "\
JOB  STATUS     STATION                  AGE  PROFILE  COST     SOURCE
v-1  PUBLISHED                           3 h  default  0.15 $   talks/monday.mp4
v-1  FAILED     InspectFile: SourceGone  3 h  default  ~0.20 $  talks/monday.mp4
";
        assert_eq!(table(&listing, now, Paint::Plain), expected);
    }

    #[test]
    fn cursors_survive_being_pasted() {
        let cursor = Cursor {
            updated_at: "2026-11-22T02:00:00.000Z".to_owned(),
            job: "v-1".to_owned(),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert!("v-1".parse::<Cursor>().is_err());
    }
}
