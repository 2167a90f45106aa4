//! What a folder of records and journals holds when the platform starts.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;
use videoflow_asl::effect::{Event, Timestamp};
use videoflow_asl::replay::Pending;

use super::description::Description;
use super::entry::Entry;
use super::journal::{self, Blueprint, Journal};
use super::library::Library;
use super::record::{LiveRecord, PART, Record, files, read_description};
use super::revive::{Error, Revived, revive};

/// Error name of executions that the platform's end left behind and that cannot go on.
const INTERRUPTED: &str = "Platform.Interrupted";

/// Its cause.
const INTERRUPTED_CAUSE: &str =
    "The platform ended before the execution did, and cannot go on with it.";

/// What was found.
#[derive(Default)]
pub(super) struct Opened {
    pub(super) entries: BTreeMap<String, Arc<Entry>>,
    /// Executions that go on.
    pub(super) running: Vec<Resumption>,
    /// Executions that nobody may have told of their end.
    pub(super) ended: Vec<Description>,
}

/// An execution that goes on.
pub(super) struct Resumption {
    pub(super) entry: Arc<Entry>,
    pub(super) inbox: mpsc::UnboundedReceiver<Event>,
    pub(super) blueprint: Blueprint,
    pub(super) pending: Vec<Pending>,
    pub(super) last: Timestamp,
}

/// Reads the folder: records are executions that ended, journals without a record are executions that did not.
pub(super) fn open(folder: &Path, library: &Library, now_seconds: f64) -> io::Result<Opened> {
    let mut opened = Opened::default();
    let mut journals = Vec::new();
    for path in files(folder)? {
        if let Some(journal) = Journal::at(&path) {
            journals.push(journal);
            continue;
        }
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(PART) => fs::remove_file(&path)?,
            Some("json") => {
                if let Some(description) = read_description(&path) {
                    opened.add(description);
                }
            }
            _ => {}
        }
    }
    for journal in journals {
        let record = journal.record_path();
        if !record.exists() {
            opened.take_up(folder, &journal, library, now_seconds)?;
        } else if read_description(&record).is_some_and(|record| record.status == "SUCCEEDED") {
            journal.remove()?;
        }
    }
    Ok(opened)
}

impl Opened {
    fn add(&mut self, ended: Description) {
        let arn = ended.execution_arn.clone();
        self.entries.insert(arn, Arc::new(Entry::ended(ended)));
    }

    fn take_up(
        &mut self,
        folder: &Path,
        journal: &Journal,
        library: &Library,
        now_seconds: f64,
    ) -> io::Result<()> {
        journal.mend()?;
        match revive(journal, library) {
            Ok(revived) if revived.description.is_running() => self.go_on(revived),
            Ok(revived) => {
                write_record(folder, &revived)?;
                if revived.description.status == "SUCCEEDED" {
                    journal.remove()?;
                }
                self.ended.push(revived.description.clone());
                self.add(revived.description);
            }
            Err(Error::Journal(journal::Error::Empty)) => journal.remove()?,
            Err(error) => {
                tracing::warn!(path = %journal.path().display(), %error, "an execution cannot go on");
                if let Ok(beginning) = journal.beginning() {
                    let mut record = Record {
                        execution: beginning.execution,
                        events: Vec::new(),
                        time_scale: beginning.time_scale,
                        blueprint: Some(beginning.blueprint),
                    };
                    record.abort(now_seconds, INTERRUPTED, INTERRUPTED_CAUSE);
                    record.write(folder)?;
                    self.ended.push(record.execution.clone());
                    self.add(record.execution);
                }
            }
        }
        Ok(())
    }

    fn go_on(&mut self, revived: Revived) {
        let (sender, inbox) = mpsc::unbounded_channel();
        let arn = revived.description.execution_arn.clone();
        let entry = Entry::running(revived.description, revived.execution, sender);
        let entry = Arc::new(entry);
        self.entries.insert(arn, Arc::clone(&entry));
        self.running.push(Resumption {
            entry,
            inbox,
            blueprint: revived.beginning.blueprint,
            pending: revived.pending,
            last: revived.last,
        });
    }
}

/// The platform ended between the execution's end and its record.
fn write_record(folder: &Path, revived: &Revived) -> io::Result<()> {
    let record = LiveRecord {
        execution: &revived.description,
        events: revived.execution.history(),
        time_scale: revived.beginning.time_scale,
        blueprint: &revived.beginning.blueprint,
        map_runs: revived.execution.map_runs().collect(),
    };
    record.write(folder)
}
