//! Cases as JSON: one request in, one answer out.

use serde_json::{Value, json};
use videoflow_asl::exec::exec;

fn answer(request: &Value) -> Value {
    let mut answer = exec(&request.to_string());
    if let Some(members) = answer.as_object_mut() {
        members.shift_remove("events");
    }
    answer
}

fn definition() -> Value {
    json!({
        "QueryLanguage": "JSONata", "StartAt": "Ask",
        "States": { "Ask": {
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 5, "End": true,
            "Retry": [{ "ErrorEquals": ["Busy"], "MaxAttempts": 2 }]
        } }
    })
}

#[test]
fn each_attempt_takes_the_next_action_and_the_last_repeats() {
    let check = |mocks: Value, expected: Value| {
        assert_eq!(
            answer(
                &json!({ "id": "a", "definition": definition(), "input": {}, "mocks": { "Ask": mocks } })
            ),
            expected
        );
    };
    let busy = json!({ "do": "throw", "error": "Busy", "cause": "later" });
    let fine = json!({ "do": "return", "output": [1] });
    check(
        json!([fine]),
        json!({ "id": "a", "status": "SUCCEEDED", "output": [1] }),
    );
    check(
        json!([busy, busy, fine]),
        json!({ "id": "a", "status": "SUCCEEDED", "output": [1] }),
    );
    check(
        json!([busy]),
        json!({ "id": "a", "status": "FAILED", "error": "Busy", "cause": "later" }),
    );
    check(
        json!([{ "do": "timeout" }]),
        json!({ "id": "a", "status": "FAILED", "error": "States.Timeout", "cause": null }),
    );
    check(
        json!([]),
        json!({ "id": "a", "status": "FAILED", "error": "States.TaskFailed", "cause": "The state 'Ask' has no mock." }),
    );
}

#[test]
fn definitions_are_validated() {
    assert_eq!(
        answer(&json!({ "id": 1, "definition": definition(), "validate": true })),
        json!({ "id": 1, "result": "OK", "diagnostics": [] })
    );
    let refused = answer(&json!({ "id": 1, "definition": {}, "validate": true }));
    assert_eq!(
        (&refused["result"], &refused["diagnostics"][0]["location"]),
        (&json!("FAIL"), &json!("/"))
    );
    let as_text = answer(&json!({ "id": 1, "definition": "{", "validate": true }));
    assert_eq!(as_text["diagnostics"][0]["location"], "line 1, column 1");
    assert_eq!(
        answer(&json!({ "id": 1, "definition": {} }))["error"],
        "InvalidDefinition"
    );
}

#[test]
fn what_is_no_request_is_answered_too() {
    assert!(exec("nonsense")["error"]["message"].is_string());
}
