//! All executions: running ones in memory, every one on disk.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;
use videoflow_asl::map_runs::MapRun;

use super::description::Description;
use super::entry::{Entry, Station};
use super::journal::{Blueprint, Journal};
use super::record::{self, LiveRecord, Record, read_map_runs};

/// All executions by ARN.
pub(super) struct Store {
    folder: PathBuf,
    time_scale: f64,
    entries: RwLock<BTreeMap<String, Arc<Entry>>>,
}

/// Why an execution was not added.
pub(super) enum Refused {
    /// There is one of this ARN.
    Taken(Arc<Entry>),
    /// Its journal or definition cannot be written.
    Unwritable(io::Error),
}

impl Store {
    /// The executions that lie in `folder`.
    pub(super) fn new(
        folder: PathBuf,
        time_scale: f64,
        entries: BTreeMap<String, Arc<Entry>>,
    ) -> Self {
        Self {
            folder,
            time_scale,
            entries: RwLock::new(entries),
        }
    }

    /// The journal of an execution.
    pub(super) fn journal(&self, arn: &str) -> Journal {
        Journal::beside(&Record::path(&self.folder, arn))
    }

    pub(super) fn find(&self, arn: &str) -> Option<Arc<Entry>> {
        self.entries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(arn)
            .cloned()
    }

    /// Adds what `entry` makes unless there is an execution of this ARN.
    pub(super) fn insert(
        &self,
        arn: &str,
        entry: impl FnOnce() -> io::Result<Arc<Entry>>,
    ) -> Result<Arc<Entry>, Refused> {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(existing) = entries.get(arn) {
            return Err(Refused::Taken(Arc::clone(existing)));
        }
        let entry = entry().map_err(Refused::Unwritable)?;
        entries.insert(arn.to_owned(), Arc::clone(&entry));
        Ok(entry)
    }

    /// Puts an execution that goes on in the place of the same that had ended.
    pub(super) fn replace(&self, arn: &str, entry: &Arc<Entry>) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(arn.to_owned(), Arc::clone(entry));
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
        Ok(Record::read(&self.folder, &entry.description().execution_arn)?.events)
    }

    /// Which machine an execution runs or ran, if that is known.
    pub(super) fn blueprint(&self, arn: &str) -> io::Result<Option<Blueprint>> {
        record::blueprint(&self.folder, arn)
    }

    /// The runs of an execution's Distributed Maps, oldest first.
    pub(super) fn map_runs(&self, entry: &Entry) -> io::Result<Vec<MapRun>> {
        if let Some(execution) = entry.live().as_ref() {
            return Ok(execution.map_runs().cloned().collect());
        }
        let arn = entry.description().execution_arn;
        read_map_runs(&Record::path(&self.folder, &arn))
    }

    /// Writes the record of an execution that has just ended. The journal of a success is of no use any more; that of
    /// another end is what a redrive goes on from.
    pub(super) fn write(&self, entry: &Entry, blueprint: &Blueprint) -> io::Result<()> {
        let description = entry.description();
        if let Some(execution) = entry.live().as_ref() {
            let record = LiveRecord {
                execution: &description,
                events: execution.history(),
                time_scale: self.time_scale,
                blueprint,
                map_runs: execution.map_runs().collect(),
            };
            record.write(&self.folder)?;
        }
        if description.status == "SUCCEEDED" {
            self.journal(&description.execution_arn).remove()?;
        }
        Ok(())
    }

    /// Removes the record of an execution that goes on. A full disk may have kept it from being written.
    pub(super) fn remove_record(&self, arn: &str) -> io::Result<()> {
        match std::fs::remove_file(Record::path(&self.folder, arn)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
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
