//! What is shown of an execution: its description and its events, in the API's shapes, in a file once it has ended.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use videoflow_asl::HistoryEvent;
use videoflow_asl::map_runs::MapRun;

use super::description::Description;
use super::journal::{Blueprint, Journal};
use super::library::Library;
use super::revive::revive;

/// Ending of a file that is being written: after a crash, nothing but such a file is incomplete.
pub(super) const PART: &str = "part";

/// A history as it is kept and exported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// `DescribeExecution`.
    pub execution: Description,
    /// `GetExecutionHistory`'s events, oldest first.
    pub events: Vec<Value>,
    /// Waits and retry delays were multiplied by this.
    pub time_scale: f64,
    /// Which machine it ran; older records do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) blueprint: Option<Blueprint>,
}

impl Record {
    /// Place of a record below the folder of all records: `<machine>/<execution>.json`. A machine whose name lacks the
    /// environment's prefix is a user's own: its folder begins with a sign that no name has.
    pub fn path(folder: &Path, execution_arn: &str) -> PathBuf {
        let mut parts = execution_arn.rsplit(':');
        let name = parts.next().unwrap_or_default();
        let machine = parts.next().unwrap_or_default().replace('/', ".");
        let machine = match machine.strip_prefix(crate::names::PREFIX) {
            Some(machine) => machine.to_owned(),
            None => format!("~{machine}"),
        };
        let file = format!("{}.json", file_name(name));
        folder.join(file_name(&machine)).join(file)
    }

    /// Reads the record of an execution. While that has not ended there is no such file, and its journal tells.
    ///
    /// # Errors
    /// There is no such execution, or its files cannot be read.
    pub fn read(folder: &Path, execution_arn: &str) -> io::Result<Self> {
        let path = Self::path(folder, execution_arn);
        let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        match Self::read_file(&path) {
            Err(error) if is_missing(&error) => {}
            read => return read,
        }
        match from_journal(folder, &path) {
            // It has ended in the meantime.
            Err(error) if is_missing(&error) => Self::read_file(&path),
            read => read,
        }
    }

    /// Whether there is such an execution, ended or not.
    pub fn exists(folder: &Path, execution_arn: &str) -> bool {
        let path = Self::path(folder, execution_arn);
        path.is_file() || Journal::beside(&path).path().is_file()
    }

    fn read_file(path: &Path) -> io::Result<Self> {
        serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
    }

    /// Ends a record whose execution nobody runs any more.
    pub(super) fn abort(&mut self, now_seconds: f64, error: &str, cause: &str) {
        let last = self.events.len();
        self.events.push(json!({
            "timestamp": now_seconds,
            "type": "ExecutionAborted",
            "id": last + 1,
            "previousEventId": last,
            "executionAbortedEventDetails": {"error": error, "cause": cause},
        }));
        self.execution.abort(now_seconds, error, cause);
    }

    /// Writes the record so that a reader or a crash sees the old or the new one, never a part.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        write_whole(
            &Self::path(folder, &self.execution.execution_arn),
            &serde_json::to_vec(self)?,
        )
    }
}

/// A record of an execution that still lies in memory; serialises as [`Record`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiveRecord<'a> {
    pub(super) execution: &'a Description,
    pub(super) events: &'a [HistoryEvent],
    pub(super) time_scale: f64,
    pub(super) blueprint: &'a Blueprint,
    /// Runs of its Distributed Maps, which are no part of a [`Record`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) map_runs: Vec<&'a MapRun>,
}

/// A name as a file or folder has it: names that a file system might not take, or take for a way, become digests.
pub(super) fn file_name(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.~".contains(letter);
    if name.chars().all(is_plain) && !name.trim_matches('.').is_empty() {
        name.to_owned()
    } else {
        format!("~~{:x}", Sha256::digest(name))
    }
}

fn from_journal(folder: &Path, path: &Path) -> io::Result<Record> {
    let revived = revive(&Journal::beside(path), &Library::of(folder))?;
    let events = revived.execution.history().iter().map(serde_json::to_value);
    Ok(Record {
        execution: revived.description,
        events: events.collect::<Result<_, _>>()?,
        time_scale: revived.beginning.time_scale,
        blueprint: Some(revived.beginning.blueprint),
    })
}

/// Which machine an execution runs or ran, if that is known.
pub(super) fn blueprint(folder: &Path, execution_arn: &str) -> io::Result<Option<Blueprint>> {
    #[derive(Deserialize)]
    struct Tail {
        #[serde(default)]
        blueprint: Option<Blueprint>,
    }
    let path = Record::path(folder, execution_arn);
    if let Ok(beginning) = Journal::beside(&path).beginning() {
        return Ok(Some(beginning.blueprint));
    }
    let tail: Tail = serde_json::from_slice(&fs::read(path)?)?;
    Ok(tail.blueprint)
}

impl LiveRecord<'_> {
    /// Writes the record as [`Record::write`] does.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let path = Record::path(folder, &self.execution.execution_arn);
        write_whole(&path, &serde_json::to_vec(self)?)
    }
}

/// Replaces a file as a whole.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let temporary = path.with_extension(PART);
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    written.inspect_err(|_| {
        // One that was not even begun cannot be removed, and the first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    })
}

/// All files below a folder of records: `<machine>/<file>`.
///
/// # Errors
/// The folder cannot be listed; one that does not exist has no records.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let machines = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        machines => machines?,
    };
    for machine in machines {
        let machine = machine?.path();
        if machine.is_dir() {
            for file in fs::read_dir(&machine)? {
                files.push(file?.path());
            }
        }
    }
    Ok(files)
}

/// The description in a record, without the events, which are long. `None`, and a warning, for what is no record.
pub fn read_description(path: &Path) -> Option<Description> {
    #[derive(Deserialize)]
    struct Head {
        execution: Description,
    }
    let read = fs::read(path).and_then(|bytes| Ok(serde_json::from_slice::<Head>(&bytes)?));
    match read {
        Ok(head) => Some(head.execution),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "not a record of an execution");
            None
        }
    }
}

/// The runs of Distributed Maps in a record.
pub(super) fn read_map_runs(path: &Path) -> io::Result<Vec<MapRun>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Part {
        #[serde(default)]
        map_runs: Vec<MapRun>,
    }
    let bytes = fs::read(path)?;
    Ok(serde_json::from_slice::<Part>(&bytes)?.map_runs)
}

#[cfg(test)]
mod tests {
    use super::super::description::tests::description;
    use super::*;

    #[test]
    fn places_follow_machine_and_name() {
        let check = |arn: &str, expected: &str| {
            assert_eq!(
                Record::path(Path::new("x"), arn),
                Path::new(expected),
                "{arn}"
            );
        };
        check(
            "arn:aws:states:us-east-1:000000000000:execution:videoflow-local-sanitize-file:v-1-sanitize-0-0",
            "x/sanitize-file/v-1-sanitize-0-0.json",
        );
        check(
            "arn:aws:states:us-east-1:000000000000:execution:videoflow-local-reconcile-library/FindMissedVideos:7",
            "x/reconcile-library.FindMissedVideos/7.json",
        );
        check(
            "arn:aws:states:us-east-1:000000000000:execution:sanitize-file:7",
            "x/~sanitize-file/7.json",
        );
    }

    #[test]
    fn no_name_leads_out_of_the_folder_or_to_a_file_that_cannot_be() {
        let check = |name: &str, is_kept: bool| {
            let file = file_name(name);
            assert_eq!(file == name, is_kept, "{name}");
            assert!(file.len() <= 80 && !file.contains(['/', '\\']), "{file}");
        };
        check("v-1-sanitize-0-0", true);
        check("~a.b", true);
        check("", false);
        check("..", false);
        check("a/b", false);
        check("\\", false);
        check(&"ä".repeat(80), false);
    }

    #[test]
    fn records_survive_writing_and_reading() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let record = Record {
            execution: description(),
            events: vec![json!({"id": 1})],
            time_scale: 0.02,
            blueprint: None,
        };
        record.write(folder.path())?;
        let path = Record::path(folder.path(), &record.execution.execution_arn);
        assert_eq!(
            Record::read(folder.path(), &record.execution.execution_arn)?,
            record
        );
        assert_eq!(files(folder.path())?, std::slice::from_ref(&path));
        assert_eq!(read_description(&path), Some(record.execution));
        assert_eq!(files(&folder.path().join("none"))?, Vec::<PathBuf>::new());
        Ok(())
    }
}
