//! What videos were predicted to cost, and what they cost.

mod period;
mod sum;

use std::collections::BTreeMap;

use anyhow::Context;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use strum::IntoEnumIterator as _;
use videoflow_shared::brief::Brief;
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::{Filter, Job, JobStatus};
use videoflow_shared::location::Places;
use videoflow_shared::plan;
use videoflow_shared::prices::Charge;
use videoflow_shared::spending::{Basis, basis, begun, charge_of};
use videoflow_shared::storage::Objects;

use crate::environment::Environment;
pub use period::Period;
pub use sum::{By, Row, rows};

/// Jobs whose documents are read at the same time.
const AT_ONCE: usize = 16;

/// A line of a job's bill.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Service.
    pub service: String,
    /// What is counted.
    pub unit: String,
    /// Predicted units.
    pub predicted_quantity: f64,
    /// Predicted US dollars.
    pub predicted_usd: f64,
    /// Units that were used; none where the job has not told yet.
    pub actual_quantity: Option<f64>,
    /// US dollars that they cost.
    pub actual_usd: Option<f64>,
    /// How the actual quantity is known.
    pub basis: Basis,
}

/// The bill of a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bill {
    /// The job.
    pub job_id: JobId,
    /// Its source.
    pub source_key: String,
    /// Its status.
    pub job_status: JobStatus,
    /// Its profile.
    pub profile: String,
    /// Day of its last change.
    pub day: String,
    /// Prediction, in US dollars.
    pub predicted_usd: Option<f64>,
    /// What it cost; of one that is not published what the services were asked for until now, by the plan.
    pub actual_usd: Option<f64>,
    /// The lines, where they were read.
    pub lines: Vec<Line>,
}

/// How much is read of each job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Its item, and its plan where only that tells what it cost.
    Sums,
    /// Plan and brief.
    Lines,
}

/// The bill of one job.
///
/// # Errors
/// There is no such job, or its documents cannot be read.
pub async fn of_job(environment: &Environment, id: &JobId) -> anyhow::Result<Bill> {
    let job = environment.jobs().get(id).await?;
    let job = job.with_context(|| format!("there is no job {id}"))?;
    let objects = Objects::new(environment.s3());
    bill(
        &objects,
        &environment.bucket("output").await?,
        job,
        Depth::Lines,
    )
    .await
}

/// The bills of all jobs that changed last within a period.
///
/// # Errors
/// The job table or a document cannot be read.
pub async fn of_period(
    environment: &Environment,
    period: &Period,
    depth: Depth,
) -> anyhow::Result<Vec<Bill>> {
    let jobs = environment.jobs();
    let filter = Filter {
        updated_from: Some(period.from.clone()),
        updated_to: period.to.clone(),
        ..Filter::default()
    };
    let mut found = Vec::new();
    for status in JobStatus::iter() {
        found.extend(jobs.up_to(status, &filter, usize::MAX).await?.0);
    }
    let objects = Objects::new(environment.s3());
    let bucket = environment.bucket("output").await?;
    let bills = found
        .into_iter()
        .map(|job| bill(&objects, &bucket, job, depth));
    stream::iter(bills).buffered(AT_ONCE).try_collect().await
}

async fn bill(objects: &Objects, bucket: &str, job: Job, depth: Depth) -> anyhow::Result<Bill> {
    let is_told = job.actual_cost_usd.is_some() || job.stages.is_empty();
    let lines = if depth == Depth::Sums && is_told {
        Vec::new()
    } else {
        let lines = lines(objects, bucket, &job).await;
        lines.with_context(|| format!("cannot read the bill of {}", job.job_id))?
    };
    let of_lines = || rounded(lines.iter().filter_map(|line| line.actual_usd).sum());
    Ok(Bill {
        actual_usd: job
            .actual_cost_usd
            .or_else(|| (!lines.is_empty()).then(of_lines)),
        predicted_usd: job.predicted_cost_usd,
        job_id: job.job_id,
        source_key: job.source_key,
        job_status: job.job_status,
        profile: job.profile,
        day: job.updated_at.chars().take(10).collect(),
        lines,
    })
}

/// Millionths are what the table's smallest prices need. The sum of nothing is -0, which becomes 0.
fn rounded(usd: f64) -> f64 {
    (usd * 1e6).round() / 1e6 + 0.0
}

/// Quantity, US dollars and basis by service and unit.
type Figures = BTreeMap<(String, String), (f64, f64, Basis)>;

/// The lines of a job: predicted by its plan, actual by its brief, or by what was begun where there is none.
async fn lines(objects: &Objects, bucket: &str, job: &Job) -> anyhow::Result<Vec<Line>> {
    let Some(plan) = plan::read(objects, bucket, &job.job_id).await? else {
        return Ok(Vec::new());
    };
    let predicted = plan.predicted_cost.lines;
    let places = Places::new(bucket, &job.job_id);
    let actual = if job.actual_cost_usd.is_some() {
        let brief: Option<Brief> = objects.get_json(&places.published("brief.json")).await?;
        brief.map(of_brief).unwrap_or_default()
    } else {
        let lines = begun(&predicted, job).into_iter();
        let mut figures: Figures = lines
            .map(|line| {
                let figures = (line.quantity, line.amount_usd, Basis::Planned);
                ((line.service, line.unit), figures)
            })
            .collect();
        // What the model answered is in the draft, from its first answer on.
        let draft: Option<Brief> = objects.get_json(&places.work("brief.json")).await?;
        figures.extend(draft.map(of_model).unwrap_or_default());
        figures
    };
    Ok(predicted
        .into_iter()
        .map(|line| {
            let actual = actual.get(&(line.service.clone(), line.unit.clone()));
            Line {
                predicted_quantity: line.quantity,
                predicted_usd: line.amount_usd,
                actual_quantity: actual.map(|(quantity, ..)| *quantity),
                actual_usd: actual.map(|(_, usd, _)| *usd),
                basis: actual.map_or(Basis::Planned, |(.., basis)| *basis),
                service: line.service,
                unit: line.unit,
            }
        })
        .collect())
}

fn of_brief(brief: Brief) -> Figures {
    let lines = brief.cost.lines.into_iter();
    let lines = lines.map(|line| {
        let basis = charge_of(&line.service, &line.unit).map_or(Basis::Planned, basis);
        let usd = line.qty * line.unit_price;
        ((line.service, line.unit), (line.qty, usd, basis))
    });
    lines.collect()
}

/// What the model was asked and answered.
fn of_model(draft: Brief) -> Figures {
    let is_of_model = |(service, unit): &(String, String)| {
        let charge = charge_of(service, unit);
        matches!(charge, Some(Charge::ModelInput | Charge::ModelOutput))
    };
    let figures = of_brief(draft).into_iter();
    figures.filter(|(name, _)| is_of_model(name)).collect()
}
