//! Tasks: calls of services, nested executions, tokens.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::oneshot;
use videoflow_asl::effect::{Event, Pattern, TaskId};

use super::{Actor, Running, tell};
use crate::service::Principal;
use crate::services::Services;
use crate::step_functions::activities::Offer;
use crate::step_functions::entry::Inbox;
use crate::step_functions::integration::{Failure, Target, perform_once, target};
use crate::step_functions::nested::Nested;
use crate::step_functions::tokens::Waiting;
use crate::token::Token;

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
        if task.resource.contains(":activity:") {
            return self.start_activity(&task, &attempt);
        }
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
        let cancelled = self.hold(&task);
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
            let token = self.token(task.id);
            tokio::spawn(call(services, principal, target, task, (token, inbox)));
        }
    }

    /// Offers the task to the workers of its activity, unless one of them had taken it before a restart.
    fn start_activity(&mut self, task: &Task, attempt: &Try) {
        if self.shared.activities.find(&task.resource).is_none() {
            let event = Event::TaskFailed {
                task: task.id,
                error: "ActivityDoesNotExist".to_owned(),
                cause: format!("Activity Does Not Exist: '{}'", task.resource),
            };
            return tell(&self.entry.inbox, event);
        }
        // Nothing runs here that its cancellation would have to stop.
        drop(self.hold(task));
        if let (Some(token), Try::First | Try::Again(None)) = (&task.token, attempt) {
            let offer = Offer {
                token: token.clone(),
                input: task.arguments.to_string(),
            };
            self.shared.activities.offer(&task.resource, offer);
        }
    }

    /// Keeps what the Task's cancellation must undo; its token may be answered from now on.
    fn hold(&mut self, task: &Task) -> oneshot::Receiver<()> {
        let (guard, cancelled) = oneshot::channel();
        let running = Running {
            _guard: guard,
            token: task.token.clone(),
        };
        self.tasks.insert(task.id, running);
        if let Some(token) = &task.token {
            let waiting = Waiting {
                task: task.id,
                inbox: self.entry.inbox.clone(),
            };
            self.shared.tokens.issue(token.clone(), waiting);
        }
        cancelled
    }

    /// The mark of a Task's call: an execution of the same name may have been before.
    fn token(&self, task: TaskId) -> Token {
        let description = self.entry.description();
        let (arn, start) = (description.execution_arn, description.start_date);
        Token::new(format!("{arn} {start} {}", task.0))
    }
}

async fn call(
    services: Arc<Services>,
    principal: Principal,
    target: Target,
    task: Task,
    (token, inbox): (Token, Inbox),
) {
    let answer = perform_once(&services, principal, &target, task.arguments, &token).await;
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
