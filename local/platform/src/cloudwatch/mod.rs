//! CloudWatch: alarms whose state is set and read, enough for a release that watches one. There are no metrics here, so
//! no alarm is evaluated, its actions are not carried out, and a composite alarm does not follow those in its rule.
//! `AlarmTypes` decides as on AWS: without it `DescribeAlarms` answers metric alarms only.

mod alarm;
mod service;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use alarm::{Alarm, Change};
pub use alarm::{Kind, State};

/// Changes that are kept; CloudWatch keeps those of 30 days.
const MAX_CHANGES: usize = 1000;

/// Cause why an alarm cannot be had or changed. The names are those of CloudWatch's model.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such alarm.
    #[error("Unknown alarm: {0}")]
    ResourceNotFound(String),
    /// A parameter is missing.
    #[error("The parameter {0} is required.")]
    MissingParameter(&'static str),
    /// A parameter has no value of its kind, or one out of its range.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// Two parameters exclude each other.
    #[error("{0}")]
    InvalidParameterCombination(&'static str),
    /// The token is of no page.
    #[error("the token is of no page")]
    InvalidNextToken,
    /// The file of the alarms cannot be read or written.
    #[error("the alarms cannot be read or written: {0}")]
    Unusable(#[from] std::io::Error),
}

/// The local alarms.
pub struct Alarms {
    kept: Mutex<Kept>,
    file: Option<PathBuf>,
}

/// What the file holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    alarms: BTreeMap<String, Alarm>,
    /// Oldest first.
    changes: Vec<Change>,
}

impl Alarms {
    /// Opens the alarms kept in `file`, or in memory without one.
    ///
    /// # Errors
    /// `Unusable`.
    pub fn open(file: Option<&Path>) -> Result<Self, Error> {
        let kept = match file.filter(|file| file.exists()) {
            Some(file) => {
                serde_json::from_slice(&std::fs::read(file)?).map_err(std::io::Error::other)?
            }
            None => Kept::default(),
        };
        Ok(Self {
            kept: Mutex::new(kept),
            file: file.map(Path::to_owned),
        })
    }

    /// Makes a composite alarm in state OK, unless there is one of that name.
    ///
    /// # Errors
    /// `Unusable`.
    pub fn create(&self, name: &str, description: &str, rule: &str) -> Result<(), Error> {
        self.change(|kept| {
            if !kept.alarms.contains_key(name) {
                let parameters = serde_json::json!({"AlarmName": name, "AlarmDescription": description, "AlarmRule": rule});
                kept.put(Kind::Composite, name, &parameters);
                kept.set_state(name, State::Ok, "The platform has been started", None)?;
            }
            Ok(())
        })
    }

    /// Changes the alarms, and the file before anybody sees it.
    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> Result<T, Error>) -> Result<T, Error> {
        let mut kept = self.kept();
        let mut changed = kept.clone();
        let answer = change(&mut changed)?;
        let surplus = changed.changes.len().saturating_sub(MAX_CHANGES);
        changed.changes.drain(..surplus);
        if let Some(file) = &self.file {
            write(
                file,
                &serde_json::to_vec(&changed).map_err(std::io::Error::other)?,
            )?;
        }
        *kept = changed;
        Ok(answer)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a file whole or not at all.
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let part = file.with_extension("part");
    let mut written = std::fs::File::create(&part)?;
    written.write_all(bytes)?;
    written.sync_all()?;
    std::fs::rename(part, file)
}
