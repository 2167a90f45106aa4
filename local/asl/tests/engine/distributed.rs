//! Distributed Maps.

use serde_json::{Value, json};
use videoflow_asl::effect::{Effect, Event};
use videoflow_asl::map_runs::{MapRunSettings, MapRunStatus};
use videoflow_asl::results::ChildOutcome;
use videoflow_asl::simulation::{Answer, Call, EPOCH};
use videoflow_asl::{Execution, Start, Status};

use crate::support::{compile, events, jsonata, outcome, run, task};

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

#[test]
fn results_are_the_states_as_the_writer_says() {
    let with = |transformation: &str| {
        json!({
            "Items": [[1, 2], 3], "ResultWriter": { "WriterConfig": { "Transformation": transformation, "OutputType": "JSON" } }
        })
    };
    check(with("COMPACT"), &[], json!({ "output": [[1, 2], 3] }));
    check(with("FLATTEN"), &[], json!({ "output": [1, 2, 3] }));
    let mut tolerant = with("COMPACT");
    tolerant["ToleratedFailureCount"] = json!(1);
    let failed = json!({
        "Input": "3", "InputDetails": { "Included": true }, "Error": "Broken", "Cause": "because", "Status": "FAILED"
    });
    check(tolerant, &[3], json!({ "output": [[1, 2], failed] }));
}

#[test]
fn written_results_are_told_by_their_place() {
    let writer = json!({ "Resource": "arn:aws:states:::s3:putObject", "Arguments": { "Bucket": "b", "Prefix": "p/" } });
    let execution = run(
        &definition(json!({ "Items": [1], "ResultWriter": writer, "Label": "L" })),
        json!({}),
        |call: &Call<'_>| Answer::returns(call.arguments.clone()),
    );
    let output = execution.output().cloned().unwrap_or_default();
    let arn = output["MapRunArn"].as_str().unwrap_or_default();
    let (run, id) = arn.rsplit_once(':').unwrap_or_default();
    assert_eq!(
        run,
        "arn:aws:states:us-east-1:000000000000:mapRun:machine/L"
    );
    assert_eq!(
        output["ResultWriterDetails"],
        json!({ "Bucket": "b", "Key": format!("p/{id}/manifest.json") })
    );
    assert!(events(&execution).contains(&"MapRunSucceeded"));
}

fn start(input: Value) -> Start {
    Start {
        execution_arn: String::new(),
        execution_name: String::new(),
        state_machine_arn: "arn:aws:states:us-east-1:0:stateMachine:m".to_owned(),
        state_machine_name: String::new(),
        role_arn: String::new(),
        input,
        redrive_count: 0,
        seed: 1,
    }
}

/// A run of five children, two at once, of which one failure is tolerated; children 1 and 2 fail. Gives the execution and
/// the effects of the last failure.
fn halted(fields: Value) -> (Execution, Vec<Effect>) {
    let mut map =
        json!({ "Items": [0, 1, 2, 3, 4], "MaxConcurrency": 2, "ToleratedFailureCount": 1 });
    if let (Some(members), Value::Object(fields)) = (map.as_object_mut(), fields) {
        members.extend(fields);
    }
    let machine = compile(&definition(map));
    let (mut execution, effects) = Execution::start(machine, start(json!({})), EPOCH);
    let Some(Effect::StartChild { map_run, .. }) = effects.first() else {
        panic!("{effects:?}");
    };
    let map_run = *map_run;
    let broken = || Err(("Broken".to_owned(), "because".to_owned()));
    let mut told = Vec::new();
    for (index, outcome) in [(0, Ok(json!("zero"))), (1, broken()), (2, broken())] {
        let ended = Event::ChildEnded {
            map_run,
            index,
            outcome,
        };
        told = execution.handle(ended, EPOCH);
        if told
            .iter()
            .any(|effect| matches!(effect, Effect::WriteResults { .. }))
        {
            break;
        }
    }
    (execution, told)
}

#[test]
fn a_redrive_lets_children_go_on_that_did_not_succeed() {
    let (mut execution, effects) = halted(json!({}));
    assert!(matches!(
        effects.as_slice(),
        [Effect::CancelMapRun { .. }, Effect::Finish]
    ));
    assert_eq!(
        execution.error(),
        Some("States.ExceedToleratedFailureThreshold")
    );
    let mut open = execution.handle(Event::Redriven, EPOCH);
    let mut begun = Vec::new();
    while !open.is_empty() {
        let (map_run, index, name) = match open.remove(0) {
            Effect::RedriveChild { map_run, index, .. } => (map_run, index, "again"),
            Effect::StartChild { map_run, index, .. } => (map_run, index, "anew"),
            Effect::Finish => break,
            other => panic!("{other:?}"),
        };
        begun.push((index, name));
        let outcome = Ok(json!(index));
        let ended = Event::ChildEnded {
            map_run,
            index,
            outcome,
        };
        open.extend(execution.handle(ended, EPOCH));
    }
    assert_eq!(
        begun,
        [(1, "again"), (2, "again"), (3, "again"), (4, "anew")]
    );
    assert_eq!(
        outcome(&execution),
        json!({ "output": ["zero", 1, 2, 3, 4] })
    );
    let types = events(&execution);
    let redriven = types.iter().position(|event| *event == "MapRunRedriven");
    let redriven = redriven.unwrap_or_default();
    assert_eq!(types[redriven - 1], "ExecutionRedriven");
    assert_eq!(
        types
            .iter()
            .filter(|event| **event == "MapRunStarted")
            .count(),
        1
    );
}

#[test]
fn results_are_written_of_a_run_that_failed() {
    let writer =
        json!({ "Resource": "arn:aws:states:::s3:putObject", "Arguments": { "Bucket": "b" } });
    let (mut execution, effects) = halted(json!({ "ResultWriter": writer }));
    let [
        Effect::CancelMapRun { .. },
        Effect::WriteResults {
            map_run,
            folder,
            results,
            ..
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    let outcomes: Vec<&ChildOutcome> = results.iter().map(|result| &result.outcome).collect();
    let broken = ChildOutcome::Failed("Broken".to_owned(), "because".to_owned());
    assert_eq!(
        outcomes,
        [
            &ChildOutcome::Succeeded(json!("zero")),
            &broken,
            &broken,
            &ChildOutcome::Aborted,
            &ChildOutcome::Pending
        ]
    );
    assert_eq!(results[1].input, json!(1));
    assert!(!folder.contains('/'), "{folder}");
    let written = Event::ResultsWritten {
        map_run: *map_run,
        written: Ok(json!({})),
    };
    execution.handle(written, EPOCH);
    assert_eq!(
        execution.error(),
        Some("States.ExceedToleratedFailureThreshold")
    );
}

#[test]
fn results_that_cannot_be_written_fail_the_map() {
    let writer =
        json!({ "Resource": "arn:aws:states:::s3:putObject", "Arguments": { "Bucket": "b" } });
    let (mut execution, effects) =
        halted(json!({ "ResultWriter": writer, "ToleratedFailureCount": 0 }));
    let map_run = effects.iter().find_map(|effect| match effect {
        Effect::WriteResults { map_run, .. } => Some(*map_run),
        _ => None,
    });
    let written = Event::ResultsWritten {
        map_run: map_run.unwrap_or_else(|| panic!("{effects:?}")),
        written: Err((String::new(), "no such bucket".to_owned())),
    };
    execution.handle(written, EPOCH);
    assert_eq!(
        outcome(&execution),
        json!({ "status": "FAILED", "error": "States.ResultWriterFailed", "cause": "no such bucket" })
    );
}

#[test]
fn a_reader_is_told_how_many_items_are_wanted() {
    let config = |config: Value, input: Value| {
        let reader = json!({ "Resource": "arn:aws:states:::s3:getObject", "Parameters": { "Bucket": "b" }, "ReaderConfig": config });
        let map = json!({ "Type": "Map", "End": true, "ItemReader": reader, "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" }, "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } }
        } });
        let machine = compile(&json!({ "StartAt": "Each", "States": { "Each": map } }));
        let (_, effects) = Execution::start(machine, start(input), EPOCH);
        effects.into_iter().find_map(|effect| match effect {
            Effect::ReadItems { config, .. } => Some(config),
            _ => None,
        })
    };
    let csv = |key: &str, value: Value| json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", key: value });
    assert_eq!(
        config(csv("MaxItems", json!(2)), json!({})),
        Some(csv("MaxItems", json!(2)))
    );
    assert_eq!(
        config(csv("MaxItemsPath", json!("$.n")), json!({ "n": "3" })),
        Some(csv("MaxItems", json!(3)))
    );
    assert_eq!(
        config(csv("MaxItemsPath", json!("$.n")), json!({ "n": -1 })),
        None
    );
}

#[test]
fn a_run_is_described_and_its_settings_change_while_it_runs() {
    let fields = json!({ "MaxConcurrency": 1, "ItemBatcher": { "MaxItemsPerBatch": 2 } });
    let begin = start(json!([1, 2, 3, 4, 5]));
    let (mut execution, effects) = Execution::start(compile(&definition(fields)), begin, EPOCH);
    let [Effect::StartChild { map_run, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let run = execution.map_runs().next().expect("a run").clone();
    assert_eq!(
        (run.status, run.items.as_slice()),
        (MapRunStatus::Running, [2, 2, 1].as_slice())
    );
    assert_eq!(run.settings.max_concurrency, Some(1));
    assert_eq!(execution.running_map_run(&run.map_run_arn), Some(*map_run));
    let update = |settings| Event::MapRunUpdated {
        map_run: *map_run,
        settings,
    };
    let settings = MapRunSettings {
        max_concurrency: Some(0),
        tolerated_failure_count: Some(1),
        ..MapRunSettings::default()
    };
    assert_eq!(
        execution.handle(update(settings), EPOCH.plus_ms(1)).len(),
        2,
        "the other children"
    );
    let ended = |index, outcome| Event::ChildEnded {
        map_run: *map_run,
        index,
        outcome,
    };
    let failed = || Err(("E".to_owned(), "c".to_owned()));
    execution.handle(ended(0, failed()), EPOCH.plus_ms(2));
    assert_eq!(
        execution.status(),
        Status::Running,
        "one failure is tolerated"
    );
    let settings = MapRunSettings {
        tolerated_failure_count: Some(0),
        ..MapRunSettings::default()
    };
    execution.handle(update(settings), EPOCH.plus_ms(3));
    assert_eq!(
        execution.error(),
        Some("States.ExceedToleratedFailureThreshold")
    );
    let run = execution.map_runs().next().expect("a run");
    assert_eq!(
        (run.status, run.stop),
        (MapRunStatus::Failed, Some(EPOCH.plus_ms(3)))
    );
    assert_eq!(run.settings.max_concurrency, Some(0));
    assert_eq!(execution.running_map_run(&run.map_run_arn), None);
}
