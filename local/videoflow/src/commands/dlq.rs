//! `videoflow dlq`: what lies in the dead-letter queues and in the queue of failed videos.

use std::process::ExitCode;

use anyhow::ensure;
use serde_json::{Value, json};
use time::OffsetDateTime;
use videoflow_shared::identity::JobId;

use super::{block_on, log_to_stderr};
use crate::confirm::{Consent, ask};
use crate::dead_letters::{
    Dropping, FAILED_VIDEOS, Filter, Heap, drop_letters, in_words, look, names, origin, send_back,
};
use crate::environment::{Environment, Where};

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-dlq";
/// Exit code when there was nothing to do, or it was not wanted.
const NOTHING_DONE: u8 = 2;
/// Seconds for which messages are held while they are moved or dropped.
const HOLD_SECONDS: i32 = 300;

/// Shows what could not be handled, and the videos that failed; sends back or drops
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Looking leaves everything where it is: a message is hidden for the moment of the look, and visible
again after it. Exit code: 0, or 1 if it cannot be told.

Examples:
  videoflow dlq                                 of the platform in this folder
  videoflow dlq --environment prod --region eu-central-1
  videoflow dlq --queue ingest-dead-letters --json | jq '.queues[].letters[].why'
  videoflow dlq send-back --all --environment prod
  videoflow dlq drop --id 0c1f --reason 'a test file' --environment prod"
)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    shown: Shown,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    SendBack(SendBack),
    Drop(Drop),
}

/// What all three have.
#[derive(Debug, clap::Args)]
struct Shown {
    /// Look into this queue only, such as ingest-dead-letters or failed-videos
    #[arg(long = "queue", value_name = "NAME")]
    queues: Vec<String>,
    /// Print one JSON object on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

/// Which messages are meant.
#[derive(Debug, clap::Args)]
#[group(id = "which", required = true, multiple = true)]
struct Which {
    /// Messages whose id begins so
    #[arg(long = "id", value_name = "ID", group = "which")]
    ids: Vec<String>,
    /// Messages about this job
    #[arg(long = "job", value_name = "JOB", group = "which")]
    jobs: Vec<JobId>,
    /// All messages
    #[arg(long, group = "which", conflicts_with_all = ["ids", "jobs"])]
    all: bool,
}

/// What both actions have.
#[derive(Debug, clap::Args)]
struct Acting {
    #[command(flatten)]
    which: Which,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    shown: Shown,
}

/// Sends dead letters back to the queues that they were meant for
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Handling a message twice changes nothing. What fails again comes back here. Messages of
failed-videos are for people: `videoflow redrive` lets their jobs go on, `videoflow dlq drop` takes
them out. Exit code: 0 sent back (or shown, with --dry-run), 2 nothing was done, 1 not all could be.

Examples:
  videoflow dlq send-back --all --dry-run
  videoflow dlq send-back --all --queue ingest-dead-letters --environment prod --yes
  videoflow dlq send-back --id 0c1f --id 77aa")]
struct SendBack {
    #[command(flatten)]
    acting: Acting,
}

/// Takes messages out for good, with a record of each
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The record (the whole message, when it was dropped, by whom, why) is an object of the output bucket,
work/dropped/<day>/<queue>-<id>.json, and goes with the other work after `work_retention_days`. Exit
code: 0 dropped (or shown, with --dry-run), 2 nothing was done, 1 not all could be.

Examples:
  videoflow dlq drop --id 0c1f --reason 'a test file' --dry-run
  videoflow dlq drop --job v-0123… --reason 'published by hand' --environment prod")]
struct Drop {
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who drops them [default: whose credentials they are; on this machine $USER]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    block_on(async {
        match &arguments.action {
            None => show(&arguments.shown).await,
            Some(Action::SendBack(send_back)) => act(&send_back.acting, None).await,
            Some(Action::Drop(dropped)) => act(&dropped.acting, Some(dropped)).await,
        }
    })
}

fn filter(shown: &Shown) -> anyhow::Result<Filter> {
    for queue in &shown.queues {
        ensure!(
            names().any(|name| name == *queue),
            "there is no queue {queue} of letters; there are {}",
            names().collect::<Vec<_>>().join(", ")
        );
    }
    Ok(Filter {
        queues: shown.queues.clone(),
        ..Filter::default()
    })
}

async fn show(shown: &Shown) -> anyhow::Result<ExitCode> {
    let filter = filter(shown)?;
    let environment = shown.place.open(PRINCIPAL).await?;
    let heaps = look(&environment, &filter, 0).await?;
    if shown.json {
        println!("{}", json!({"queues": heaps}));
    } else {
        print!("{}", in_words(&heaps, now_ms()));
        let arguments = &environment.arguments;
        if heaps
            .iter()
            .any(|heap| heap.queue == FAILED_VIDEOS && !heap.letters.is_empty())
        {
            println!("\nOnce the cause is mended: videoflow redrive JOB… {arguments}");
        }
        if heaps
            .iter()
            .any(|heap| origin(&heap.queue).is_some() && !heap.letters.is_empty())
        {
            println!("\nOnce the cause is mended: videoflow dlq send-back --all {arguments}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn act(acting: &Acting, dropped: Option<&Drop>) -> anyhow::Result<ExitCode> {
    let (which, shown) = (&acting.which, &acting.shown);
    let mut filter = filter(shown)?;
    filter.ids.clone_from(&which.ids);
    filter.jobs.clone_from(&which.jobs);
    if filter.queues.is_empty() && dropped.is_none() {
        filter.queues = names().filter(|name| origin(name).is_some()).collect();
    }
    let environment = shown.place.open(PRINCIPAL).await?;
    let heaps = look(&environment, &filter, 0).await?;
    let count: usize = heaps.iter().map(|heap| heap.letters.len()).sum();
    if acting.dry_run && !shown.json {
        print!("{}", in_words(&heaps, now_ms()));
    } else {
        eprint!("{}", in_words(&heaps, now_ms()));
    }
    let verb = if dropped.is_some() {
        "drop"
    } else {
        "send back"
    };
    let is_done = count > 0
        && !acting.dry_run
        && ask(&format!("{verb} these {count}?"), acting.yes)? == Consent::Given;
    let (mut done, mut failure) = (Vec::new(), None);
    if is_done {
        let held = look(&environment, &filter, HOLD_SECONDS).await?;
        for heap in held.iter().filter(|heap| !heap.letters.is_empty()) {
            match carry_out(&environment, heap, dropped).await {
                Ok(ids) => done.extend(ids),
                Err(error) => {
                    eprintln!("{error:#}");
                    failure = Some(format!("{error:#}"));
                }
            }
        }
        eprintln!(
            "{}: {}",
            if dropped.is_some() {
                "dropped"
            } else {
                "sent back"
            },
            done.len()
        );
    }
    if shown.json {
        let ids: Vec<Value> = done.into_iter().map(Value::from).collect();
        println!(
            "{}",
            json!({"queues": heaps, "done": ids, "error": failure})
        );
    }
    Ok(match (is_done, failure) {
        (_, Some(_)) => ExitCode::FAILURE,
        (true, None) => ExitCode::SUCCESS,
        (false, None) if acting.dry_run && count > 0 => ExitCode::SUCCESS,
        (false, None) => ExitCode::from(NOTHING_DONE),
    })
}

async fn carry_out(
    environment: &Environment,
    heap: &Heap,
    dropped: Option<&Drop>,
) -> anyhow::Result<Vec<String>> {
    let Some(dropped) = dropped else {
        return send_back(environment, heap).await;
    };
    let dropping = Dropping {
        by: match &dropped.by {
            Some(by) => by.clone(),
            None => environment.caller().await?,
        },
        why: dropped.reason.clone(),
    };
    drop_letters(environment, heap, &dropping).await
}

fn now_ms() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp() * 1000
}
