//! The record of every AWS call: who called which action on which resource, and what error came back.

mod resource;

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use resource::{Access, accesses};

/// Calls kept in memory. A run of one video makes some hundreds; the file has all.
const CALLS_IN_MEMORY: usize = 10_000;

/// One call, or one of the things that it acts on where there are several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedCall {
    /// When it was answered, RFC 3339 in UTC.
    pub time: String,
    /// Who called: the access key id on the wire, or the machine.
    pub principal: String,
    /// Service by its IAM prefix: `s3`, `states`.
    pub service: String,
    /// Operation by its name in the API model: `PutObject`.
    pub action: String,
    /// ARN of the resource, or `*`.
    pub resource: String,
    /// What makes the operation need other rights here: see [`Access`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<&'static str>,
    /// Code of the error answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Cause why the record cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened for appending.
    #[error("cannot append to {path}: {source}")]
    Unwritable {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The record: one JSON line a call (two for a copy, one an item for a transaction) in a file, the latest calls in memory.
#[derive(Debug, Default)]
pub struct Record {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: VecDeque<RecordedCall>,
    file: Option<File>,
}

impl Record {
    /// A record in memory only.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// A record that appends to `file`.
    ///
    /// # Errors
    /// `Unwritable`.
    pub fn open(file: &Path) -> Result<Self, Error> {
        let file = crate::lines::open(file).map_err(|source| Error::Unwritable {
            path: file.display().to_string(),
            source,
        })?;
        let state = State {
            file: Some(file),
            ..State::default()
        };
        Ok(Self {
            state: Mutex::new(state),
        })
    }

    /// Adds one call. A record that cannot be written is a warning: the call itself has been answered.
    pub fn add(
        &self,
        principal: &str,
        service: &str,
        action: &str,
        accesses: Vec<Access>,
        error: Option<&str>,
    ) {
        let time = OffsetDateTime::now_utc()
            .format(&Rfc3339)
            .unwrap_or_default();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for access in accesses {
            state.add(RecordedCall {
                time: time.clone(),
                principal: principal.to_owned(),
                service: service.to_owned(),
                action: action.to_owned(),
                resource: access.resource,
                variant: access.variant,
                error: error.map(str::to_owned),
            });
        }
    }

    /// The latest calls, oldest first.
    pub fn calls(&self) -> Vec<RecordedCall> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.calls.iter().cloned().collect()
    }
}

impl State {
    fn add(&mut self, call: RecordedCall) {
        if let Some(file) = &mut self.file {
            let written = serde_json::to_vec(&call)
                .map_err(std::io::Error::other)
                .and_then(|mut line| {
                    line.push(b'\n');
                    file.write_all(&line)
                });
            if let Err(error) = written {
                tracing::warn!(%error, "the call record cannot be written");
            }
        }
        if self.calls.len() == CALLS_IN_MEMORY {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_calls_in_memory_and_in_the_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("calls.jsonl");
        let record = Record::open(&file).expect("a new file");
        let access = |resource: &str| {
            let resource = resource.to_owned();
            vec![Access {
                resource,
                variant: None,
            }]
        };
        record.add("p", "s3", "GetObject", access("arn:aws:s3:::b/k"), None);
        let missing = access("arn:aws:s3:::b/l");
        record.add("p", "s3", "GetObject", missing, Some("NoSuchKey"));

        let text = std::fs::read_to_string(&file).expect("a written file");
        assert_eq!(text.lines().count(), 2);
        assert!(
            text.lines()
                .last()
                .expect("two lines")
                .contains("\"error\":\"NoSuchKey\"")
        );
        assert_eq!(record.calls().len(), 2);
    }

    #[test]
    fn forgets_the_oldest_calls_in_memory() {
        let record = Record::in_memory();
        for number in 0..=CALLS_IN_MEMORY {
            let resource = number.to_string();
            let access = Access {
                resource,
                variant: None,
            };
            record.add("p", "s3", "GetObject", vec![access], None);
        }
        let calls = record.calls();
        assert_eq!(calls.len(), CALLS_IN_MEMORY);
        assert_eq!(calls.first().map(|call| call.resource.as_str()), Some("1"));
    }
}
