//! Expressions: what they see, what they may give, and the functions that Step Functions adds.

use serde_json::{Value, json};
use videoflow_asl::simulation::{Answer, Call};

use crate::support::{echo, jsonata, outcome, run, task};

/// The output of a Pass state with this Output, for the input `{"n": 3, "list": [1, 2], "text": "a"}`.
fn check(output: Value, expected: Value) {
    let definition = jsonata(&json!({ "Make": { "Type": "Pass", "Output": output, "End": true } }));
    let input = json!({ "n": 3, "list": [1, 2], "text": "a" });
    assert_eq!(
        outcome(&run(&definition, input, echo)),
        json!({ "output": expected }),
        "{definition}"
    );
}

/// The cause of the failure of a Pass state with this Output, after the words that name the state.
fn check_failure(output: Value, expected: &str) {
    let definition = jsonata(&json!({ "Make": { "Type": "Pass", "Output": output, "End": true } }));
    let cause = format!(
        "An error occurred while executing the state 'Make' (entered at the event id #2). {expected}"
    );
    let expected =
        json!({ "status": "FAILED", "error": "States.QueryEvaluationError", "cause": cause });
    assert_eq!(
        outcome(&run(&definition, json!({ "n": 3 }), echo)),
        expected
    );
}

#[test]
fn evaluates_expressions_anywhere_in_a_template() {
    check(json!("{% $states.input.n + 1 %}"), json!(4));
    check(
        json!({ "a": ["{% $states.input.text %}", "literal"], "b": { "c": "{% $states.input.list[1] %}" } }),
        json!({
            "a": ["a", "literal"], "b": { "c": 2 }
        }),
    );
    check(json!("{%$states.input.n%}"), json!(3));
    check(json!("no {% expression"), json!("no {% expression"));
    check(json!("{% $states.input.n / 2 %}"), json!(1.5));
    check(json!("{% $states.input.list[] %}"), json!([1, 2]));
    check(json!("{% null %}"), json!(null));
    check(json!("{% $states.input.none ? 1 : 2 %}"), json!(2));
    check(
        json!("{% $map($states.input.list, function($v) { $v * 2 }) %}"),
        json!([2, 4]),
    );
}

#[test]
fn knows_the_functions_of_step_functions() {
    check(
        json!("{% $partition([1, 2, 3], 2) %}"),
        json!([[1, 2], [3]]),
    );
    check(json!("{% $range(0, 10, 5) %}"), json!([0, 5, 10]));
    check(json!("{% $range(3, 1, -1) %}"), json!([3, 2, 1]));
    check(
        json!("{% $hash('input data', 'MD5') %}"),
        json!("812f45842bc6d66ee14572ce20db8e86"),
    );
    check(
        json!("{% $hash('abc', 'SHA-1') %}"),
        json!("a9993e364706816aba3e25717850c26c9cd0d89d"),
    );
    check(json!("{% $parse('{\"a\": [1]}').a %}"), json!([1]));
    check(json!("{% $random(7) = $random(7) %}"), json!(true));
    check(json!("{% $random() = $random() %}"), json!(false));
    check(
        json!(
            "{% $match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/).index %}"
        ),
        json!(0),
    );
    check(json!("{% $uuid() = $uuid() %}"), json!(false));
}

#[test]
fn takes_the_time_from_the_execution() {
    check(json!("{% $now() %}"), json!("2026-01-01T00:00:00.000Z"));
    check(json!("{% $now('[Y0001]/[M01]') %}"), json!("2026/01"));
    check(json!("{% $millis() %}"), json!(1_767_225_600_000_i64));
    check(
        json!("{% $states.context.State.EnteredTime %}"),
        json!("2026-01-01T00:00:00.000Z"),
    );
}

#[test]
fn sees_the_context_object() {
    let wanted = "{% { 'execution': $states.context.Execution.Name, 'machine': $states.context.StateMachine.Name,
        'input': $states.context.Execution.Input.n, 'redrives': $states.context.Execution.RedriveCount,
        'state': $states.context.State.Name } %}";
    check(
        json!(wanted),
        json!({
            "execution": "simulation", "machine": "machine", "input": 3, "redrives": 0, "state": "Make"
        }),
    );
}

#[test]
fn fails_where_an_expression_gives_nothing_usable() {
    check_failure(
        json!({ "a": ["{% $states.input.none %}"] }),
        "The JSONata expression '$states.input.none' specified for the field 'Output/a[0]' returned nothing (undefined).",
    );
    check_failure(
        json!("{% function($x) { $x } %}"),
        "The JSONata expression 'function($x) { $x }' specified for the field 'Output' returned an unsupported result type.",
    );
    check_failure(
        json!("{% $states.input.n + 'a' %}"),
        "The JSONata expression '$states.input.n + 'a'' specified for the field 'Output' threw an error during evaluation. \
         T2002: The right side of the + operator must evaluate to a number",
    );
    check_failure(
        json!("{% $states.result %}"),
        "The JSONata expression '$states.result' specified for the field 'Output' returned nothing (undefined).",
    );
    check_failure(
        json!("{% $partition([1], 0) %}"),
        "The JSONata expression '$partition([1], 0)' specified for the field 'Output' threw an error during evaluation. \
         The size of a partition must be at least 1",
    );
}

#[test]
fn an_assignment_shows_only_in_the_next_state() {
    let definition = jsonata(&json!({
        "First": { "Type": "Pass", "Assign": { "x": 1, "y": "{% $states.input.n %}" }, "Next": "Second" },
        "Second": { "Type": "Pass", "Assign": { "x": "{% $x + 1 %}", "old": "{% $x %}" }, "Output": { "during": "{% $x %}" }, "Next": "Third" },
        "Third": { "Type": "Pass", "Output": { "during": "{% $states.input.during %}", "x": "{% $x %}", "old": "{% $old %}", "y": "{% $y %}" }, "End": true }
    }));
    let expected = json!({ "output": { "during": 1, "x": 2, "old": 1, "y": 3 } });
    assert_eq!(
        outcome(&run(&definition, json!({ "n": 3 }), echo)),
        expected
    );
}

#[test]
fn an_inner_scope_reads_outer_variables_and_keeps_its_own() {
    let branch = json!({
        "StartAt": "Inside",
        "States": { "Inside": { "Type": "Pass", "Assign": { "inner": 5 }, "Next": "Read" },
                    "Read": { "Type": "Pass", "Output": "{% $outer + $inner %}", "End": true } }
    });
    let definition = jsonata(&json!({
        "Set": { "Type": "Pass", "Assign": { "outer": 1 }, "Next": "Fork" },
        "Fork": { "Type": "Parallel", "Branches": [branch], "Next": "After" },
        "After": { "Type": "Pass", "Output": { "branches": "{% $states.input %}", "leaked": "{% $exists($inner) %}" }, "End": true }
    }));
    let expected = json!({ "output": { "branches": [6], "leaked": false } });
    assert_eq!(outcome(&run(&definition, json!({}), echo)), expected);
}

#[test]
fn a_tasks_result_is_its_output_unless_output_says_otherwise() {
    let answer = |_: &Call<'_>| Answer::returns(json!({ "Payload": { "a": 1 } }));
    let check = |fields: Value, expected: Value| {
        let definition = jsonata(&json!({ "Ask": task(fields) }));
        assert_eq!(
            outcome(&run(&definition, json!({ "in": 2 }), answer)),
            json!({ "output": expected })
        );
    };
    check(json!({ "End": true }), json!({ "Payload": { "a": 1 } }));
    check(
        json!({ "Output": "{% $states.result.Payload %}", "End": true }),
        json!({ "a": 1 }),
    );
    check(
        json!({ "Output": "{% $merge([$states.input, $states.result.Payload]) %}", "End": true }),
        json!({ "in": 2, "a": 1 }),
    );
}
