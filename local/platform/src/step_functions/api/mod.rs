//! The Step Functions API, one file an entity.

mod activities;
mod aliases;
mod arns;
mod configuration;
mod descriptions;
mod error;
mod executions;
mod history;
mod listing;
mod machines;
mod map_runs;
mod shapes;
mod tags;
mod test_state;
mod tokens;
mod validation;
mod versions;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::driver::{Shared, StepFunctions};
use crate::service::{Call, Service, ServiceError};

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
            "StartSyncExecution" => self.start_sync_execution(parameters),
            "RedriveExecution" => self.redrive_execution(parameters).await,
            "StopExecution" => self.stop_execution(parameters).await,
            "DescribeExecution" => self.describe_execution(parameters),
            "ListExecutions" => self.list_executions(parameters).await,
            "GetExecutionHistory" => self.history(parameters),

            "CreateStateMachine" => self.create_machine(parameters),
            "UpdateStateMachine" => self.update_machine(parameters),
            "DeleteStateMachine" => self.delete_machine(parameters),
            "DescribeStateMachine" => self.describe_machine(parameters),
            "DescribeStateMachineForExecution" => self.describe_machine_for_execution(parameters),
            "ListStateMachines" => self.list_machines(parameters),

            "PublishStateMachineVersion" => self.publish_version(parameters),
            "ListStateMachineVersions" => self.list_versions(parameters),
            "DeleteStateMachineVersion" => self.delete_version(parameters),

            "CreateStateMachineAlias" => self.create_alias(parameters),
            "UpdateStateMachineAlias" => self.update_alias(parameters),
            "DescribeStateMachineAlias" => self.describe_alias(parameters),
            "ListStateMachineAliases" => self.list_aliases(parameters),
            "DeleteStateMachineAlias" => self.delete_alias(parameters),

            "TagResource" => self.tag_resource(parameters).await,
            "UntagResource" => self.untag_resource(parameters).await,
            "ListTagsForResource" => self.list_tags(parameters).await,

            "SendTaskSuccess" => self.send_task_success(parameters),
            "SendTaskFailure" => self.send_task_failure(parameters),
            "SendTaskHeartbeat" => self.send_task_heartbeat(parameters),

            "CreateActivity" => self.create_activity(parameters),
            "DescribeActivity" => self.describe_activity(parameters),
            "ListActivities" => self.list_activities(parameters),
            "DeleteActivity" => self.delete_activity(parameters),
            "GetActivityTask" => self.get_activity_task(parameters).await,

            "ListMapRuns" => self.list_map_runs(parameters),
            "DescribeMapRun" => self.describe_map_run(parameters),
            "UpdateMapRun" => self.update_map_run(parameters),

            "TestState" => self.test_state(parameters).await,
            "ValidateStateMachineDefinition" => Self::validate_definition(parameters),

            other => Err(ServiceError::unknown_operation(other)),
        }
    }
}
