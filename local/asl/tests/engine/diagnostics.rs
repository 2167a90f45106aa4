//! What is wrong with a definition, and where.

use serde_json::{Value, json};
use videoflow_asl::{StateMachine, Workflow};

/// The findings as `code location`, in order.
fn findings(source: &str) -> Vec<String> {
    match StateMachine::compile(source) {
        Ok(_) => Vec::new(),
        Err(found) => found
            .iter()
            .map(|finding| format!("{} {}", finding.code, finding.location))
            .collect(),
    }
}

fn check(states: Value, expected: &[&str]) {
    let first = states
        .as_object()
        .and_then(|states| states.keys().next().cloned());
    let definition = json!({ "QueryLanguage": "JSONata", "StartAt": first, "States": states });
    assert_eq!(findings(&definition.to_string()), expected, "{definition}");
}

#[test]
fn broken_json_has_line_and_column() {
    assert_eq!(
        findings("{\n  \"StartAt\": }"),
        ["INVALID_JSON_DESCRIPTION line 2, column 14"]
    );
    assert_eq!(findings("[]"), ["SCHEMA_VALIDATION_FAILED /"]);
}

#[test]
fn a_machine_needs_a_start_and_states() {
    assert_eq!(findings("{}"), ["SCHEMA_VALIDATION_FAILED /"]);
    assert_eq!(
        findings(r#"{ "StartAt": "A", "States": {} }"#),
        ["SCHEMA_VALIDATION_FAILED /States"]
    );
    assert_eq!(
        findings(r#"{ "StartAt": "B", "States": { "A": { "Type": "Succeed" } } }"#),
        ["MISSING_TRANSITION_TARGET /StartAt"]
    );
    assert_eq!(
        findings(
            r#"{ "StartAt": "A", "Timeout": 1, "TimeoutSeconds": 0, "States": { "A": { "Type": "Succeed" } } }"#
        ),
        [
            "SCHEMA_VALIDATION_FAILED /Timeout",
            "SCHEMA_VALIDATION_FAILED /TimeoutSeconds"
        ]
    );
}

#[test]
fn every_transition_leads_to_a_state() {
    check(
        json!({ "A": { "Type": "Pass", "Next": "B" } }),
        &["MISSING_TRANSITION_TARGET /States/A/Next"],
    );
    check(
        json!({ "A": { "Type": "Choice", "Choices": [{ "Condition": "{% true %}", "Next": "B" }], "Default": "C" } }),
        &[
            "MISSING_TRANSITION_TARGET /States/A/Choices/0/Next",
            "MISSING_TRANSITION_TARGET /States/A/Default",
        ],
    );
    check(
        json!({ "A": {
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
            "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "B" }]
        } }),
        &["MISSING_TRANSITION_TARGET /States/A/Catch/0/Next"],
    );
    check(
        json!({ "A": { "Type": "Parallel", "End": true, "Branches": [{ "StartAt": "X", "States": { "B/C": { "Type": "Pass", "Next": "A" } } }] } }),
        &[
            "MISSING_TRANSITION_TARGET /States/A/Branches/0/States/B~1C/Next",
            "MISSING_TRANSITION_TARGET /States/A/Branches/0/StartAt",
        ],
    );
}

#[test]
fn every_state_is_reached_and_ends() {
    check(
        json!({ "A": { "Type": "Succeed" }, "B": { "Type": "Succeed" } }),
        &["MISSING_TRANSITION_TARGET /States/B"],
    );
    check(
        json!({ "A": { "Type": "Pass" } }),
        &["SCHEMA_VALIDATION_FAILED /States/A"],
    );
    check(
        json!({ "A": { "Type": "Pass", "Next": "A", "End": true } }),
        &["SCHEMA_VALIDATION_FAILED /States/A"],
    );
}

#[test]
fn states_are_of_known_types_with_known_fields() {
    check(
        json!({ "A": { "Type": "Sleep" } }),
        &["SCHEMA_VALIDATION_FAILED /States/A/Type"],
    );
    check(
        json!({ "A": { "Next": "A" } }),
        &["SCHEMA_VALIDATION_FAILED /States/A"],
    );
    check(
        json!({ "A": { "Type": "Succeed", "Outputs": 1 } }),
        &["SCHEMA_VALIDATION_FAILED /States/A/Outputs"],
    );
    check(
        json!({ "A": { "Type": "Pass", "ResultPath": "$", "End": true } }),
        &["SCHEMA_VALIDATION_FAILED /States/A/ResultPath"],
    );
    check(
        json!({ "A": { "Type": "Pass", "QueryLanguage": "JSONPath", "End": true } }),
        &["SCHEMA_VALIDATION_FAILED /States/A/QueryLanguage"],
    );
    check(
        json!({ "A": { "Type": "Task", "End": true } }),
        &["SCHEMA_VALIDATION_FAILED /States/A"],
    );
    check(
        json!({ "A": { "Type": "Task", "Resource": "lambda", "End": true } }),
        &["SCHEMA_VALIDATION_FAILED /States/A/Resource"],
    );
    check(
        json!({ "A": { "Type": "Wait", "End": true } }),
        &["SCHEMA_VALIDATION_FAILED /States/A"],
    );
    check(
        json!({ "A": { "Type": "Wait", "Seconds": 1, "Timestamp": "2026-01-01T00:00:00Z", "End": true } }),
        &["SCHEMA_VALIDATION_FAILED /States/A"],
    );
    check(
        json!({ "A": { "Type": "Map", "End": true } }),
        &["SCHEMA_VALIDATION_FAILED /States/A"],
    );
}

#[test]
fn every_expression_compiles() {
    check(
        json!({ "A": { "Type": "Succeed", "Output": { "a": ["{% 1 + %}"] } } }),
        &["INVALID_EXPRESSION /States/A/Output/a/0"],
    );
    check(
        json!({ "A": { "Type": "Succeed", "Output": "{% 1 %} " } }),
        &["INVALID_EXPRESSION /States/A/Output"],
    );
    check(
        json!({ "A": { "Type": "Succeed", "Output": "{% $eval('1') %}" } }),
        &["INVALID_EXPRESSION /States/A/Output"],
    );
    check(
        json!({ "A": { "Type": "Pass", "Assign": { "x": "{% ( %}" }, "End": true } }),
        &["INVALID_EXPRESSION /States/A/Assign/x"],
    );
    check(
        json!({ "A": { "Type": "Pass", "Assign": { "states": 1 }, "End": true } }),
        &["SCHEMA_VALIDATION_FAILED /States/A/Assign/states"],
    );
    check(
        json!({ "A": { "Type": "Fail", "Cause": "{% [ %}" } }),
        &["INVALID_EXPRESSION /States/A/Cause"],
    );
}

#[test]
fn literal_values_fit() {
    let one = |kind: &str, key: &str, value: Value| json!({ "A": { "Type": kind, key: value, "End": true } });
    for (key, value) in [
        ("Seconds", json!(1.5)),
        ("Seconds", json!(-1)),
        ("Timestamp", json!("today")),
    ] {
        check(
            one("Wait", key, value),
            &[&format!("SCHEMA_VALIDATION_FAILED /States/A/{key}")],
        );
    }
    let task = |timeout: Value, heartbeat: Value| {
        json!({ "A": {
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": timeout, "HeartbeatSeconds": heartbeat, "End": true
        } })
    };
    check(task(json!(2), json!(1)), &[]);
    check(task(json!("{% 2 %}"), json!("{% 3 %}")), &[]);
    check(
        task(json!(2), json!(2)),
        &["SCHEMA_VALIDATION_FAILED /States/A/HeartbeatSeconds"],
    );
    check(
        task(json!(0), json!("{% 1 %}")),
        &["SCHEMA_VALIDATION_FAILED /States/A/TimeoutSeconds"],
    );
    check(
        json!({ "A": { "Type": "Choice", "Choices": [{ "Condition": "true", "Next": "B" }] }, "B": { "Type": "Succeed" } }),
        &["SCHEMA_VALIDATION_FAILED /States/A/Choices/0/Condition"],
    );
}

#[test]
fn handlers_are_well_formed() {
    let with = |key: &str, handler: Value| json!({ "A": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", key: [handler], "Next": "B" }, "B": { "Type": "Succeed" } });
    check(
        with("Retry", json!({ "ErrorEquals": [] })),
        &["SCHEMA_VALIDATION_FAILED /States/A/Retry/0/ErrorEquals"],
    );
    check(
        with("Retry", json!({})),
        &[
            "SCHEMA_VALIDATION_FAILED /States/A/Retry/0",
            "SCHEMA_VALIDATION_FAILED /States/A/Retry/0/ErrorEquals",
        ],
    );
    check(
        with("Retry", json!({ "ErrorEquals": ["A", "States.ALL"] })),
        &["SCHEMA_VALIDATION_FAILED /States/A/Retry/0/ErrorEquals"],
    );
    for (key, value) in [
        ("MaxAttempts", json!(-1)),
        ("IntervalSeconds", json!("{% 1 %}")),
        ("BackoffRate", json!(0.9)),
        ("JitterStrategy", json!("SOME")),
    ] {
        check(
            with("Retry", json!({ "ErrorEquals": ["A"], key: value })),
            &[&format!("SCHEMA_VALIDATION_FAILED /States/A/Retry/0/{key}")],
        );
    }
    check(
        with("Catch", json!({ "ErrorEquals": ["A"] })),
        &["SCHEMA_VALIDATION_FAILED /States/A/Catch/0"],
    );
    check(
        with(
            "Catch",
            json!({ "ErrorEquals": ["A"], "Next": "B", "ResultPath": "$" }),
        ),
        &["SCHEMA_VALIDATION_FAILED /States/A/Catch/0/ResultPath"],
    );
}

#[test]
fn names_are_used_once() {
    let branch = json!({ "StartAt": "A", "States": { "A": { "Type": "Succeed" } } });
    check(
        json!({ "A": { "Type": "Parallel", "Branches": [branch], "End": true } }),
        &["SCHEMA_VALIDATION_FAILED /States/A/Branches/0/States/A"],
    );
}

#[test]
fn express_workflows_have_no_activities() {
    let source = r#"{ "StartAt": "A", "States": { "A": { "Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": true } } }"#;
    assert!(StateMachine::compile(source).is_ok());
    assert!(StateMachine::compile_as(source, Workflow::Express).is_err());
}

#[test]
fn a_finding_reads_as_text_and_serialises_as_the_api_gives_it() {
    let found = StateMachine::compile("{}").expect_err("a machine without states");
    assert_eq!(
        found[0].to_string(),
        "/: SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt]"
    );
    assert_eq!(
        serde_json::to_value(&found[0]).expect("plain data"),
        json!({
            "severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "location": "/", "message": "These fields are required: [States, StartAt]"
        })
    );
}

#[test]
fn an_inner_scope_assigns_names_of_its_own() {
    let with = |name: &str| {
        let branch = json!({ "StartAt": "X", "States": { "X": { "Type": "Pass", "Assign": { name: 1 }, "End": true } } });
        json!({
            "A": { "Type": "Pass", "Assign": { "outer": 1 }, "Next": "B" },
            "B": { "Type": "Parallel", "Branches": [branch], "End": true }
        })
    };
    check(with("inner"), &[]);
    check(
        with("outer"),
        &["SCHEMA_VALIDATION_FAILED /States/B/Branches/0/States/X/Assign/outer"],
    );
}

#[test]
fn names_that_nothing_defines_are_warned_of() {
    let warnings = |states: Value| -> Vec<String> {
        let first = states
            .as_object()
            .and_then(|states| states.keys().next().cloned());
        let definition = json!({ "QueryLanguage": "JSONata", "StartAt": first, "States": states });
        let machine = StateMachine::compile(&definition.to_string()).expect("only warnings");
        machine.warnings().iter().map(ToString::to_string).collect()
    };
    let map = |mode: &str| {
        json!({
            "A": { "Type": "Pass", "Assign": { "x": 1 }, "Next": "B" },
            "B": {
                "Type": "Map", "Items": [1], "End": true,
                "ItemProcessor": {
                    "ProcessorConfig": { "Mode": mode, "ExecutionType": "STANDARD" },
                    "StartAt": "C", "States": { "C": { "Type": "Pass", "Output": "{% $x + $y %}", "End": true } }
                }
            }
        })
    };
    let unread = |name: &str| {
        format!(
            "/States/B/ItemProcessor/States/C/Output: UNDEFINED_NAME: The variable '${name}' is read, but no state assigns it"
        )
    };
    assert_eq!(warnings(map("INLINE")), [unread("y")]);
    assert_eq!(warnings(map("DISTRIBUTED")), [unread("x"), unread("y")]);
    assert_eq!(
        warnings(json!({ "A": { "Type": "Succeed", "Output": { "a": "{% $merg([]) %}" } } })),
        ["/States/A/Output/a: UNDEFINED_NAME: There is no function '$merg'"]
    );
}
