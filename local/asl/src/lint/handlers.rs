//! Retry and Catch as they are written: names that Step Functions does not have, names that come too late.

use std::collections::HashMap;

use super::Finding;
use super::tree::State;

/// A handler names an error that Step Functions does not have.
const UNKNOWN_ERROR: &str = "UNKNOWN_ERROR_NAME";
/// An earlier handler takes the error.
const SHADOWED_ERROR: &str = "SHADOWED_ERROR_NAME";

/// Step Functions' own error names (guide, "Handling errors in Step Functions workflows").
pub(super) const STATES: [&str; 17] = [
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
];

pub(super) fn check(state: &State<'_>, findings: &mut Vec<Finding>) {
    for list in ["Retry", "Catch"] {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (index, (at, handler)) in state.list(list).into_iter().enumerate() {
            for (number, name) in State::errors(handler).into_iter().enumerate() {
                let at = format!("{at}/ErrorEquals/{number}");
                if let Some(earlier) = seen.insert(name, index) {
                    let message = format!(
                        "'{name}' never comes this far: {list} number {} takes it already. Delete one of them.",
                        earlier + 1
                    );
                    findings.push(Finding::warning(SHADOWED_ERROR, &at, message));
                }
                let is_known =
                    STATES.contains(&name) || name.starts_with("States.Http.StatusCode.");
                if name.starts_with("States.") && !is_known {
                    let message =
                        format!("Step Functions has no error '{name}'. Use one of its own names.");
                    findings.push(Finding::warning(UNKNOWN_ERROR, &at, message));
                }
            }
        }
    }
}
