//! `videoflow asl`: the engine by itself.

use std::process::ExitCode;

use clap::Subcommand;

use super::{asl_bench, asl_check, asl_exec};

/// Checks, runs and times definitions in the Amazon States Language
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(asl_check::Arguments),
    Exec(asl_exec::Arguments),
    Bench(asl_bench::Arguments),
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Check(arguments) => Ok(asl_check::run(arguments)),
        Command::Exec(arguments) => asl_exec::run(arguments),
        Command::Bench(arguments) => asl_bench::run(arguments),
    }
}
