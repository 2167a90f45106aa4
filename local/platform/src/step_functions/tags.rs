//! Tags of machines and activities, by ARN, in a file of their own.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::record::write_whole;

/// Name of the file among those of the machines.
const FILE: &str = "tags";

/// The tags of one resource.
pub(super) type TagSet = BTreeMap<String, String>;

/// All tags.
#[derive(Debug)]
pub(super) struct Tags {
    path: PathBuf,
    by_arn: Mutex<BTreeMap<String, TagSet>>,
}

impl Tags {
    /// Those in a folder.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let by_arn = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            read => serde_json::from_slice(&read?).map_err(io::Error::from)?,
        };
        Ok(Self {
            path,
            by_arn: Mutex::new(by_arn),
        })
    }

    pub(super) fn of(&self, arn: &str) -> TagSet {
        let by_arn = self.by_arn.lock().unwrap_or_else(PoisonError::into_inner);
        by_arn.get(arn).cloned().unwrap_or_default()
    }

    /// Replaces the tags of a resource by what `change` makes of them; nothing happens if it fails.
    pub(super) fn change<E: From<io::Error>>(
        &self,
        arn: &str,
        change: impl FnOnce(&mut TagSet) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut by_arn = self.by_arn.lock().unwrap_or_else(PoisonError::into_inner);
        let before = by_arn.get(arn).cloned().unwrap_or_default();
        let mut tags = before.clone();
        change(&mut tags)?;
        if tags == before {
            return Ok(());
        }
        let mut changed = by_arn.clone();
        changed.insert(arn.to_owned(), tags);
        changed.retain(|_, tags| !tags.is_empty());
        let bytes = serde_json::to_vec(&changed).map_err(io::Error::from)?;
        write_whole(&self.path, &bytes)?;
        *by_arn = changed;
        Ok(())
    }

    /// Forgets the tags of a resource that is gone.
    pub(super) fn forget(&self, arn: &str) -> io::Result<()> {
        self.change(arn, |tags| {
            tags.clear();
            Ok(())
        })
    }
}
