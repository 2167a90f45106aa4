//! Executions from their journals.

use std::io;

use videoflow_asl::effect::Timestamp;
use videoflow_asl::replay::{Pending, replay};
use videoflow_asl::{Execution, Start};

use super::description::Description;
use super::journal::{self, Beginning, Journal};
use super::library::Library;
use crate::names;

/// An execution as its journal tells it.
#[derive(Debug)]
pub(super) struct Revived {
    pub(super) beginning: Beginning,
    pub(super) description: Description,
    pub(super) execution: Execution,
    /// What it waits for.
    pub(super) pending: Vec<Pending>,
    /// When it was told something last.
    pub(super) last: Timestamp,
}

/// Why an execution cannot be revived.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The journal cannot be used.
    #[error("its journal cannot be read: {0}")]
    Journal(#[from] journal::Error),
    /// The definition that it began with is gone, or not one any more.
    #[error("its definition cannot be used: {0}")]
    Definition(#[source] io::Error),
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Journal(journal::Error::File(error)) => error,
            error => Self::other(error),
        }
    }
}

/// Replays a journal.
pub(super) fn revive(journal: &Journal, library: &Library) -> Result<Revived, Error> {
    let told = journal.read()?;
    let beginning = told.beginning;
    let machine = library
        .machine(&beginning.blueprint)
        .map_err(Error::Definition)?;
    let replayed = replay(machine, start(&beginning), beginning.at, told.events);
    let mut description = beginning.execution.clone();
    description.update(&replayed.execution);
    Ok(Revived {
        beginning,
        description,
        execution: replayed.execution,
        pending: replayed.pending,
        last: replayed.last,
    })
}

/// What the engine begins with.
pub(super) fn start(beginning: &Beginning) -> Start {
    let execution = &beginning.execution;
    let machine_name = execution.machine_name();
    let role_arn = match &beginning.blueprint.configuration {
        Some(configuration) => configuration.role_arn.clone(),
        None => names::role_arn(names::unprefixed(machine_name)),
    };
    Start {
        execution_arn: execution.execution_arn.clone(),
        execution_name: execution.name.clone(),
        state_machine_arn: execution.state_machine_arn.clone(),
        state_machine_name: machine_name.to_owned(),
        role_arn,
        // The API has checked that it is JSON; a child's input comes from the engine.
        input: serde_json::from_str(&execution.input).unwrap_or_default(),
        redrive_count: 0,
        seed: beginning.seed,
    }
}
