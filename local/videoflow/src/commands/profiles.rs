//! `videoflow profiles`: what the profiles ask for and cost, and how the variants of one compare.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Map, json};
use strum::IntoEnumIterator;
use videoflow_shared::jobs::{Filter, Job, JobStatus};
use videoflow_shared::profiles;

use super::block_on;
use crate::environment::{Environment, Where};
use crate::profiles::comparison::{Figures, Mean, compare, differ};
use crate::profiles::price::price;

/// Minutes of the video whose price is shown.
const MINUTES: f64 = 10.0;
/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-profiles";

/// Shows the profiles with their prices, or compares the variants of one
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prices are those of ten minutes of 1920x1080 with sound, by the dated table in
functions/shared/prices.json.

Examples:
  videoflow profiles
  videoflow profiles --json | jq '.profiles.lean.lines'
  videoflow profiles compare trial
  videoflow profiles compare trial --environment prod --region eu-west-1")]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print one JSON object on one line
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Compare(Comparison),
}

/// Compares the variants of a profile by the jobs that drew them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Cost and time are those of a minute and of a second of video. A difference to the first variant is
marked when chance does not explain it (95 %), which takes ten published videos of each.")]
struct Comparison {
    /// Profile
    #[arg(id = "compared", value_name = "PROFILE")]
    profile: String,
    #[command(flatten)]
    place: Where,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        None => show(arguments.json),
        Some(Command::Compare(comparison)) => {
            let figures = figures(comparison)?;
            if arguments.json {
                let variants = json!({"profile": comparison.profile, "variants": figures});
                println!("{variants}");
            } else {
                print!("{}", table(&figures));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(is_json: bool) {
    let mut members = Map::new();
    for name in profiles::names() {
        let Some(profile) = profiles::find(name) else {
            continue;
        };
        let lines = price(profile, MINUTES);
        let total: f64 = lines.iter().map(|line| line.amount_usd).sum();
        if is_json {
            let profile =
                json!({"profile": profile, "minutes": MINUTES, "totalUsd": total, "lines": lines});
            members.insert(name.to_owned(), profile);
        } else {
            let limit = profile.price_limit_usd;
            println!("{name}: {}", profile.description);
            println!("  ten minutes {total:.2} USD, limit of a video {limit:.2} USD");
        }
    }
    if is_json {
        println!("{}", json!({"profiles": members}));
    }
}

fn figures(comparison: &Comparison) -> anyhow::Result<Vec<Figures>> {
    let Some(profile) = profiles::find(&comparison.profile) else {
        let names: Vec<&str> = profiles::names().collect();
        bail!(
            "there is no profile `{}`; there are {}",
            comparison.profile,
            names.join(", ")
        );
    };
    if profile.variants.is_empty() {
        eprintln!(
            "{} has no variants now; these are the jobs' own.",
            comparison.profile
        );
    }
    let jobs = block_on(async {
        let environment = comparison.place.open(PRINCIPAL).await?;
        jobs_of(&environment, &comparison.profile).await
    })?;
    let figures = compare(&jobs);
    if figures.is_empty() {
        bail!("no job of {} has ended", comparison.profile);
    }
    Ok(figures)
}

/// The profile's jobs that have ended.
async fn jobs_of(environment: &Environment, profile: &str) -> anyhow::Result<Vec<Job>> {
    let table = environment.jobs();
    let filter = Filter {
        profile: Some(profile.to_owned()),
        ..Filter::default()
    };
    let mut jobs = Vec::new();
    for status in JobStatus::iter().filter(|status| status.is_settled()) {
        let found = table.up_to(status, &filter, usize::MAX).await;
        jobs.extend(found.context("cannot read the jobs")?.0);
    }
    Ok(jobs)
}

fn table(figures: &[Figures]) -> String {
    let mut text = format!(
        "{:<16}{:>6}{:>11}{:>8}{:>22}{:>20}{:>22}\n",
        "variant", "jobs", "published", "failed", "USD a minute", "quality", "seconds a second"
    );
    let first = figures.first();
    for one in figures {
        let cell = |of: fn(&Figures) -> Option<Mean>, digits: usize| {
            let base = first
                .filter(|first| first.variant != one.variant)
                .and_then(of);
            shown(of(one), base, digits)
        };
        let row = format!(
            "{:<16}{:>6}{:>11}{:>8}{:>22}{:>20}{:>22}\n",
            one.variant,
            one.jobs,
            one.published,
            one.failed,
            cell(|one| one.usd_a_minute, 4),
            cell(|one| one.quality_score, 3),
            cell(|one| one.seconds_a_second, 2),
        );
        text.push_str(&row);
    }
    text + "* differs from the first variant by more than chance explains (95 %)\n"
}

/// A mean with its interval, marked when it differs from that of the first variant.
fn shown(mean: Option<Mean>, base: Option<Mean>, digits: usize) -> String {
    let Some(mean) = mean else {
        return "-".to_owned();
    };
    let interval = mean
        .plus_minus
        .map_or_else(|| " (few)".to_owned(), |half| format!(" ± {half:.digits$}"));
    let is_other = base.and_then(|base| differ(&base, &mean)) == Some(true);
    let mark = if is_other { " *" } else { "" };
    format!("{:.digits$}{interval}{mark}", mean.value)
}
