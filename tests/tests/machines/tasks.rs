//! Every Task of the nine definitions, as the definitions have them.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use videoflow_asl::StateMachine;

use crate::support::root;

/// A Task state.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its machine.
    pub machine: String,
    /// Its name, which is its own among all nine machines.
    pub state: String,
    /// What it calls, without `arn:aws:states:::`.
    pub resource: String,
    /// The function that it invokes.
    pub function: Option<String>,
    /// How long it waits for an answer.
    pub timeout_seconds: Option<u64>,
}

/// A definition, read and compiled.
pub struct Definition {
    /// As it is written.
    pub text: String,
    /// As it is read.
    pub json: Value,
    /// As it runs.
    pub machine: Arc<StateMachine>,
}

/// The nine definitions by name.
pub fn definitions() -> &'static BTreeMap<String, Definition> {
    static DEFINITIONS: OnceLock<BTreeMap<String, Definition>> = OnceLock::new();
    DEFINITIONS.get_or_init(|| {
        let folder = std::fs::read_dir(root().join("statemachines")).expect("statemachines");
        let paths = folder.map(|entry| entry.expect("an entry").path());
        let read = paths.filter_map(|path| {
            let name = path
                .file_name()?
                .to_str()?
                .strip_suffix(".asl.json")?
                .to_owned();
            let text = std::fs::read_to_string(&path).expect("a readable definition");
            let machine =
                StateMachine::compile(&text).unwrap_or_else(|found| panic!("{name}: {found:#?}"));
            let json = serde_json::from_str(&text).expect("JSON");
            Some((
                name,
                Definition {
                    text,
                    json,
                    machine: Arc::new(machine),
                },
            ))
        });
        read.collect()
    })
}

/// Every state of a machine with its name, those of branches and item processors too.
pub fn states(definition: &Value) -> Vec<(&str, &Value)> {
    let mut found = Vec::new();
    for (name, state) in definition["States"].as_object().expect("States") {
        found.push((name.as_str(), state));
        let branches = state["Branches"].as_array().into_iter().flatten();
        let inner = branches.chain(state.get("ItemProcessor"));
        found.extend(inner.flat_map(states));
    }
    found
}

/// Every Task of every machine.
pub fn tasks() -> Vec<Task> {
    let mut found = Vec::new();
    for (machine, definition) in definitions() {
        for (name, state) in states(&definition.json) {
            if state["Type"] != "Task" {
                continue;
            }
            let resource = state["Resource"].as_str().expect("a Resource");
            let function = state["Arguments"]["FunctionName"].as_str();
            found.push(Task {
                machine: machine.clone(),
                state: name.to_owned(),
                resource: resource.trim_start_matches("arn:aws:states:::").to_owned(),
                function: function.map(function_name),
                timeout_seconds: state["TimeoutSeconds"].as_u64(),
            });
        }
    }
    found
}

/// `${inspect_file_function_arn}` → `inspect-file`.
fn function_name(placeholder: &str) -> String {
    placeholder
        .trim_start_matches("${")
        .trim_end_matches("_function_arn}")
        .replace('_', "-")
}
