//! `videoflow profiles`: what the profiles ask for and cost, and how the variants of one compare.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use aws_config::SdkConfig;
use clap::Subcommand;
use serde_json::{Map, Value, json};
use videoflow_platform::names;
use videoflow_shared::attribute::from_item;
use videoflow_shared::jobs::{self, Job};
use videoflow_shared::profiles;

use super::block_on;
use crate::endpoint;
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
  videoflow profiles compare default --endpoint-url http://127.0.0.1:4566
  aws dynamodb scan --table-name videoflow-prod-jobs | videoflow profiles compare default --jobs -")]
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
    profile: String,
    /// Jobs as `aws dynamodb scan --table-name …` prints them; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "endpoint_url")]
    jobs: Option<PathBuf>,
    /// Address of a running `videoflow up`
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4566")]
    endpoint_url: String,
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
    let items = match &comparison.jobs {
        Some(file) => read(file)?,
        None => block_on(scan(&comparison.endpoint_url))?,
    };
    let mut jobs = Vec::new();
    for item in items {
        if item.get("Profile").and_then(Value::as_str) == Some(&comparison.profile) {
            jobs.push(jobs::parse(item)?);
        }
    }
    let figures = compare(&jobs.into_iter().collect::<Vec<Job>>());
    if figures.is_empty() {
        bail!("no job of {} has ended", comparison.profile);
    }
    Ok(figures)
}

/// The items of a running platform's job table.
async fn scan(url: &str) -> anyhow::Result<Vec<Map<String, Value>>> {
    let config: SdkConfig = endpoint::config(url, PRINCIPAL).await;
    let request = aws_sdk_dynamodb::Client::new(&config).scan();
    let mut pages = request
        .table_name(names::prefixed("jobs"))
        .into_paginator()
        .send();
    let mut items = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.with_context(|| {
            format!("cannot read the jobs of {url}; does `videoflow up` run there?")
        })?;
        items.extend(page.items().iter().map(from_item));
    }
    Ok(items)
}

/// The items that `aws dynamodb scan` printed.
fn read(file: &Path) -> anyhow::Result<Vec<Map<String, Value>>> {
    let unreadable = || format!("cannot read {}", file.display());
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .with_context(unreadable)?;
    } else {
        text = std::fs::read_to_string(file).with_context(unreadable)?;
    }
    let scanned: Value = serde_json::from_str(&text).with_context(unreadable)?;
    let Some(items) = scanned.get("Items").and_then(Value::as_array) else {
        bail!(
            "{} is not what `aws dynamodb scan` prints: it has no Items",
            file.display()
        );
    };
    let items = items.iter().filter_map(Value::as_object);
    Ok(items.map(plain_members).collect())
}

/// An item without the types that `aws dynamodb` writes around its values.
fn plain_members(item: &Map<String, Value>) -> Map<String, Value> {
    let members = item.iter();
    members
        .map(|(name, value)| (name.clone(), plain(value)))
        .collect()
}

fn plain(value: &Value) -> Value {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else {
        return Value::Null;
    };
    match (kind.as_str(), value) {
        ("N", Value::String(number)) => serde_json::from_str(number).unwrap_or(Value::Null),
        ("M", Value::Object(members)) => Value::Object(plain_members(members)),
        ("L", Value::Array(values)) => values.iter().map(plain).collect(),
        ("NULL", _) => Value::Null,
        (_, value) => value.clone(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_cli_prints() {
        let typed = json!({"JobId": {"S": "v"}, "QualityScore": {"N": "0.5"}, "IsOdd": {"BOOL": true}, "None": {"NULL": true},
            "Stages": {"M": {"labels": {"M": {"attempt": {"N": "1"}}}}}, "List": {"L": [{"S": "a"}]}});
        let item = plain_members(typed.as_object().unwrap_or(&Map::new()));
        let expected = json!({"JobId": "v", "QualityScore": 0.5, "IsOdd": true, "None": null,
            "Stages": {"labels": {"attempt": 1}}, "List": ["a"]});
        assert_eq!(Value::Object(item), expected);
    }
}
