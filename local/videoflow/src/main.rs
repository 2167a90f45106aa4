//! `videoflow`: the local platform and its command line.

mod command_line;
mod commands;
mod confirm;
mod console;
mod costs;
mod dead_letters;
mod endpoint;
mod environment;
mod history;
mod http_api;
mod job;
mod local_platform;
mod paint;
mod profiles;
mod redriving;
mod report;
mod tools;
mod watching;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    command_line::run(command_line::Arguments::parse())
}
