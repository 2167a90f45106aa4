//! One execution as long as the platform runs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use videoflow_asl::Execution;
use videoflow_asl::effect::Event;

use super::description::Description;
use super::driver::now;

/// Where an execution's actor hears what happened. Unbounded, because every message answers an effect or a caller:
/// the engine bounds how many of them there are.
pub(super) type Inbox = mpsc::UnboundedSender<Event>;

/// Where an execution stands, for a display.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// ARN of the execution.
    pub execution_arn: String,
    /// Execution that started it.
    pub parent_arn: Option<String>,
    /// Machine without the environment's prefix.
    pub machine: String,
    /// Name of the execution.
    pub name: String,
    /// RUNNING, SUCCEEDED, FAILED, `TIMED_OUT` or ABORTED.
    pub status: String,
    /// The state that it entered last.
    pub state: Option<String>,
    /// Start, seconds since 1970.
    pub start_seconds: f64,
    /// End, seconds since 1970.
    pub stop_seconds: Option<f64>,
}

/// One execution.
pub(super) struct Entry {
    pub(super) parent_arn: Option<String>,
    description: Mutex<Description>,
    live: Mutex<Option<Execution>>,
    pub(super) inbox: Inbox,
    ended: watch::Sender<bool>,
}

impl Entry {
    pub(super) fn running(description: Description, execution: Execution, inbox: Inbox) -> Self {
        Self {
            parent_arn: started_by(&description.input),
            description: Mutex::new(description),
            live: Mutex::new(Some(execution)),
            inbox,
            ended: watch::Sender::new(false),
        }
    }

    pub(super) fn ended(description: Description) -> Self {
        let (inbox, _) = mpsc::unbounded_channel();
        Self {
            parent_arn: started_by(&description.input),
            description: Mutex::new(description),
            live: Mutex::new(None),
            inbox,
            ended: watch::Sender::new(true),
        }
    }

    pub(super) fn description(&self) -> Description {
        let description = self
            .description
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        description.clone().at(now().seconds())
    }

    pub(super) fn describe(&self, change: impl FnOnce(&mut Description)) {
        change(
            &mut self
                .description
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// The engine's execution while it runs.
    pub(super) fn live(&self) -> MutexGuard<'_, Option<Execution>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The execution has ended and its record is on disk.
    pub(super) fn end(&self) {
        *self.live() = None;
        self.ended.send_replace(true);
    }

    /// Waits for the end.
    pub(super) async fn wait(&self) -> Description {
        // The sender lives as long as this entry, so there is always an answer.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
        self.description()
    }

    pub(super) fn start_seconds(&self) -> f64 {
        self.description
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .start_date
    }

    pub(super) fn station(&self) -> Station {
        let description = self.description();
        let state = self.live().as_ref().and_then(|execution| {
            let entered = execution
                .history()
                .iter()
                .rev()
                .find(|event| event.event_type.ends_with("StateEntered"));
            entered
                .and_then(|event| event.text("name"))
                .map(str::to_owned)
        });
        Station {
            machine: crate::names::unprefixed(description.machine_name()).to_owned(),
            parent_arn: self.parent_arn.clone(),
            execution_arn: description.execution_arn,
            name: description.name,
            status: description.status,
            state,
            start_seconds: description.start_date,
            stop_seconds: description.stop_date,
        }
    }
}

/// The parent that an execution's input names, as AWS's own console finds it.
fn started_by(input: &str) -> Option<String> {
    let input: Value = serde_json::from_str(input).ok()?;
    input
        .get("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID")?
        .as_str()
        .map(str::to_owned)
}
