//! `videoflow watch`: the stations of everything in flight, live.

use std::process::ExitCode;

use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::JobStatus;

use super::{block_on, log_to_stderr};
use crate::environment::Where;
use crate::watching::{End, Screen, Stream, Wish, watch};

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-watch";
/// Exit code when a job that was named did not end well.
const FAILED: u8 = 2;

/// Shows where every video in flight is, until Ctrl-C
#[derive(Debug, clap::Args)]
#[command(after_help = "\
On a terminal a table that is drawn anew; elsewhere one line an event, with --json one object a
line. Jobs that are named are watched until they are settled. AWS is asked every five seconds, less
often when much is in flight or AWS throttles. Exit code: 0, 2 if a job that was named did not end
PUBLISHED, 1 if it cannot be watched.

Examples:
  videoflow watch                               everything of the platform in this folder
  videoflow watch --environment prod --region eu-central-1
  videoflow watch v-0123… v-4567… --environment prod
  videoflow watch --until-idle --json | jq -r 'select(.event == \"status\") | .status'")]
pub struct Arguments {
    /// Jobs [default: everything in flight]
    jobs: Vec<JobId>,
    /// End when nothing is in flight any more
    #[arg(long)]
    until_idle: bool,
    /// Print one JSON object a line for each change
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    block_on(async {
        let environment = arguments.place.open(PRINCIPAL).await?;
        let wish = Wish {
            jobs: arguments.jobs.clone(),
            end: match (environment.platform(), arguments.until_idle) {
                (Some(_), _) => End::Once,
                (None, true) => End::Idle,
                (None, false) => End::Never,
            },
            ..Wish::default()
        };
        if wish.end == End::Once {
            eprintln!("the platform does not run: this is how it was left");
        }
        let mut screen = Screen::new(arguments.json, Stream::Out);
        let seen = tokio::select! {
            seen = watch(&environment, &wish, &mut screen) => seen?,
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
        };
        let is_well = |job: &JobId| {
            seen.get(job)
                .is_some_and(|seen| seen.job.job_status == JobStatus::Published)
        };
        Ok(if arguments.jobs.iter().all(is_well) {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(FAILED)
        })
    })
}
