//! The state machines, each in a file of its own: `machines/<name>.machine` among the records. A change replaces the file
//! as a whole, so that a crash leaves the old machine or the new one.

mod deployment;
mod machine;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::library::Library;
use super::record::{file_name, write_whole};
use super::tags::Tags;
pub use machine::Machine;
pub(super) use machine::{
    Alias, Configuration, FirstVersion, Revision, Route, Status, WHOLE, number,
};

/// Name of the folder among the records.
const FOLDER: &str = "machines";
/// Ending of a machine's file.
const EXTENSION: &str = "machine";

/// All state machines, by unqualified ARN.
#[derive(Debug)]
pub struct Machines {
    folder: PathBuf,
    library: Arc<Library>,
    tags: Tags,
    by_arn: RwLock<BTreeMap<String, Arc<Machine>>>,
}

impl Machines {
    /// The machines beside the records in `records`.
    ///
    /// # Errors
    /// A file cannot be read, or is no machine's.
    pub fn open(records: &Path) -> io::Result<Self> {
        let folder = records.join(FOLDER);
        let mut by_arn = BTreeMap::new();
        fs::create_dir_all(&folder)?;
        for file in fs::read_dir(&folder)? {
            let path = file?.path();
            if path.extension().is_some_and(|ending| ending == EXTENSION) {
                let machine: Machine = serde_json::from_slice(&fs::read(&path)?)
                    .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
                by_arn.insert(machine.arn(), Arc::new(machine));
            }
        }
        Ok(Self {
            tags: Tags::open(&folder)?,
            folder,
            library: Arc::new(Library::of(records)),
            by_arn: RwLock::new(by_arn),
        })
    }

    /// The definitions.
    pub(super) fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// The tags of machines and activities.
    pub(super) fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The machine of an ARN, whether or not it has the version or alias that the ARN may name.
    pub(super) fn find(&self, arn: &str) -> Option<Arc<Machine>> {
        let machines = self.by_arn.read().unwrap_or_else(PoisonError::into_inner);
        let unqualified = || machines.get(arn.rsplit_once(':')?.0);
        machines.get(arn).or_else(unqualified).cloned()
    }

    /// All machines in the order of their names.
    pub fn all(&self) -> Vec<Arc<Machine>> {
        let machines = self.by_arn.read().unwrap_or_else(PoisonError::into_inner);
        machines.values().cloned().collect()
    }

    /// Lets `change` make, alter or take away the machine of an unqualified ARN, alone with it. Nothing happens if it
    /// fails, or if what it made cannot be written.
    pub(super) fn change<T, E: From<io::Error>>(
        &self,
        arn: &str,
        change: impl FnOnce(&mut Option<Machine>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut machines = self.by_arn.write().unwrap_or_else(PoisonError::into_inner);
        let before = machines.get(arn).map(Arc::as_ref);
        let mut machine = before.cloned();
        let answer = change(&mut machine)?;
        if machine.as_ref() == before {
            return Ok(answer);
        }
        if let Some(machine) = machine {
            let bytes = serde_json::to_vec(&machine).map_err(io::Error::from)?;
            write_whole(&self.path(arn), &bytes)?;
            machines.insert(arn.to_owned(), Arc::new(machine));
        } else {
            fs::remove_file(self.path(arn))?;
            machines.remove(arn);
            self.tags.forget(arn)?;
        }
        Ok(answer)
    }

    fn path(&self, arn: &str) -> PathBuf {
        let name = arn.rsplit(':').next().unwrap_or_default();
        // Not `with_extension`, which takes a part of a name with a dot for an extension.
        self.folder.join(format!("{}.{EXTENSION}", file_name(name)))
    }
}
