//! `videoflow asl`: the engine by itself.

mod bench;

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use videoflow_asl::{Diagnostic, StateMachine};

/// Checks, runs and times definitions in the Amazon States Language
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks definitions: prints `file:state: reason` for every finding, exits with 1 if there is an error
    #[command(after_help = "Example:\n  videoflow asl check statemachines/*.asl.json")]
    Check {
        /// Definitions, with or without their placeholders filled
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Runs definitions with mocked Tasks on a virtual clock: one JSON request a line in, one answer a line out
    #[command(after_help = "\
Request: {\"id\", \"definition\", \"input\", \"type\": \"STANDARD\" | \"EXPRESS\", \"mocks\": {STATE: [ACTION, …]}}
ACTION:  {\"do\": \"return\", \"output\"} | {\"do\": \"throw\", \"error\", \"cause\"} | {\"do\": \"timeout\"}
         the n-th attempt of STATE takes the n-th ACTION, the last one repeats
Answer:  {\"id\", \"status\", \"output\" | \"error\" and \"cause\", \"events\"}

Example:
  echo '{\"definition\": {\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Succeed\"}}}}' | videoflow asl exec")]
    Exec,
    Bench(bench::Arguments),
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Check { files } => Ok(check(files)),
        Command::Exec => exec(),
        Command::Bench(arguments) => bench::run(arguments),
    }
}

fn exec() -> anyhow::Result<ExitCode> {
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line.context("cannot read a request")?;
        if !line.trim().is_empty() {
            writeln!(output, "{}", videoflow_asl::exec::exec(&line))
                .context("cannot write an answer")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn check(files: &[PathBuf]) -> ExitCode {
    let mut has_errors = false;
    for file in files {
        let (is_refused, findings) = match fs::read_to_string(file) {
            Ok(source) => findings(&source),
            Err(error) => (true, vec![format!(" {error}")]),
        };
        has_errors |= is_refused;
        for finding in findings {
            println!("{}:{finding}", file.display());
        }
    }
    if has_errors {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Is the definition refused, and what there is to say about it.
fn findings(source: &str) -> (bool, Vec<String>) {
    let lines = |findings: &[Diagnostic]| findings.iter().map(ToString::to_string).collect();
    match StateMachine::compile(source) {
        Ok(machine) => (false, lines(machine.warnings())),
        Err(findings) => (true, lines(&findings)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, is_refused: bool, expected: &[&str]) {
        let (found, findings) = findings(source);
        assert_eq!(found, is_refused, "{source}");
        assert_eq!(findings.len(), expected.len(), "{findings:?}");
        for (finding, expected) in findings.iter().zip(expected) {
            assert!(finding.starts_with(expected), "{finding}");
        }
    }

    #[test]
    fn findings_have_place_and_reason() {
        check(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#,
            false,
            &[],
        );
        check(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}"#,
            true,
            &["/States/A/Next: MISSING_TRANSITION_TARGET"],
        );
        check("{", true, &["line 1, column 1: INVALID_JSON_DESCRIPTION"]);
    }
}
