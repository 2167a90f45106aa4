//! The assembly line: which jobs are at which station. The executions that run tell it, a page for a thousand jobs; to
//! read the history of each would take a call a job.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use aws_sdk_sfn::types::ExecutionStatus;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::future::try_join_all;
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;
use strum::IntoEnumIterator as _;
use videoflow_shared::clock;
use videoflow_shared::jobs::{Filter, Job, JobStatus};

use super::jobs::summary;
use super::{Answer, Console, Problem, Shared};

/// The stations: machine, the stage's part in the names of its executions, and title.
const STATIONS: [(&str, &str, &str); 7] = [
    ("sanitize-file", "sanitize", "Sanitize"),
    ("preprocess-video", "preprocess", "Preprocess"),
    ("detect-labels", "labels", "Labels"),
    ("transcribe-speech", "speech", "Speech"),
    ("extract-meaning", "meaning", "Meaning"),
    ("merge-brief", "merge", "Merge"),
    ("publish-video", "publish", "Publish"),
];
/// Jobs of a station that are told one by one; more would be no picture.
const SHOWN: usize = 60;
/// Pages of a thousand executions of a machine.
const EXECUTION_PAGES: usize = 10;
/// Pages of 1 MB of the index that a count reads.
const COUNT_PAGES: usize = 40;
/// Jobs that ended lately.
const LATELY: u16 = 15;
/// Open jobs whose names are read.
const NAMED: u16 = 500;
/// How old a look may be: on this machine, and on AWS, where every look is some fifteen calls.
const LOCAL_AGE: Duration = Duration::from_millis(900);
const AWS_AGE: Duration = Duration::from_secs(5);

/// The line at a moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    at: String,
    stations: Vec<Station>,
    /// Jobs by status.
    counts: BTreeMap<String, Count>,
    /// Those that ended last.
    lately: Vec<Value>,
}

/// A number of jobs; there may be more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    count: usize,
    is_least: bool,
}

/// A station.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Station {
    id: &'static str,
    title: &'static str,
    machine: Option<&'static str>,
    #[serde(flatten)]
    count: Count,
    jobs: Vec<Crate>,
}

/// A job at a station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Crate {
    job_id: String,
    key: Option<String>,
    since: String,
    /// Whether it waits for a person.
    is_held: bool,
}

/// The line now.
pub async fn line(State(console): Shared) -> Answer<Line> {
    Ok(Json(console.line().await?.as_ref().clone()))
}

/// The line, again whenever it has changed.
pub async fn events(State(console): Shared) -> impl IntoResponse {
    let changes = stream::unfold((console, None::<Arc<Line>>), async |(console, told)| {
        loop {
            match console.line().await {
                Ok(line) if told.as_ref().is_some_and(|told| is_same(told, &line)) => {}
                Ok(line) => {
                    let event = Event::default().event("line").json_data(line.as_ref());
                    let event = event.unwrap_or_else(|_| Event::default().comment("unreadable"));
                    return Some((Ok::<_, Infallible>(event), (console, Some(line))));
                }
                Err(problem) => {
                    tokio::time::sleep(console.line_age()).await;
                    let event = Event::default()
                        .event("problem")
                        .data(problem.1.replace(['\r', '\n'], " "));
                    return Some((Ok(event), (console, told)));
                }
            }
            tokio::time::sleep(console.line_age()).await;
        }
    });
    Sse::new(Box::pin(changes)).keep_alive(KeepAlive::default())
}

fn is_same(one: &Line, other: &Line) -> bool {
    one.stations == other.stations && one.counts == other.counts && one.lately == other.lately
}

impl Console {
    pub(super) fn line_age(&self) -> Duration {
        if self.environment.is_aws() {
            AWS_AGE
        } else {
            LOCAL_AGE
        }
    }

    async fn line(&self) -> Result<Arc<Line>, Problem> {
        let read = self
            .caches
            .line
            .get(self.line_age(), async || self.read_line().await);
        read.await.map_err(Problem::from)
    }

    async fn read_line(&self) -> anyhow::Result<Line> {
        let counts_age = self.line_age() * 10;
        let counts = self
            .caches
            .counts
            .get(counts_age, async || self.counts().await);
        let stations = try_join_all(
            STATIONS
                .iter()
                .map(|(machine, stage, _)| self.running(machine, stage)),
        );
        let open = [
            JobStatus::Queued,
            JobStatus::Processing,
            JobStatus::AwaitingReview,
        ];
        let open = try_join_all(open.iter().map(|status| self.newest(*status, NAMED)));
        let ended = [
            JobStatus::Published,
            JobStatus::Failed,
            JobStatus::FailedQc,
            JobStatus::Rejected,
        ];
        let ended = try_join_all(ended.iter().map(|status| self.newest(*status, LATELY)));
        let (counts, stations, open, ended) = tokio::try_join!(counts, stations, open, ended)?;
        let mut lately: Vec<Job> = ended.into_iter().flatten().collect();
        lately.sort_by(|one, other| other.updated_at.cmp(&one.updated_at));
        lately.truncate(LATELY.into());
        let waiting = counts.get("QUEUED").copied().unwrap_or_default();
        Ok(Line {
            at: clock::now(),
            stations: arrange(
                stations,
                &open.into_iter().flatten().collect::<Vec<_>>(),
                waiting,
            ),
            counts: counts.as_ref().clone(),
            lately: lately.iter().map(summary).collect(),
        })
    }

    /// Executions of a machine that run: job, and since when, the oldest first.
    async fn running(
        &self,
        machine: &str,
        stage: &str,
    ) -> anyhow::Result<(Count, Vec<(String, String)>)> {
        let environment = &self.environment;
        let arn = environment.execution_arn(machine, "").await?;
        let arn = arn.replacen(":execution:", ":stateMachine:", 1);
        let client = environment.states();
        let (mut found, mut next) = (Vec::new(), None);
        for _ in 0..EXECUTION_PAGES {
            let page = client
                .list_executions()
                .state_machine_arn(arn.trim_end_matches(':'))
                .status_filter(ExecutionStatus::Running)
                .max_results(1000)
                .set_next_token(next)
                .send();
            let page = page.await.map_err(aws_sdk_sfn::Error::from);
            let page = page.with_context(|| format!("cannot list the executions of {machine}"))?;
            found.extend(page.executions.into_iter().filter_map(|execution| {
                let (job, _) = execution.name.split_once(&format!("-{stage}-"))?;
                let since =
                    time::OffsetDateTime::from_unix_timestamp(execution.start_date.secs()).ok()?;
                Some((job.to_owned(), clock::format(since)))
            }));
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        let count = Count {
            count: found.len(),
            is_least: next.is_some(),
        };
        found.sort_by(|one, other| one.1.cmp(&other.1));
        found.truncate(SHOWN);
        Ok((count, found))
    }

    async fn newest(&self, status: JobStatus, count: u16) -> anyhow::Result<Vec<Job>> {
        let page = self
            .environment
            .jobs()
            .page(status, &Filter::default(), None, count)
            .await;
        Ok(page.context("cannot list the jobs")?.jobs)
    }

    async fn counts(&self) -> anyhow::Result<BTreeMap<String, Count>> {
        let each = JobStatus::iter().map(async |status| {
            let counted = self.count(status).await?;
            anyhow::Ok((status.to_string(), counted))
        });
        Ok(try_join_all(each).await?.into_iter().collect())
    }

    async fn count(&self, status: JobStatus) -> anyhow::Result<Count> {
        let jobs = self.environment.jobs();
        let (mut count, mut start) = (0, None);
        for _ in 0..COUNT_PAGES {
            let page = jobs
                .client()
                .query()
                .table_name(jobs.table())
                .index_name("JobStatusUpdatedAt")
                .select(Select::Count)
                .key_condition_expression("JobStatus = :status")
                .expression_attribute_values(":status", AttributeValue::S(status.to_string()))
                .set_exclusive_start_key(start)
                .send();
            let page = page.await.map_err(aws_sdk_dynamodb::Error::from);
            let page = page.context("cannot count the jobs")?;
            count += usize::try_from(page.count).unwrap_or(0);
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(Count {
            count,
            is_least: start.is_some(),
        })
    }
}

/// Puts what runs and what waits into the order of the line.
fn arrange(
    running: Vec<(Count, Vec<(String, String)>)>,
    open: &[Job],
    queued: Count,
) -> Vec<Station> {
    let named: HashMap<&str, &Job> = open.iter().map(|job| (job.job_id.as_str(), job)).collect();
    let waiting = open
        .iter()
        .filter(|job| job.job_status == JobStatus::Queued);
    let waiting: Vec<Crate> = waiting.rev().take(SHOWN).map(of_job).collect();
    let first = Station {
        id: "waiting",
        title: "Waiting",
        machine: None,
        count: Count {
            count: queued.count.max(waiting.len()),
            ..queued
        },
        jobs: waiting,
    };
    let stations = STATIONS
        .iter()
        .zip(running)
        .map(|((machine, id, title), (count, jobs))| Station {
            id,
            title,
            machine: Some(machine),
            count,
            jobs: jobs
                .into_iter()
                .map(|(job_id, since)| {
                    let job = named.get(job_id.as_str());
                    let is_review =
                        job.is_some_and(|job| job.job_status == JobStatus::AwaitingReview);
                    Crate {
                        key: job.map(|job| job.source_key.clone()),
                        since,
                        is_held: is_review && *id == "publish",
                        job_id,
                    }
                })
                .collect(),
        });
    std::iter::once(first).chain(stations).collect()
}

fn of_job(job: &Job) -> Crate {
    Crate {
        job_id: job.job_id.to_string(),
        key: Some(job.source_key.clone()),
        since: job.updated_at.clone(),
        is_held: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stations_are_those_of_the_main_machine_in_its_order() {
        let definition = include_str!("../../../../../statemachines/process-video.asl.json");
        let mut before = 0;
        for (machine, stage, _) in STATIONS {
            let placeholder = format!("${{{}_state_machine_arn}}", machine.replace('-', "_"));
            let at = definition.find(&placeholder).expect("a machine");
            assert!(at > before, "{machine}");
            before = at;
            assert!(definition.contains(&format!("& '-{stage}-' &")), "{stage}");
        }
    }
}
