//! Types of states, in `JSONata`.

use serde_json::{Value, json};
use videoflow_asl::simulation::{Answer, Call};

use crate::support::{echo, events, jsonata, outcome, run, task};

fn check(states: &Value, input: Value, expected: Value) {
    assert_eq!(
        outcome(&run(&jsonata(states), input, echo)),
        json!({ "output": expected })
    );
}

#[test]
fn a_choice_takes_the_first_rule_that_holds() {
    let states = json!({
        "Size": {
            "Type": "Choice",
            "Choices": [
                { "Condition": "{% $states.input.n > 10 %}", "Next": "End", "Output": "large", "Assign": { "seen": 1 } },
                { "Condition": "{% $states.input.n > 5 %}", "Next": "End", "Output": "middle", "Assign": { "seen": 2 } }
            ],
            "Default": "End", "Output": "small", "Assign": { "seen": 3 }
        },
        "End": { "Type": "Succeed", "Output": "{% [$states.input, $seen] %}" }
    });
    check(&states, json!({ "n": 11 }), json!(["large", 1]));
    check(&states, json!({ "n": 10 }), json!(["middle", 2]));
    check(&states, json!({ "n": 5 }), json!(["small", 3]));
}

#[test]
fn a_choice_that_matches_nothing_fails() {
    let states = json!({
        "Which": { "Type": "Choice", "Choices": [{ "Condition": "{% false %}", "Next": "End" }] },
        "End": { "Type": "Succeed" }
    });
    let execution = run(&jsonata(&states), json!({}), echo);
    assert_eq!(execution.error(), Some("States.NoChoiceMatched"));
}

#[test]
fn a_condition_must_be_a_truth_value() {
    let states = json!({
        "Which": { "Type": "Choice", "Choices": [{ "Condition": "{% 1 %}", "Next": "End" }], "Default": "End" },
        "End": { "Type": "Succeed" }
    });
    let execution = run(&jsonata(&states), json!({}), echo);
    assert_eq!(execution.error(), Some("States.QueryEvaluationError"));
    assert_eq!(
        execution.cause(),
        Some(
            "An error occurred while executing the state 'Which' (entered at the event id #2). The JSONata expression '1' specified \
             for the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 1"
        )
    );
}

#[test]
fn a_wait_lasts_as_long_as_it_says() {
    let waited = |fields: Value| {
        let mut wait = json!({ "Type": "Wait", "Next": "Ask" });
        if let (Some(members), Value::Object(fields)) = (wait.as_object_mut(), fields) {
            members.extend(fields);
        }
        let states = json!({ "Wait": wait, "Ask": task(json!({ "End": true })) });
        let mut asked_at = 0;
        let execution = run(&jsonata(&states), json!({ "n": 90 }), |call| {
            asked_at = call.now.0 - videoflow_asl::simulation::EPOCH.0;
            Answer::returns(json!({}))
        });
        assert_eq!(outcome(&execution), json!({ "output": {} }));
        asked_at
    };
    assert_eq!(waited(json!({ "Seconds": 0 })), 0);
    assert_eq!(waited(json!({ "Seconds": 60 })), 60_000);
    assert_eq!(
        waited(json!({ "Seconds": "{% $states.input.n %}" })),
        90_000
    );
    assert_eq!(
        waited(json!({ "Timestamp": "2026-01-01T00:00:01.500Z" })),
        1_500
    );
    assert_eq!(
        waited(json!({ "Timestamp": "{% $fromMillis($millis() + 2000) %}" })),
        2_000
    );
    assert_eq!(waited(json!({ "Timestamp": "2020-01-01T00:00:00Z" })), 0);
}

#[test]
fn a_wait_must_be_whole_seconds() {
    for seconds in ["{% 1.5 %}", "{% -1 %}", "{% 'soon' %}"] {
        let states = json!({ "Wait": { "Type": "Wait", "Seconds": seconds, "End": true } });
        let execution = run(&jsonata(&states), json!({}), echo);
        assert_eq!(
            execution.error(),
            Some("States.QueryEvaluationError"),
            "{seconds}"
        );
    }
}

#[test]
fn a_fail_state_computes_error_and_cause() {
    let states = json!({ "Stop": { "Type": "Fail", "Error": "{% 'No' & $states.input.what %}", "Cause": "{% $string($states.input) %}" } });
    let expected =
        json!({ "status": "FAILED", "error": "NoVideo", "cause": "{\"what\":\"Video\"}" });
    assert_eq!(
        outcome(&run(&jsonata(&states), json!({ "what": "Video" }), echo)),
        expected
    );
    let states = json!({ "Stop": { "Type": "Fail" } });
    let expected = json!({ "status": "FAILED", "error": null, "cause": null });
    assert_eq!(outcome(&run(&jsonata(&states), json!({}), echo)), expected);
}

#[test]
fn parallel_branches_each_get_the_arguments() {
    let branch = |output: &str| json!({ "StartAt": output, "States": { output: { "Type": "Pass", "Output": { "by": output, "in": "{% $states.input %}" }, "End": true } } });
    let states = json!({ "Fork": { "Type": "Parallel", "Arguments": "{% $states.input.n %}", "Branches": [branch("A"), branch("B")], "End": true } });
    check(
        &states,
        json!({ "n": 1 }),
        json!([{ "by": "A", "in": 1 }, { "by": "B", "in": 1 }]),
    );
}

#[test]
fn a_map_keeps_the_order_and_bounds_what_runs_at_once() {
    let definition = |max_concurrency: u64| {
        jsonata(&json!({
            "Each": {
                "Type": "Map", "Items": "{% $states.input.list %}", "MaxConcurrency": max_concurrency,
                "ItemSelector": { "item": "{% $states.context.Map.Item.Value %}", "at": "{% $states.context.Map.Item.Index %}" },
                "ItemProcessor": { "StartAt": "Ask", "States": { "Ask": task(json!({ "Arguments": "{% $states.input %}", "Output": "{% $states.result %}", "End": true })) } },
                "End": true
            }
        }))
    };
    for (max_concurrency, rounds) in [(1, 5), (2, 3), (5, 1), (0, 1)] {
        let mut times = Vec::new();
        let execution = run(
            &definition(max_concurrency),
            json!({ "list": [4, 3, 2, 1, 0] }),
            |call: &Call<'_>| {
                times.push(call.now);
                Answer::returns(call.arguments["item"].clone()).after_ms(1000)
            },
        );
        assert_eq!(outcome(&execution), json!({ "output": [4, 3, 2, 1, 0] }));
        times.dedup();
        assert_eq!(times.len(), rounds, "MaxConcurrency {max_concurrency}");
    }
}

#[test]
fn a_map_takes_nothing_but_an_array() {
    let states = json!({
        "Each": {
            "Type": "Map", "Items": "{% $states.input.list %}", "End": true,
            "ItemProcessor": { "StartAt": "Same", "States": { "Same": { "Type": "Pass", "End": true } } }
        }
    });
    check(&states, json!({ "list": [] }), json!([]));
    let execution = run(&jsonata(&states), json!({ "list": "x" }), echo);
    assert_eq!(execution.error(), Some("States.QueryEvaluationError"));
    assert_eq!(
        events(&execution),
        [
            "ExecutionStarted",
            "MapStateEntered",
            "EvaluationFailed",
            "MapStateFailed",
            "ExecutionFailed"
        ]
    );
}

#[test]
fn variables_of_an_assign_have_a_payloads_limit() {
    let check = |length: usize, expected: Option<&str>| {
        let half = format!("{{% $pad('', {length}, 'x') %}}");
        let definition = jsonata(
            &json!({ "Set": { "Type": "Pass", "Assign": { "a": half, "b": half }, "End": true } }),
        );
        let execution = run(&definition, json!({}), echo);
        assert_eq!(execution.error(), expected, "{length}");
    };
    check(131_070, None);
    check(131_071, Some("States.DataLimitExceeded"));
}
