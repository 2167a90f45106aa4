//! Moving messages back out of a dead-letter queue. The messages that are visible move at once, so no task is ever seen
//! running.

use serde_json::{Value, json};

use super::entries::Outcome;
use super::service::text;
use super::{Error, Queues, now_ms};
use crate::arn;

/// Most tasks in one answer: SQS's own limit.
const MAX_TASKS: usize = 10;

/// Tasks that are remembered, of all queues and as long as the process lives.
const MAX_KEPT: usize = 100;

impl Queues {
    /// Where no destination is given, messages go to the queue whose dead letters these are. On AWS each goes to the
    /// queue that it came from, so with several queues the destination must be given here.
    pub(super) fn start_message_move_task(&self, parameters: &Value) -> Outcome {
        let source_arn = text(parameters, "SourceArn")?;
        let source = arn::last_part(source_arn);
        let mut store = self.store();
        store.attributes(source).map_err(|_| no_queue(source_arn))?;
        let origins = store.sources_of(source)?;
        if origins.is_empty() {
            let message = "Source queue must be configured as a Dead Letter Queue.";
            return Err(Error::InvalidParameterValue(message.to_owned()));
        }
        let given = parameters.get("DestinationArn").and_then(Value::as_str);
        let destination = match (given, origins.as_slice()) {
            (Some(given), _) => arn::last_part(given),
            (None, [origin]) => origin,
            (None, _) => {
                let message = "Several queues have these dead letters: give a DestinationArn.";
                return Err(Error::UnsupportedOperation(message));
            }
        };
        store
            .attributes(destination)
            .map_err(|_| no_queue(destination))?;
        let moved = store.move_visible(source, destination, now_ms())?;
        drop(store);
        self.arrivals.notify_waiters();
        let task = json!({
            "Status": "COMPLETED",
            "SourceArn": arn::queue(source),
            "DestinationArn": given.map(|_| arn::queue(destination)),
            "ApproximateNumberOfMessagesMoved": moved,
            "ApproximateNumberOfMessagesToMove": moved,
            "StartedTimestamp": now_ms(),
        });
        let mut tasks = self.moves();
        tasks.insert(0, task);
        tasks.truncate(MAX_KEPT);
        Ok(json!({"TaskHandle": uuid::Uuid::new_v4().to_string()}))
    }

    /// The latest tasks of a queue, the latest first.
    pub(super) fn list_message_move_tasks(&self, parameters: &Value) -> Outcome {
        let source = arn::last_part(text(parameters, "SourceArn")?);
        self.store()
            .attributes(source)
            .map_err(|_| no_queue(source))?;
        let count = parameters.get("MaxResults").map_or(Some(1), Value::as_u64);
        let count = count
            .and_then(|count| usize::try_from(count).ok())
            .filter(|count| (1..=MAX_TASKS).contains(count));
        let count = count.ok_or_else(|| {
            Error::InvalidParameterValue(format!("MaxResults is not 1 to {MAX_TASKS}"))
        })?;
        let (moves, source) = (self.moves(), arn::queue(source));
        let of_source = moves
            .iter()
            .filter(|task| task["SourceArn"] == source.as_str());
        let shown: Vec<Value> = of_source.take(count).map(present).collect();
        Ok(json!({"Results": shown}))
    }

    pub(super) fn list_dead_letter_source_queues(&self, queue: &str) -> Outcome {
        let store = self.store();
        store.attributes(queue)?;
        let sources = store.sources_of(queue)?;
        let urls: Vec<String> = sources.iter().map(|source| self.url(source)).collect();
        Ok(json!({"QueueUrls": urls}))
    }
}

/// A task without the members that it does not have.
fn present(task: &Value) -> Value {
    let members = task.as_object().into_iter().flatten();
    let members = members.filter(|(_, value)| !value.is_null());
    members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn no_queue(source: &str) -> Error {
    Error::ResourceNotFound(format!(
        "The resource {source} that you specified doesn't exist."
    ))
}
