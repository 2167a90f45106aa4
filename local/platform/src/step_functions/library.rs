//! The definitions of all executions, by digest: an execution goes on with the definition that it began with, whatever
//! is deployed by then.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use videoflow_asl::StateMachine;

use super::journal::Blueprint;
use super::record::write_whole;

/// Name of the folder among those of the machines.
const FOLDER: &str = "definitions";

/// The definitions.
#[derive(Debug)]
pub(super) struct Library {
    folder: PathBuf,
    compiled: Mutex<HashMap<String, Arc<StateMachine>>>,
}

impl Library {
    /// The library beside the records in `records`.
    pub(super) fn of(records: &Path) -> Self {
        Self {
            folder: records.join(FOLDER),
            compiled: Mutex::default(),
        }
    }

    /// Keeps a definition from now on, and gives its digest.
    pub(super) fn keep(&self, definition: &str, compiled: Arc<StateMachine>) -> io::Result<String> {
        let digest = format!("{:x}", Sha256::digest(definition));
        let path = self.path(&digest);
        if !path.exists() {
            write_whole(&path, definition.as_bytes())?;
        }
        self.lock().insert(digest.clone(), compiled);
        Ok(digest)
    }

    /// The text of a definition.
    pub(super) fn text(&self, digest: &str) -> io::Result<String> {
        fs::read_to_string(self.path(digest))
    }

    /// The machine of a blueprint.
    pub(super) fn machine(&self, blueprint: &Blueprint) -> io::Result<Arc<StateMachine>> {
        let mut machine = self.definition(&blueprint.definition)?;
        for state in &blueprint.processors {
            machine = machine
                .item_processor(state)
                .ok_or_else(|| io::Error::other(format!("there is no Distributed Map {state}")))?;
        }
        Ok(machine)
    }

    fn definition(&self, digest: &str) -> io::Result<Arc<StateMachine>> {
        if let Some(machine) = self.lock().get(digest) {
            return Ok(Arc::clone(machine));
        }
        let source = self.text(digest)?;
        let machine = StateMachine::compile(&source).map_err(|findings| {
            let first = findings.first().map(ToString::to_string);
            io::Error::other(first.unwrap_or_default())
        })?;
        let machine = Arc::new(machine);
        self.lock().insert(digest.to_owned(), Arc::clone(&machine));
        Ok(machine)
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.asl"))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<StateMachine>>> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
