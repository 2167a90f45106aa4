//! Task tokens: settled and kept alive.

use serde_json::{Value, json};
use videoflow_asl::effect::{Event, TaskId};

use super::StatesService;
use super::error::{refusal, required, stale_token};
use crate::service::ServiceError;

impl StatesService {
    fn settle_token(
        &self,
        parameters: &Value,
        event: impl FnOnce(TaskId) -> Event,
    ) -> Result<Value, ServiceError> {
        let token = required(parameters, "TaskToken")?;
        if self.shared.tokens.settle(token, event) {
            Ok(json!({}))
        } else {
            Err(stale_token())
        }
    }

    pub(super) fn send_task_success(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let output = serde_json::from_str(required(parameters, "Output")?)
            .map_err(|error| refusal("InvalidOutput", &error.to_string()))?;
        self.settle_token(parameters, |task| Event::TaskSucceeded { task, output })
    }

    pub(super) fn send_task_failure(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let text = |name: &str| {
            parameters
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (error, cause) = (text("Error"), text("Cause"));
        self.settle_token(parameters, |task| Event::TaskFailed { task, error, cause })
    }

    pub(super) fn send_task_heartbeat(&self, parameters: &Value) -> Result<Value, ServiceError> {
        if self.shared.tokens.beat(required(parameters, "TaskToken")?) {
            Ok(json!({}))
        } else {
            Err(stale_token())
        }
    }
}
