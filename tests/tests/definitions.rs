//! The nine definitions as text: they compile, `templatefile` can fill them, and they keep the rules of the house.

use serde_json::Value;
use strum::VariantNames as _;
use videoflow_platform::lambda::deployments;

use crate::machines::errors::errors_of;
use crate::machines::tasks::{Definition, definitions, states, tasks};

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

#[test]
fn there_are_nine_and_each_compiles() {
    // What does not compile is told when the definitions are read.
    assert_eq!(definitions().keys().collect::<Vec<_>>(), MACHINES);
}

#[test]
fn templatefile_finds_nothing_but_placeholders() {
    for (name, definition) in definitions() {
        let text = &definition.text;
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
    let all: String = definitions()
        .values()
        .map(|definition| definition.text.as_str())
        .collect();
    for name in deployments().keys() {
        let by_events = [
            "delete-video",
            "jobs-api",
            "record-failure",
            "start-processing",
        ];
        let triggered = by_events.contains(&name.as_str());
        let called = all.contains(&format!("${{{}_function_arn}}", name.replace('-', "_")));
        assert!(
            called != triggered,
            "{name}: called by a machine: {called}, triggered: {triggered}"
        );
    }
}

#[test]
fn every_task_is_bounded_and_retries_named_errors_with_jitter() {
    for (
        machine,
        Definition {
            json: definition, ..
        },
    ) in definitions()
    {
        assert!(
            definition["TimeoutSeconds"].is_u64(),
            "{machine} has no TimeoutSeconds"
        );
        assert!(
            definition["States"].as_object().expect("States").len() <= 25,
            "{machine} has more than 25 states"
        );
        for (name, state) in states(definition)
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
    for (
        machine,
        Definition {
            json: definition, ..
        },
    ) in definitions()
    {
        for (name, state) in states(definition) {
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

/// Every function, by the list of errors of its own.
macro_rules! error_lists {
    ($($name:literal $function:ident),+ $(,)?) => {
        /// The functions.
        pub const FUNCTIONS_WITH_ERRORS: &[&str] = &[$($name),+];

        /// The error names of its own that a function can return.
        pub fn error_names(function: &str) -> Option<&'static [&'static str]> {
            match function {
                $($name => Some($function::Error::VARIANTS),)+
                _ => None,
            }
        }
    };
}

error_lists! {
    "align-streams" align_streams,
    "check-quality" check_quality,
    "collect-labels" collect_labels,
    "collect-meaning" collect_meaning,
    "collect-renditions" collect_renditions,
    "collect-transcript" collect_transcript,
    "delete-video" delete_video,
    "find-unprocessed" find_unprocessed,
    "inspect-file" inspect_file,
    "jobs-api" jobs_api,
    "publish-assets" publish_assets,
    "record-failure" record_failure,
    "start-labels" start_labels,
    "start-meaning" start_meaning,
    "start-processing" start_processing,
    "start-transcode" start_transcode,
    "start-transcription" start_transcription,
    "summarize-part" summarize_part,
    "write-brief" write_brief,
}

#[test]
fn a_retried_or_caught_name_is_one_that_the_task_can_meet() {
    for task in tasks() {
        let states = states(&definitions()[&task.machine].json);
        let (_, state) = states
            .into_iter()
            .find(|(name, _)| *name == task.state)
            .expect("a Task is a state");
        let handlers = ["Retry", "Catch"]
            .into_iter()
            .filter_map(|field| state[field].as_array())
            .flatten();
        let handled = handlers.filter_map(|handler| handler["ErrorEquals"].as_array());
        let possible = errors_of(&task);
        for name in handled.flatten().filter_map(Value::as_str) {
            assert!(
                name == "States.ALL" || possible.iter().any(|error| error == name),
                "{}/{}: {name} cannot come of {}",
                task.machine,
                task.state,
                task.resource
            );
        }
    }
}

#[test]
fn functions_names_are_not_those_of_aws() {
    for function in FUNCTIONS_WITH_ERRORS {
        for name in error_names(function).expect("it has a list of errors") {
            assert!(!name.contains('.'), "{function}: {name}");
        }
    }
}
