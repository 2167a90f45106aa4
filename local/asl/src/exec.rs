//! Cases as JSON: one request in, one answer out. Time is virtual, Tasks are mocked.
//!
//! Request: `{"id", "definition", "input", "type", "mocks": {STATE: [ACTION, …]}}`, or `{"id", "definition", "type",
//! "validate": true}`. An action is `{"do": "return", "output"}`, `{"do": "throw", "error", "cause"}` or
//! `{"do": "timeout"}`; the n-th attempt of a state takes the n-th action, the last one repeats.
//!
//! Answer: `{"id", "status", "output" | "error" + "cause", "events"}`, or `{"id", "result": "OK" | "FAIL", "diagnostics"}`.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::diagnostic::Diagnostic;
use crate::simulation::{Answer, Call, Simulation};
use crate::{Execution, Start, StateMachine, Workflow};

/// The error name of a definition that cannot be run.
const INVALID_DEFINITION: &str = "InvalidDefinition";

#[derive(Debug, Deserialize)]
struct Request {
    #[serde(default)]
    id: Value,
    definition: Value,
    #[serde(default)]
    input: Option<Value>,
    #[serde(default, rename = "type")]
    workflow: Type,
    #[serde(default)]
    mocks: HashMap<String, Vec<Action>>,
    #[serde(default)]
    validate: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Type {
    #[default]
    Standard,
    Express,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Action {
    Return {
        #[serde(default)]
        output: Value,
    },
    Throw {
        #[serde(default)]
        error: Option<String>,
        #[serde(default)]
        cause: Option<String>,
    },
    Timeout,
}

/// Answers one request. What is no request at all is answered by `{"error": {"message"}}`.
pub fn exec(request: &str) -> Value {
    match serde_json::from_str(request) {
        Ok(request) => answer(request),
        Err(error) => json!({ "error": { "message": error.to_string() } }),
    }
}

fn answer(request: Request) -> Value {
    let workflow = match request.workflow {
        Type::Standard => Workflow::Standard,
        Type::Express => Workflow::Express,
    };
    // A definition as text is taken as it is, so that syntax errors have their line.
    let definition = request
        .definition
        .as_str()
        .map_or_else(|| request.definition.to_string(), str::to_owned);
    let compiled = StateMachine::compile_as(&definition, workflow);
    match compiled {
        Err(diagnostics) if request.validate => {
            json!({ "id": request.id, "result": "FAIL", "diagnostics": diagnostics })
        }
        Ok(_) if request.validate => json!({ "id": request.id, "result": "OK", "diagnostics": [] }),
        Err(diagnostics) => refused(&request.id, &diagnostics),
        Ok(machine) => {
            let mut mocks = Mocks {
                actions: request.mocks,
                used: HashMap::new(),
            };
            let simulation = Simulation::new(|call| mocks.answer(call));
            outcome(
                &request.id,
                &simulation.run_with(&Arc::new(machine), start(request.input)),
            )
        }
    }
}

fn start(input: Option<Value>) -> Start {
    let name = "4fb5ad9c-7f3a-4e0e-8f3c-3d4c3fcaf5a1";
    Start {
        execution_arn: format!(
            "arn:aws:states:us-east-1:111111111111:execution:exec-machine:{name}"
        ),
        execution_name: name.to_owned(),
        state_machine_arn: "arn:aws:states:us-east-1:111111111111:stateMachine:exec-machine"
            .to_owned(),
        state_machine_name: "exec-machine".to_owned(),
        role_arn: "arn:aws:iam::111111111111:role/exec".to_owned(),
        input: input.unwrap_or_else(|| json!({})),
        redrive_count: 0,
        seed: 1,
    }
}

fn refused(id: &Value, diagnostics: &[Diagnostic]) -> Value {
    let cause: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    json!({ "id": id, "status": "FAILED", "error": INVALID_DEFINITION, "cause": cause.join("; "), "events": [] })
}

fn outcome(id: &Value, execution: &Execution) -> Value {
    let mut answer = json!({ "id": id, "status": execution.status() });
    if let Some(members) = answer.as_object_mut() {
        if let Some(output) = execution.output() {
            members.insert("output".to_owned(), output.clone());
        } else {
            members.insert("error".to_owned(), json!(execution.error()));
            members.insert("cause".to_owned(), json!(execution.cause()));
        }
        members.insert("events".to_owned(), json!(execution.history()));
    }
    answer
}

/// What the attempts of the states return.
struct Mocks {
    actions: HashMap<String, Vec<Action>>,
    used: HashMap<String, usize>,
}

impl Mocks {
    fn answer(&mut self, call: &Call<'_>) -> Answer {
        let used = self.used.entry(call.state.to_owned()).or_default();
        let actions = self
            .actions
            .get(call.state)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let action = actions.get(*used).or(actions.last());
        *used += 1;
        match action {
            Some(Action::Return { output }) => Answer::returns(output.clone()),
            Some(Action::Throw { error, cause }) => Answer::throws(
                error.as_deref().unwrap_or_default(),
                cause.as_deref().unwrap_or_default(),
            ),
            Some(Action::Timeout) => Answer::silence(),
            None => Answer::throws(
                "States.TaskFailed",
                &format!("The state '{}' has no mock.", call.state),
            ),
        }
    }
}
