//! The record of every AWS call: who called which action on which resource, and what error came back.

mod resource;

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::iam::Need;

pub use resource::{Access, accesses};

/// Calls kept in memory. A run of one video makes some hundreds; the file has all.
const CALLS_IN_MEMORY: usize = 10_000;

/// One call, or one of the things that it acts on where there are several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub variant: Option<String>,
    /// Where a service made the call with the principal's rights: in the course of what, by its name in
    /// `permissions.json`, such as `transcribe:StartTranscriptionJob.input`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// The rights that it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// Code of the error answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Who calls what.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The principal.
    pub principal: &'a str,
    /// Service by its IAM prefix.
    pub service: &'a str,
    /// Operation.
    pub action: &'a str,
    /// See [`RecordedCall::within`].
    pub within: Option<&'a str>,
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
    /// The file cannot be written, and somebody has been told.
    is_behind: bool,
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
    pub fn add(&self, caller: Caller<'_>, accesses: Vec<Access>, error: Option<&str>) {
        let time = OffsetDateTime::now_utc()
            .format(&Rfc3339)
            .unwrap_or_default();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for access in accesses {
            state.add(RecordedCall {
                time: time.clone(),
                principal: caller.principal.to_owned(),
                service: caller.service.to_owned(),
                action: caller.action.to_owned(),
                resource: access.resource,
                variant: access.variant.map(str::to_owned),
                within: caller.within.map(str::to_owned),
                needs: access.needs,
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
                    crate::lines::append(file, &line)
                });
            if let Err(error) = &written
                && !self.is_behind
            {
                tracing::warn!(%error, "the call record cannot be written");
            }
            self.is_behind = written.is_err();
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

    const CALLER: Caller<'_> = Caller {
        principal: "p",
        service: "s3",
        action: "GetObject",
        within: None,
    };

    fn access(resource: &str) -> Vec<Access> {
        let resource = resource.to_owned();
        vec![Access {
            resource,
            variant: None,
            needs: Vec::new(),
        }]
    }

    #[test]
    fn keeps_calls_in_memory_and_in_the_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("calls.jsonl");
        let record = Record::open(&file).expect("a new file");
        record.add(CALLER, access("arn:aws:s3:::b/k"), None);
        record.add(CALLER, access("arn:aws:s3:::b/l"), Some("NoSuchKey"));

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
            record.add(CALLER, access(&number.to_string()), None);
        }
        let calls = record.calls();
        assert_eq!(calls.len(), CALLS_IN_MEMORY);
        assert_eq!(calls.first().map(|call| call.resource.as_str()), Some("1"));
    }
}
