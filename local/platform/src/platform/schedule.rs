//! The schedule of reconcile-library.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::placeholders::resource;
use crate::names;
use crate::service::{Call, Principal, ServiceError};
use crate::services::Services;

/// Machine that the schedule starts.
const MACHINE: &str = "reconcile-library";
/// Whose role it starts it with.
const SCHEDULE: &str = "reconcile-library-schedule";
/// Who looks whether one runs: on AWS the schedule's interval is longer than the machine's timeout, and nobody has to.
const PLATFORM: &str = "platform";

/// Starts reconcile-library every `interval` until the task is aborted, one execution at a time.
pub(super) async fn run(services: Arc<Services>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        if let Err(error) = start(&services).await {
            tracing::error!(%error, "cannot start {MACHINE}");
        }
    }
}

async fn start(services: &Services) -> Result<(), ServiceError> {
    let arn = format!("{}:{}", names::state_machine_arn(MACHINE), names::ALIAS);
    let running = json!({"StateMachineArn": arn, "StatusFilter": "RUNNING", "MaxResults": 1});
    let running = call(services, PLATFORM, "ListExecutions", running).await?;
    if running
        .get("Executions")
        .and_then(Value::as_array)
        .is_some_and(|found| !found.is_empty())
    {
        return Ok(());
    }
    let input = json!({"bucket": names::prefixed(resource::SOURCE)}).to_string();
    call(
        services,
        SCHEDULE,
        "StartExecution",
        json!({"StateMachineArn": arn, "Input": input}),
    )
    .await
    .map(drop)
}

async fn call(
    services: &Services,
    principal: &str,
    operation: &str,
    parameters: Value,
) -> Result<Value, ServiceError> {
    let principal = Principal(principal.to_owned());
    services
        .call(
            "states",
            Call {
                principal,
                operation: operation.to_owned(),
                parameters,
            },
        )
        .await
}
