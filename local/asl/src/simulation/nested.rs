//! Executions that Tasks start.

use serde_json::{Value, json};

use super::{Answer, Call, Nested, Parent, Simulation};
use crate::effect::{Event, Pattern, TaskId, Timestamp};
use crate::{Execution, Start, Status};

impl<F: FnMut(&Call<'_>) -> Answer> Simulation<F> {
    pub(super) fn start_nested(
        &mut self,
        (index, task): (usize, TaskId),
        pattern: Pattern,
        nested: Nested,
    ) {
        let output = submitted(&nested.start, self.now);
        let event = match pattern {
            Pattern::RequestResponse => Event::TaskSucceeded { task, output },
            Pattern::RunJob | Pattern::RunJobV2 => {
                let parent = Parent::Task(index, task, pattern);
                self.parents.insert(self.executions.len(), parent);
                Event::TaskSubmitted { task, output }
            }
            Pattern::TaskToken => {
                self.silent.push((index, task));
                Event::TaskSubmitted { task, output }
            }
        };
        self.push(0, index, event);
        self.begin(&nested.machine, nested.start);
    }

    /// A Task owns the execution that it waits for: without the Task it is stopped. What other calls answer later does
    /// nothing.
    pub(super) fn cancel(&mut self, index: usize, task: TaskId) {
        let is_its_child = |parent: &Parent| matches!(parent, Parent::Task(of, by, _) if (*of, *by) == (index, task));
        let child = self.parents.iter().find(|(_, parent)| is_its_child(parent));
        if let Some(child) = child.map(|(child, _)| *child) {
            self.parents.remove(&child);
            let stopped = Event::Stopped {
                error: None,
                cause: None,
            };
            self.push(0, child, stopped);
        }
    }
}

/// `StartExecution`'s answer.
fn submitted(start: &Start, now: Timestamp) -> Value {
    json!({ "ExecutionArn": start.execution_arn, "StartDate": now.0 })
}

/// How the execution ended, in `DescribeExecution`'s words.
pub(super) fn ended(execution: &Execution, task: TaskId, pattern: Pattern) -> Event {
    let document = |value: &Value| match pattern {
        Pattern::RunJob => Value::from(value.to_string()),
        _ => value.clone(),
    };
    let mut envelope =
        json!({ "Status": status(execution.status()), "Input": document(execution.input()) });
    let members = [
        ("Output", execution.output().map(document)),
        ("Error", execution.error().map(Value::from)),
        ("Cause", execution.cause().map(Value::from)),
    ];
    if let Some(envelope) = envelope.as_object_mut() {
        let known = members.into_iter();
        envelope.extend(known.filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    if execution.status() == Status::Succeeded {
        return Event::TaskSucceeded {
            task,
            output: envelope,
        };
    }
    Event::TaskFailed {
        task,
        error: "States.TaskFailed".to_owned(),
        cause: envelope.to_string(),
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
    }
}
