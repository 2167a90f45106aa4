//! `states:startExecution`: a child execution that its parent owns.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use videoflow_asl::effect::{Event, Pattern, TaskId};

use super::actor::Try;
use super::description::Description;
use super::driver::Shared;
use super::entry::Inbox;
use super::integration::{Failure, Target, perform, perform_within, refused_by_step_functions};
use crate::iam::NESTED_RULE;
use crate::service::{Call, Principal, ServiceError};
use crate::services::Services;
use crate::{arn, names};

/// The integration by its name in `permissions.json`.
const JOB: &str = "states:StartExecution.sync:2";
/// What the managed rule lets through.
const EVENT_PATTERN: &str =
    r#"{"source":["aws.states"],"detail-type":["Step Functions Execution Status Change"]}"#;

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
    /// Starts the child and, for `.sync`, waits for its end. Stops it when `cancelled` comes or breaks. After a restart
    /// of the platform it takes up the child that it had started.
    pub(super) async fn run(
        self,
        target: Target,
        arguments: Value,
        attempt: Try,
        cancelled: oneshot::Receiver<()>,
    ) {
        let known = match &attempt {
            Try::First => None,
            Try::Again(Some(answer)) => Some(answer.clone()),
            Try::Again(None) => self.started_before(&arguments),
        };
        let is_told = matches!(attempt, Try::Again(Some(_)));
        let started = match known {
            Some(answer) => Ok(answer),
            None => self.start(&target, arguments).await,
        };
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
        if !is_told {
            self.tell(Event::TaskSubmitted {
                task: self.task,
                output: answer,
            });
        }
        self.wait(arn, cancelled).await;
    }

    async fn start(&self, target: &Target, arguments: Value) -> Result<Value, Failure> {
        let principal = self.principal.clone();
        if self.pattern == Pattern::RequestResponse {
            return perform(&self.services, principal, target, arguments).await;
        }
        self.listen()?;
        perform_within(JOB, &self.services, principal, target, arguments).await
    }

    /// The rule by which Step Functions hears of the child's end is managed with the parent's rights. AWS looks at them
    /// when it makes the machine, with this message; here, where roles have no such moment, it is when the child starts.
    fn listen(&self) -> Result<(), Failure> {
        let rule = NESTED_RULE.trim_start_matches("rule/");
        let target = json!([{"Id": "StepFunctions", "Arn": &arn::regional("states", "*")}]);
        for (operation, parameters) in [
            ("DescribeRule", json!({"Name": rule})),
            (
                "PutRule",
                json!({"Name": rule, "EventPattern": EVENT_PATTERN}),
            ),
            ("PutTargets", json!({"Rule": rule, "Targets": target})),
        ] {
            self.made("events", operation, parameters)
                .map_err(|_| Failure {
                    error: "StepFunctions.AWSStepFunctionsException".to_owned(),
                    cause: format!(
                        "'{}' is not authorized to create managed-rule.",
                        self.principal.0
                    ),
                })?;
        }
        Ok(())
    }

    fn made(&self, service: &str, operation: &str, parameters: Value) -> Result<(), ServiceError> {
        let call = Call {
            principal: self.principal.clone(),
            operation: operation.to_owned(),
            parameters,
        };
        self.services.made_within(JOB, service, &call)
    }

    /// What Step Functions reads of the child with the parent's rights.
    fn described(&self, arn: &str, description: &Description) -> Event {
        match self.made("states", "DescribeExecution", json!({"ExecutionArn": arn})) {
            Ok(()) => outcome(self.task, self.pattern, description),
            Err(error) => {
                let Failure { error, cause } =
                    refused_by_step_functions("DescribeExecution", &error);
                Event::TaskFailed {
                    task: self.task,
                    error,
                    cause,
                }
            }
        }
    }

    async fn wait(&self, arn: String, cancelled: oneshot::Receiver<()>) {
        let Some(entry) = self.shared.store.find(&arn) else {
            let cause = format!("the child execution {arn} is gone");
            return self.tell(Event::TaskFailed {
                task: self.task,
                error: "States.TaskFailed".to_owned(),
                cause,
            });
        };
        tokio::select! {
            description = entry.wait() => self.tell(self.described(&arn, &description)),
            _ = cancelled => self.stop(arn).await,
        }
    }

    /// The answer to a start that this Task has made before: the child has the name and the input that it would get.
    fn started_before(&self, arguments: &Value) -> Option<Value> {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str);
        let machine = self.shared.machines.find(text("StateMachineArn")?)?;
        let arn = names::execution_arn(&machine.name, text("Name")?);
        let child = self.shared.store.find(&arn)?.description();
        let input: Value = serde_json::from_str(&child.input).ok()?;
        (arguments.get("Input") == Some(&input))
            .then(|| json!({"ExecutionArn": arn, "StartDate": child.start_date}))
    }

    async fn stop(&self, arn: String) {
        let call = Call {
            principal: self.principal.clone(),
            operation: "StopExecution".to_owned(),
            parameters: json!({"ExecutionArn": arn}),
        };
        if let Err(error) = self.services.call_within(JOB, "states", call).await {
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
