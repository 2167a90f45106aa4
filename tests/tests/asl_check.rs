//! `videoflow asl check`, as a user calls it.

use serde_json::{Value, json};

use crate::support::videoflow;

/// Checks one definition; gives the exit code and what was said.
fn check(text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("machine.asl.json");
    std::fs::write(&path, text).expect("a written definition");
    let output = videoflow(&["asl", "check", path.to_str().expect("UTF-8")]);
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
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
    refused("{ \"StartAt\": ", &["line 1"]);
    refused("", &["line 1"]);
}

#[test]
fn accepts_what_holds() {
    let (code, said) = check(&machine(&json!({ "Type": "Pass", "End": true })));
    assert_eq!(code, Some(0), "{said}");
}
