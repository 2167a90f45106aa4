//! Runs definitions on the virtual clock.

use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_asl::simulation::{Answer, Call, Simulation};
use videoflow_asl::{Execution, StateMachine};

pub fn compile(definition: &Value) -> Arc<StateMachine> {
    let machine = StateMachine::compile(&definition.to_string());
    Arc::new(machine.unwrap_or_else(|found| panic!("{definition} is refused: {found:#?}")))
}

/// Runs a definition whose Tasks are answered by `answer`.
pub fn run(definition: &Value, input: Value, answer: impl FnMut(&Call<'_>) -> Answer) -> Execution {
    Simulation::new(answer).run(&compile(definition), input)
}

/// A Task's result that tells what it was called with.
pub fn echo(call: &Call<'_>) -> Answer {
    Answer::returns(json!({ "state": call.state, "arguments": call.arguments }))
}

/// `{"output"}` of a succeeded execution, else `{"status", "error", "cause"}`.
pub fn outcome(execution: &Execution) -> Value {
    match execution.output() {
        Some(output) => json!({ "output": output }),
        None => {
            json!({ "status": execution.status(), "error": execution.error(), "cause": execution.cause() })
        }
    }
}

/// The types of the history's events, without what every execution has at its ends.
pub fn events(execution: &Execution) -> Vec<&'static str> {
    execution
        .history()
        .iter()
        .map(|event| event.event_type)
        .collect()
}

/// A `JSONata` machine of these states, beginning with the first.
pub fn jsonata(states: &Value) -> Value {
    let first = states
        .as_object()
        .and_then(|states| states.keys().next().cloned());
    json!({ "QueryLanguage": "JSONata", "StartAt": first, "States": states })
}

/// A `JSONata` Task that calls `arn:aws:states:::lambda:invoke`, with further fields.
pub fn task(fields: Value) -> Value {
    let mut state =
        json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {} });
    if let (Some(members), Value::Object(fields)) = (state.as_object_mut(), fields) {
        members.extend(fields);
    }
    state
}
