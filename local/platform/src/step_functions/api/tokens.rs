//! Task tokens, of `.waitForTaskToken` Tasks and of activities: settled and kept alive.
//!
//! A token is known by its form only: one that was answered, has timed out or belongs to an execution that ended is
//! `TaskTimedOut`, whether it ever was given out or not, so `TaskDoesNotExist` is never answered.

use serde_json::{Value, json};
use uuid::Uuid;
use videoflow_asl::effect::{Event, TaskId};

use super::StatesService;
use super::error::{refusal, required, stale_token};
use crate::service::ServiceError;

impl StatesService {
    pub(super) fn send_task_success(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let token = token(parameters)?;
        let output = required(parameters, "Output")?;
        let output = serde_json::from_str(output)
            .map_err(|error| refusal("InvalidOutput", &format!("Invalid Output: '{error}'")))?;
        self.settle_token(token, |task| Event::TaskSucceeded { task, output })
    }

    pub(super) fn send_task_failure(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let text = |name: &str| {
            let text = parameters.get(name).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let (error, cause) = (text("Error"), text("Cause"));
        self.settle_token(token(parameters)?, |task| Event::TaskFailed {
            task,
            error,
            cause,
        })
    }

    pub(super) fn send_task_heartbeat(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let beat = |task| Event::TaskHeartbeat { task };
        if self.shared.tokens.tell(token(parameters)?, beat) {
            Ok(json!({}))
        } else {
            Err(stale_token())
        }
    }

    fn settle_token(
        &self,
        token: &str,
        event: impl FnOnce(TaskId) -> Event,
    ) -> Result<Value, ServiceError> {
        if self.shared.tokens.settle(token, event) {
            Ok(json!({}))
        } else {
            Err(stale_token())
        }
    }
}

fn token(parameters: &Value) -> Result<&str, ServiceError> {
    let token = required(parameters, "TaskToken")?;
    match Uuid::try_parse(token) {
        Ok(_) => Ok(token),
        Err(_) => Err(refusal("InvalidToken", "Invalid Token: 'Invalid token'")),
    }
}
