//! `RedriveExecution`: an execution that ended unsuccessfully goes on from its journal.

use std::io;
use std::sync::{Arc, PoisonError};

use tokio::sync::mpsc;
use videoflow_asl::effect::{Event, Timestamp};

use super::actor::Actor;
use super::driver::{Shared, now};
use super::entry::Entry;
use super::revive::revive;

/// A client token is good for 15 minutes (AWS's limit).
const TOKEN_MS: i64 = 15 * 60 * 1000;

/// Redrives whose client tokens are still good. Its lock lets one redrive happen at a time.
#[derive(Debug, Default)]
pub(super) struct Redrives(Vec<Redrive>);

#[derive(Debug)]
struct Redrive {
    arn: String,
    token: String,
    at: Timestamp,
}

/// Why an execution is not redriven.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// It runs, has succeeded, is too old or too long, or its journal cannot be replayed.
    #[error("{0}")]
    NotRedrivable(String),
    /// The files cannot be changed.
    #[error("the execution's files cannot be changed: {0}")]
    Unwritable(#[from] io::Error),
}

/// Lets an execution that has ended go on. The same token again gives the same redrive.
pub(super) fn redrive(
    shared: &Arc<Shared>,
    arn: &str,
    token: Option<&str>,
) -> Result<Timestamp, Error> {
    let mut redrives = shared
        .redrives
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let at = now();
    redrives.0.retain(|redrive| at.0 - redrive.at.0 < TOKEN_MS);
    let same = |redrive: &&Redrive| redrive.arn == arn && Some(redrive.token.as_str()) == token;
    if let Some(redrive) = redrives.0.iter().find(same) {
        return Ok(redrive.at);
    }
    go_on(shared, arn, at)?;
    redrives.0.extend(token.map(|token| Redrive {
        arn: arn.to_owned(),
        token: token.to_owned(),
        at,
    }));
    Ok(at)
}

fn go_on(shared: &Arc<Shared>, arn: &str, at: Timestamp) -> Result<(), Error> {
    let description = shared.store.find(arn).map(|entry| entry.description());
    if let Some(description) = description
        && description.redrive_status != "REDRIVABLE"
    {
        let reason = description.redrive_status_reason;
        return Err(Error::NotRedrivable(reason.unwrap_or_else(|| {
            "Execution is a child of a Map Run: redrive the execution of that".to_owned()
        })));
    }
    resume(shared, arn, at).map(drop)
}

/// Lets a child of a Map Run go on, as its parent's redrive wants it.
pub(super) fn redrive_child(shared: &Arc<Shared>, arn: &str) -> Result<Arc<Entry>, Error> {
    resume(shared, arn, now())
}

fn resume(shared: &Arc<Shared>, arn: &str, at: Timestamp) -> Result<Arc<Entry>, Error> {
    let journal = shared.store.journal(arn);
    let mut revived = revive(&journal, &shared.library)
        .map_err(|error| Error::NotRedrivable(error.to_string()))?;
    // A crash between the two leaves an execution that has ended and whose record is written again.
    shared.store.remove_record(arn)?;
    journal.append(at, &Event::Redriven)?;
    let effects = revived.execution.handle(Event::Redriven, at);
    revived.description.update(&revived.execution);
    let (sender, inbox) = mpsc::unbounded_channel();
    let entry = Entry::running(revived.description, revived.execution, sender);
    let entry = Arc::new(entry);
    shared.store.replace(arn, &entry);
    shared.announce(&entry.description());
    let blueprint = revived.beginning.blueprint;
    let actor = Actor::new(Arc::clone(shared), Arc::clone(&entry), blueprint);
    tokio::spawn(actor.run(inbox, effects, at));
    Ok(entry)
}
