//! `states:startExecution`: a child execution that its parent owns.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use videoflow_asl::effect::{Event, Pattern, TaskId};

use super::driver::Shared;
use super::integration::{Failure, Target, perform};
use super::record::Description;
use super::store::Inbox;
use crate::service::{Call, Principal};
use crate::services::Services;

/// One nested start.
pub(super) struct Nested {
    pub(super) shared: Arc<Shared>,
    pub(super) services: Arc<Services>,
    pub(super) principal: Principal,
    pub(super) task: TaskId,
    pub(super) pattern: Pattern,
    pub(super) inbox: Inbox,
}

impl Nested {
    /// Starts the child and, for `.sync`, waits for its end. Stops it when `cancelled` comes or breaks.
    pub(super) async fn run(
        self,
        target: Target,
        arguments: Value,
        cancelled: oneshot::Receiver<()>,
    ) {
        let started = perform(&self.services, self.principal.clone(), &target, arguments).await;
        let answer = match started {
            Ok(answer) => answer,
            Err(Failure { error, cause }) => {
                return self.tell(Event::TaskFailed {
                    task: self.task,
                    error,
                    cause,
                });
            }
        };
        if self.pattern == Pattern::RequestResponse {
            return self.tell(Event::TaskSucceeded {
                task: self.task,
                output: answer,
            });
        }
        let arn = answer
            .get("ExecutionArn")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        self.tell(Event::TaskSubmitted {
            task: self.task,
            output: answer,
        });
        let Some(entry) = self.shared.store.find(&arn) else {
            let cause = format!("the child execution {arn} is gone");
            return self.tell(Event::TaskFailed {
                task: self.task,
                error: "States.TaskFailed".to_owned(),
                cause,
            });
        };
        tokio::select! {
            description = entry.wait() => self.tell(outcome(self.task, self.pattern, &description)),
            _ = cancelled => self.stop(arn).await,
        }
    }

    async fn stop(&self, arn: String) {
        let call = Call {
            principal: self.principal.clone(),
            operation: "StopExecution".to_owned(),
            parameters: json!({"ExecutionArn": arn}),
        };
        if let Err(error) = self.services.call("states", call).await {
            tracing::warn!(%error, %arn, "cannot stop a child execution");
        }
    }

    fn tell(&self, event: Event) {
        // The parent may have ended; then nobody wants to know.
        let _ = self.inbox.send(event);
    }
}

/// What the parent's Task gets. A failed child is `States.TaskFailed` with the envelope as text, whatever its error.
fn outcome(task: TaskId, pattern: Pattern, description: &Description) -> Event {
    if description.status != "SUCCEEDED" {
        let cause = description.envelope(|text| Value::from(text)).to_string();
        return Event::TaskFailed {
            task,
            error: "States.TaskFailed".to_owned(),
            cause,
        };
    }
    let output = match pattern {
        Pattern::RunJobV2 => {
            description.envelope(|text| serde_json::from_str(text).unwrap_or(Value::Null))
        }
        _ => description.envelope(|text| Value::from(text)),
    };
    Event::TaskSucceeded { task, output }
}
