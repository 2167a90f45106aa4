//! Distributed Maps.

use serde_json::{Value, json};
use videoflow_asl::simulation::{Answer, Call};

use crate::support::{events, jsonata, outcome, run, task};

/// A machine with one Distributed Map of Tasks, with further fields.
fn definition(fields: Value) -> Value {
    let mut map = json!({
        "Type": "Map", "End": true,
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "Work",
            "States": { "Work": task(json!({ "Arguments": "{% $states.input %}", "End": true })) }
        }
    });
    if let (Some(members), Value::Object(fields)) = (map.as_object_mut(), fields) {
        members.extend(fields);
    }
    jsonata(&json!({ "Each": map }))
}

/// Runs the Map over `{"list": [1, 2, 3, 4, 5]}`; a child fails where its input is in `broken`.
fn check(fields: Value, broken: &[i64], expected: Value) {
    let execution = run(
        &definition(fields),
        json!({ "list": [1, 2, 3, 4, 5], "shared": "s" }),
        |call: &Call<'_>| {
            if call.state.is_empty() {
                return Answer::returns(json!([{ "Key": "a" }, { "Key": "b" }, { "Key": "c" }]));
            }
            let is_broken = call
                .arguments
                .as_i64()
                .is_some_and(|item| broken.contains(&item));
            if is_broken {
                Answer::throws("Broken", "because")
            } else {
                Answer::returns(call.arguments.clone())
            }
        },
    );
    assert_eq!(outcome(&execution), expected);
}

#[test]
fn each_item_is_a_child() {
    check(
        json!({ "Items": "{% $states.input.list %}" }),
        &[],
        json!({ "output": [1, 2, 3, 4, 5] }),
    );
    check(json!({ "Items": [] }), &[], json!({ "output": [] }));
    check(
        json!({ "Items": [7], "ItemSelector": { "item": "{% $states.context.Map.Item.Value %}", "shared": "{% $states.input.shared %}" } }),
        &[],
        json!({ "output": [{ "item": 7, "shared": "s" }] }),
    );
}

#[test]
fn batches_hold_so_many_items() {
    let batcher =
        json!({ "MaxItemsPerBatch": 2, "BatchInput": { "shared": "{% $states.input.shared %}" } });
    check(
        json!({ "Items": "{% $states.input.list %}", "ItemBatcher": batcher }),
        &[],
        json!({ "output": [
        { "BatchInput": { "shared": "s" }, "Items": [1, 2] },
        { "BatchInput": { "shared": "s" }, "Items": [3, 4] },
        { "BatchInput": { "shared": "s" }, "Items": [5] }
    ] }),
    );
    // {"Items":[]} is 12 bytes long, and each item adds itself and a comma.
    let batcher = json!({ "MaxInputBytesPerBatch": 16 });
    check(
        json!({ "Items": "{% $states.input.list %}", "ItemBatcher": batcher }),
        &[],
        json!({ "output": [
        { "Items": [1, 2] }, { "Items": [3, 4] }, { "Items": [5] }
    ] }),
    );
}

#[test]
fn a_reader_gives_the_items() {
    let reader = json!({ "Resource": "arn:aws:states:::s3:listObjectsV2", "Arguments": { "Bucket": "{% $states.input.shared %}" } });
    check(
        json!({ "ItemReader": reader }),
        &[],
        json!({ "output": [{ "Key": "a" }, { "Key": "b" }, { "Key": "c" }] }),
    );
}

#[test]
fn a_reader_that_fails_fails_the_map() {
    let reader =
        json!({ "Resource": "arn:aws:states:::s3:listObjectsV2", "Arguments": { "Bucket": "b" } });
    let execution = run(
        &definition(json!({ "ItemReader": reader })),
        json!({}),
        |_: &Call<'_>| Answer::throws("", "no bucket"),
    );
    assert_eq!(
        outcome(&execution),
        json!({ "status": "FAILED", "error": "States.ItemReaderFailed", "cause": "no bucket" })
    );
    assert_eq!(
        events(&execution),
        [
            "ExecutionStarted",
            "MapStateEntered",
            "MapStateStarted",
            "MapRunStarted",
            "MapRunFailed",
            "MapStateFailed",
            "ExecutionFailed"
        ]
    );
}

#[test]
fn so_many_failures_are_tolerated() {
    let exceeded = json!({
        "status": "FAILED", "error": "States.ExceedToleratedFailureThreshold",
        "cause": "The specified tolerated failure threshold was exceeded"
    });
    let with = |key: &str, value: Value| json!({ "Items": "{% $states.input.list %}", key: value });
    check(with("MaxConcurrency", json!(1)), &[2], exceeded.clone());
    check(
        with("ToleratedFailureCount", json!(1)),
        &[2],
        json!({ "output": [1, 3, 4, 5] }),
    );
    check(
        with("ToleratedFailureCount", json!(1)),
        &[2, 3],
        exceeded.clone(),
    );
    check(
        with("ToleratedFailurePercentage", json!(40)),
        &[1, 2],
        json!({ "output": [3, 4, 5] }),
    );
    check(
        with("ToleratedFailurePercentage", json!(39.9)),
        &[1, 2],
        exceeded,
    );
}
