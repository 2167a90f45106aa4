//! `videoflow asl exec --mock-config`, as a user calls it, and the example of its page.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{root, videoflow};

/// The code block that follows a line of the page.
fn block<'a>(page: &'a str, line: &str) -> &'a str {
    let (_, after) = page
        .split_once(line)
        .unwrap_or_else(|| panic!("'{line}' is not on the page"));
    let (_, code) = after.split_once("```").expect("a block begins");
    let (_, code) = code.split_once('\n').expect("a block has lines");
    code.split_once("```").expect("a block ends").0
}

fn exec(folder: &Path, options: &[&str]) -> (Option<i32>, String, String) {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (config, definition) = (path("MockConfigFile.json"), path("order.asl.json"));
    let begin = ["asl", "exec", "--mock-config", &config];
    let output = videoflow(&[&begin, options, &[&definition]].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// The page's example in a folder, its configuration changed.
fn example(change: impl FnOnce(&mut Value)) -> tempfile::TempDir {
    let page = root().join("docs/testing-state-machines.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("order.asl.json", block(&page, "`order.asl.json`:"));
    let text = block(&page, "`MockConfigFile.json`:");
    let mut config: Value = serde_json::from_str(text).expect("a mock configuration");
    change(&mut config);
    write("MockConfigFile.json", &config.to_string());
    folder
}

#[test]
fn the_example_of_the_page_does_what_the_page_says() {
    let page = root().join("docs/testing-state-machines.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let folder = example(|_| ());
    let (code, said, _) = exec(folder.path(), &[]);
    let (_, expected) = page
        .split_once("$ videoflow asl exec --mock-config")
        .expect("the call");
    let (_, expected) = expected.split_once('\n').expect("a line");
    assert_eq!(said, expected.split_once("```").expect("a block ends").0);
    assert_eq!(code, Some(0));
}

#[test]
fn one_case_is_told_as_one_line_of_json() {
    let folder = example(|_| ());
    let (code, said, _) = exec(folder.path(), &["--case", "order#SoldOut", "--json"]);
    let said: Value = serde_json::from_str(&said).expect("one line of JSON");
    assert_eq!(code, Some(0));
    assert_eq!((&said["passed"], &said["failed"]), (&json!(1), &json!(0)));
    let case = &said["cases"][0];
    assert_eq!(case["case"], "order#SoldOut");
    assert_eq!(
        (&case["status"], &case["error"]),
        (&json!("FAILED"), &json!("OrderFailed"))
    );
    assert_eq!(case["events"][0]["type"], "ExecutionStarted");
}

#[test]
fn what_is_not_as_expected_fails() {
    let check = |pointer: &str, value: Value, expected: &str| {
        let folder = example(|config| *config.pointer_mut(pointer).expect("a value") = value);
        let (code, said, _) = exec(folder.path(), &["--case", "order#SecondTry"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(expected), "'{expected}' is not in: {said}");
        assert!(said.ends_with("0 passed, 1 failed\n"), "{said}");
    };
    let case = "/StateMachines/order/Executions/SecondTry";
    check(
        case,
        json!({ "Output": 1 }),
        "Output is {\"reserved\":true}, expected is 1.",
    );
    check(
        case,
        json!({ "Status": "FAILED" }),
        "Status is \"SUCCEEDED\"",
    );
    check(
        case,
        json!({ "Error": "X" }),
        "Error is null, expected is \"X\".",
    );
    check(case, json!({ "States": ["ReserveStock"] }), "States is [");
    let response = "/MockedResponses/BusyOnce";
    let busy = json!({ "0": { "Throw": { "Error": "Busy" } } });
    check(response, busy, "The state 'ReserveStock' makes attempt 1");
    let test_case = "/StateMachines/order/TestCases/SecondTry";
    check(test_case, json!({}), "the test case does not mock it");
}

#[test]
fn a_configuration_that_cannot_be_meant_is_refused() {
    let check = |pointer: &str, value: Value, expected: &str| {
        let folder = example(|config| *config.pointer_mut(pointer).expect("a value") = value);
        let (code, _, said) = exec(folder.path(), &[]);
        assert_eq!((code, said.lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains(expected), "'{expected}' is not in: {said}");
    };
    let case = "/StateMachines/order/TestCases/SecondTry";
    check(
        case,
        json!({ "Reserve": "BusyOnce" }),
        "order#SecondTry: the definition has no Task state 'Reserve'",
    );
    check(
        case,
        json!({ "WaitForPayment": "BusyOnce" }),
        "no Task state 'WaitForPayment'",
    );
    check(
        case,
        json!({ "ReserveStock": "Busy" }),
        "names the response 'Busy', which is not in MockedResponses",
    );
    let response = "/MockedResponses/BusyOnce";
    let done = json!({ "Return": {} });
    let both = json!({ "0": { "Return": {}, "Throw": { "Error": "X" } } });
    check(
        response,
        both,
        "attempt '0' must have either Return or Throw",
    );
    check(
        response,
        json!({ "0": {} }),
        "attempt '0' must have either Return or Throw",
    );
    check(response, json!({}), "attempt 0 is missing");
    check(
        response,
        json!({ "0": done, "2-3": done }),
        "attempt 1 is missing",
    );
    check(
        response,
        json!({ "0-1": done, "1": done }),
        "attempt 1 is there twice",
    );
    check(response, json!({ "first": done }), "'first' is no attempt");
    check(response, json!({ "2-1": done }), "'2-1' is no attempt");
    check(
        response,
        json!({ "0": { "Retrun": {} } }),
        "unknown field `Retrun`",
    );
    check(
        "/StateMachines",
        json!({ "other": { "TestCases": {} } }),
        "there is no state machine 'order'",
    );
    let executions = "/StateMachines/order/Executions";
    check(
        executions,
        json!({ "Third": {} }),
        "has no test case 'Third'",
    );
}

#[test]
fn a_case_that_there_is_not_is_refused() {
    let folder = example(|_| ());
    for (case, expected) in [
        ("order#Third", "has no test case 'Third'"),
        ("orders#SoldOut", "no definition of 'orders'"),
        ("SoldOut", "neither 'all' nor MACHINE#CASE"),
    ] {
        let (code, _, said) = exec(folder.path(), &["--case", case]);
        assert_eq!(code, Some(1));
        assert!(said.contains(expected), "{said}");
    }
}
