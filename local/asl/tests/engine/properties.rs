//! What holds for any definition, input and course of events. The seed is fixed, so that a failure comes again.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use videoflow_asl::effect::{Effect, Event, MapRunId, TaskId, TimerId, Timestamp};
use videoflow_asl::replay::replay;
use videoflow_asl::simulation::{Answer, Call, EPOCH, Simulation};
use videoflow_asl::{Execution, Start, StateMachine, Status};

use crate::support::{compile, jsonata, task};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(5),
        ..ProptestConfig::default()
    }
}

/// Machines that have every type of state and most fields, in either language.
fn definitions() -> Vec<Value> {
    let inner = json!({ "StartAt": "In", "States": { "In": { "Type": "Pass", "Parameters": { "x.$": "$" }, "End": true } } });
    let mut distributed = inner.clone();
    distributed["ProcessorConfig"] = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    distributed["States"] = json!({ "In2": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true } });
    distributed["StartAt"] = json!("In2");
    let path = json!({
        "Comment": "c", "StartAt": "Pass", "TimeoutSeconds": 99, "States": {
            "Pass": { "Type": "Pass", "InputPath": "$", "Parameters": { "a.$": "States.Format('{}', $.a)", "l.$": "States.ArrayRange(0, 3, 1)", "n": 3 },
                "ResultPath": "$.r", "OutputPath": "$.r", "Assign": { "v.$": "$.n" }, "Next": "Choice" },
            "Choice": { "Type": "Choice", "Default": "Wait", "Choices": [
                { "And": [{ "Variable": "$.n", "NumericEquals": 9 }, { "Not": { "Variable": "$.a", "IsPresent": true } }], "Next": "Fail" },
                { "Variable": "$.a", "StringMatches": "q*", "Next": "Fail" }] },
            "Wait": { "Type": "Wait", "SecondsPath": "$.n", "Next": "Map" },
            "Map": { "Type": "Map", "ItemsPath": "$.l", "MaxConcurrencyPath": "$v", "ItemSelector": { "i.$": "$$.Map.Item.Value" }, "ItemProcessor": inner,
                "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 2, "MaxDelaySeconds": 9, "JitterStrategy": "FULL" }],
                "ResultSelector": { "all.$": "$[*].x" }, "Next": "Fork" },
            "Fork": { "Type": "Parallel", "Branches": [{ "StartAt": "Left", "States": { "Left": { "Type": "Succeed" } } }],
                "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Fail" }], "Next": "Done" },
            "Done": { "Type": "Succeed", "OutputPath": "$[0]" },
            "Fail": { "Type": "Fail", "ErrorPath": "$.e", "Cause": "because" }
        }
    });
    let ata = json!({
        "QueryLanguage": "JSONata", "StartAt": "Ask", "States": {
            "Ask": task(json!({ "Arguments": { "a": "{% $states.input.a %}" }, "TimeoutSeconds": 9, "HeartbeatSeconds": "{% 3 %}",
                "Assign": { "v": "{% $states.result %}" }, "Output": "{% [$states.input.n, $v] %}",
                "Catch": [{ "ErrorEquals": ["Busy"], "Output": "{% $states.errorOutput %}", "Assign": { "w": 1 }, "Next": "Stop" }], "Next": "Each" })),
            "Each": { "Type": "Map", "Items": [1, "{% 2 %}", 3], "ItemBatcher": { "MaxItemsPerBatch": 2 }, "ToleratedFailurePercentage": 50,
                "ResultWriter": { "WriterConfig": { "Transformation": "FLATTEN", "OutputType": "JSON" } }, "Label": "L", "ItemProcessor": distributed, "Next": "Which" },
            "Which": { "Type": "Choice", "Choices": [{ "Condition": "{% $count($states.input) > 9 %}", "Next": "Stop", "Output": 1 }], "Default": "Sleep" },
            "Sleep": { "Type": "Wait", "Timestamp": "{% $now() %}", "Output": "{% $uuid() %}", "Next": "Stop" },
            "Stop": { "Type": "Fail", "Error": "{% $string($states.input) %}", "Cause": "c" }
        }
    });
    vec![path, ata]
}

/// Something to put in the place of a part of a definition.
fn scrap() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(vec![
        "",
        "$",
        "$.a",
        "$.l[*]",
        "$$",
        "$v",
        "$.a[?(@.x)]",
        "{% $states %}",
        "{% 1 %}",
        "{% [1, 'a'] %}",
        "{% $error('x') %}",
        "{% nothing %}",
        "{%",
        "JSONata",
        "JSONPath",
        "Pass",
        "Fail",
        "Map",
        "Task",
        "States.UUID()",
        "States.Array($.a)",
        "States.ALL",
        "2012-10-09T19:00:55Z",
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "arn:aws:lambda:us-east-1:0:function:f",
        "DISTRIBUTED",
        "INLINE",
    ]);
    let leaf = prop_oneof![
        4 => text.prop_map(Value::from),
        1 => ".{0,6}".prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => (-2_i64..5).prop_map(Value::from),
        1 => Just(json!(1e300)),
        1 => Just(json!(1.5)),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::hash_map("[a-cA-Z]{1,6}|a\\.\\$", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Puts the scrap in the place of the n-th part, or takes that away.
fn mutate(value: &mut Value, place: &mut usize, scrap: Option<&Value>) {
    let keys: Vec<String> = value
        .as_object()
        .map(|members| members.keys().cloned().collect())
        .unwrap_or_default();
    for key in keys {
        if *place == 0 {
            *place = usize::MAX;
            match (scrap, value.as_object_mut()) {
                (Some(scrap), _) => value[&key] = scrap.clone(),
                (None, members) => drop(members.and_then(|members| members.shift_remove(&key))),
            }
            return;
        }
        *place -= 1;
        mutate(&mut value[&key], place, scrap);
        if *place == usize::MAX {
            return;
        }
    }
    for item in value.as_array_mut().into_iter().flatten() {
        mutate(item, place, scrap);
        if *place == usize::MAX {
            return;
        }
    }
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn any_definition_runs_or_is_refused(
        which in 0..2_usize,
        changes in prop::collection::vec((0..130_usize, prop::option::weighted(0.8, scrap())), 1..4),
        input in prop_oneof![3 => Just(json!({ "a": "x", "l": [1], "n": 1 })), 1 => scrap()],
        fails in any::<bool>()
    ) {
        let mut definition = definitions().swap_remove(which);
        for (place, scrap) in changes {
            mutate(&mut definition, &mut { place }, scrap.as_ref());
        }
        if let Ok(machine) = StateMachine::compile(&definition.to_string()) {
            let answer = |call: &Call<'_>| if fails {
                Answer::throws("Busy", "b")
            } else {
                Answer::returns(call.arguments.clone())
            };
            let execution = Simulation::new(answer).run(&Arc::new(machine), input);
            prop_assert!(execution.history().len() <= 25_000);
        }
    }

    #[test]
    fn any_text_is_a_definition_or_is_refused(text in "[{}\\[\\]\":,$a-zS ]{0,40}|.{0,40}") {
        let _ = StateMachine::compile(&text);
    }
}

/// A machine with branches, iterations, children, retries, handlers, waits, timeouts.
fn busy() -> Arc<StateMachine> {
    let ask = |name: &str, more: Value| json!({ "StartAt": name, "States": { name: task(more) } });
    let careful = json!({
        "TimeoutSeconds": 60, "HeartbeatSeconds": 20, "End": true,
        "Retry": [{ "ErrorEquals": ["Busy"], "MaxAttempts": 2, "JitterStrategy": "FULL" }]
    });
    let mut child = ask("Child", json!({ "End": true }));
    child["ProcessorConfig"] = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    let writer =
        json!({ "Resource": "arn:aws:states:::s3:putObject", "Arguments": { "Bucket": "b" } });
    let token = json!({ "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Arguments": "{% $states.context.Task.Token %}", "End": true });
    compile(&jsonata(&json!({
        "Fork": { "Type": "Parallel", "Next": "Sleep", "Catch": [{ "ErrorEquals": ["States.Timeout"], "Next": "Sleep" }], "Branches": [
            ask("One", careful), ask("Two", token),
            { "StartAt": "Each", "States": { "Each": { "Type": "Map", "Items": [1, 2, 3], "MaxConcurrency": 2, "End": true,
                "ItemProcessor": ask("Item", json!({ "End": true, "Output": "{% $random() %}" })) } } },
            { "StartAt": "Far", "States": { "Far": { "Type": "Map", "Items": [1, 2, 3], "MaxConcurrency": 2, "ToleratedFailureCount": 1,
                "ItemProcessor": child, "ResultWriter": writer, "End": true } } }
        ] },
        "Sleep": { "Type": "Wait", "Seconds": 30, "Assign": { "id": "{% $uuid() %}" }, "Next": "Last" },
        "Last": task(json!({ "Arguments": "{% $id %}", "End": true }))
    })))
}

fn start() -> Start {
    Start {
        execution_arn: "arn:aws:states:us-east-1:0:execution:m:e".to_owned(),
        execution_name: "e".to_owned(),
        state_machine_arn: "arn:aws:states:us-east-1:0:stateMachine:m".to_owned(),
        state_machine_name: "m".to_owned(),
        role_arn: String::new(),
        input: json!({ "n": 1 }),
        redrive_count: 0,
        seed: 3,
    }
}

/// What an execution waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    Task(TaskId),
    Timer(TimerId, Timestamp),
    Child(MapRunId, usize),
    Written(MapRunId),
}

fn note(effects: Vec<Effect>, open: &mut BTreeSet<Wanted>) {
    for effect in effects {
        match effect {
            Effect::StartTask { task, .. } => {
                open.insert(Wanted::Task(task));
            }
            Effect::CancelTask { task } => {
                open.remove(&Wanted::Task(task));
            }
            Effect::StartTimer { timer, due, .. } => {
                open.insert(Wanted::Timer(timer, due));
            }
            Effect::CancelTimer { timer } => {
                open.retain(|wanted| !matches!(wanted, Wanted::Timer(id, _) if *id == timer));
            }
            Effect::StartChild { map_run, index, .. }
            | Effect::RedriveChild { map_run, index, .. } => {
                open.insert(Wanted::Child(map_run, index));
            }
            Effect::WriteResults { map_run, .. } => {
                open.insert(Wanted::Written(map_run));
            }
            Effect::CancelMapRun { map_run } => open.retain(|wanted| {
                !matches!(wanted, Wanted::Child(id, _) | Wanted::Written(id) if *id == map_run)
            }),
            Effect::ReadItems { .. } | Effect::Finish => {}
        }
    }
}

/// The event that answers what is wanted, in one of several ways.
fn event(wanted: Wanted, way: u8) -> Event {
    let failure = || {
        let error = if way.is_multiple_of(2) {
            "Busy"
        } else {
            "Broken"
        };
        (error.to_owned(), "because".to_owned())
    };
    match (wanted, way) {
        (Wanted::Task(task), 0) => Event::TaskSubmitted {
            task,
            output: json!("accepted"),
        },
        (Wanted::Task(task), 1) => Event::TaskHeartbeat { task },
        (Wanted::Task(task), 2 | 3) => {
            let (error, cause) = failure();
            Event::TaskFailed { task, error, cause }
        }
        (Wanted::Task(task), _) => Event::TaskSucceeded {
            task,
            output: json!({ "way": way }),
        },
        (Wanted::Timer(timer, _), _) => Event::TimerFired { timer },
        (Wanted::Child(map_run, index), way) => {
            let outcome = if way < 4 {
                Err(failure())
            } else {
                Ok(json!([way]))
            };
            Event::ChildEnded {
                map_run,
                index,
                outcome,
            }
        }
        (Wanted::Written(map_run), way) => {
            let written = if way < 2 {
                Err(failure())
            } else {
                Ok(json!({}))
            };
            Event::ResultsWritten { map_run, written }
        }
    }
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn a_replayed_execution_is_the_same(choices in prop::collection::vec((any::<prop::sample::Index>(), 0..9_u8, 0..20_000_i64), 0..60)) {
        let machine = busy();
        let (mut execution, effects) = Execution::start(Arc::clone(&machine), start(), EPOCH);
        let mut open = BTreeSet::new();
        note(effects, &mut open);
        let (mut now, mut journal) = (EPOCH, Vec::new());
        for (choice, way, later) in choices {
            now = now.plus_ms(later);
            let waits: Vec<Wanted> = open.iter().copied().collect();
            let event = match (execution.status(), waits.is_empty()) {
                (Status::Running, false) => event(*choice.get(&waits), way),
                (Status::Failed | Status::TimedOut | Status::Aborted, _) => Event::Redriven,
                _ => break,
            };
            match &event {
                Event::TaskSucceeded { task, .. } | Event::TaskFailed { task, .. } => {
                open.remove(&Wanted::Task(*task));
            }
                Event::TimerFired { timer } => open.retain(|wanted| !matches!(wanted, Wanted::Timer(id, _) if id == timer)),
                Event::ChildEnded { map_run, index, .. } => {
                open.remove(&Wanted::Child(*map_run, *index));
            }
                Event::ResultsWritten { map_run, .. } => {
                open.remove(&Wanted::Written(*map_run));
            }
                _ => {}
            }
            journal.push((event.clone(), now));
            let effects = execution.handle(event, now);
            note(effects, &mut open);
        }
        // As a journal keeps it.
        let told: Vec<(Event, Timestamp)> = serde_json::from_value(json!(journal)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let replayed = replay(machine, start(), EPOCH, told);
        prop_assert_eq!(replayed.execution.status(), execution.status());
        prop_assert_eq!(replayed.execution.output(), execution.output());
        prop_assert_eq!(replayed.execution.cause(), execution.cause());
        prop_assert_eq!(replayed.execution.history(), execution.history());
        let mut again = BTreeSet::new();
        note(replayed.pending.into_iter().map(|pending| pending.effect).collect(), &mut again);
        prop_assert_eq!(again, open);
        let ids: Vec<u64> = execution.history().iter().map(|event| event.id).collect();
        prop_assert!(ids.iter().copied().eq(1..=ids.len() as u64));
        prop_assert!(execution.history().iter().all(|event| event.previous_event_id < event.id));
    }
}
