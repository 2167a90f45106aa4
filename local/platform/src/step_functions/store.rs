//! All executions: running ones in memory, every one on disk.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use videoflow_asl::Execution;
use videoflow_asl::effect::Event;

use super::record::{Description, LiveRecord, Record, read_descriptions, write_whole};

/// Where an execution's actor hears what happened. Unbounded, because every message answers an effect or a caller:
/// the engine bounds how many of them there are.
pub(super) type Inbox = mpsc::UnboundedSender<Event>;

/// Error name of executions that a crash or the end of the platform left behind.
const INTERRUPTED: &str = "Platform.Interrupted";

/// Its cause.
const INTERRUPTED_CAUSE: &str = "The platform ended before the execution did.";

/// Where an execution stands, for a display.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// ARN of the execution.
    pub execution_arn: String,
    /// Execution that started it.
    pub parent_arn: Option<String>,
    /// Machine without the environment's prefix.
    pub machine: String,
    /// Name of the execution.
    pub name: String,
    /// RUNNING, SUCCEEDED, FAILED, `TIMED_OUT` or ABORTED.
    pub status: String,
    /// The state that it entered last.
    pub state: Option<String>,
    /// Start, seconds since 1970.
    pub start_seconds: f64,
    /// End, seconds since 1970.
    pub stop_seconds: Option<f64>,
}

/// One execution.
pub(super) struct Entry {
    parent_arn: Option<String>,
    description: Mutex<Description>,
    live: Mutex<Option<Execution>>,
    pub(super) inbox: Inbox,
    ended: watch::Sender<bool>,
}

impl Entry {
    pub(super) fn running(description: Description, execution: Execution, inbox: Inbox) -> Self {
        Self {
            parent_arn: started_by(&description.input),
            description: Mutex::new(description),
            live: Mutex::new(Some(execution)),
            inbox,
            ended: watch::Sender::new(false),
        }
    }

    fn ended(description: Description) -> Self {
        let (inbox, _) = mpsc::unbounded_channel();
        Self {
            parent_arn: started_by(&description.input),
            description: Mutex::new(description),
            live: Mutex::new(None),
            inbox,
            ended: watch::Sender::new(true),
        }
    }

    pub(super) fn description(&self) -> Description {
        self.description
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn describe(&self, change: impl FnOnce(&mut Description)) {
        change(
            &mut self
                .description
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// The engine's execution while it runs.
    pub(super) fn live(&self) -> MutexGuard<'_, Option<Execution>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The execution has ended and its record is on disk.
    pub(super) fn end(&self) {
        *self.live() = None;
        self.ended.send_replace(true);
    }

    /// Waits for the end.
    pub(super) async fn wait(&self) -> Description {
        // The sender lives as long as this entry, so there is always an answer.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
        self.description()
    }

    fn start_seconds(&self) -> f64 {
        self.description
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .start_date
    }

    fn station(&self) -> Station {
        let description = self.description();
        let state = self.live().as_ref().and_then(|execution| {
            let entered = execution
                .history()
                .iter()
                .rev()
                .find(|event| event.event_type.ends_with("StateEntered"));
            entered
                .and_then(|event| event.text("name"))
                .map(str::to_owned)
        });
        let machine = description
            .state_machine_arn
            .rsplit(':')
            .next()
            .unwrap_or_default();
        Station {
            machine: crate::names::unprefixed(machine).to_owned(),
            parent_arn: self.parent_arn.clone(),
            execution_arn: description.execution_arn,
            name: description.name,
            status: description.status,
            state,
            start_seconds: description.start_date,
            stop_seconds: description.stop_date,
        }
    }
}

/// The parent that an execution's input names, as AWS's own console finds it.
fn started_by(input: &str) -> Option<String> {
    let input: Value = serde_json::from_str(input).ok()?;
    input
        .get("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID")?
        .as_str()
        .map(str::to_owned)
}

/// All executions by ARN.
pub(super) struct Store {
    folder: PathBuf,
    time_scale: f64,
    entries: RwLock<BTreeMap<String, Arc<Entry>>>,
}

impl Store {
    /// Opens the records in `folder`. Executions that ran when the platform ended come back as ABORTED; they are
    /// the second part of the answer.
    pub(super) fn open(
        folder: PathBuf,
        time_scale: f64,
        now_seconds: f64,
    ) -> io::Result<(Self, Vec<Description>)> {
        let mut entries = BTreeMap::new();
        let mut interrupted = Vec::new();
        for mut description in read_descriptions(&folder)? {
            if description.is_running() {
                let mut record = Record::read(&Record::path(&folder, &description.execution_arn))?;
                record.abort(now_seconds, INTERRUPTED, INTERRUPTED_CAUSE);
                record.write(&folder)?;
                description = record.execution;
                interrupted.push(description.clone());
            }
            let arn = description.execution_arn.clone();
            entries.insert(arn, Arc::new(Entry::ended(description)));
        }
        Ok((
            Self {
                folder,
                time_scale,
                entries: RwLock::new(entries),
            },
            interrupted,
        ))
    }

    pub(super) fn find(&self, arn: &str) -> Option<Arc<Entry>> {
        self.entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(arn)
            .cloned()
    }

    /// Adds what `entry` makes unless there is an execution of this ARN, which is the error.
    pub(super) fn insert(
        &self,
        arn: &str,
        entry: impl FnOnce() -> Arc<Entry>,
    ) -> Result<Arc<Entry>, Arc<Entry>> {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(existing) = entries.get(arn) {
            return Err(Arc::clone(existing));
        }
        let entry = entry();
        entries.insert(arn.to_owned(), Arc::clone(&entry));
        Ok(entry)
    }

    /// Descriptions of all executions, newest first.
    pub(super) fn descriptions(&self) -> Vec<Description> {
        let mut descriptions: Vec<_> = self.all().iter().map(|entry| entry.description()).collect();
        descriptions.sort_by(|left, right| right.start_date.total_cmp(&left.start_date));
        descriptions
    }

    /// An execution and all that it started, in the order of their starts.
    pub(super) fn stations(&self, root_arn: &str) -> Vec<Station> {
        let mut all: Vec<(f64, String, Arc<Entry>)> = self
            .entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .filter(|(arn, entry)| entry.parent_arn.is_some() || *arn == root_arn)
            .map(|(arn, entry)| (entry.start_seconds(), arn.clone(), Arc::clone(entry)))
            .collect();
        // One that nobody started comes before what it started in the same millisecond.
        all.sort_by(|(left, _, parent), (right, _, child)| {
            let order = left.total_cmp(right);
            order.then_with(|| parent.parent_arn.is_some().cmp(&child.parent_arn.is_some()))
        });
        let mut found = HashSet::new();
        let mut stations = Vec::new();
        // A parent starts before its children, so one pass finds them all.
        for (_, arn, entry) in all {
            let is_child = entry
                .parent_arn
                .as_ref()
                .is_some_and(|parent| found.contains(parent));
            if is_child || arn == root_arn {
                found.insert(arn);
                stations.push(entry.station());
            }
        }
        stations
    }

    /// The events of an execution in the API's shape, oldest first.
    pub(super) fn events(&self, entry: &Entry) -> io::Result<Vec<Value>> {
        if let Some(execution) = entry.live().as_ref() {
            return Ok(execution
                .history()
                .iter()
                .map(serde_json::to_value)
                .collect::<Result<_, _>>()?);
        }
        Ok(Record::read(&Record::path(
            &self.folder,
            &entry.description().execution_arn,
        ))?
        .events)
    }

    /// Writes the record of a running execution; does nothing for one that has ended.
    pub(super) fn write(&self, entry: &Entry) -> io::Result<()> {
        let description = entry.description();
        let bytes = match entry.live().as_ref() {
            Some(execution) => serde_json::to_vec(&LiveRecord {
                execution: &description,
                events: execution.history(),
                time_scale: self.time_scale,
            })?,
            None => return Ok(()),
        };
        write_whole(
            &Record::path(&self.folder, &description.execution_arn),
            &bytes,
        )
    }

    /// Writes the records of all running executions.
    pub(super) fn write_all(&self) {
        for entry in self.all() {
            if let Err(error) = self.write(&entry) {
                tracing::error!(%error, "cannot write the record of an execution");
            }
        }
    }

    fn all(&self) -> Vec<Arc<Entry>> {
        self.entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }
}
