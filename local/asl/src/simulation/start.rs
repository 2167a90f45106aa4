//! The names of simulated executions.

use serde_json::Value;

use crate::Start;

/// A start with the simulation's names.
pub(super) fn named(machine: &str, execution: &str, input: Value, seed: u64) -> Start {
    let arn =
        |kind: &str, name: &str| format!("arn:aws:states:us-east-1:000000000000:{kind}:{name}");
    Start {
        execution_arn: arn("execution", &format!("{machine}:{execution}")),
        execution_name: execution.to_owned(),
        state_machine_arn: arn("stateMachine", machine),
        state_machine_name: machine.to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/simulation".to_owned(),
        input,
        redrive_count: 0,
        seed,
    }
}
