//! Definitions that AWS refuses, and their neighbours that it takes.

use serde_json::{Value, json};
use videoflow_asl::{StateMachine, Workflow};

/// Where the errors of a one-state machine are, by JSON pointer from the state on.
fn errors(state: &Value, workflow: Workflow) -> Vec<String> {
    let definition = json!({ "StartAt": "S", "States": { "S": state } });
    let found = StateMachine::compile_as(&definition.to_string(), workflow);
    let found = found.err().unwrap_or_default();
    let place = |location: &str| location.trim_start_matches("/States/S").to_owned();
    found
        .iter()
        .map(|finding| place(&finding.location))
        .collect()
}

fn check(state: &Value, expected: &[&str]) {
    assert_eq!(errors(state, Workflow::Standard), expected, "{state}");
}

fn resource(ending: &str, workflow: Workflow, is_taken: bool) {
    let resource = format!("arn:aws:states:::{ending}");
    let state = json!({ "Type": "Task", "Resource": resource, "End": true });
    let expected: &[&str] = if is_taken { &[] } else { &["/Resource"] };
    assert_eq!(errors(&state, workflow), expected, "{ending}");
}

#[test]
fn a_resource_is_an_integration_that_exists() {
    let taken = [
        "lambda:invoke",
        "lambda:invoke.waitForTaskToken",
        "dynamodb:getItem",
        "sqs:sendMessage.waitForTaskToken",
        "states:startExecution",
        "states:startExecution.sync",
        "states:startExecution.sync:2",
        "states:startExecution.waitForTaskToken",
        "mediaconvert:createJob",
        "mediaconvert:createJob.sync",
        "ecs:runTask.sync",
        "http:invoke",
        "aws-sdk:dynamodb:query",
        "aws-sdk:dynamodb:query.waitForTaskToken",
    ];
    let refused = [
        "dynamodb:query",
        "lambda:listFunctions",
        "lambda:invoke.sync",
        "dynamodb:getItem.waitForTaskToken",
        "sqs:sendMessage.sync",
        "mediaconvert:createJob.sync:2",
        "mediaconvert:createJob.waitForTaskToken",
        "aws-sdk:mediaconvert:createJob.sync",
        "nothing:atAll",
        "lambda",
    ];
    for ending in taken {
        resource(ending, Workflow::Standard, true);
    }
    for ending in refused {
        resource(ending, Workflow::Standard, false);
    }
}

#[test]
fn an_express_workflow_waits_for_nothing() {
    resource("lambda:invoke", Workflow::Express, true);
    resource("states:startExecution", Workflow::Express, true);
    resource("states:startExecution.sync:2", Workflow::Express, false);
    resource("sqs:sendMessage.waitForTaskToken", Workflow::Express, false);
}

#[test]
fn a_label_names_a_map_run() {
    let check = |label: &str, expected: &[&str]| {
        let processor = json!({
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } }
        });
        let state =
            json!({ "Type": "Map", "Label": label, "ItemProcessor": processor, "End": true });
        assert_eq!(errors(&state, Workflow::Standard), expected, "{label}");
    };
    check("Each_item-1", &[]);
    check(&"x".repeat(40), &[]);
    check(&"x".repeat(41), &["/Label"]);
    for label in ["", "a b", "a{b}", "a*", "a:b", "a\\b", "a\u{7}"] {
        check(label, &["/Label"]);
    }
}

#[test]
fn an_intrinsic_text_escapes_what_must_be() {
    let call = |text: &str| json!({ "Type": "Pass", "Parameters": { "x.$": text }, "End": true });
    check(&call(r"States.Format('it\'s {} \{\} \\', 1)"), &[]);
    check(&call(r#"States.StringToJson('{"a": 1}')"#), &[]);
    for text in [
        r#"States.StringToJson('{\"a\": 1}')"#,
        r"States.Format('a\nb')",
        r"States.Format('a\",
        "States.Format('a",
        "States.Format('a', )",
        "States.Nothing()",
        "Format('a')",
    ] {
        check(&call(text), &["/Parameters/x.$"]);
    }
}

#[test]
fn a_path_must_be_one() {
    for path in ["$.", "$..", "$.a b", "$.a[", "$ .a", "$.a[?(@.x = 1)]"] {
        check(
            &json!({ "Type": "Pass", "InputPath": path, "End": true }),
            &["/InputPath"],
        );
        check(
            &json!({ "Type": "Pass", "Parameters": { "x.$": path }, "End": true }),
            &["/Parameters/x.$"],
        );
    }
}

#[test]
fn retries_take_literal_numbers_only() {
    let check_retry = |retrier: Value, expected: &[&str]| {
        let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Retry": [retrier], "End": true });
        check(&state, expected);
    };
    let with = |key: &str, value: Value| json!({ "ErrorEquals": ["States.Timeout"], key: value });
    check_retry(with("IntervalSeconds", json!(2)), &[]);
    check_retry(with("BackoffRate", json!(1.5)), &[]);
    check_retry(with("MaxAttempts", json!(0)), &[]);
    check_retry(
        with("IntervalSeconds", json!(0)),
        &["/Retry/0/IntervalSeconds"],
    );
    check_retry(
        with("IntervalSeconds", json!(1.5)),
        &["/Retry/0/IntervalSeconds"],
    );
    check_retry(
        with("IntervalSeconds", json!("$.x")),
        &["/Retry/0/IntervalSeconds"],
    );
    check_retry(with("MaxAttempts", json!("$x")), &["/Retry/0/MaxAttempts"]);
    check_retry(
        with("MaxAttempts", json!(100_000_000)),
        &["/Retry/0/MaxAttempts"],
    );
    check_retry(with("BackoffRate", json!(0.9)), &["/Retry/0/BackoffRate"]);
    check_retry(
        with("MaxDelaySeconds", json!(31_622_400)),
        &["/Retry/0/MaxDelaySeconds"],
    );
    check_retry(
        with("JitterStrategy", json!("SOME")),
        &["/Retry/0/JitterStrategy"],
    );
}

#[test]
fn a_result_writer_says_where_or_how() {
    let check = |writer: Value, expected: &[&str]| {
        let processor = json!({
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } }
        });
        let state = json!({ "Type": "Map", "ResultWriter": writer, "ItemProcessor": processor, "End": true });
        assert_eq!(errors(&state, Workflow::Standard), expected, "{writer}");
    };
    let put = "arn:aws:states:::s3:putObject";
    let config = json!({ "Transformation": "FLATTEN", "OutputType": "JSONL" });
    check(json!({ "WriterConfig": config }), &[]);
    check(
        json!({ "Resource": put, "Parameters": { "Bucket": "b" } }),
        &[],
    );
    check(
        json!({ "Resource": put, "Parameters": { "Bucket.$": "$.b" }, "WriterConfig": config }),
        &[],
    );
    check(json!({}), &["/ResultWriter"]);
    check(json!({ "Resource": put }), &["/ResultWriter"]);
    check(
        json!({ "Parameters": { "Bucket": "b" } }),
        &["/ResultWriter"],
    );
    check(
        json!({ "Resource": "arn:aws:states:::s3:getObject", "Parameters": {} }),
        &["/ResultWriter/Resource"],
    );
    check(
        json!({ "WriterConfig": { "Transformation": "ALL", "OutputType": "CSV" } }),
        &[
            "/ResultWriter/WriterConfig/Transformation",
            "/ResultWriter/WriterConfig/OutputType",
        ],
    );
    check(
        json!({ "WriterConfig": config, "Else": 1 }),
        &["/ResultWriter/Else"],
    );
}

#[test]
fn a_variable_has_a_name_of_letters_digits_and_underscores() {
    let check = |name: &str, is_taken: bool| {
        let state = json!({ "Type": "Pass", "Assign": { name: 1 }, "End": true });
        assert_eq!(
            errors(&state, Workflow::Standard).is_empty(),
            is_taken,
            "{name}"
        );
    };
    for name in ["a", "aB_9", "é", &"a".repeat(80)] {
        check(name, true);
    }
    for name in ["", "states", "9a", "_a", "a-b", "a b", &"a".repeat(81)] {
        check(name, false);
    }
}

#[test]
fn literals_stay_within_their_bounds() {
    let wait = |seconds: Value| json!({ "Type": "Wait", "Seconds": seconds, "End": true });
    check(&wait(json!(0)), &[]);
    check(&wait(json!(99_999_999)), &[]);
    check(&wait(json!(100_000_000)), &["/Seconds"]);
    check(&wait(json!(-1)), &["/Seconds"]);
    check(&wait(json!(1.5)), &["/Seconds"]);
    let comment = json!({ "Type": "Pass", "Comment": 1, "End": true });
    check(&comment, &["/Comment"]);
    let region = json!({ "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } });
    let both = json!({ "Type": "Map", "Iterator": region, "ItemProcessor": region, "End": true });
    assert_eq!(errors(&both, Workflow::Standard), [""]);
}

#[test]
fn an_express_processor_waits_for_nothing() {
    let check = |execution_type: &str, expected: &[&str]| {
        let task = json!({ "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true });
        let processor = json!({
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": execution_type }, "StartAt": "T", "States": { "T": task }
        });
        let state = json!({ "Type": "Map", "ItemProcessor": processor, "End": true });
        assert_eq!(errors(&state, Workflow::Standard), expected);
    };
    check("STANDARD", &[]);
    check("EXPRESS", &["/ItemProcessor/States/T/Resource"]);
}
