//! Tasks: calls of services, nested executions, tokens.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::oneshot;
use videoflow_asl::effect::{Event, Pattern, TaskId};

use super::{Actor, Running, tell};
use crate::service::Principal;
use crate::services::Services;
use crate::step_functions::entry::Inbox;
use crate::step_functions::integration::{Failure, Target, perform, target};
use crate::step_functions::nested::Nested;
use crate::step_functions::tokens::Waiting;

/// A Task that the engine starts.
pub(super) struct Task {
    pub(super) id: TaskId,
    pub(super) resource: String,
    pub(super) arguments: Value,
    pub(super) pattern: Pattern,
    pub(super) token: Option<String>,
}

/// How often a Task's call was made.
pub(in crate::step_functions) enum Try {
    /// Not yet.
    First,
    /// Perhaps, by a process that is gone; the answer, if the service is known to have accepted it.
    Again(Option<Value>),
}

impl Actor {
    pub(super) fn start_task(&mut self, task: Task, attempt: Try) {
        let Some(target) = target(&task.resource) else {
            let cause = format!(
                "the local platform has no integration for {}",
                task.resource
            );
            let event = Event::TaskFailed {
                task: task.id,
                error: "States.Runtime".to_owned(),
                cause,
            };
            return tell(&self.entry.inbox, event);
        };
        let services = Arc::clone(&self.shared.services);
        let (guard, cancelled) = oneshot::channel();
        self.tasks.insert(
            task.id,
            Running {
                _guard: guard,
                token: task.token.clone(),
            },
        );
        if let Some(token) = &task.token {
            let waiting = Waiting {
                task: task.id,
                inbox: self.entry.inbox.clone(),
            };
            self.shared.tokens.issue(token.clone(), waiting);
        }
        let principal = self.principal();
        let inbox = self.entry.inbox.clone();
        if target.service == "states" && target.operation == "StartExecution" {
            let nested = Nested {
                shared: Arc::clone(&self.shared),
                services,
                principal,
                task: task.id,
                pattern: task.pattern,
                inbox,
            };
            tokio::spawn(nested.run(target, task.arguments, attempt, cancelled));
        } else if !matches!(attempt, Try::Again(Some(_))) {
            tokio::spawn(call(services, principal, target, task, inbox));
        }
    }
}

async fn call(
    services: Arc<Services>,
    principal: Principal,
    target: Target,
    task: Task,
    inbox: Inbox,
) {
    let answer = perform(&services, principal, &target, task.arguments).await;
    let task_id = task.id;
    tell(
        &inbox,
        match (answer, task.pattern) {
            (Ok(output), Pattern::RequestResponse) => Event::TaskSucceeded {
                task: task_id,
                output,
            },
            (Ok(output), Pattern::TaskToken) => Event::TaskSubmitted {
                task: task_id,
                output,
            },
            (Ok(_), Pattern::RunJob | Pattern::RunJobV2) => Event::TaskFailed {
                task: task_id,
                error: "States.Runtime".to_owned(),
                cause: format!("the local platform has no .sync for {}", task.resource),
            },
            (Err(Failure { error, cause }), _) => Event::TaskFailed {
                task: task_id,
                error,
                cause,
            },
        },
    );
}
