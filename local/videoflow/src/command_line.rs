//! Arguments, and which command they mean.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{
    asl, completions, console, cost, decide, delete, dlq, history, jobs, permissions, profiles,
    redrive, report, run, up, watch,
};

/// Turns a video into a brief: the whole pipeline on this machine, with no AWS account.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    max_term_width = 100,
    after_help = "\
Examples:
  videoflow run holiday.mp4                     everything of the job lands in ./videoflow-out/<job>/
  videoflow run holiday.mp4 --out /tmp/briefs --json
  videoflow up                                  AWS's wire protocols on 127.0.0.1:4566
  videoflow history v-0123…                     down to the failed state
  videoflow console                             the same and more in the browser
  videoflow report v-0123… -o ticket.html       one file for a ticket
  videoflow jobs --status failed --since 1d     what there is, and where it stands
  videoflow history v-0123…                     what failed first, and every state
  videoflow redrive v-0123…                     again from there, once the cause is mended
  videoflow dlq                                 what could not be handled, and why
  videoflow watch                               where everything in flight is
  videoflow cost --by day                       what was predicted, and what it cost
  videoflow approve v-0123…                     publish what awaits its review, or pay its price
  videoflow delete v-0123…                      everything of the video
  videoflow permissions                         what the roles were refused, and what they never used
  videoflow profiles                            what each profile asks for and costs
  videoflow asl check statemachines/*.asl.json"
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Up(up::Arguments),
    Jobs(jobs::Arguments),
    History(history::Arguments),
    Console(console::Arguments),
    Report(report::Arguments),
    Redrive(Box<redrive::Arguments>),
    Dlq(Box<dlq::Arguments>),
    Watch(watch::Arguments),
    Cost(cost::Arguments),
    Approve(decide::Approval),
    Reject(decide::Rejection),
    Delete(delete::Arguments),
    Permissions(permissions::Arguments),
    Profiles(profiles::Arguments),
    Asl(asl::Arguments),
    Completions(completions::Arguments),
}

/// Carries out the command; an error is one line on standard error and exit code 1.
pub fn run(arguments: Arguments) -> ExitCode {
    let outcome = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Up(arguments) => up::run(&arguments),
        Command::Jobs(arguments) => jobs::run(&arguments),
        Command::History(arguments) => history::run(&arguments),
        Command::Console(arguments) => console::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Redrive(arguments) => redrive::run(&arguments),
        Command::Dlq(arguments) => dlq::run(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Cost(arguments) => cost::run(&arguments),
        Command::Approve(arguments) => decide::approve(&arguments),
        Command::Reject(arguments) => decide::reject(&arguments),
        Command::Delete(arguments) => delete::run(&arguments),
        Command::Permissions(arguments) => permissions::run(&arguments),
        Command::Profiles(arguments) => profiles::run(&arguments),
        Command::Asl(arguments) => asl::run(&arguments),
        Command::Completions(arguments) => Ok(completions::run(&arguments)),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("videoflow: {error:#}");
        ExitCode::FAILURE
    })
}
