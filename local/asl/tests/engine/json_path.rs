//! `JSONPath` states: how data flows, and the intrinsic functions.

use serde_json::{Value, json};

use videoflow_asl::simulation::{Answer, Call};

use crate::support::{echo, outcome, run};

/// The output of a machine of one state, for `{"a": {"b": [1, 2, 3]}, "name": "x"}`.
fn check(mut state: Value, expected: Value) {
    if let Some(members) = state.as_object_mut() {
        members.insert("End".to_owned(), json!(true));
    }
    let definition = json!({ "StartAt": "One", "States": { "One": state } });
    let input = json!({ "a": { "b": [1, 2, 3] }, "name": "x" });
    assert_eq!(
        outcome(&run(&definition, input, echo)),
        json!({ "output": expected }),
        "{definition}"
    );
}

fn check_call(call: &str, expected: Value) {
    check(
        json!({ "Type": "Pass", "Parameters": { "r.$": call } }),
        json!({ "r": expected }),
    );
}

#[test]
fn data_flows_through_all_five_fields() {
    let whole = json!({ "a": { "b": [1, 2, 3] }, "name": "x" });
    check(json!({ "Type": "Pass" }), whole.clone());
    check(
        json!({ "Type": "Pass", "InputPath": "$.a.b" }),
        json!([1, 2, 3]),
    );
    check(json!({ "Type": "Pass", "InputPath": null }), json!({}));
    check(
        json!({ "Type": "Pass", "OutputPath": "$.a.b[1]" }),
        json!(2),
    );
    check(
        json!({ "Type": "Pass", "Result": 7, "ResultPath": "$.a.c.d" }),
        json!({ "a": { "b": [1, 2, 3], "c": { "d": 7 } }, "name": "x" }),
    );
    check(
        json!({ "Type": "Pass", "Result": 7, "ResultPath": "$.a.b[0]" }),
        json!({ "a": { "b": [7, 2, 3] }, "name": "x" }),
    );
    check(
        json!({ "Type": "Pass", "Result": 7, "ResultPath": null }),
        whole,
    );
    check(
        json!({
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "InputPath": "$.a", "Parameters": { "list.$": "$.b" },
            "ResultSelector": { "first.$": "$.arguments.list[0]" }, "ResultPath": "$.out", "OutputPath": "$.out"
        }),
        json!({ "first": 1 }),
    );
}

#[test]
fn a_path_gives_a_value_or_a_list() {
    for (path, expected) in [
        ("$.name", json!("x")),
        ("$['name']", json!("x")),
        ("$.a.b[-1]", json!(3)),
        ("$.a.b[*]", json!([1, 2, 3])),
        ("$.a.b[1:]", json!([2, 3])),
        ("$..b[0]", json!([1])),
        ("$.a.b[?(@ > 1)]", json!([2, 3])),
        ("$.none[*]", json!([])),
        ("$$.State.Name", json!("One")),
    ] {
        check_call(path, expected);
    }
}

#[test]
fn intrinsic_functions_nest_and_quote() {
    for (call, expected) in [
        (
            "States.Format('{}-{}', $.name, $.a.b)",
            json!("x-[1, 2, 3]"),
        ),
        (r"States.Format('it\'s \{{}\}', 1)", json!("it's {1}")),
        (
            "States.ArrayGetItem(States.StringSplit('a,b;c', ',;'), 2)",
            json!("c"),
        ),
        ("States.MathAdd(-1.5, 0)", json!(-1)),
        (
            "States.ArrayUnique(States.Array(1, 1.0, 'x', 'x'))",
            json!([1, "x"]),
        ),
        (
            "States.Base64Decode(States.Base64Encode('häh'))",
            json!("häh"),
        ),
        ("States.JsonToString($.a)", json!("{\"b\":[1,2,3]}")),
        ("States.ArrayRange(1, 9, 4)", json!([1, 5, 9])),
        (
            "States.JsonMerge($.a, States.StringToJson('{\"b\": null}'), false)",
            json!({ "b": null }),
        ),
    ] {
        check_call(call, expected);
    }
}

#[test]
fn choices_compare() {
    let check = |test: Value, expected: bool| {
        let mut rule = test;
        if let Some(members) = rule.as_object_mut() {
            members.insert("Next".to_owned(), json!("Yes"));
        }
        let definition = json!({
            "StartAt": "Which",
            "States": {
                "Which": { "Type": "Choice", "Choices": [rule], "Default": "No" },
                "Yes": { "Type": "Pass", "Result": true, "End": true },
                "No": { "Type": "Pass", "Result": false, "End": true }
            }
        });
        let input =
            json!({ "n": 5, "s": "abc", "t": "2026-01-01T00:00:00Z", "null": null, "m": 5.0 });
        assert_eq!(
            outcome(&run(&definition, input, echo)),
            json!({ "output": expected }),
            "{definition}"
        );
    };
    check(json!({ "Variable": "$.n", "NumericEquals": 5 }), true);
    check(
        json!({ "Variable": "$.n", "NumericEqualsPath": "$.m" }),
        true,
    );
    check(json!({ "Variable": "$.s", "NumericEquals": 5 }), false);
    check(json!({ "Variable": "$.s", "StringMatches": "a*c" }), true);
    check(
        json!({ "Variable": "$.s", "StringMatches": "a\\*c" }),
        false,
    );
    check(json!({ "Variable": "$.s", "StringLessThan": "b" }), true);
    check(
        json!({ "Variable": "$.t", "TimestampLessThan": "2026-01-01T01:00:00+00:30" }),
        true,
    );
    check(json!({ "Variable": "$.t", "IsTimestamp": true }), true);
    check(json!({ "Variable": "$.none", "IsPresent": false }), true);
    check(json!({ "Variable": "$.null", "IsNull": true }), true);
    check(
        json!({ "Not": { "Variable": "$.n", "NumericGreaterThan": 4 } }),
        false,
    );
    check(
        json!({ "And": [{ "Variable": "$.n", "IsNumeric": true }, { "Variable": "$.s", "IsString": true }] }),
        true,
    );
    check(
        json!({ "Or": [{ "Variable": "$.n", "IsString": true }, { "Variable": "$.s", "IsBoolean": true }] }),
        false,
    );
}

#[test]
fn a_path_to_nothing_ends_the_execution_whatever_catches() {
    let definition = json!({
        "StartAt": "One",
        "States": {
            "One": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": { "x.$": "$.none" },
                     "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Caught" }], "End": true },
            "Caught": { "Type": "Succeed" }
        }
    });
    let cause = "An error occurred while executing the state 'One' (entered at the event id #2). The JSONPath '$.none' specified \
                 for the field 'x.$' could not be found in the input '{\"a\":1}'";
    let expected = json!({ "status": "FAILED", "error": "States.Runtime", "cause": cause });
    assert_eq!(
        outcome(&run(&definition, json!({ "a": 1 }), echo)),
        expected
    );
}

#[test]
fn variables_and_caught_errors_flow_too() {
    let definition = json!({
        "StartAt": "Set",
        "States": {
            "Set": { "Type": "Pass", "Assign": { "v.$": "$.in" }, "Next": "Break" },
            "Break": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {},
                       "Catch": [{ "ErrorEquals": ["Broken"], "ResultPath": "$.failure", "Assign": { "e.$": "$.Error" }, "Next": "Show" }], "End": true },
            "Show": { "Type": "Pass", "Parameters": { "v.$": "$v", "e.$": "$e", "cause.$": "$.failure.Cause", "in.$": "$.in" }, "End": true }
        }
    });
    let broken = |_: &Call<'_>| Answer::throws("Broken", "because");
    let expected = json!({ "output": { "v": 1, "e": "Broken", "cause": "because", "in": 1 } });
    assert_eq!(
        outcome(&run(&definition, json!({ "in": 1 }), broken)),
        expected
    );
}

#[test]
fn a_map_needs_an_array() {
    let check = |path: Value, expected: &str| {
        let mut map = json!({
            "Type": "Map", "End": true, "ItemProcessor": { "StartAt": "In", "States": { "In": { "Type": "Pass", "End": true } } }
        });
        map["ItemsPath"] = path;
        let definition = json!({ "StartAt": "Each", "States": { "Each": map } });
        let execution = run(&definition, json!({ "o": {} }), echo);
        let cause = format!(
            "An error occurred while executing the state 'Each' (entered at the event id #2). {expected}"
        );
        assert_eq!(
            (execution.error(), execution.cause()),
            (Some("States.Runtime"), Some(cause.as_str()))
        );
    };
    check(json!("$.o"), "Reference path \"$.o\" must point to array.");
    check(json!("$"), "Reference path \"$\" must point to array.");
}
