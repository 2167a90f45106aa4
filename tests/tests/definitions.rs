//! The nine definitions as text: they compile, their placeholders resolve, and they keep the rules of the house.

use std::collections::BTreeMap;

use serde_json::Value;
use strum::VariantNames as _;
use videoflow_asl::StateMachine;

use crate::support::root;

const MACHINES: [&str; 9] = [
    "detect-labels",
    "extract-meaning",
    "merge-brief",
    "preprocess-video",
    "process-video",
    "publish-video",
    "reconcile-library",
    "sanitize-file",
    "transcribe-speech",
];

/// Placeholders that are neither a function's nor a machine's ARN.
const RESOURCES: [&str; 6] = [
    "claims_table_name",
    "domain_event_bus_name",
    "failures_queue_url",
    "ingest_queue_url",
    "jobs_table_name",
    "notices_topic_arn",
];

/// Each machine's name and text.
fn definitions() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("statemachines")).expect("statemachines") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a file")
            .to_string_lossy()
            .into_owned();
        if let Some(machine) = name.strip_suffix(".asl.json") {
            found.insert(
                machine.to_owned(),
                std::fs::read_to_string(&path).expect("a readable definition"),
            );
        }
    }
    found
}

/// Every state of a machine, those of branches and item processors too.
fn states(definition: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, state) in definition["States"].as_object().expect("States") {
        found.push((name.clone(), state.clone()));
        let branches = state["Branches"].as_array().cloned().unwrap_or_default();
        let inner = branches
            .into_iter()
            .chain(state.get("ItemProcessor").cloned());
        found.extend(inner.flat_map(|machine| states(&machine)));
    }
    found
}

fn parsed() -> impl Iterator<Item = (String, Value)> {
    definitions()
        .into_iter()
        .map(|(name, text)| (name, serde_json::from_str(&text).expect("JSON")))
}

#[test]
fn there_are_nine_and_each_compiles() {
    let definitions = definitions();
    assert_eq!(definitions.keys().collect::<Vec<_>>(), MACHINES);
    for (name, text) in definitions {
        let diagnostics = StateMachine::compile(&text).err().unwrap_or_default();
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:#?}");
    }
}

#[test]
fn every_placeholder_is_a_function_a_machine_or_a_resource() {
    for (name, text) in definitions() {
        for placeholder in text
            .split("${")
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
        {
            let known = RESOURCES.contains(&placeholder)
                || placeholder
                    .strip_suffix("_function_arn")
                    .is_some_and(|function| {
                        root()
                            .join("functions")
                            .join(function.replace('_', "-"))
                            .is_dir()
                    })
                || placeholder
                    .strip_suffix("_state_machine_arn")
                    .is_some_and(|machine| MACHINES.contains(&machine.replace('_', "-").as_str()));
            assert!(known, "{name}: ${{{placeholder}}} is nobody's");
        }
        assert!(
            !text.contains("%{"),
            "{name}: templatefile would take %{{ as a directive"
        );
        assert_eq!(
            text.matches("{%").count(),
            text.matches("{% ").count(),
            "{name}: a space after every {{%"
        );
    }
}

#[test]
fn every_function_is_called_by_a_machine_or_by_an_event() {
    let all: String = definitions().into_values().collect();
    for entry in std::fs::read_dir(root().join("functions")).expect("functions") {
        let name = entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned();
        let triggered =
            ["jobs-api", "record-failure", "shared", "start-processing"].contains(&name.as_str());
        let called = all.contains(&format!("${{{}_function_arn}}", name.replace('-', "_")));
        assert!(
            called != triggered,
            "{name}: called by a machine: {called}, triggered: {triggered}"
        );
    }
}

#[test]
fn every_task_is_bounded_and_retries_named_errors_with_jitter() {
    for (machine, definition) in parsed() {
        assert!(
            definition["TimeoutSeconds"].is_u64(),
            "{machine} has no TimeoutSeconds"
        );
        assert!(
            definition["States"].as_object().expect("States").len() <= 25,
            "{machine} has more than 25 states"
        );
        for (name, state) in states(&definition)
            .into_iter()
            .filter(|(_, state)| state["Type"] == "Task")
        {
            assert!(
                state["TimeoutSeconds"].is_u64(),
                "{machine}/{name} has no TimeoutSeconds"
            );
            let retries = state["Retry"]
                .as_array()
                .unwrap_or_else(|| panic!("{machine}/{name} has no Retry"));
            for retry in retries {
                assert_eq!(retry["JitterStrategy"], "FULL", "{machine}/{name}");
                assert!(retry["MaxDelaySeconds"].is_u64(), "{machine}/{name}");
                let errors = retry["ErrorEquals"].as_array().expect("ErrorEquals");
                assert!(
                    !errors.contains(&Value::from("States.ALL")),
                    "{machine}/{name} retries everything"
                );
                assert!(
                    !errors.contains(&Value::from("States.TaskFailed")),
                    "{machine}/{name} buys a child again"
                );
            }
        }
    }
}

#[test]
fn states_are_named_by_what_they_are() {
    for (machine, definition) in parsed() {
        for (name, state) in states(&definition) {
            assert!(name.len() <= 40, "{machine}/{name}");
            let kind = state["Type"].as_str().expect("Type");
            assert_eq!(
                kind == "Choice",
                name.starts_with("Is") || name.starts_with("Has"),
                "{machine}/{name}"
            );
            if kind == "Choice" {
                assert!(
                    state["Default"].is_string(),
                    "{machine}/{name} has no Default"
                );
            }
            if kind == "Fail" {
                assert!(
                    state["Error"].is_string() && state["Cause"].is_string(),
                    "{machine}/{name}"
                );
            }
        }
    }
}

/// The error names of our own that each function can return.
pub fn error_names(function: &str) -> Option<&'static [&'static str]> {
    Some(match function {
        "align-streams" => align_streams::Error::VARIANTS,
        "check-quality" => check_quality::Error::VARIANTS,
        "collect-labels" => collect_labels::Error::VARIANTS,
        "collect-meaning" => collect_meaning::Error::VARIANTS,
        "collect-renditions" => collect_renditions::Error::VARIANTS,
        "collect-transcript" => collect_transcript::Error::VARIANTS,
        "find-unprocessed" => find_unprocessed::Error::VARIANTS,
        "inspect-file" => inspect_file::Error::VARIANTS,
        "publish-assets" => publish_assets::Error::VARIANTS,
        "start-labels" => start_labels::Error::VARIANTS,
        "start-meaning" => start_meaning::Error::VARIANTS,
        "start-transcode" => start_transcode::Error::VARIANTS,
        "start-transcription" => start_transcription::Error::VARIANTS,
        "summarize-part" => summarize_part::Error::VARIANTS,
        "write-brief" => write_brief::Error::VARIANTS,
        _ => return None,
    })
}

#[test]
fn a_retried_or_caught_name_is_one_that_the_function_can_return() {
    for (machine, definition) in parsed() {
        for (name, state) in states(&definition) {
            let Some(function) = state["Arguments"]["FunctionName"].as_str() else {
                continue;
            };
            let function = function
                .trim_start_matches("${")
                .trim_end_matches("_function_arn}")
                .replace('_', "-");
            let names = error_names(&function)
                .unwrap_or_else(|| panic!("{function} has no list of errors"));
            assert!(
                names
                    .iter()
                    .all(|name| !name.starts_with("States.") && !name.starts_with("Lambda."))
            );
            let handlers = ["Retry", "Catch"]
                .into_iter()
                .filter_map(|field| state[field].as_array())
                .flatten();
            let caught = handlers
                .filter_map(|handler| handler["ErrorEquals"].as_array())
                .flatten();
            for error in caught
                .filter_map(Value::as_str)
                .filter(|error| !error.contains('.'))
            {
                assert!(
                    names.contains(&error),
                    "{machine}/{name}: {function} never returns {error}"
                );
            }
        }
    }
}
