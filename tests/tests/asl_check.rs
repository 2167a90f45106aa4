//! `videoflow asl check`, as a user calls it.

use serde_json::{Value, json};

use crate::support::{binaries, report, root, videoflow};

/// Checks one definition without house rules; gives the exit code and what was said.
fn check(text: &str) -> (Option<i32>, String) {
    check_with(&["--warnings", "likely"], text)
}

/// Checks one definition with options.
fn check_with(options: &[&str], text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("machine.asl.json");
    std::fs::write(&path, text).expect("a written definition");
    let path = path.to_str().expect("UTF-8");
    let output = videoflow(&[&["asl", "check"], options, &[path]].concat());
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

/// A machine of one state.
fn machine(state: &Value) -> String {
    json!({ "QueryLanguage": "JSONata", "StartAt": "Only", "States": { "Only": state } })
        .to_string()
}

#[test]
fn refuses_with_file_state_and_reason() {
    let refused = |text: &str, parts: &[&str]| {
        let (code, said) = check(text);
        assert_eq!(code, Some(1), "{said}");
        for part in [&["machine.asl.json"], parts].concat() {
            assert!(said.contains(part), "'{part}' is not in: {said}");
        }
    };
    refused(
        &machine(&json!({ "Type": "Pass", "Next": "Nowhere" })),
        &["Only", "Nowhere"],
    );
    refused(
        &machine(&json!({ "Type": "Passs", "End": true })),
        &["Only", "Passs"],
    );
    refused(
        &machine(&json!({ "Type": "Pass", "Output": "{% $sum( %}", "End": true })),
        &["Only", "Output", "Unexpected end of expression"],
    );
    refused("{ \"StartAt\": ", &["machine.asl.json:1:"]);
    refused("", &["machine.asl.json:1:"]);
}

#[test]
fn warns_without_refusing_unless_told_to() {
    let text = machine(&json!({ "Type": "Pass", "Output": "{% $unknown %}", "End": true }));
    let check = |options: &[&str], code: i32, parts: &[&str]| {
        let (found, said) = check_with(options, &text);
        assert_eq!(found, Some(code), "{options:?}: {said}");
        for part in parts {
            assert!(
                said.contains(part),
                "{options:?}: '{part}' is not in: {said}"
            );
        }
    };
    check(&[], 0, &["UNDEFINED_NAME", "HOUSE_COMMENT"]);
    check(&["--deny-warnings"], 1, &["UNDEFINED_NAME"]);
    check(&["--warnings", "none", "--deny-warnings"], 0, &[]);
    let (_, said) = check_with(&["--warnings", "likely", "--json"], &text);
    let said: Value = serde_json::from_str(&said).expect("one line of JSON");
    assert_eq!(said["findings"].as_array().map(Vec::len), Some(1), "{said}");
    let finding = &said["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["state"], &finding["severity"]),
        (&json!("UNDEFINED_NAME"), &json!("Only"), &json!("warning"))
    );
    assert_eq!((&said["errors"], &said["warnings"]), (&json!(0), &json!(1)));
}

#[test]
fn says_that_calls_are_not_checked_without_the_models() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("machine.asl.json");
    let task =
        json!({ "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:no:such", "End": true });
    std::fs::write(&path, machine(&task)).expect("a written definition");
    let output = std::process::Command::new(binaries().join("videoflow"))
        .args(["asl", "check", "--warnings", "none"])
        .arg(&path)
        .env("VIDEOFLOW_MODELS", folder.path())
        .output()
        .expect("videoflow runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && output.stdout.is_empty(),
        "{output:?}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("make setup"), "{said}");
}

/// The check of these definitions passes without a word.
fn nothing_is_said(options: &[&str], paths: &[String]) {
    let paths = paths.iter().map(String::as_str);
    let arguments = ["asl", "check"].into_iter().chain(options.iter().copied());
    let output = videoflow(&arguments.chain(paths).collect::<Vec<_>>());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn the_nine_definitions_are_free_of_errors_and_of_what_is_probably_not_meant() {
    let definitions = std::fs::read_dir(root().join("statemachines")).expect("statemachines");
    let paths = definitions.map(|entry| entry.expect("an entry").path());
    let paths: Vec<String> = paths
        .filter(|path| path.to_string_lossy().ends_with(".asl.json"))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    assert_eq!(paths.len(), 9);
    nothing_is_said(&["--warnings", "likely", "--deny-warnings"], &paths);
}

#[test]
fn what_aws_accepted_has_no_error() {
    let recorded = root().join("../shared/asl-cases/cases.jsonl");
    let Ok(cases) = std::fs::read_to_string(recorded) else {
        report("skipped: no recorded cases beside the repository");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut paths = Vec::new();
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        if case["kind"] == "execution" {
            let definition = &case["definition"];
            let text = definition
                .as_str()
                .map_or_else(|| definition.to_string(), str::to_owned);
            let path = folder
                .path()
                .join(format!("{}.asl.json", case["id"].as_str().expect("an id")));
            std::fs::write(&path, text).expect("a written definition");
            paths.push(path.to_string_lossy().into_owned());
        }
    }
    assert!(paths.len() > 600, "{}", paths.len());
    nothing_is_said(&["--warnings", "none"], &paths);
}

#[test]
fn accepts_what_holds() {
    let (code, said) = check(&machine(&json!({ "Type": "Pass", "End": true })));
    assert_eq!(code, Some(0), "{said}");
}
