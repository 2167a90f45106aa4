//! `videoflow jobs`: what there is, last touched first.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use strum::IntoEnumIterator;
use videoflow_shared::jobs::JobStatus;

use super::block_on;
use crate::environment::Where;
use crate::history::jobs::{Cursor, Listing, Wanted, list, table};
use crate::paint::Paint;

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-jobs";

/// Lists jobs, last touched first: where each stands now, and what it costs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
An age is a number and s, m, h, d or w; it is that of the last change. A cost with ~ is the prediction.
Exit code: 0 listed, though there may be none.

Examples:
  videoflow jobs
  videoflow jobs --status failed --status failed_qc --since 3d
  videoflow jobs --status processing --older-than 6h       what may be stuck
  videoflow jobs --source talks/ --profile-name lean --limit 500
  videoflow jobs --environment prod --region eu-west-1 --json | jq -r '.jobs[].jobId'")]
pub struct Arguments {
    /// Only those of this status; may be given several times
    #[arg(long, value_name = "STATUS", ignore_case = true, value_parser = statuses())]
    status: Vec<JobStatus>,
    /// Only those that changed within this age, such as 2h
    #[arg(long, value_name = "AGE", value_parser = age)]
    since: Option<i64>,
    /// Only those that have not changed for this long, such as 3d
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<i64>,
    /// Only those with this profile of videoflow
    #[arg(long, value_name = "NAME")]
    profile_name: Option<String>,
    /// Only those whose source's key begins so
    #[arg(long, value_name = "PREFIX")]
    source: Option<String>,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Go on after this job: what the page before ended with
    #[arg(long, value_name = "CURSOR")]
    after: Option<Cursor>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    block_on(async {
        let environment = arguments.place.open(PRINCIPAL).await?;
        let now = time::OffsetDateTime::now_utc();
        let wanted = wanted(arguments, now)?;
        let listing = list(&environment, &wanted).await?;
        if arguments.json {
            println!("{}", serde_json::to_string(&listing)?);
        } else {
            show(&listing, now);
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn wanted(arguments: &Arguments, now: time::OffsetDateTime) -> anyhow::Result<Wanted> {
    let ago = |seconds: Option<i64>| {
        let moment = |seconds| now.checked_sub(time::Duration::seconds(seconds));
        let moment = seconds.map(|seconds| moment(seconds).context("that is too long ago"));
        let moment = moment.transpose()?;
        anyhow::Ok(moment.map(videoflow_shared::clock::format))
    };
    if let (Some(since), Some(older)) = (arguments.since, arguments.older_than)
        && since <= older
    {
        bail!("no job is both: --since has to be more than --older-than");
    }
    let statuses = if arguments.status.is_empty() {
        JobStatus::iter().collect()
    } else {
        arguments.status.clone()
    };
    Ok(Wanted {
        statuses,
        updated_from: ago(arguments.since)?,
        updated_to: ago(arguments.older_than)?,
        profile: arguments.profile_name.clone(),
        key_prefix: arguments.source.clone(),
        limit: usize::from(arguments.limit),
        after: arguments.after.clone(),
    })
}

fn show(listing: &Listing, now: time::OffsetDateTime) {
    if listing.jobs.is_empty() {
        eprintln!("no such jobs");
        return;
    }
    print!("{}", table(listing, now, Paint::of_stdout()));
    if let Some(next) = &listing.next {
        eprintln!("there may be more: --after {next}");
    }
}

/// Statuses as the table has them, in large or small letters.
fn statuses() -> impl TypedValueParser<Value = JobStatus> {
    let names = JobStatus::iter().map(<&'static str>::from);
    PossibleValuesParser::new(names).try_map(|typed| {
        let mut statuses = JobStatus::iter();
        let found = statuses.find(|status| status.to_string().eq_ignore_ascii_case(&typed));
        found.ok_or_else(|| format!("{typed} is no status"))
    })
}

/// Seconds of an age.
fn age(text: &str) -> Result<i64, String> {
    let unit = text.chars().last().unwrap_or_default();
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err("an age is a number and s, m, h, d or w, such as 2h".to_owned()),
    };
    let number = text.strip_suffix(unit).unwrap_or_default();
    let number: u32 = number
        .parse()
        .map_err(|_| format!("{number:?} is no number; an age is such as 2h or 3d"))?;
    Ok(i64::from(number) * seconds)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn parsed(words: &[&str]) -> Result<Arguments, String> {
        let words = std::iter::once("jobs").chain(words.iter().copied());
        let parsed = Command::try_parse_from(words).map_err(|error| error.to_string());
        parsed.map(|command| command.arguments)
    }

    #[test]
    fn ages_are_numbers_with_a_unit() {
        let check =
            |text: &str, expected: Option<i64>| assert_eq!(age(text).ok(), expected, "{text}");
        check("90s", Some(90));
        check("2h", Some(7_200));
        check("3d", Some(259_200));
        check("1w", Some(604_800));
        check("2", None);
        check("h", None);
        check("-2h", None);
        check("2 h", None);
        check("", None);
        check("2ä", None);
    }

    #[test]
    fn statuses_are_typed_as_they_are_shown_or_in_small_letters() {
        let check = |typed: &str, expected: Option<JobStatus>| {
            let found = parsed(&["--status", typed]);
            let found = found
                .ok()
                .and_then(|arguments| arguments.status.first().copied());
            assert_eq!(found, expected, "{typed}");
        };
        check("failed", Some(JobStatus::Failed));
        check("failed_qc", Some(JobStatus::FailedQc));
        check("Awaiting_Review", Some(JobStatus::AwaitingReview));
        check("FAILED_QC", Some(JobStatus::FailedQc));
        check("lost", None);
    }

    #[test]
    fn a_period_that_no_job_is_in_is_refused() {
        let now = time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(10);
        let refused = |words: &[&str]| {
            let wanted = parsed(words).map(|arguments| wanted(&arguments, now));
            wanted.is_ok_and(|wanted| wanted.is_err())
        };
        assert!(refused(&["--since", "1h", "--older-than", "2h"]));
        assert!(!refused(&["--since", "2h", "--older-than", "1h"]));
    }
}
