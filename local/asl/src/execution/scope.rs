//! What the expressions of a thread's state see.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Execution;
use super::thread::{MapItem, Thread};
use crate::machine::Kind;
use crate::query::{ContextObject, Part, Scope};

impl Execution {
    /// The scope of a thread for a given `$` (`JSONPath`) or `$states.input` (`JSONata`).
    pub(super) fn scope<'a>(&'a self, thread: &'a Thread, input: &'a Value) -> Scope<'a> {
        self.scope_of_item(thread, input, thread.item.as_ref())
    }

    /// As above, for an item of the Map that the thread is in.
    pub(super) fn scope_of_item<'a>(
        &'a self,
        thread: &'a Thread,
        input: &'a Value,
        item: Option<&'a Arc<MapItem>>,
    ) -> Scope<'a> {
        Scope {
            input,
            result: None,
            error_output: None,
            context: ContextObject::new(move |part| self.context(thread, item, part)),
            variables: &thread.variables,
            random: &self.random,
            now: self.now,
            converted: RefCell::new(HashMap::new()),
        }
    }

    /// The context object.
    fn context(&self, thread: &Thread, item: Option<&Arc<MapItem>>, part: Part) -> Value {
        if let Some(tested) = self.tested() {
            return tested.context(item, thread.token.as_deref());
        }
        let mut context = json!({
            "Execution": {
                "Id": self.start.execution_arn,
                "Input": if part == Part::Whole { Some(&*self.input) } else { None },
                "StartTime": self.started.rfc3339(),
                "Name": self.start.execution_name,
                "RoleArn": self.start.role_arn,
                "RedriveCount": self.start.redrive_count,
            },
            "StateMachine": { "Id": self.start.state_machine_arn, "Name": self.start.state_machine_name },
            "State": { "Name": &*thread.state.name, "EnteredTime": thread.entered_at.rfc3339() },
        });
        if let (Kind::Task(_) | Kind::Map(_) | Kind::Parallel { .. }, Some(state)) = (
            &thread.state.kind,
            context.get_mut("State").and_then(Value::as_object_mut),
        ) {
            state.insert("RetryCount".to_owned(), thread.retry_count().into());
        }
        if let Some(members) = context.as_object_mut() {
            if let Some(item) = item {
                members.insert(
                    "Map".to_owned(),
                    json!({ "Item": { "Index": item.index, "Value": &*item.value } }),
                );
            }
            if let Some(token) = &thread.token {
                members.insert("Task".to_owned(), json!({ "Token": token }));
            }
        }
        context
    }
}
