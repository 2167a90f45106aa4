//! Answers as AWS gave them, and refusals.

use serde_json::{Value, json};

use super::{Configuration, Error, ErrorOutput, Mock, Report, Request, Test};

/// What a case asks for, as the API has it; the definition may be an object.
fn run(case: &Value) -> Result<Report, Error> {
    let definition = case["definition"].to_string();
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let number = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
    let configuration = &case["configuration"];
    let mock = case.get("mock").map(|mock| Mock {
        result: mock.get("result").map(Value::to_string),
        error_output: mock.get("error").map(|error| ErrorOutput {
            error: word(error),
            cause: word(&mock["cause"]),
        }),
    });
    let context = case.get("context").map(Value::to_string);
    let mut test = Test::begin(Request {
        definition: &definition,
        state_name: case["stateName"].as_str(),
        input: case.get("input").cloned().unwrap_or_else(|| json!({})),
        variables: case["variables"].as_object().cloned().unwrap_or_default(),
        context: context.as_deref(),
        role_arn: case["roleArn"].as_str(),
        mock,
        configuration: Configuration {
            retrier_retry_count: number(&configuration["retries"]).unwrap_or(0),
            error_caused_by_state: word(&configuration["causedBy"]),
            map_iteration_failure_count: number(&configuration["failures"]),
            map_item_reader_data: configuration.get("data").map(Value::to_string),
        },
        reveals_secrets: case["revealSecrets"] == true,
        ..Request::default()
    })?;
    if let Some(call) = test.call() {
        let answer = json!({ "called": call.resource, "with": call.arguments });
        test.answer(Ok(answer));
    }
    Ok(test.report())
}

/// The report as the API has it; documents in the inspection as they are.
fn told(report: Report) -> Value {
    let documents = report.inspection.into_iter().map(|(name, value)| {
        let document = value
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok());
        (name, document.unwrap_or(value))
    });
    let members = [
        ("status", json!(report.status)),
        ("output", json!(report.output)),
        ("error", json!(report.error)),
        ("cause", json!(report.cause)),
        ("nextState", json!(report.next_state)),
        ("inspection", documents.collect()),
    ];
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    members
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn check(case: &Value, expected: &Value) {
    assert_eq!(run(case).map(told).as_ref(), Ok(expected), "{case}");
}

fn check_refused(case: &Value, expected: &Error) {
    assert_eq!(run(case).map(told).as_ref(), Err(expected), "{case}");
}

fn request(message: &str) -> Error {
    Error::Request(message.to_owned())
}

#[test]
fn json_path_shows_each_step_that_the_state_takes() {
    let input = json!({ "a": { "b": 1 }, "c": 2 });
    let b = json!({ "b": 1 });
    check(
        &json!({ "definition": { "Type": "Pass", "End": true }, "input": b }),
        &json!({ "status": "SUCCEEDED", "output": b, "inspection": {
            "input": b, "afterInputPath": b, "afterParameters": b, "afterResultSelector": b, "afterResultPath": b } }),
    );
    check(
        &json!({ "input": input, "definition": { "Type": "Pass", "InputPath": "$.a", "ResultPath": "$.d", "End": true,
            "Parameters": { "x.$": "$.b" } } }),
        &json!({ "status": "SUCCEEDED", "output": { "a": { "b": 1 }, "c": 2, "d": { "x": 1 } }, "inspection": {
            "input": input, "afterInputPath": b, "afterParameters": { "x": 1 }, "afterResultSelector": { "x": 1 },
            "afterResultPath": { "a": { "b": 1 }, "c": 2, "d": { "x": 1 } } } }),
    );
    check(
        &json!({ "input": b, "definition": { "Type": "Pass", "Result": 7, "Next": "B" } }),
        &json!({ "status": "SUCCEEDED", "output": 7, "nextState": "B", "inspection": {
            "input": b, "result": 7, "afterResultSelector": 7, "afterResultPath": 7 } }),
    );
    check(
        &json!({ "input": b, "definition": { "Type": "Succeed" } }),
        &json!({ "status": "SUCCEEDED", "output": b, "inspection": { "input": b, "afterInputPath": b } }),
    );
    check(
        &json!({ "input": b, "definition": { "Type": "Fail", "Error": "E", "Cause": "because" } }),
        &json!({ "status": "FAILED", "error": "E", "cause": "because", "inspection": { "input": b, "afterInputPath": b } }),
    );
    check(
        &json!({ "input": b, "definition": { "Type": "Wait", "Seconds": 86400, "Next": "B" } }),
        &json!({ "status": "SUCCEEDED", "output": b, "nextState": "B", "inspection": { "input": b, "afterInputPath": b } }),
    );
    check(
        &json!({ "input": b, "definition": { "Type": "Choice", "Default": "C",
            "Choices": [{ "Variable": "$.b", "NumericEquals": 1, "Next": "B" }] } }),
        &json!({ "status": "SUCCEEDED", "output": b, "nextState": "B", "inspection": { "input": b, "afterInputPath": b } }),
    );
}

#[test]
fn a_task_shows_what_it_would_call_and_what_came_back() {
    let invoke = "arn:aws:states:::lambda:invoke";
    check(
        &json!({ "mock": { "result": { "p": [1] } }, "definition": { "Type": "Task", "Resource": invoke, "End": true,
            "Parameters": { "FunctionName": "f" }, "ResultSelector": { "q.$": "$.p" } } }),
        &json!({ "status": "SUCCEEDED", "output": { "q": [1] }, "inspection": { "input": {}, "afterInputPath": {},
            "afterParameters": { "FunctionName": "f" }, "result": { "p": [1] },
            "afterResultSelector": { "q": [1] }, "afterResultPath": { "q": [1] } } }),
    );
    let definition = json!({ "Type": "Task", "QueryLanguage": "JSONata", "Resource": invoke, "Next": "B",
        "Arguments": { "FunctionName": "{% $name %}" }, "Assign": { "n": "{% $states.result.with %}" }, "Output": 1 });
    let arguments = json!({ "FunctionName": "f" });
    check(
        &json!({ "definition": definition, "roleArn": "arn:r", "variables": { "name": "f" } }),
        &json!({ "status": "SUCCEEDED", "output": 1, "nextState": "B", "inspection": { "input": {},
            "afterArguments": arguments, "result": { "called": invoke, "with": arguments },
            "variables": { "name": "f", "n": arguments } } }),
    );
    for resource in [
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:states:us-east-1:000000000000:activity:a",
    ] {
        let definition = json!({ "Type": "Task", "QueryLanguage": "JSONata", "Resource": resource, "Arguments": {}, "End": true });
        check(
            &json!({ "definition": definition, "mock": { "result": 3 } }),
            &json!({ "status": "SUCCEEDED", "output": 3, "inspection": { "input": {}, "afterArguments": {}, "result": 3 } }),
        );
    }
}

#[test]
fn an_error_is_retried_caught_or_final() {
    let task = |handlers: Value| {
        let mut state = json!({ "Type": "Task", "QueryLanguage": "JSONata", "End": true, "Arguments": {},
            "Resource": "arn:aws:states:::lambda:invoke" });
        let members = state.as_object_mut().expect("an object");
        members.extend(handlers.as_object().expect("an object").clone());
        state
    };
    let retry = task(json!({ "Retry": [{ "ErrorEquals": ["Other"] },
        { "ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxAttempts": 5, "BackoffRate": 2 }] }));
    let mock = json!({ "error": "E", "cause": "because" });
    let inspection =
        |details: Value| json!({ "input": {}, "afterArguments": {}, "errorDetails": details });
    check(
        &json!({ "definition": retry, "mock": mock, "configuration": { "retries": 4 } }),
        &json!({ "status": "RETRIABLE", "error": "E", "cause": "because",
            "inspection": inspection(json!({ "retryIndex": 1, "retryBackoffIntervalSeconds": 16 })) }),
    );
    check(
        &json!({ "definition": retry, "mock": mock, "configuration": { "retries": 5 } }),
        &json!({ "status": "FAILED", "error": "E", "cause": "because", "inspection": inspection(json!({ "retryIndex": 1 })) }),
    );
    let catch = task(json!({ "Catch": [{ "ErrorEquals": ["Other"], "Next": "A" },
        { "ErrorEquals": ["States.TaskFailed"], "Next": "B", "Output": "{% $states.errorOutput %}" }] }));
    check(
        &json!({ "definition": catch, "mock": mock }),
        &json!({ "status": "CAUGHT_ERROR", "error": "E", "cause": "because", "nextState": "B",
            "output": { "Error": "E", "Cause": "because" }, "inspection": inspection(json!({ "catchIndex": 1 })) }),
    );
    check(
        &json!({ "definition": task(json!({})), "mock": mock }),
        &json!({ "status": "FAILED", "error": "E", "cause": "because", "inspection": { "input": {}, "afterArguments": {} } }),
    );
    check(
        &json!({ "input": {}, "mock": { "result": [] }, "definition": { "Type": "Map", "End": true,
            "ItemProcessor": { "StartAt": "A", "States": { "A": { "Type": "Succeed" } } } } }),
        &json!({ "status": "FAILED", "error": "States.Runtime", "cause": "Reference path \"$\" must point to array.",
            "inspection": { "input": {}, "afterInputPath": {} } }),
    );
}

fn map(fields: &Value) -> Value {
    let mut state = json!({ "Type": "Map", "QueryLanguage": "JSONata", "Items": "{% $states.input.v %}", "End": true,
        "ItemProcessor": { "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "Item", "States": { "Item": { "Type": "Succeed" } } } });
    let members = state.as_object_mut().expect("an object");
    members.extend(fields.as_object().expect("an object").clone());
    members.retain(|_, value| !value.is_null());
    state
}

#[test]
fn a_map_comes_to_its_mock_unless_too_many_iterations_failed() {
    let input = json!({ "v": ["a", "b", "c"] });
    let handlers = json!([{ "ErrorEquals": ["E"], "MaxAttempts": 3 },
        { "ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "MaxAttempts": 2 }]);
    let tolerant = map(&json!({ "ToleratedFailureCount": 1, "Retry": handlers }));
    check(
        &json!({ "definition": tolerant, "input": input, "mock": { "result": [1, 1, 1] }, "configuration": { "failures": 1 } }),
        &json!({ "status": "SUCCEEDED", "output": [1, 1, 1],
            "inspection": { "input": input, "maxConcurrency": 0, "toleratedFailureCount": 1 } }),
    );
    check(
        &json!({ "definition": tolerant, "input": input, "mock": { "result": [1, 1, 1] }, "configuration": { "failures": 2 } }),
        &json!({ "status": "RETRIABLE", "error": "States.ExceedToleratedFailureThreshold",
            "cause": "The specified tolerated failure threshold was exceeded",
            "inspection": { "input": input, "maxConcurrency": 0, "toleratedFailureCount": 1,
                "errorDetails": { "retryIndex": 1, "retryBackoffIntervalSeconds": 1 } } }),
    );
    let percentage = map(&json!({ "ToleratedFailurePercentage": 50, "MaxConcurrency": 2 }));
    let failed = |failures: u32| {
        let case = json!({ "definition": percentage, "input": input, "mock": { "result": [] },
            "configuration": { "failures": failures } });
        run(&case).map(|report| report.error)
    };
    let over = "States.ExceedToleratedFailureThreshold".to_owned();
    assert_eq!((failed(1), failed(2)), (Ok(None), Ok(Some(over))));
    // AWS measures failures against a tolerance that the state has, and against nothing else.
    check(
        &json!({ "definition": map(&json!({})), "input": input, "mock": { "result": [0] }, "configuration": { "failures": 2 } }),
        &json!({ "status": "SUCCEEDED", "output": [0], "inspection": { "input": input, "maxConcurrency": 0 } }),
    );
}

#[test]
fn a_map_shows_its_items_on_their_way() {
    let input = json!({ "v": [1, 2, 3] });
    let selector = json!({ "n": "{% $states.context.Map.Item.Value * 2 %}", "i": "{% $states.context.Map.Item.Index %}" });
    let selected = json!([{ "n": 2, "i": 0 }, { "n": 4, "i": 1 }, { "n": 6, "i": 2 }]);
    check(
        &json!({ "input": input, "mock": { "result": [] },
            "definition": map(&json!({ "ItemSelector": selector, "ItemBatcher": { "MaxItemsPerBatch": 2 } })) }),
        &json!({ "status": "SUCCEEDED", "output": [], "inspection": { "input": input, "maxConcurrency": 0,
            "afterItemSelector": selected,
            "afterItemBatcher": [{ "Items": [selected[0], selected[1]] }, { "Items": [selected[2]] }] } }),
    );
    let reader = json!({ "Items": null, "ItemReader": { "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": { "InputType": "JSON", "ItemsPointer": "/rows" }, "Arguments": { "Bucket": "b", "Key": "k" } } });
    check(
        &json!({ "definition": map(&reader), "mock": { "result": [1, 4] }, "configuration": { "data": { "rows": [1, 2] } } }),
        &json!({ "status": "SUCCEEDED", "output": [1, 4],
            "inspection": { "input": {}, "maxConcurrency": 0, "afterItemsPointer": [1, 2] } }),
    );
    check(
        &json!({ "input": input, "mock": { "error": "E", "cause": "because" }, "stateName": "Each",
            "configuration": { "causedBy": "Item", "failures": 9 },
            "definition": { "StartAt": "Each", "States": { "Each": { "Type": "Map", "ItemsPath": "$.v", "End": true,
                "ToleratedFailureCount": 2,
                "ItemProcessor": { "StartAt": "Item", "States": { "Item": { "Type": "Pass", "End": true } } } } } } }),
        &json!({ "status": "FAILED", "error": "E", "cause": "because", "inspection": { "input": input,
            "afterInputPath": input, "afterItemsPath": [1, 2, 3], "maxConcurrency": 0, "toleratedFailureCount": 2 } }),
    );
}

#[test]
fn a_state_of_a_machine_is_found_at_any_depth_with_its_language() {
    let machine = json!({ "QueryLanguage": "JSONata", "StartAt": "Each", "States": {
        "Each": { "Type": "Map", "Next": "Both", "ItemProcessor": { "StartAt": "Item", "States": {
            "Item": { "Type": "Pass", "Output": "{% $states.context.State.Name %}", "End": true } } } },
        "Both": { "Type": "Parallel", "Next": "Last", "Branches": [{ "StartAt": "One", "States": {
            "One": { "Type": "Pass", "Output": "{% $x + 1 %}", "End": true } } }] },
        "Last": { "Type": "Fail", "Error": "E" } } });
    let case =
        |name: &str| json!({ "definition": machine, "stateName": name, "variables": { "x": 1 } });
    let output = |name: &str| run(&case(name)).map(|report| report.output);
    assert_eq!(output("Item"), Ok(Some(json!("Item"))));
    assert_eq!(output("One"), Ok(Some(json!(2))));
    assert_eq!(
        output("None"),
        Err(request("State not found in definition"))
    );
    let mut both = case("Both");
    both["mock"] = json!({ "result": [5] });
    let both = run(&both).map(|report| (report.output, report.next_state));
    assert_eq!(both, Ok((Some(json!([5])), Some("Last".to_owned()))));
}

#[test]
fn the_context_object_is_the_callers_or_that_of_an_execution_that_is_not() {
    let shown = |case: Value| run(&case).map(|report| report.output.unwrap_or_default());
    let invoke = "arn:aws:states:::lambda:invoke";
    let state = |resource: &str| {
        json!({ "Type": "Task", "QueryLanguage": "JSONata", "Resource": resource, "Arguments": {}, "End": true,
            "Output": "{% $states.context %}" })
    };
    let mock = json!({ "result": {} });
    for context in [
        json!({}),
        json!({ "Execution": {}, "State": {} }),
        json!({ "Execution": { "Input": [1] } }),
    ] {
        let case = json!({ "definition": state(invoke), "mock": mock, "context": context });
        assert_eq!(shown(case), Ok(context));
    }
    let made = shown(json!({ "definition": state(invoke), "mock": mock, "input": { "a": 1 } }))
        .expect("a context");
    let id = made["Execution"]["Id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        id.starts_with("arn:aws:states:us-east-1:000000000000:express:"),
        "{id}"
    );
    assert_eq!(made["Execution"]["Input"], json!({ "a": 1 }));
    assert_eq!(
        (&made["Execution"]["RoleArn"], &made["Task"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(made["State"]["Name"], "StateName");
    let token = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
    let made = shown(json!({ "definition": state(token), "mock": mock })).expect("a context");
    assert!(made["Task"]["Token"].is_string(), "{made}");
    let given = json!({ "Task": { "Token": "t" } });
    let case = |resource: &str, context: &Value| json!({ "definition": state(resource), "mock": mock, "context": context });
    assert_eq!(shown(case(token, &given)), Ok(given.clone()));
    let refused = |context: Value, why: &str| {
        let message = format!("Invalid Context object provided: {why}");
        check_refused(&case(invoke, &context), &request(&message));
    };
    refused(
        given,
        "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern",
    );
    refused(
        json!({ "Execution": { "Id": 1 } }),
        "Execution.Id must be a string",
    );
    refused(
        json!({ "Map": {} }),
        "'Map' field is not supported when mocking a Context object",
    );
    refused(
        json!({ "Execution": { "pokemon": "squirtle" } }),
        "Field 'pokemon' is not allowed",
    );
    refused(json!({ "Pokedex": {} }), "Field 'Pokedex' is not allowed");
}

#[test]
fn what_cannot_be_tested_is_refused_in_awss_words() {
    let task = |resource: &str| json!({ "Type": "Task", "Resource": resource, "End": true });
    let parallel = json!({ "Type": "Parallel", "End": true, "Branches": [
        { "StartAt": "A", "States": { "A": { "Type": "Succeed" } } },
        { "StartAt": "B", "States": { "B": { "Type": "Succeed" } } }] });
    let either = "A test mock should have only one of the following fields: [result, errorOutput].";
    let writer = map(
        &json!({ "ResultWriter": { "Resource": "arn:aws:states:::s3:putObject", "Arguments": { "Bucket": "b" } } }),
    );
    let invoke = task("arn:aws:states:::lambda:invoke");
    for (case, message) in [
        (
            json!({ "definition": invoke }),
            "RoleArn must be specified when testing a Task state",
        ),
        (
            json!({ "definition": invoke, "mock": { "result": 1, "error": "E" } }),
            either,
        ),
        (json!({ "definition": invoke, "mock": {} }), either),
        (
            json!({ "definition": invoke, "mock": { "result": 1 }, "revealSecrets": true }),
            "TestState does not support RevealSecrets when a mock is specified.",
        ),
        (
            json!({ "definition": { "Type": "Succeed" }, "mock": { "error": "E" } }),
            "State type 'Succeed' is not supported when a mock is specified",
        ),
        (
            json!({ "definition": map(&json!({})), "mock": { "result": {} } }),
            "Mocked result must be an array.",
        ),
        (
            json!({ "definition": writer, "mock": { "result": [] } }),
            "Mocked result must be a JSON object.",
        ),
        (
            json!({ "definition": parallel, "mock": { "result": "x" } }),
            "Mocked result must be an array.",
        ),
        (
            json!({ "definition": parallel, "mock": { "result": [1] } }),
            "Mocked result must contain the same number of items as number of Parallel branches.",
        ),
    ] {
        check_refused(&case, &request(message));
    }
    let unsupported = "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]";
    let definition = |message: &str| Error::Definition(message.to_owned());
    check_refused(&json!({ "definition": parallel }), &definition(unsupported));
    check_refused(
        &json!({ "definition": map(&json!({})) }),
        &definition(unsupported),
    );
    let sync = json!({ "definition": task("arn:aws:states:::states:startExecution.sync:2"), "roleArn": "arn:r" });
    assert!(matches!(run(&sync), Err(Error::Definition(_))));
    let nothing = run(&json!({ "definition": { "Type": "Nothing", "End": true } }));
    let expected = "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: 'Nothing' is no type of state at /States/StateName/Type'";
    assert_eq!(nothing, Err(definition(expected)));
}
