//! Histories that the local platform keeps: nothing needs to run.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use videoflow_platform::names;
use videoflow_platform::step_functions::Record;

use super::Execution;
use super::event::Event;

/// Folders that are looked through when none is named: of `up` and of `run`.
const DEFAULT_FOLDERS: [&str; 2] = [".videoflow", "videoflow-out/.videoflow"];

/// The folder of a local platform's state that has a job, or an execution by its ARN: the named one, else one of those
/// that `up` and `run` make.
///
/// # Errors
/// None of them has it.
pub fn find_folder(named: Option<&Path>, job: &str) -> anyhow::Result<PathBuf> {
    let folders = match named {
        Some(folder) => vec![folder.to_path_buf()],
        None => DEFAULT_FOLDERS.iter().map(PathBuf::from).collect(),
    };
    let has_job = |folder: &&PathBuf| find_job(&folder.join("executions"), job).is_some();
    if let Some(folder) = folders.iter().find(has_job) {
        return Ok(folder.clone());
    }
    let shown: Vec<String> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    bail!(
        "no job {job} in {}; name another folder with --data",
        shown.join(" or ")
    )
}

/// ARN of the job's process-video execution, if there is one.
pub fn find_job(folder: &Path, job: &str) -> Option<String> {
    let arn = if job.starts_with("arn:") {
        job.to_owned()
    } else {
        names::execution_arn(&names::prefixed(names::PROCESS_VIDEO), job)
    };
    Record::exists(folder, &arn).then_some(arn)
}

/// Reads one execution.
pub fn execution(folder: &Path, arn: &str) -> anyhow::Result<Execution> {
    let record = Record::read(folder, arn)
        .with_context(|| format!("cannot read {arn} in {}", folder.display()))?;
    let events = record.events.iter().map(Event::from_json).collect();
    Ok(Execution {
        description: record.execution,
        events,
    })
}
