//! `videoflow history`: the story of a job, its root cause first.

use std::process::ExitCode;

use super::block_on;
use crate::environment::Where;
use crate::history::{read, text};
use crate::paint::Paint;

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-history";

/// Shows what happened to a job: what failed first, and every execution and state
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without arguments that say where, the platform in ./.videoflow or ./videoflow-out/.videoflow is asked; it need
not run. AWS is asked only with --profile, --region or --environment. Exit code: 0 shown, 1 there is no such job.

Examples:
  videoflow history v-0123…
  videoflow history v-0123… --data /tmp/briefs/.videoflow
  videoflow history v-0123… --endpoint-url http://127.0.0.1:4566
  videoflow history v-0123… --environment prod --region eu-west-1 --json | jq .rootCause")]
pub struct Arguments {
    /// Job id, or the ARN of an execution
    job: String,
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
        let story = read(&environment, &arguments.job).await?;
        if arguments.json {
            println!("{}", serde_json::to_string(&story)?);
        } else {
            print!("{}", text(&story, Paint::of_stdout()));
        }
        Ok(ExitCode::SUCCESS)
    })
}
