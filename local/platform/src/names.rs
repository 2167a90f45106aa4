//! Names and ARNs of the local environment's resources, as Terraform gives them on AWS.

/// Region of everything.
pub const REGION: &str = "us-east-1";
/// Account of everything.
pub const ACCOUNT: &str = "000000000000";
/// Begins every resource's name.
pub const PREFIX: &str = "videoflow-local-";
/// The only version of a function.
pub const VERSION: &str = "1";
/// Alias that callers of state machines use.
pub const ALIAS: &str = "live";
/// Machine of a video's whole way.
pub const PROCESS_VIDEO: &str = "process-video";

/// `videoflow-local-<name>`.
pub fn prefixed(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// The name without the environment's prefix.
pub fn unprefixed(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

/// Unqualified ARN of a state machine, given its name without prefix.
pub fn state_machine_arn(machine: &str) -> String {
    machine_arn(&prefixed(machine))
}

/// Unqualified ARN of a state machine, given its full name.
pub fn machine_arn(machine_name: &str) -> String {
    format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{machine_name}")
}

/// Placeholder of a state machine's ARN, given its name without prefix.
pub fn machine_placeholder(machine: &str) -> String {
    format!("{}_state_machine_arn", machine.replace('-', "_"))
}

/// ARN of an execution, given the full name of its machine.
pub fn execution_arn(machine_name: &str, execution: &str) -> String {
    format!("arn:aws:states:{REGION}:{ACCOUNT}:execution:{machine_name}:{execution}")
}

/// ARN of an activity.
pub fn activity_arn(name: &str) -> String {
    format!("arn:aws:states:{REGION}:{ACCOUNT}:activity:{name}")
}

/// Version ARN of a function, given its name without prefix.
pub fn function_arn(function: &str) -> String {
    format!(
        "arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}:{VERSION}",
        prefixed(function)
    )
}

/// ARN of a role, given its name without prefix.
pub fn role_arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{}", prefixed(role))
}
