//! Batches: up to ten entries with ids, each answered on its own.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Error, MAX_BATCH};
use crate::service::ServiceError;

/// Answer of one operation or one entry of a batch.
pub(super) type Outcome = Result<Value, Error>;

/// Answers each entry of a batch by `answer`.
///
/// # Errors
/// `EmptyBatch`, `TooManyEntries`, `EntryIdsNotDistinct`; `QueueDoesNotExist` when an entry meets it, because then all
/// would.
pub(super) fn batch(parameters: &Value, answer: impl Fn(&Value) -> Outcome) -> Outcome {
    let entries = parameters
        .get("Entries")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    match entries.len() {
        0 => return Err(Error::EmptyBatch),
        1..=MAX_BATCH => {}
        _ => return Err(Error::TooManyEntries),
    }
    let ids: HashSet<_> = entries
        .iter()
        .map(|entry| entry.get("Id").and_then(Value::as_str))
        .collect();
    if ids.len() < entries.len() {
        return Err(Error::EntryIdsNotDistinct);
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = entry.get("Id").cloned().unwrap_or_default();
        match answer(entry) {
            Ok(mut members) => {
                if let Some(members) = members.as_object_mut() {
                    members.insert("Id".to_owned(), id);
                }
                successful.push(members);
            }
            Err(error @ Error::QueueDoesNotExist(_)) => return Err(error),
            Err(error) => {
                let error = ServiceError::from(error);
                let is_sender_fault = error.status < 500;
                failed.push(json!({
                    "Id": id, "Code": error.code, "Message": error.message, "SenderFault": is_sender_fault,
                }));
            }
        }
    }
    Ok(json!({"Successful": successful, "Failed": failed}))
}
