//! What the jobs cost: predicted and paid, by day and by line of the bill.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use videoflow_shared::brief::Cost;
use videoflow_shared::clock;
use videoflow_shared::jobs::{Job, JobStatus};
use videoflow_shared::location::Places;

use super::{Answer, Console, SUMS_AGE, Shared};

/// Days that are looked at.
const DAYS: i64 = 30;
/// Jobs of a status that are looked at, the last ones.
const LOOKED_AT: usize = 10_000;
/// Published jobs whose bills are read line by line, each from its brief.
const BILLS: usize = 25;
/// Statuses of jobs that may have cost something.
const PAID: [JobStatus; 5] = [
    JobStatus::Published,
    JobStatus::Failed,
    JobStatus::FailedQc,
    JobStatus::AwaitingReview,
    JobStatus::Processing,
];

/// Sums of some jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sums {
    jobs: usize,
    predicted_usd: f64,
    actual_usd: f64,
    /// Predictions of jobs whose price is known: what the actual price compares with.
    predicted_of_known_usd: f64,
}

impl Sums {
    fn add(&mut self, job: &Job) {
        self.jobs += 1;
        self.predicted_usd += job.predicted_cost_usd.unwrap_or(0.0);
        if let Some(actual) = job.actual_cost_usd {
            self.actual_usd += actual;
            self.predicted_of_known_usd += job.predicted_cost_usd.unwrap_or(0.0);
        }
    }
}

/// Costs of the last days.
pub async fn costs(State(console): Shared) -> Answer {
    let found = console
        .caches
        .costs
        .get(SUMS_AGE, async || console.sums().await);
    Ok(Json(found.await?.as_ref().clone()))
}

impl Console {
    async fn sums(&self) -> anyhow::Result<Value> {
        let since = clock::format(OffsetDateTime::now_utc() - Duration::days(DAYS));
        let mut all = Vec::new();
        let mut is_whole = true;
        for status in PAID {
            let (jobs, whole) = self.all(status, Some(since.clone()), LOOKED_AT).await?;
            is_whole &= whole;
            all.extend(jobs);
        }
        let (mut days, mut profiles) =
            (BTreeMap::<&str, Sums>::new(), BTreeMap::<&str, Sums>::new());
        let mut total = Sums::default();
        for job in &all {
            let day = job.created_at.get(..10).unwrap_or(&job.created_at);
            for sums in [
                days.entry(day).or_default(),
                profiles.entry(&job.profile).or_default(),
                &mut total,
            ] {
                sums.add(job);
            }
        }
        let bills = all
            .iter()
            .filter(|job| job.job_status == JobStatus::Published)
            .take(BILLS);
        let bills: Vec<Cost> = join_all(bills.map(|job| self.bill(job)))
            .await
            .into_iter()
            .flatten()
            .collect();
        Ok(json!({
            "since": since,
            "isWhole": is_whole,
            "total": total,
            "days": days.iter().map(|(day, sums)| with("day", day, sums)).collect::<Vec<_>>(),
            "profiles": profiles.iter().map(|(profile, sums)| with("profile", profile, sums)).collect::<Vec<_>>(),
            "lines": lines(&bills),
            "bills": bills.len(),
        }))
    }

    /// The bill in a published brief; none where that cannot be read.
    async fn bill(&self, job: &Job) -> Option<Cost> {
        let bucket = self.environment.bucket("output").await.ok()?;
        let brief = Places::new(&bucket, &job.job_id).published("brief.json");
        let object = self
            .environment
            .s3()
            .get_object()
            .bucket(brief.bucket)
            .key(brief.key)
            .send()
            .await;
        let bytes = object.ok()?.body.collect().await.ok()?.into_bytes();
        let mut brief: Value = serde_json::from_slice(&bytes).ok()?;
        serde_json::from_value(brief.get_mut("cost")?.take()).ok()
    }
}

fn with(name: &str, value: &str, sums: &Sums) -> Value {
    let mut row = json!(sums);
    if let Value::Object(members) = &mut row {
        members.insert(name.to_owned(), value.into());
    }
    row
}

/// Sums of the bills by service and unit, the largest first.
fn lines(bills: &[Cost]) -> Vec<Value> {
    let mut sums = BTreeMap::<(&str, &str), (f64, f64)>::new();
    for line in bills.iter().flat_map(|bill| &bill.lines) {
        let sum = sums.entry((&line.service, &line.unit)).or_default();
        sum.0 += line.qty;
        sum.1 += line.qty * line.unit_price;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|one, other| other.1.1.total_cmp(&one.1.1));
    let rows = sums.iter().map(|((service, unit), (quantity, usd))| {
        json!({"service": service, "unit": unit, "quantity": quantity, "usd": usd})
    });
    rows.collect()
}
