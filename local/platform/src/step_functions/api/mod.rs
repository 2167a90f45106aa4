//! The Step Functions API, one file an entity.

mod error;
mod executions;
mod machines;
mod shapes;
mod tokens;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::driver::{Shared, StepFunctions};
use crate::service::{Call, Service, ServiceError};
use error::{refusal, required};

/// The service `states`.
pub struct StatesService {
    shared: Arc<Shared>,
}

impl StatesService {
    /// The API of `step_functions`.
    pub fn new(step_functions: &StepFunctions) -> Self {
        Self {
            shared: Arc::clone(&step_functions.shared),
        }
    }
}

#[async_trait]
impl Service for StatesService {
    fn name(&self) -> &'static str {
        "states"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        let parameters = &call.parameters;
        match call.operation.as_str() {
            "StartExecution" => self.start_execution(parameters),
            "RedriveExecution" => self.redrive_execution(parameters).await,
            "StopExecution" => self.stop_execution(parameters),
            "DescribeExecution" => self.describe_execution(parameters),
            "ListExecutions" => self.list_executions(parameters),
            "GetExecutionHistory" => self.history(parameters),

            "ListStateMachines" => self.list_machines(parameters),
            "DescribeStateMachine" => {
                self.describe_machine(required(parameters, "StateMachineArn")?)
            }
            "DescribeStateMachineForExecution" => {
                self.describe_machine(&self.execution(parameters)?.description().state_machine_arn)
            }

            "SendTaskSuccess" => self.send_task_success(parameters),
            "SendTaskFailure" => self.send_task_failure(parameters),
            "SendTaskHeartbeat" => self.send_task_heartbeat(parameters),

            other => Err(refusal(
                "UnknownOperationException",
                &format!("{other} is not part of the local platform"),
            )),
        }
    }
}
