//! What the log tells of an execution's way, at the level DEBUG: `VIDEOFLOW_LOG=videoflow_platform=debug`.
//!
//! Every moment between two of these lines is one at which the process may be killed, so the tests of crashes count
//! them.

use tracing::Level;
use videoflow_asl::effect::Event;

use super::entry::Entry;

/// A step on an execution's way.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    /// Its journal is there, nothing else.
    Begun,
    /// An event has come; what it tells of has happened.
    Come(Name),
    /// The event is in the journal, and nothing has followed from it.
    Kept(Name),
    /// The world knows of its end, its record does not.
    Announced,
    /// Its record is there; its parent has not heard of it.
    Recorded,
}

/// What an event is called, and the Task that it is about.
pub(super) type Name = (&'static str, Option<u64>);

impl Moment {
    fn words(self) -> (Name, &'static str) {
        match self {
            Self::Begun => (("execution", None), "begun"),
            Self::Come(event) => (event, "come"),
            Self::Kept(event) => (event, "kept"),
            Self::Announced => (("end", None), "announced"),
            Self::Recorded => (("end", None), "recorded"),
        }
    }
}

/// Tells of a step.
pub(super) fn tell(entry: &Entry, moment: Moment) {
    if !tracing::enabled!(Level::DEBUG) {
        return;
    }
    let station = entry.station();
    let ((event, task), moment) = moment.words();
    tracing::debug!(
        execution = station.execution_arn,
        state = station.state,
        event,
        task,
        moment
    );
}

/// The name of an event.
pub(super) fn name(event: &Event) -> Name {
    match event {
        Event::TaskSubmitted { task, .. } => ("TaskSubmitted", Some(task.0)),
        Event::TaskStarted { task, .. } => ("TaskStarted", Some(task.0)),
        Event::TaskSucceeded { task, .. } => ("TaskSucceeded", Some(task.0)),
        Event::TaskFailed { task, .. } => ("TaskFailed", Some(task.0)),
        Event::TaskHeartbeat { task } => ("TaskHeartbeat", Some(task.0)),
        Event::TimerFired { .. } => ("TimerFired", None),
        Event::ItemsRead { .. } => ("ItemsRead", None),
        Event::ChildEnded { .. } => ("ChildEnded", None),
        Event::MapRunUpdated { .. } => ("MapRunUpdated", None),
        Event::ResultsWritten { .. } => ("ResultsWritten", None),
        Event::Stopped { .. } => ("Stopped", None),
        Event::Redriven => ("Redriven", None),
    }
}
