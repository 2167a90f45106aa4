//! `videoflow approve` and `videoflow reject`: a person's decision over a job.

use std::process::ExitCode;

use hyper::Method;
use serde_json::json;
use videoflow_shared::identity::JobId;

use super::place::{Begun, Place, Reached};
use super::{block_on, log_to_stderr};
use crate::http_api;
use crate::job::report::report;

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-decide";

/// Publishes a job that awaits its review, or runs one at its price that was rejected for it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A job that was rejected for its price (PriceOverLimit) gets a run of its own, -r1, at that price.
The job is looked for as by `videoflow redrive`. Exit code: 0 published, 2 refused after all,
1 failed, or there is nothing to decide.

Examples:
  videoflow approve v-0123… --reviewer Ada
  videoflow approve v-0123… --out /tmp/briefs   as `videoflow run --out /tmp/briefs` was
  videoflow approve v-0123… --endpoint-url http://127.0.0.1:4566")]
pub struct Approval {
    #[command(flatten)]
    decision: Decision,
}

/// Refuses a job that awaits its review
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The job ends as FAILED_QC; exit code 2. It is looked for as by `videoflow redrive`.

Example:
  videoflow reject v-0123… --reviewer Ada --comment 'not ours to show'")]
pub struct Rejection {
    #[command(flatten)]
    decision: Decision,
}

/// What both have.
#[derive(Debug, clap::Args)]
struct Decision {
    #[command(flatten)]
    place: Place,
    /// Who decides
    #[arg(long, value_name = "NAME", env = "USER", default_value = "me")]
    reviewer: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

/// Carries out `approve`.
pub fn approve(arguments: &Approval) -> anyhow::Result<ExitCode> {
    decide(&arguments.decision, "approve")
}

/// Carries out `reject`.
pub fn reject(arguments: &Rejection) -> anyhow::Result<ExitCode> {
    decide(&arguments.decision, "reject")
}

fn decide(decision: &Decision, verb: &'static str) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    let tell = async |reached: &Reached, job: &JobId| {
        let body = json!({"reviewer": decision.reviewer, "comment": decision.comment});
        let path = format!("/jobs/{job}/{verb}");
        let answer = http_api::ask(&reached.http_api, Method::POST, &path, Some(&body)).await?;
        anyhow::Ok(Begun {
            job: http_api::job_of(&answer)?,
            redrives: 0,
            note: None,
        })
    };
    let place = &decision.place;
    report(place.json, block_on(place.follow(PRINCIPAL, tell)))
}
