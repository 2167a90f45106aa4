//! `videoflow cost`: predicted and actual, by job, day, profile or line.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;
use time::OffsetDateTime;
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::JobStatus;
use videoflow_shared::spending::Basis;

use super::{block_on, log_to_stderr};
use crate::costs::{Bill, By, Depth, Period, Row, of_job, of_period, rows};
use crate::environment::Where;

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-cost";

/// Shows what videos were predicted to cost, and what they cost
#[derive(Debug, clap::Args)]
#[command(after_help = "\
List prices in US dollars, those of the price table. Of a published video the services' minutes are
measured by what the transcode reported, the model's tokens by its answers; transitions, functions
and probes are as planned. A job that is not published shows what it has begun to pay for, by the
plan, and what the model has written. Jobs count on the day (UTC) of their last change. Exit code:
0, or 1 if it cannot be told.

Examples:
  videoflow cost v-0123…                        one job, line by line
  videoflow cost --day 2026-11-21 --by profile --environment prod
  videoflow cost --since 30d --by day --environment prod --region eu-central-1
  videoflow cost --by line --json | jq '.rows[] | select(.actualUsd > 1)'")]
pub struct Arguments {
    /// One job, line by line
    #[arg(conflicts_with_all = ["day", "since", "by"])]
    job: Option<JobId>,
    /// A day of UTC, such as 2026-11-21
    #[arg(long, value_name = "DAY", conflicts_with = "since")]
    day: Option<String>,
    /// Since a day, or so many days or hours ago: 7d, 12h
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    since: String,
    /// What sums are made by
    #[arg(long, value_enum, default_value_t = By::Day)]
    by: By,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    let period = match &arguments.day {
        Some(day) => Period::day(day)?,
        None => Period::since(&arguments.since, OffsetDateTime::now_utc())?,
    };
    block_on(async {
        let environment = arguments.place.open(PRINCIPAL).await?;
        if let Some(job) = &arguments.job {
            let bill = of_job(&environment, job).await?;
            if arguments.json {
                println!("{}", json!(bill));
            } else {
                print!("{}", of_one(&bill));
            }
            return Ok(ExitCode::SUCCESS);
        }
        let depth = match arguments.by {
            By::Line => Depth::Lines,
            By::Day | By::Profile | By::Job => Depth::Sums,
        };
        let bills = of_period(&environment, &period, depth).await?;
        let (rows, total) = rows(&bills, arguments.by);
        if arguments.json {
            println!(
                "{}",
                json!({"from": period.from, "to": period.to, "rows": rows, "total": total})
            );
        } else {
            print!("{}", table(&rows, &total));
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn usd(amount: Option<f64>) -> String {
    amount.map_or_else(|| "-".to_owned(), |amount| format!("{amount:.4}"))
}

fn of_one(bill: &Bill) -> String {
    let mut text = format!(
        "{}  {}  {}\n\n",
        bill.job_id, bill.job_status, bill.source_key
    );
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{:>10} {:>10}  {:>10} {:>10}",
        "predicted", "actual", "quantity", "used"
    );
    for line in &bill.lines {
        let basis = match (line.basis, line.actual_quantity) {
            (Basis::Measured, Some(_)) => "measured",
            (Basis::Planned, Some(_)) => "planned",
            (_, None) if bill.job_status == JobStatus::Published => "not paid",
            (_, None) => "unknown",
        };
        let _ = writeln!(
            text,
            "{:>10} {:>10}  {:>10.3} {:>10}  {basis:<8}  {}: {}",
            usd(Some(line.predicted_usd)),
            usd(line.actual_usd),
            line.predicted_quantity,
            line.actual_quantity
                .map_or_else(|| "-".to_owned(), |quantity| format!("{quantity:.3}")),
            line.service,
            line.unit,
        );
    }
    let _ = writeln!(
        text,
        "{:>10} {:>10}  USD",
        usd(bill.predicted_usd),
        usd(bill.actual_usd)
    );
    text
}

fn table(rows: &[Row], total: &Row) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{:>12} {:>12} {:>7}  USD",
        "predicted", "actual", "jobs"
    );
    for row in rows.iter().chain([total]) {
        let untold = match row.untold {
            0 => String::new(),
            count => format!("  ({count} have not told)"),
        };
        let _ = writeln!(
            text,
            "{:>12.4} {:>12.4} {:>7}  {}{untold}",
            row.predicted_usd, row.actual_usd, row.jobs, row.name
        );
    }
    text
}
