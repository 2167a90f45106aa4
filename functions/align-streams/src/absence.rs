//! What is missing, and why, in words for the reader of the brief.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use videoflow_shared::brief::review::clipped;
use videoflow_shared::plan::Plan;
use videoflow_shared::timeline::Missing;

use crate::{Analyses, Outcome, Status};

/// Characters of a reason: what failed is told by its beginning.
const REASON_CHARACTERS: usize = 400;
/// Executions inside each other that a cause is followed through.
const DEPTH_LIMIT: usize = 4;

/// An error as a Catch hands it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reason {
    /// Error name.
    pub error: String,
    /// Cause; of a nested execution its description as JSON, perhaps cut off.
    pub cause: String,
}

/// The analyses that brought nothing.
pub(crate) fn missing(analyses: &Analyses, plan: &Plan) -> Vec<Missing> {
    let mut missing = Vec::new();
    let mut add = |name: &str, outcome: &Outcome, unplanned: &str| {
        let unplanned = plan.omitted.get(name).map_or(unplanned, String::as_str);
        missing.extend(absence(outcome, unplanned).map(|reason| Missing {
            name: name.to_owned(),
            reason,
        }));
    };
    let Analyses {
        labels,
        speech,
        meaning,
    } = analyses;
    let unmoderated = Outcome {
        status: Status::Skipped,
        ..labels.clone()
    };
    let moderation = match labels.status {
        Status::Done if labels.moderation.is_none() => &unmoderated,
        _ => labels,
    };
    add("labels", labels, "The profile does not ask for labels.");
    add(
        "moderation",
        moderation,
        "The profile does not ask for moderation.",
    );
    add(
        "transcription",
        speech,
        "The profile does not ask for a transcript.",
    );
    add(
        "meaning",
        meaning,
        "The profile does not ask for chapters and topics.",
    );
    missing
}

fn absence(outcome: &Outcome, unplanned: &str) -> Option<String> {
    match outcome.status {
        Status::Done => None,
        Status::NoSpeech => Some("Nobody speaks.".to_owned()),
        Status::Skipped => Some(unplanned.to_owned()),
        Status::Missing => Some(
            outcome
                .reason
                .as_ref()
                .map_or_else(|| "It failed.".to_owned(), told),
        ),
    }
}

/// Error and cause of the innermost execution.
fn told(reason: &Reason) -> String {
    let mut reason = reason.clone();
    for _ in 0..DEPTH_LIMIT {
        let Some(inner) = inner(&reason.cause) else {
            break;
        };
        reason = inner;
    }
    clipped(
        &format!("{}: {}", reason.error, reason.cause),
        REASON_CHARACTERS,
    )
}

/// Error and cause inside the description of an execution, or the message of a function's error.
fn inner(cause: &str) -> Option<Reason> {
    let description: Value = serde_json::from_str(cause).ok()?;
    let text = |name: &str| {
        description
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let (error, cause) = (
        text("Error").or_else(|| text("errorType")),
        text("Cause").or_else(|| text("errorMessage")),
    );
    Some(Reason {
        error: error?,
        cause: cause.unwrap_or_default(),
    })
}
