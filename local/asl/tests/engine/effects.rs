//! What an execution asks of its driver.

use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_asl::effect::{Effect, Event, Pattern, TaskId, TimerId, Timestamp};
use videoflow_asl::{Execution, Start, StateMachine, Status};

use crate::support::{compile, events, jsonata, task};

const T0: Timestamp = Timestamp(1_000_000);

fn start(machine: Arc<StateMachine>) -> (Execution, Vec<Effect>) {
    let start = Start {
        execution_arn: "arn:aws:states:eu-west-1:123456789012:execution:m:e".to_owned(),
        execution_name: "e".to_owned(),
        state_machine_arn: "arn:aws:states:eu-west-1:123456789012:stateMachine:m".to_owned(),
        state_machine_name: "m".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/r".to_owned(),
        input: json!({}),
        redrive_count: 0,
        seed: 7,
    };
    Execution::start(machine, start, T0)
}

fn one_task(resource: &str, fields: Value) -> Arc<StateMachine> {
    let mut state = task(fields);
    state["Resource"] = json!(resource);
    compile(&jsonata(&json!({ "Ask": state })))
}

/// The Task that the effects start.
fn task_in(effects: &[Effect]) -> TaskId {
    let task = effects.iter().find_map(|effect| match effect {
        Effect::StartTask { task, .. } => Some(*task),
        _ => None,
    });
    task.unwrap_or_else(|| panic!("no Task in {effects:?}"))
}

fn timers_in(effects: &[Effect]) -> Vec<(TimerId, i64, bool)> {
    let timer = |effect: &Effect| match effect {
        Effect::StartTimer {
            timer,
            due,
            scalable,
        } => Some((*timer, due.0 - T0.0, *scalable)),
        _ => None,
    };
    effects.iter().filter_map(timer).collect()
}

#[test]
fn executions_and_machines_move_between_threads() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<Execution>();
    is_send::<StateMachine>();
    is_sync::<StateMachine>();
}

#[test]
fn the_pattern_is_the_resources_ending() {
    for (resource, arn, expected, has_token) in [
        (
            "arn:aws:states:::lambda:invoke",
            "arn:aws:states:::lambda:invoke",
            Pattern::RequestResponse,
            false,
        ),
        (
            "arn:aws:states:::states:startExecution.sync",
            "arn:aws:states:::states:startExecution",
            Pattern::RunJob,
            false,
        ),
        (
            "arn:aws:states:::states:startExecution.sync:2",
            "arn:aws:states:::states:startExecution",
            Pattern::RunJobV2,
            false,
        ),
        (
            "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
            "arn:aws:states:::aws-sdk:dynamodb:updateItem",
            Pattern::TaskToken,
            true,
        ),
    ] {
        let (_, effects) = start(one_task(resource, json!({ "End": true })));
        let [
            Effect::StartTask {
                resource,
                pattern,
                token,
                ..
            },
        ] = effects.as_slice()
        else {
            panic!("{effects:?}")
        };
        assert_eq!(
            (resource.as_str(), *pattern, token.is_some()),
            (arn, expected, has_token)
        );
    }
}

#[test]
fn a_token_is_in_the_context_and_new_for_each_attempt() {
    let fields = json!({
        "Arguments": { "Token": "{% $states.context.Task.Token %}" },
        "Retry": [{ "ErrorEquals": ["States.ALL"] }], "End": true
    });
    let (mut execution, effects) = start(one_task(
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        fields,
    ));
    let token = |effects: &[Effect]| {
        let [
            Effect::StartTask {
                arguments,
                token: Some(token),
                ..
            },
        ] = effects
        else {
            panic!("{effects:?}")
        };
        assert_eq!(arguments["Token"], json!(token));
        token.clone()
    };
    let first = token(&effects);
    let effects = execution.handle(
        Event::TaskFailed {
            task: task_in(&effects),
            error: "E".to_owned(),
            cause: String::new(),
        },
        T0,
    );
    let [
        Effect::StartTimer {
            timer,
            due: Timestamp(1_001_000),
            scalable: true,
        },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    let second = token(&execution.handle(Event::TimerFired { timer: *timer }, T0.plus_ms(1000)));
    assert_ne!(first, second);
}

#[test]
fn a_task_that_ends_frees_its_timers() {
    let fields = json!({ "TimeoutSeconds": 60, "HeartbeatSeconds": 10, "End": true });
    let (mut execution, effects) = start(one_task("arn:aws:states:::lambda:invoke", fields));
    let timers = timers_in(&effects);
    assert_eq!(
        timers
            .iter()
            .map(|(_, due, scalable)| (*due, *scalable))
            .collect::<Vec<_>>(),
        [(60_000, false), (10_000, false)]
    );
    let effects = execution.handle(
        Event::TaskSucceeded {
            task: task_in(&effects),
            output: json!(1),
        },
        T0,
    );
    let mut expected: Vec<Effect> = timers
        .iter()
        .map(|(timer, ..)| Effect::CancelTimer { timer: *timer })
        .collect();
    expected.push(Effect::Finish);
    assert_eq!(effects, expected);
}

#[test]
fn a_heartbeat_begins_the_time_anew() {
    let (mut execution, effects) = start(one_task(
        "arn:aws:states:::lambda:invoke",
        json!({ "HeartbeatSeconds": 10, "End": true }),
    ));
    let (task, timers) = (task_in(&effects), timers_in(&effects));
    let effects = execution.handle(Event::TaskHeartbeat { task }, T0.plus_ms(4_000));
    assert_eq!(
        effects.first(),
        Some(&Effect::CancelTimer { timer: timers[0].0 })
    );
    let renewed = timers_in(&effects);
    assert_eq!(renewed[0].1, 14_000);
    assert_eq!(
        execution.handle(Event::TimerFired { timer: timers[0].0 }, T0.plus_ms(10_000)),
        []
    );
    let effects = execution.handle(
        Event::TimerFired {
            timer: renewed[0].0,
        },
        T0.plus_ms(14_000),
    );
    assert_eq!(effects, [Effect::CancelTask { task }, Effect::Finish]);
    assert_eq!(execution.error(), Some("States.Timeout"));
}

#[test]
fn stopping_cancels_everything_and_later_events_do_nothing() {
    let fields = json!({ "TimeoutSeconds": 60, "End": true });
    let (mut execution, effects) = start(one_task("arn:aws:states:::lambda:invoke", fields));
    let (task, timers) = (task_in(&effects), timers_in(&effects));
    let stopped = Event::Stopped {
        error: Some("Enough".to_owned()),
        cause: None,
    };
    assert_eq!(
        execution.handle(stopped, T0),
        [
            Effect::CancelTimer { timer: timers[0].0 },
            Effect::CancelTask { task },
            Effect::Finish
        ]
    );
    assert_eq!(
        (execution.status(), execution.error()),
        (Status::Aborted, Some("Enough"))
    );
    assert_eq!(
        execution.handle(
            Event::TaskSucceeded {
                task,
                output: json!(1)
            },
            T0
        ),
        []
    );
    assert_eq!(events(&execution).last(), Some(&"ExecutionAborted"));
}

#[test]
fn a_map_run_can_be_cancelled_and_gives_its_machine() {
    let map = json!({
        "Type": "Map", "Items": [1, 2, 3], "MaxConcurrency": 2, "End": true,
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "Same", "States": { "Same": { "Type": "Pass", "End": true } }
        }
    });
    let (mut execution, effects) = start(compile(&jsonata(&json!({ "Each": map }))));
    let [
        Effect::StartChild {
            map_run, index: 0, ..
        },
        Effect::StartChild { index: 1, .. },
    ] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert!(execution.item_processor(*map_run).is_some());
    let ended = |index| Event::ChildEnded {
        map_run: *map_run,
        index,
        outcome: Ok(json!(index)),
    };
    let effects_of_first = execution.handle(ended(1), T0);
    assert_eq!(
        effects_of_first,
        [Effect::StartChild {
            map_run: *map_run,
            index: 2,
            input: json!(3)
        }]
    );
    assert_eq!(execution.handle(ended(1), T0), [], "a child ends once");
    let effects = execution.handle(
        Event::Stopped {
            error: None,
            cause: None,
        },
        T0,
    );
    assert_eq!(
        effects,
        [Effect::CancelMapRun { map_run: *map_run }, Effect::Finish]
    );
}

#[test]
fn an_activitys_time_begins_when_a_worker_takes_it() {
    let fields = json!({ "TimeoutSeconds": 60, "HeartbeatSeconds": 10, "End": true });
    let activity = "arn:aws:states:us-east-1:000000000000:activity:a";
    let (mut execution, effects) = start(one_task(activity, fields));
    assert_eq!(timers_in(&effects), []);
    let task = task_in(&effects);
    let taken = |worker: &str| Event::TaskStarted {
        task,
        worker: Some(worker.to_owned()),
    };
    let effects = execution.handle(taken("first"), T0.plus_ms(5_000));
    let due: Vec<i64> = timers_in(&effects).iter().map(|(_, due, _)| *due).collect();
    assert_eq!(due, [65_000, 15_000]);
    assert_eq!(execution.handle(taken("second"), T0.plus_ms(6_000)), []);
    let started = execution
        .history()
        .last()
        .and_then(|event| event.text("workerName"));
    assert_eq!(started, Some("first"));
    let heartbeat = timers_in(&effects)[1].0;
    execution.handle(Event::TimerFired { timer: heartbeat }, T0.plus_ms(15_000));
    let types: Vec<&str> = execution
        .history()
        .iter()
        .map(|event| event.event_type)
        .collect();
    let expected = [
        "ActivityScheduled",
        "ActivityStarted",
        "ActivityTimedOut",
        "ExecutionFailed",
    ];
    assert_eq!(types.get(2..), Some(expected.as_slice()));
}

#[test]
fn an_activity_that_nobody_took_failed_to_be_scheduled() {
    let activity = "arn:aws:states:us-east-1:000000000000:activity:a";
    let (mut execution, effects) = start(one_task(activity, json!({ "End": true })));
    let (error, cause) = ("ActivityDoesNotExist".to_owned(), "gone".to_owned());
    let task = task_in(&effects);
    execution.handle(Event::TaskFailed { task, error, cause }, T0);
    let types: Vec<&str> = execution
        .history()
        .iter()
        .map(|event| event.event_type)
        .collect();
    let expected = [
        "ActivityScheduled",
        "ActivityScheduleFailed",
        "ExecutionFailed",
    ];
    assert_eq!(types.get(2..), Some(expected.as_slice()));
}
