//! `videoflow redrive`: failed jobs go on from the states that failed, or as new runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use videoflow_shared::identity::JobId;
use videoflow_shared::intake::Intake;

use super::{block_on, log_to_stderr};
use crate::confirm::{Consent, ask};
use crate::environment::{Environment, Where};
use crate::local_platform::Parts;
use crate::redriving::{
    Begun, Choice, Proposal, Way, carry_out, exit_code, propose, shown, tell, to_json, until_ended,
};
use crate::watching::{Screen, Seen, Stream, Wish, watch};

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-redrive";
/// Exit code when there was nothing to do, or it was not wanted.
const NOTHING_DONE: u8 = 2;

/// Lets failed jobs go on from the states that failed, once the cause is mended
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It shows first what will run again and what that costs at most, and asks; scripts say --yes. What
had succeeded is neither run nor paid for again. A redrive goes on with the definitions and
functions that the job began with; a child that failed is started anew from its first state, as Step
Functions does. Where the execution cannot be redriven any more (after 14 days, or its history is
gone), and with --new-run, it is a new run v-…-r<N>, with the newest definitions, which takes over
what is paid.

The jobs are followed to their ends, by a platform that is started for it where a folder's does not
run; with --no-wait that is left to `videoflow watch`. Exit code: 0 all published (begun, with
--no-wait; possible, with --dry-run), 2 nothing was done, or a job was refused, rejected or failed
its quality check, 1 failed again. With --json one object: the job's, or {\"jobs\": […]} of several.

Examples:
  videoflow redrive v-0123… --dry-run
  videoflow redrive v-0123… v-4567… --environment prod --region eu-central-1
  videoflow redrive v-0123… --yes --out /tmp/briefs   as `videoflow run --out /tmp/briefs` was
  videoflow redrive v-0123… --new-run                 the mending was a release
  videoflow redrive v-0123… --yes --no-wait --json --endpoint-url http://127.0.0.1:4566")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags of a command line: each stands alone"
)]
pub struct Arguments {
    /// Job ids
    #[arg(required = true)]
    jobs: Vec<JobId>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
    /// Begin new runs, also where a redrive would do
    #[arg(long)]
    new_run: bool,
    /// Do not follow the jobs
    #[arg(long)]
    no_wait: bool,
    /// Folder with the results of `videoflow run`, which the new results join
    #[arg(long, value_name = "DIR", conflicts_with_all = ["data", "endpoint_url", "profile", "region", "environment"])]
    out: Option<PathBuf>,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    parts: Parts,
    #[command(flatten)]
    place: Where,
}

/// What became of the jobs, for programs, and the exit code.
struct Outcome {
    jobs: Vec<Value>,
    code: ExitCode,
}

/// Carries out the command. With `--json` there is an object on standard output whatever happens.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    let outcome = block_on(async {
        tokio::select! {
            outcome = redrive(arguments) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted; what was begun goes on")),
        }
    });
    if arguments.json {
        let mut jobs = match &outcome {
            Ok(outcome) => outcome.jobs.clone(),
            Err(error) => {
                let failed =
                    |job| json!({"jobId": job, "status": "FAILED", "error": format!("{error:#}")});
                arguments.jobs.iter().map(failed).collect()
            }
        };
        let document = match (jobs.pop(), jobs.is_empty()) {
            (Some(only), true) => only,
            (last, _) => json!({"jobs": jobs.into_iter().chain(last).collect::<Vec<_>>()}),
        };
        println!("{document}");
    }
    outcome.map(|outcome| outcome.code)
}

async fn redrive(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let environment = open(arguments).await?;
    let intake = environment.intake().await?;
    let choice = if arguments.new_run {
        Choice::NewRun
    } else {
        Choice::Usual
    };
    let proposals = propose(&environment, &intake, &arguments.jobs, choice).await?;
    for proposal in &proposals {
        if arguments.dry_run && !arguments.json {
            println!("{}", shown(proposal));
        } else {
            eprintln!("{}", shown(proposal));
        }
    }
    let refused = proposals.iter().filter(|one| is_refused(one)).count();
    let possible = proposals.len() - refused;
    let costs = proposals.iter().filter_map(Proposal::cost_usd);
    let total = costs.fold(0.0, |sum: f64, cost| sum + cost);
    let planned = || proposals.iter().map(to_json).collect();
    if possible == 0 || arguments.dry_run {
        let code = if refused == 0 { 0 } else { NOTHING_DONE };
        return Ok(Outcome {
            jobs: planned(),
            code: ExitCode::from(code),
        });
    }
    let question = format!("Let {possible} go on, for at most {total:.4} USD?");
    if ask(&question, arguments.yes)? != Consent::Given {
        return Ok(Outcome {
            jobs: planned(),
            code: ExitCode::from(NOTHING_DONE),
        });
    }
    finish(arguments, &environment, &intake, &proposals).await
}

fn is_refused(proposal: &Proposal) -> bool {
    matches!(proposal.way, Way::Refused(_))
}

async fn open(arguments: &Arguments) -> anyhow::Result<Environment> {
    let mut place = arguments.place.clone();
    if let Some(out) = &arguments.out {
        place.data = Some(out.join(".videoflow"));
    }
    if arguments.dry_run {
        return place.open(PRINCIPAL).await;
    }
    place.open_working(PRINCIPAL, &arguments.parts).await
}

/// Does it, follows the jobs, and tells what became of them.
async fn finish(
    arguments: &Arguments,
    environment: &Environment,
    intake: &Intake,
    proposals: &[Proposal],
) -> anyhow::Result<Outcome> {
    let answers = carry_out(intake, proposals).await;
    let begun = answers.iter().filter_map(|(_, begun)| begun.as_ref().ok());
    let begun: Vec<&Begun> = begun.collect();
    // A platform that this command started ends with it.
    let is_followed = !arguments.no_wait || environment.platform().is_some();
    let seen = if is_followed && !begun.is_empty() {
        Some(follow(environment, &begun).await?)
    } else {
        let jobs: Vec<&str> = begun.iter().map(|begun| begun.job.as_str()).collect();
        eprintln!(
            "{} go on: videoflow watch {} {}",
            jobs.len(),
            jobs.join(" "),
            environment.arguments
        );
        None
    };
    let out = results(arguments, environment);
    let told = tell(
        environment,
        proposals,
        &answers,
        seen.as_ref(),
        out.as_deref(),
    )
    .await?;
    Ok(Outcome {
        code: ExitCode::from(exit_code(&told, seen.is_some())),
        jobs: told,
    })
}

/// Shows where the jobs are until they have settled.
async fn follow(
    environment: &Environment,
    begun: &[&Begun],
) -> anyhow::Result<BTreeMap<JobId, Seen>> {
    let jobs: Vec<JobId> = begun.iter().map(|begun| begun.job.clone()).collect();
    let redrives = begun
        .iter()
        .map(|begun| (begun.job.clone(), begun.redrives));
    let wish = Wish {
        redrives: redrives.collect(),
        jobs: jobs.clone(),
        ..Wish::default()
    };
    let seen = watch(environment, &wish, &mut Screen::new(false, Stream::Err)).await?;
    if environment.platform().is_some() {
        until_ended(environment, &jobs).await?;
    }
    Ok(seen)
}

/// The folder of results that belongs to a platform's: that of `videoflow run`.
fn results(arguments: &Arguments, environment: &Environment) -> Option<PathBuf> {
    if arguments.out.is_some() || arguments.place.data.is_some() {
        return arguments.out.clone();
    }
    let parent = environment.data.as_ref()?.parent()?;
    parent
        .ends_with("videoflow-out")
        .then(|| parent.to_path_buf())
}
