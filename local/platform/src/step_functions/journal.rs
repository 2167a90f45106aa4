//! What is kept of an execution that may go on: its start, then every event that it was told, one JSON line each.
//!
//! A line is in the file before what follows from it is done, so a process that is killed loses nothing that the world
//! has seen. A last line without its end was cut off by such a death and never acted on.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use videoflow_asl::effect::{Event, Timestamp};

use super::description::Description;
use super::machines::Configuration;
use crate::lines;

/// Goes up when journals of an earlier engine would be replayed differently.
const VERSION: u32 = 1;

/// Ending of a journal's file.
const EXTENSION: &str = "journal";

/// Which machine an execution runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blueprint {
    /// Digest of the definition in the library.
    pub(super) definition: String,
    /// What else its machine had then; older journals do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) configuration: Option<Configuration>,
    /// The Distributed Map states, from outside in, whose child it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) processors: Vec<String>,
}

/// How an execution began: a journal's first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Beginning {
    pub(super) blueprint: Blueprint,
    pub(super) seed: u64,
    pub(super) at: Timestamp,
    pub(super) time_scale: f64,
    pub(super) execution: Description,
}

#[derive(Serialize, Deserialize)]
struct FirstLine<T> {
    version: u32,
    beginning: T,
}

#[derive(Serialize, Deserialize)]
struct Line<T> {
    at: Timestamp,
    event: T,
}

/// A journal as read.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) beginning: Beginning,
    pub(super) events: Vec<(Event, Timestamp)>,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// Its process was killed before the first line was whole: the execution never began.
    #[error("it never began")]
    Empty,
    /// Another version of the program wrote it.
    #[error("version {0} of journals is not known")]
    UnknownVersion(u32),
    /// A whole line is not one of a journal.
    #[error("line {number}: {source}")]
    Unreadable {
        /// Which line, from 1.
        number: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// The journal of one execution. The file is opened for each line: a Distributed Map may run more children than a
/// process may have open files.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    path: PathBuf,
}

impl Journal {
    /// The journal beside an execution's record.
    pub(super) fn beside(record: &Path) -> Self {
        Self {
            path: record.with_extension(EXTENSION),
        }
    }

    /// The journal in a file, if it is one by its name.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let is_journal = path
            .extension()
            .is_some_and(|extension| extension == EXTENSION);
        is_journal.then(|| Self {
            path: path.to_owned(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Place of the execution's record.
    pub(super) fn record_path(&self) -> PathBuf {
        self.path.with_extension("json")
    }

    /// Writes the first line.
    pub(super) fn begin(&self, beginning: &Beginning) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let line = line(&FirstLine {
            version: VERSION,
            beginning,
        })?;
        fs::write(&self.path, line).or_else(|error| {
            self.remove()?;
            Err(error)
        })
    }

    /// Adds an event.
    pub(super) fn append(&self, at: Timestamp, event: &Event) -> io::Result<()> {
        let line = line(&Line { at, event })?;
        let mut file = OpenOptions::new().append(true).open(&self.path)?;
        lines::append(&mut file, &line)
    }

    /// Reads all whole lines.
    pub(super) fn read(&self) -> Result<Told, Error> {
        let bytes = fs::read(&self.path)?;
        let beginning = first_line(&bytes)?;
        let events = whole_lines(&bytes).enumerate().skip(1);
        let events = events.map(|(index, line)| {
            let line: Line<Event> = parsed(line, index)?;
            Ok((line.event, line.at))
        });
        Ok(Told {
            beginning,
            events: events.collect::<Result<_, Error>>()?,
        })
    }

    /// Reads the first line only.
    pub(super) fn beginning(&self) -> Result<Beginning, Error> {
        first_line(&fs::read(&self.path)?)
    }

    /// Cuts off a last line that is not whole, so that the next one stands by itself.
    pub(super) fn mend(&self) -> io::Result<()> {
        lines::open(&self.path).map(drop)
    }

    /// Forgets the execution's way; its record stays.
    pub(super) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

fn first_line(bytes: &[u8]) -> Result<Beginning, Error> {
    let line = whole_lines(bytes).next().ok_or(Error::Empty)?;
    match parsed::<FirstLine<serde::de::IgnoredAny>>(line, 0)?.version {
        VERSION => Ok(parsed::<FirstLine<Beginning>>(line, 0)?.beginning),
        other => Err(Error::UnknownVersion(other)),
    }
}

fn parsed<'a, T: Deserialize<'a>>(line: &'a [u8], index: usize) -> Result<T, Error> {
    serde_json::from_slice(line).map_err(|source| Error::Unreadable {
        number: index + 1,
        source,
    })
}

/// The lines that end.
fn whole_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines::whole(bytes)
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use videoflow_asl::effect::{MapRunId, TaskId, TimerId};

    use super::*;
    use crate::step_functions::description::tests::description;

    fn beginning() -> Beginning {
        Beginning {
            blueprint: Blueprint {
                definition: "d".to_owned(),
                configuration: Some(Configuration::of("role".to_owned(), Timestamp(4))),
                processors: vec!["Each".to_owned()],
            },
            seed: u64::MAX,
            at: Timestamp(5),
            time_scale: 0.02,
            execution: description(),
        }
    }

    fn events() -> Vec<(Event, Timestamp)> {
        let child = |outcome| Event::ChildEnded {
            map_run: MapRunId(1),
            index: 2,
            outcome,
        };
        let events = [
            Event::TaskSubmitted {
                task: TaskId(1),
                output: serde_json::json!({"line": "a\nb"}),
            },
            Event::TimerFired { timer: TimerId(2) },
            child(Ok(serde_json::json!(null))),
            child(Err(("E".to_owned(), "because".to_owned()))),
            Event::Redriven,
        ];
        (6..)
            .map(Timestamp)
            .zip(events)
            .map(|(at, event)| (event, at))
            .collect()
    }

    fn written(folder: &Path) -> io::Result<Journal> {
        let journal = Journal::beside(&folder.join("m/e.json"));
        journal.begin(&beginning())?;
        for (event, at) in events() {
            journal.append(at, &event)?;
        }
        Ok(journal)
    }

    #[test]
    fn what_was_told_can_be_read() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let told = written(folder.path())?.read()?;
        assert_eq!((told.beginning, told.events), (beginning(), events()));
        Ok(())
    }

    #[test]
    fn a_cut_off_line_does_not_count_wherever_it_is_cut() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let journal = written(folder.path())?;
        let whole = fs::read(journal.path())?;
        let ends: Vec<usize> = (0..whole.len())
            .filter(|at| whole.get(*at) == Some(&b'\n'))
            .collect();
        for length in 0..whole.len() {
            fs::write(journal.path(), whole.get(..length).unwrap_or_default())?;
            let lines = ends.iter().filter(|end| **end < length).count();
            match journal.read() {
                Ok(told) => assert_eq!(told.events.len() + 1, lines),
                Err(Error::Empty) => assert_eq!(lines, 0),
                Err(error) => anyhow::bail!("cut at {length}: {error}"),
            }
            if lines > 0 {
                journal.mend()?;
                journal.append(Timestamp(9), &Event::Redriven)?;
                assert_eq!(journal.read()?.events.len(), lines, "cut at {length}");
            }
        }
        Ok(())
    }

    #[test]
    fn journals_without_configurations_are_read() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let journal = written(folder.path())?;
        let whole = fs::read_to_string(journal.path())?;
        let (first, rest) = whole.split_once('\n').unwrap_or_default();
        let mut first: serde_json::Value = serde_json::from_str(first)?;
        if let Some(blueprint) = first["beginning"]["blueprint"].as_object_mut() {
            blueprint.remove("configuration");
        }
        fs::write(journal.path(), format!("{first}\n{rest}"))?;
        let told = journal.read()?;
        let mut expected = beginning();
        expected.blueprint.configuration = None;
        assert_eq!((told.beginning, told.events), (expected, events()));
        Ok(())
    }

    #[test]
    fn lines_that_are_whole_and_wrong_are_named() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let journal = written(folder.path())?;
        let whole = fs::read_to_string(journal.path())?;
        let check = |text: String, expected: &str| -> anyhow::Result<()> {
            fs::write(journal.path(), text)?;
            let error = journal.read().map(drop).map_err(|error| error.to_string());
            let error = error.err().unwrap_or_default();
            assert!(error.starts_with(expected), "{error}");
            Ok(())
        };
        check(whole.replacen("\"timerFired\"", "\"odd\"", 1), "line 3: ")?;
        check(
            whole.replacen("\"version\":1", "\"version\":0", 1),
            "version 0 of journals is not known",
        )?;
        check("{}\n".to_owned(), "line 1: ")
    }
}
