//! Large payloads and many executions.

use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_asl::simulation::{Answer, Call, EPOCH, Nested, Simulation};
use videoflow_asl::{Execution, Start, Status};

use crate::support::{compile, echo, jsonata, outcome, run, task};

fn start(number: u32) -> Start {
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
    Start {
        execution_arn: format!("arn:aws:states:us-east-1:000000000000:execution:m:{number}"),
        execution_name: number.to_string(),
        state_machine_arn: machine.to_owned(),
        state_machine_name: "m".to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/r".to_owned(),
        input: json!({ "number": number }),
        redrive_count: 0,
        seed: u64::from(number),
    }
}

#[test]
fn many_executions_share_a_clock_and_come_back_in_order() {
    let machine = compile(&jsonata(&json!({
        "Wait": { "Type": "Wait", "Seconds": "{% $states.input.number %}", "Next": "Each" },
        "Each": {
            "Type": "Map", "Items": [1, 2], "Next": "Ask",
            "ItemProcessor": {
                "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                "StartAt": "Child", "States": { "Child": { "Type": "Succeed" } }
            }
        },
        "Ask": task(json!({ "End": true }))
    })));
    let mut seconds = Vec::new();
    let answer = |call: &Call<'_>| {
        seconds.push((call.now.0 - EPOCH.0) / 1000);
        echo(call)
    };
    let numbers = [3, 1, 2];
    let executions = Simulation::new(answer).run_many(&machine, numbers.map(start));
    assert_eq!(seconds, [1, 2, 3]);
    let inputs: Vec<&Value> = executions.iter().map(Execution::input).collect();
    assert_eq!(
        inputs,
        numbers.map(|number| json!({ "number": number })).each_ref()
    );
    assert!(
        executions
            .iter()
            .all(|execution| execution.status() == Status::Succeeded)
    );
}

#[test]
fn a_task_gets_the_end_of_the_execution_that_it_starts() {
    let check = |child: Value, pattern: &str, expected: (Status, i64), statuses: &[Status]| {
        let child = compile(&jsonata(&child));
        let parent = compile(&jsonata(&json!({
            "Start": {
                "Type": "Task", "TimeoutSeconds": 60, "End": true, "Arguments": {},
                "Resource": format!("arn:aws:states:::states:startExecution{pattern}"),
                "Output": "{% $states.result.Output %}"
            }
        })));
        let answer = |_: &Call<'_>| {
            let machine = Arc::clone(&child);
            let start = start(2);
            Answer::starts(Nested { machine, start })
        };
        let executions = Simulation::new(answer).run_all(&parent, start(1));
        let took = executions.first().map(|execution| {
            let end = execution.history().last().map(|event| event.timestamp.0);
            let seconds = (end.unwrap_or_default() - EPOCH.0) / 1000;
            (execution.status(), seconds)
        });
        assert_eq!(took, Some(expected), "{pattern}");
        let found: Vec<_> = executions.iter().map(Execution::status).collect();
        assert_eq!(found, statuses, "{pattern}");
    };
    let waits = |seconds: u32| {
        json!({
            "Wait": { "Type": "Wait", "Seconds": seconds, "Next": "Done" },
            "Done": { "Type": "Succeed", "Output": "done" }
        })
    };
    let fails = json!({ "Fail": { "Type": "Fail", "Error": "E", "Cause": "c" } });
    let (succeeded, failed) = (Status::Succeeded, Status::Failed);
    check(waits(5), ".sync:2", (succeeded, 5), &[succeeded; 2]);
    check(waits(5), "", (failed, 0), &[failed, succeeded]);
    check(fails, ".sync:2", (failed, 0), &[failed; 2]);
    check(
        waits(90),
        ".sync:2",
        (failed, 60),
        &[failed, Status::Aborted],
    );
}

#[test]
fn a_payload_over_the_limit_is_found_wherever_it_comes_from() {
    // 262,144 bytes as JSON text, with the quotes.
    let check = |states: Value, input: Value, is_refused: bool| {
        let execution = run(&jsonata(&states), input, |_: &Call<'_>| {
            Answer::returns(json!(1))
        });
        let expected = is_refused.then_some("States.DataLimitExceeded");
        assert_eq!(execution.error(), expected, "{states}");
    };
    for (length, is_refused) in [(262_142, false), (262_143, true)] {
        let text = json!("x".repeat(length));
        let pass = || json!({ "Type": "Pass", "End": true });
        check(json!({ "Same": pass() }), text.clone(), is_refused);
        check(
            json!({ "First": { "Type": "Pass", "Output": "", "Next": "Then" }, "Then": pass() }),
            text.clone(),
            false,
        );
        check(
            json!({ "Ask": task(json!({ "Arguments": "{% $states.input %}", "End": true })) }),
            text.clone(),
            is_refused,
        );
        let branch = json!({ "StartAt": "Same", "States": { "Same": pass() } });
        let map = json!({ "Type": "Map", "Items": "{% [$states.input] %}", "ItemProcessor": branch, "Output": "", "End": true });
        check(json!({ "Each": map }), text, is_refused);
    }
}

#[test]
fn a_member_is_found_beside_all_that_is_not_asked_for() {
    let definition = jsonata(&json!({ "Look": {
        "Type": "Pass", "End": true,
        "Output": {
            "member": "{% $states.input.a.b %}",
            "mapped": "{% $states.input.list.id %}",
            "missing": "{% $exists($states.input.a.none.c) %}",
            "beside": "{% $states.input.a.%.d %}",
            "context": "{% $states.context.Execution.Input.d %}",
            "named": "{% $exists($states.context.Execution.Name) %}"
        }
    } }));
    let input = json!({ "a": { "b": [1], "z": 2 }, "list": [{ "id": 1 }, { "id": 2 }], "d": 3 });
    let expected = json!({
        "member": [1], "mapped": [1, 2], "missing": false, "beside": 3, "context": 3, "named": true
    });
    assert_eq!(
        outcome(&run(&definition, input, echo)),
        json!({ "output": expected })
    );
}

#[test]
fn an_input_path_is_taken_again_at_each_attempt() {
    let mut definition = json!({ "StartAt": "Ask", "States": { "Ask": {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "InputPath": "$$.State.RetryCount",
        "Retry": [{ "ErrorEquals": ["Busy"] }], "End": true
    } } });
    definition["QueryLanguage"] = json!("JSONPath");
    let mut asked = Vec::new();
    let execution = run(&definition, json!({}), |call: &Call<'_>| {
        asked.push(call.arguments.clone());
        match asked.len() {
            1 | 2 => Answer::throws("Busy", ""),
            _ => echo(call),
        }
    });
    assert_eq!(execution.status(), Status::Succeeded);
    assert_eq!(asked, [json!(0), json!(1), json!(2)]);
}
