//! Task tokens that somebody may still answer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use videoflow_asl::effect::{Event, TaskId};

use super::entry::Inbox;

/// A Task that waits for its token.
#[derive(Clone)]
pub(super) struct Waiting {
    pub(super) task: TaskId,
    pub(super) inbox: Inbox,
}

/// Tokens of all running executions.
#[derive(Default)]
pub(super) struct Tokens {
    waiting: Mutex<HashMap<String, Waiting>>,
}

impl Tokens {
    /// The token may be answered from now on.
    pub(super) fn issue(&self, token: String, waiting: Waiting) {
        self.lock().insert(token, waiting);
    }

    /// The token is of no use any more.
    pub(super) fn revoke(&self, token: &str) {
        self.lock().remove(token);
    }

    /// Ends the Task that waits for the token. False: nobody waits for it.
    pub(super) fn settle(&self, token: &str, event: impl FnOnce(TaskId) -> Event) -> bool {
        let waiting = self.lock().remove(token);
        waiting.is_some_and(|waiting| waiting.tell(event))
    }

    /// Tells the Task something that does not end it. False: nobody waits for the token.
    pub(super) fn tell(&self, token: &str, event: impl FnOnce(TaskId) -> Event) -> bool {
        let waiting = self.lock().get(token).cloned();
        waiting.is_some_and(|waiting| waiting.tell(event))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn tell(&self, event: impl FnOnce(TaskId) -> Event) -> bool {
        self.inbox.send(event(self.task)).is_ok()
    }
}
