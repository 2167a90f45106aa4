//! `videoflow report`: a job's page as one file.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use videoflow_shared::clock;

use super::block_on;
use crate::environment::Where;
use crate::history::read;
use crate::report::{Frame, Masking, report};

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-report";

/// Writes what happened to a job into one HTML file that needs nothing else, for a ticket
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Secrets (signatures, tokens, keys) are never written. --mask leaves out also what tells of people and owners: names of
files and buckets, account ids, e-mail and IP addresses, phone numbers, and the texts of transcripts and briefs. Look
at a report before you pass it on: no pattern finds everything.

Examples:
  videoflow report v-0123… -o ticket.html
  videoflow report v-0123… -o ticket.html --mask --environment prod --region eu-west-1")]
pub struct Arguments {
    /// Job id, or the ARN of an execution
    job: String,
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Mask personal data too
    #[arg(long)]
    mask: bool,
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
        let masking = if arguments.mask {
            Masking::Personal
        } else {
            Masking::Secrets
        };
        let frame = Frame {
            made: &clock::now(),
            place: &environment.arguments,
            masking,
        };
        let page = report(&serde_json::to_value(&story)?, &frame);
        let output = &arguments.output;
        fs::write(output, &page).with_context(|| format!("cannot write {}", output.display()))?;
        if arguments.json {
            println!(
                "{}",
                json!({"file": output, "bytes": page.len(), "masked": arguments.mask})
            );
        } else {
            eprintln!("{} ({} KB)", output.display(), page.len() / 1000);
        }
        Ok(ExitCode::SUCCESS)
    })
}
