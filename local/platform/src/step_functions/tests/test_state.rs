//! `TestState` with the platform's services, and `ValidateStateMachineDefinition`.

use super::*;

const SEND: &str = r#"{"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:states:::sqs:sendMessage",
    "Arguments": {"QueueUrl": "q", "MessageBody": "{% $text %}"}, "Next": "B",
    "Retry": [{"ErrorEquals": ["SQS.BrokenException"], "IntervalSeconds": 3}]}"#;

#[tokio::test]
async fn a_call_that_is_not_mocked_is_made_as_the_role() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    let test = json!({"Definition": SEND, "Input": "{}", "Variables": "{\"text\": \"hello\"}",
        "InspectionLevel": "DEBUG", "RoleArn": names::role_arn("child")});
    let answer = bench.call("TestState", test.clone()).await?;
    assert_eq!(
        (&answer["Status"], &answer["NextState"]),
        (&json!("SUCCEEDED"), &json!("B"))
    );
    let arguments = json!({"QueueUrl": "q", "MessageBody": "hello"}).to_string();
    assert_eq!(answer["InspectionData"]["AfterArguments"], arguments);
    assert_eq!(answer["InspectionData"]["Result"], "{\"MessageId\":\"m\"}");
    assert_eq!(bench.token().await, "hello");
    let calls = bench.services.record().calls();
    let sent = calls.iter().find(|call| call.action == "SendMessage");
    assert_eq!(sent.map(|call| call.principal.as_str()), Some("child"));

    bench.letterbox.is_broken.store(true, Ordering::SeqCst);
    let answer = bench.call("TestState", test).await?;
    assert_eq!(
        (&answer["Status"], &answer["Error"]),
        (&json!("RETRIABLE"), &json!("SQS.BrokenException"))
    );
    let details = json!({"RetryIndex": 0, "RetryBackoffIntervalSeconds": 3});
    assert_eq!(answer["InspectionData"]["ErrorDetails"], details);
    Ok(())
}

#[tokio::test]
async fn a_mock_calls_nobody() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    let test =
        |mock: Value| json!({"Definition": SEND, "Variables": "{\"text\": 1}", "Mock": mock});
    let mock = json!({"Result": "{\"MessageId\": \"x\"}"});
    let answer = bench.call("TestState", test(mock)).await?;
    let expected =
        json!({"Status": "SUCCEEDED", "Output": "{\"MessageId\":\"x\"}", "NextState": "B"});
    assert_eq!(answer, expected);
    let mock = json!({"ErrorOutput": {"Error": "E", "Cause": "because"}});
    let answer = bench.call("TestState", test(mock)).await?;
    assert_eq!(
        answer,
        json!({"Status": "FAILED", "Error": "E", "Cause": "because"})
    );
    let calls = bench.services.record().calls();
    assert!(
        calls.iter().all(|call| call.action == "TestState"),
        "{calls:?}"
    );
    Ok(())
}

#[tokio::test]
async fn requests_that_cannot_be_tested_are_refused() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    let pass = "{\"Type\": \"Pass\", \"End\": true}";
    for (test, expected) in [
        (json!({"Definition": "{"}), "InvalidDefinition"),
        (json!({"Definition": SEND}), "ValidationException"),
        (
            json!({"Definition": pass, "Input": "{"}),
            "InvalidExecutionInput",
        ),
        (
            json!({"Definition": pass, "Variables": "[]"}),
            "ValidationException",
        ),
        (
            json!({"Definition": pass, "Mock": {"Result": "1"}}),
            "ValidationException",
        ),
        (
            json!({"Definition": SEND, "Mock": {"Result": "no JSON"}}),
            "ValidationException",
        ),
    ] {
        let answer = bench.call("TestState", test.clone()).await;
        let code = answer.err().map(|error| error.code);
        assert_eq!(code.as_deref(), Some(expected), "{test}");
    }
    Ok(())
}

#[tokio::test]
async fn a_definition_is_validated_by_severity_and_number() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    let check =
        async |definition: &str, fields: Value, result: &str, codes: &[&str], truncated: bool| {
            let mut parameters = fields;
            parameters["Definition"] = json!(definition);
            let answer = bench
                .call("ValidateStateMachineDefinition", parameters.clone())
                .await;
            let answer = answer.unwrap_or_default();
            let found = answer["Diagnostics"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let found: Vec<&str> = found
                .iter()
                .filter_map(|finding| finding["Code"].as_str())
                .collect();
            assert_eq!(found, codes, "{parameters}");
            assert_eq!(
                (&answer["Result"], &answer["Truncated"]),
                (&json!(result), &json!(truncated))
            );
        };
    let loops = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}}"#;
    check(loops, json!({}), "OK", &[], false).await;
    check(
        loops,
        json!({"Severity": "WARNING"}),
        "OK",
        &["NO_END", "NO_END"],
        false,
    )
    .await;
    let wrong =
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "C", "Nonsense": 1}}}"#;
    let both = ["SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET"];
    check(wrong, json!({}), "FAIL", &both, false).await;
    check(wrong, json!({"MaxResults": 1}), "FAIL", &both[..1], true).await;
    check("{", json!({}), "FAIL", &["INVALID_JSON_DESCRIPTION"], false).await;
    let sync = r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "End": true,
        "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": {}}}}"#;
    check(sync, json!({}), "OK", &[], false).await;
    check(sync, json!({"Type": "EXPRESS"}), "FAIL", &both[..1], false).await;
    Ok(())
}
