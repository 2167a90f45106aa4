//! `videoflow delete`: everything of a video goes.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use hyper::Method;
use serde_json::Value;
use videoflow_shared::identity::JobId;

use super::place::{Place, Reached};
use super::{block_on, log_to_stderr};
use crate::http_api;

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-delete";
/// Longest wait for the end of a deletion: a video of four hours takes a minute.
const LIMIT: Duration = Duration::from_mins(10);
/// Pause between two looks.
const INTERVAL: Duration = Duration::from_millis(200);

/// Deletes everything of a video: what all its runs wrote, its claim, and its upload
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The job stays as a tombstone that says what was deleted. Results that `videoflow run` wrote into its
folder stay there. The job is looked for as by `videoflow redrive`.

Examples:
  videoflow delete v-0123…
  videoflow delete v-0123… --keep-source --endpoint-url http://127.0.0.1:4566")]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Leave the uploaded version
    #[arg(long)]
    keep_source: bool,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    let place = &arguments.place;
    let source = if arguments.keep_source {
        "keep"
    } else {
        "delete"
    };
    let delete = async |reached: &Reached, job: &JobId| delete(reached, job, source).await;
    let deletion = block_on(place.reach(PRINCIPAL, delete))?;
    let count = |name: &str| deletion.get(name).and_then(Value::as_u64).unwrap_or(0);
    let (objects, bytes) = (count("deletedObjects"), count("deletedBytes"));
    eprintln!("deleted {}: {objects} objects, {bytes} bytes", place.job);
    for kept in deletion
        .get("kept")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let user = kept
            .get("usedBy")
            .and_then(Value::as_str)
            .unwrap_or_default();
        eprintln!("  some of it stays, because {user} uses it; it goes with that");
    }
    if place.json {
        println!("{deletion}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn delete(reached: &Reached, job: &JobId, source: &str) -> anyhow::Result<Value> {
    let begun = Instant::now();
    let path = format!("/jobs/{job}?source={source}");
    let mut deletion = http_api::ask(&reached.http_api, Method::DELETE, &path, None).await?;
    while deletion.get("status").and_then(Value::as_str) != Some("DONE") {
        if begun.elapsed() > LIMIT {
            bail!("the deletion has not ended; `videoflow delete` of it again goes on");
        }
        tokio::time::sleep(INTERVAL).await;
        let path = format!("/jobs/{job}/deletion");
        deletion = http_api::ask(&reached.http_api, Method::GET, &path, None).await?;
    }
    Ok(deletion)
}
