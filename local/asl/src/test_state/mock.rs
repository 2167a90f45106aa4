//! What may be mocked.

use serde_json::Value;

use super::{Error, Mock};
use crate::execution::Told;
use crate::machine::{Kind, MapState, Processor, State};

/// What the mock comes to: a result, or error name and cause.
pub(super) fn outcome(mock: &Mock, state: &State) -> Result<Result<Value, Told>, Error> {
    if let Some(output) = &mock.error_output {
        return Ok(Err((output.error.clone(), output.cause.clone())));
    }
    let text = mock.result.as_deref().unwrap_or_default();
    let result: Value =
        serde_json::from_str(text).map_err(|_| refused("Mocked result must be valid JSON"))?;
    check(&result, &state.kind)?;
    Ok(Ok(result))
}

/// There is either a result or an error, which has a name.
pub(super) fn check_one_of(mock: &Mock) -> Result<(), Error> {
    match (&mock.result, &mock.error_output) {
        (Some(_), None) => Ok(()),
        (None, Some(output)) if output.error.is_some() => Ok(()),
        (None, Some(_)) => Err(refused("A mocked errorOutput must have the field [error].")),
        (None, None) | (Some(_), Some(_)) => Err(refused(
            "A test mock should have only one of the following fields: [result, errorOutput].",
        )),
    }
}

fn check(result: &Value, kind: &Kind) -> Result<(), Error> {
    match (kind, result) {
        (Kind::Map(map), Value::Object(_)) if writes_results(map) => Ok(()),
        (Kind::Map(map), _) if writes_results(map) => {
            Err(refused("Mocked result must be a JSON object."))
        }
        (Kind::Parallel { branches }, Value::Array(results)) if results.len() != branches.len() => {
            Err(refused(
                "Mocked result must contain the same number of items as number of Parallel branches.",
            ))
        }
        (Kind::Map(_) | Kind::Parallel { .. }, Value::Array(_)) => Ok(()),
        (Kind::Map(_) | Kind::Parallel { .. }, _) => {
            Err(refused("Mocked result must be an array."))
        }
        _ => Ok(()),
    }
}

/// Whether the Map's results are put somewhere, so that its own is where they are.
fn writes_results(map: &MapState) -> bool {
    match &map.processor {
        Processor::Distributed(map) => map
            .writer
            .as_ref()
            .is_some_and(|writer| writer.destination.is_some()),
        Processor::Inline(_) => false,
    }
}

fn refused(message: &str) -> Error {
    Error::Request(message.to_owned())
}
