//! Retry, Catch, timeouts, limits.

use serde_json::{Value, json};
use videoflow_asl::simulation::{Answer, Call, EPOCH};

use crate::support::{echo, events, jsonata, outcome, run, task};

/// Runs a Task with these fields, whose attempts fail with these errors in turn and then succeed; gives the outcome and
/// the seconds at which each attempt began.
fn attempts(fields: Value, errors: &[&str]) -> (Value, Vec<i64>) {
    let definition =
        jsonata(&json!({ "Ask": task(fields), "Caught": { "Type": "Pass", "End": true } }));
    let mut began = Vec::new();
    let execution = run(&definition, json!({ "in": 1 }), |call: &Call<'_>| {
        let answer = errors
            .get(began.len())
            .map_or(Answer::returns(json!("fine")), |error| {
                Answer::throws(error, "because")
            });
        began.push((call.now.0 - EPOCH.0) / 1000);
        answer
    });
    (outcome(&execution), began)
}

/// `Caught` is always reachable, so that each case may use it.
fn caught(errors: &[&str]) -> Value {
    json!([{ "ErrorEquals": ["Never"], "Next": "Caught" }, { "ErrorEquals": errors, "Next": "Caught" }])
}

#[test]
fn retries_wait_longer_each_time() {
    let retry = |fields: Value| {
        let mut retrier = json!({ "ErrorEquals": ["Busy"] });
        if let (Some(members), Value::Object(fields)) = (retrier.as_object_mut(), fields) {
            members.extend(fields);
        }
        json!({ "Retry": [retrier], "Catch": caught(&["Other"]), "End": true })
    };
    let busy = ["Busy"; 9];
    let failed = json!({ "status": "FAILED", "error": "Busy", "cause": "because" });
    assert_eq!(
        attempts(retry(json!({})), &busy),
        (failed.clone(), vec![0, 1, 3, 7])
    );
    assert_eq!(
        attempts(retry(json!({ "MaxAttempts": 0 })), &busy),
        (failed.clone(), vec![0])
    );
    assert_eq!(
        attempts(
            retry(json!({ "IntervalSeconds": 5, "BackoffRate": 1.0, "MaxAttempts": 2 })),
            &busy
        ),
        (failed.clone(), vec![0, 5, 10])
    );
    assert_eq!(
        attempts(
            retry(
                json!({ "IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 7, "MaxAttempts": 4 })
            ),
            &busy
        ),
        (failed, vec![0, 2, 8, 15, 22])
    );
    assert_eq!(
        attempts(retry(json!({})), &["Busy", "Busy"]),
        (json!({ "output": "fine" }), vec![0, 1, 3])
    );
}

#[test]
fn full_jitter_stays_within_the_delay() {
    let fields = json!({
        "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 100, "BackoffRate": 1, "MaxAttempts": 20, "JitterStrategy": "FULL" }],
        "Catch": caught(&["Never"]), "End": true
    });
    let (_, began) = attempts(fields.clone(), &["Busy"; 30]);
    let delays: Vec<i64> = began.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(delays.len(), 20);
    assert!(
        delays.iter().all(|delay| (0..=100).contains(delay)),
        "{delays:?}"
    );
    assert!(
        delays.iter().any(|delay| *delay < 50) && delays.iter().any(|delay| *delay > 50),
        "{delays:?}"
    );
    assert_eq!(
        attempts(fields, &["Busy"; 30]).1,
        began,
        "the same seed gives the same delays"
    );
}

#[test]
fn each_retrier_counts_its_own_attempts() {
    let fields = json!({
        "Retry": [{ "ErrorEquals": ["A"], "MaxAttempts": 1 }, { "ErrorEquals": ["B", "C"], "MaxAttempts": 2, "IntervalSeconds": 10 }],
        "Catch": caught(&["Never"]), "End": true
    });
    assert_eq!(
        attempts(fields.clone(), &["A", "B", "C"]),
        (json!({ "output": "fine" }), vec![0, 1, 11, 31])
    );
    let (end, began) = attempts(fields, &["A", "B", "A"]);
    assert_eq!((end["error"].clone(), began.len()), (json!("A"), 3));
}

#[test]
fn handlers_cover_what_their_names_say() {
    let check = |names: &[&str], error: &str, is_caught: bool| {
        let (end, _) = attempts(json!({ "Catch": caught(names), "End": true }), &[error]);
        assert_eq!(
            end.get("output").is_some(),
            is_caught,
            "{names:?} and {error}"
        );
    };
    check(&["Broken"], "Broken", true);
    check(&["broken"], "Broken", false);
    check(&["States.ALL"], "Anything", true);
    check(&["States.TaskFailed"], "Anything", true);
    check(&["States.TaskFailed"], "States.Timeout", false);
    check(&["States.Timeout"], "States.Timeout", true);
    check(&["States.ALL"], "", true);
}

#[test]
fn a_catcher_keeps_the_error_and_says_what_goes_on() {
    let check = |catcher: Value, expected: Value| {
        let mut catcher = catcher;
        catcher["ErrorEquals"] = json!(["States.ALL"]);
        catcher["Next"] = json!("Show");
        let definition = jsonata(&json!({
            "Ask": task(json!({ "Catch": [catcher], "End": true })),
            "Show": { "Type": "Pass", "Output": "{% $exists($kept) ? $kept : $states.input %}", "End": true }
        }));
        let execution = run(&definition, json!({ "in": 1 }), |_: &Call<'_>| {
            Answer::throws("Broken", "because")
        });
        assert_eq!(outcome(&execution), json!({ "output": expected }));
    };
    let error = json!({ "Error": "Broken", "Cause": "because" });
    check(json!({}), error.clone());
    check(
        json!({ "Output": { "was": "{% $states.input.in %}", "error": "{% $states.errorOutput.Error %}" } }),
        json!({ "was": 1, "error": "Broken" }),
    );
    check(
        json!({ "Assign": { "kept": "{% $states.errorOutput %}" } }),
        error,
    );
}

#[test]
fn a_failed_expression_can_be_caught() {
    let definition = jsonata(&json!({
        "Ask": task(json!({ "Output": "{% $states.result.none %}", "Catch": [{ "ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught" }], "End": true })),
        "Caught": { "Type": "Pass", "Output": "{% $states.input.Error %}", "End": true }
    }));
    assert_eq!(
        outcome(&run(&definition, json!({}), echo)),
        json!({ "output": "States.QueryEvaluationError" })
    );
}

#[test]
fn a_failed_expression_within_a_catch_is_not() {
    let definition = jsonata(&json!({
        "Ask": task(json!({ "Catch": [{ "ErrorEquals": ["States.ALL"], "Output": "{% $none %}", "Next": "Caught" }], "End": true })),
        "Caught": { "Type": "Pass", "End": true }
    }));
    let execution = run(&definition, json!({}), |_: &Call<'_>| {
        Answer::throws("Broken", "")
    });
    assert_eq!(execution.error(), Some("States.QueryEvaluationError"));
}

#[test]
fn a_task_times_out_by_the_clock() {
    let check = |fields: Value, after_ms: i64, expected: Value| {
        let definition = jsonata(
            &json!({ "Ask": task(fields), "Caught": { "Type": "Pass", "Output": "{% $states.input.Error %}", "End": true } }),
        );
        let execution = run(&definition, json!({ "limit": 10 }), |_: &Call<'_>| {
            Answer::returns(json!("late")).after_ms(after_ms)
        });
        assert_eq!(outcome(&execution), json!({ "output": expected }));
    };
    let with = |limit: Value, name: &str| json!({ "TimeoutSeconds": limit, "Catch": caught(&[name]), "End": true });
    check(with(json!(10), "States.Timeout"), 9_999, json!("late"));
    check(
        with(json!(10), "States.Timeout"),
        10_001,
        json!("States.Timeout"),
    );
    check(
        with(json!("{% $states.input.limit %}"), "States.ALL"),
        10_001,
        json!("States.Timeout"),
    );
    let heartbeat =
        |name: &str| json!({ "HeartbeatSeconds": 5, "Catch": caught(&[name]), "End": true });
    check(
        heartbeat("States.HeartbeatTimeout"),
        5_001,
        json!("States.Timeout"),
    );
    check(heartbeat("States.Timeout"), 5_001, json!("States.Timeout"));
}

#[test]
fn a_machine_times_out() {
    let mut definition =
        jsonata(&json!({ "Wait": { "Type": "Wait", "Seconds": 61, "End": true } }));
    definition["TimeoutSeconds"] = json!(60);
    let execution = run(&definition, json!({}), echo);
    assert_eq!(
        outcome(&execution),
        json!({ "status": "TIMED_OUT", "error": "States.Timeout", "cause": null })
    );
    assert_eq!(events(&execution).last(), Some(&"ExecutionTimedOut"));
}

#[test]
fn a_failed_branch_ends_the_others() {
    let branch =
        |name: &str| json!({ "StartAt": name, "States": { name: task(json!({ "End": true })) } });
    let definition = jsonata(&json!({
        "Fork": { "Type": "Parallel", "Branches": [branch("Slow"), branch("Broken")],
                  "Catch": [{ "ErrorEquals": ["Broken"], "Next": "Caught" }], "End": true },
        "Caught": { "Type": "Pass", "End": true }
    }));
    let execution = run(&definition, json!({}), |call: &Call<'_>| match call.state {
        "Broken" => Answer::throws("Broken", "because"),
        _ => Answer::returns(json!({})).after_ms(60_000),
    });
    assert_eq!(
        outcome(&execution),
        json!({ "output": { "Error": "Broken", "Cause": "because" } })
    );
    let told: Vec<_> = events(&execution)
        .into_iter()
        .filter(|event| event.contains("Aborted") || event.contains("Failed"))
        .collect();
    assert_eq!(
        told,
        ["TaskFailed", "TaskStateAborted", "ParallelStateFailed"]
    );
}

#[test]
fn a_parallel_is_retried_as_a_whole() {
    let branch = json!({ "StartAt": "Ask", "States": { "Ask": task(json!({ "End": true })) } });
    let definition = jsonata(&json!({
        "Fork": { "Type": "Parallel", "Branches": [branch], "Retry": [{ "ErrorEquals": ["Busy"], "MaxAttempts": 1 }], "End": true }
    }));
    let mut calls = 0;
    let execution = run(&definition, json!({}), |_: &Call<'_>| {
        calls += 1;
        if calls == 1 {
            Answer::throws("Busy", "")
        } else {
            Answer::returns(json!(calls))
        }
    });
    assert_eq!(outcome(&execution), json!({ "output": [2] }));
}

const TOO_LARGE: &str =
    "returned a result with a size exceeding the maximum number of bytes service limit.";

#[test]
fn a_task_whose_result_is_too_large_fails() {
    // As a JSON text 262,144 bytes long: quotes included.
    let check = |resource: &str, length: usize, expected: Value| {
        let caught = json!({ "Output": "{% $states.errorOutput.Cause %}", "ErrorEquals": ["States.ALL"], "Next": "Caught" });
        let fields =
            json!({ "Resource": resource, "Catch": [caught], "Output": "fits", "End": true });
        let definition =
            jsonata(&json!({ "Ask": task(fields), "Caught": { "Type": "Pass", "End": true } }));
        let execution = run(&definition, json!({}), |_: &Call<'_>| {
            Answer::returns(Value::from("x".repeat(length)))
        });
        assert_eq!(outcome(&execution), json!({ "output": expected }));
        let failed = events(&execution)
            .iter()
            .filter(|event| event.ends_with("Failed"))
            .count();
        assert_eq!(failed, usize::from(length > 262_142));
    };
    let function = "arn:aws:lambda:us-east-1:000000000000:function:f";
    check("arn:aws:states:::lambda:invoke", 262_142, json!("fits"));
    check(
        "arn:aws:states:::lambda:invoke",
        262_143,
        json!(format!("The state/task 'lambda' {TOO_LARGE}")),
    );
    check(
        function,
        262_143,
        json!(format!("The state/task '{function}' {TOO_LARGE}")),
    );
}

#[test]
fn nothing_catches_an_output_that_is_too_large() {
    let check = |length: usize, expected: Option<&str>| {
        let fields = json!({
            "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Caught" }], "End": true,
            "Output": format!("{{% $pad('', {length}, 'x') %}}")
        });
        let definition =
            jsonata(&json!({ "Ask": task(fields), "Caught": { "Type": "Pass", "End": true } }));
        let execution = run(&definition, json!({}), echo);
        assert_eq!(execution.error(), expected, "{length}");
    };
    check(262_142, None);
    check(262_143, Some("States.DataLimitExceeded"));
}

#[test]
fn a_history_ends_at_25000_events() {
    let definition = jsonata(&json!({
        "Again": { "Type": "Pass", "Next": "Forever" },
        "Forever": { "Type": "Choice", "Choices": [{ "Condition": "{% false %}", "Next": "Done" }], "Default": "Again" },
        "Done": { "Type": "Succeed" }
    }));
    let execution = run(&definition, json!({}), echo);
    assert_eq!(execution.error(), Some("States.Runtime"));
    assert_eq!(execution.history().len(), 25_000);
}
