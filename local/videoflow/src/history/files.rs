//! Histories that the local platform keeps: nothing needs to run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::bail;
use videoflow_platform::names;
use videoflow_platform::step_functions::{Description, Record, read_description};

use super::event::{Event, moment};
use super::{Listed, Unreadable, status};
use crate::environment::DEFAULT_FOLDERS;

/// Children of one run of a Distributed Map that are looked at, as a page of the API has.
const MAX_CHILDREN: usize = 1000;

/// The events of an execution, oldest first.
pub fn events(folder: &Path, arn: &str) -> Result<Vec<Event>, Unreadable> {
    let record = Record::read(folder, arn).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unreadable::Gone,
        _ => Unreadable::Other(format!("{}: {error}", folder.display())),
    })?;
    Ok(record.events.iter().map(Event::from_json).collect())
}

/// The children of a Distributed Map's run.
pub fn children(folder: &Path, map_run_arn: &str) -> Result<(Vec<Listed>, bool), Unreadable> {
    // `…:mapRun:<machine>/<label>:<run>`: its children are executions of `<machine>/<label>`.
    let any_child = map_run_arn.replacen(":mapRun:", ":execution:", 1);
    let path = Record::path(folder, &any_child);
    let Some(of_label) = path.parent() else {
        return Ok((Vec::new(), false));
    };
    let unreadable =
        |error: io::Error| Unreadable::Other(format!("{}: {error}", of_label.display()));
    let files = match fs::read_dir(of_label) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), false)),
        files => files.map_err(unreadable)?,
    };
    let mut listed = Vec::new();
    for file in files {
        let path = file.map_err(unreadable)?.path();
        // What has not ended is a journal yet.
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let description = read_description(&path);
        let is_of_run =
            |description: &Description| description.map_run_arn.as_deref() == Some(map_run_arn);
        let Some(description) = description.filter(is_of_run) else {
            continue;
        };
        listed.push(Listed {
            arn: description.execution_arn,
            status: status(&description.status),
            started_at: moment(description.start_date),
            stopped_at: description.stop_date.map(moment),
        });
    }
    listed.sort_by(|one, other| (one.started_at, &one.arn).cmp(&(other.started_at, &other.arn)));
    let has_more = listed.len() > MAX_CHILDREN;
    listed.truncate(MAX_CHILDREN);
    Ok((listed, has_more))
}

/// The folder of a local platform's state that has a job: the named one, else one of those that `up` and `run` make.
///
/// # Errors
/// None of them has it.
pub fn find_folder(named: Option<&Path>, job: &str) -> anyhow::Result<PathBuf> {
    let folders = match named {
        Some(folder) => vec![folder.to_path_buf()],
        None => DEFAULT_FOLDERS.iter().map(PathBuf::from).collect(),
    };
    let arn = names::execution_arn(&names::prefixed(names::PROCESS_VIDEO), job);
    let has_job = |folder: &&PathBuf| Record::exists(&folder.join("executions"), &arn);
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
