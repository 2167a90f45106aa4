//! Activities, their workers, and task tokens.

use std::time::Duration;

use super::*;

const WORK: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Work", "States": {"Work": {
    "Type": "Task", "Resource": "arn:aws:states:us-east-1:000000000000:activity:work",
    "Arguments": {"n": "{% $states.input.n %}"}, "HeartbeatSeconds": 1, "End": true}}}"#;

const NONE: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Work", "States": {"Work": {
    "Type": "Task", "Resource": "arn:aws:states:us-east-1:000000000000:activity:none", "End": true}}}"#;

impl Bench {
    /// With the activity `work`.
    async fn working(folder: &Path) -> anyhow::Result<Self> {
        let bench = Self::new(folder, WORK)?;
        bench
            .call("CreateActivity", json!({"Name": "work"}))
            .await?;
        Ok(bench)
    }

    /// Takes a task as `worker`.
    async fn take(&self, worker: &str) -> Result<Value, ServiceError> {
        let poll = json!({"ActivityArn": names::activity_arn("work"), "WorkerName": worker});
        self.call("GetActivityTask", poll).await
    }

    /// The token of a task if there is one now.
    async fn look(&self) -> Result<Value, ServiceError> {
        let poll = json!({"ActivityArn": names::activity_arn("work")});
        let service = StatesService::new(&self.step_functions);
        let answer = service.poll(&poll, Duration::ZERO).await?;
        Ok(answer["TaskToken"].clone())
    }

    async fn code(&self, operation: &str, parameters: Value) -> String {
        let answer = self.call(operation, parameters).await;
        answer.err().map(|error| error.code).unwrap_or_default()
    }
}

fn token_of(task: &Value) -> String {
    task["TaskToken"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_worker_takes_a_task_and_answers_it() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::working(folder.path()).await?;
    assert_eq!(bench.look().await?, Value::Null);
    // The worker waits before there is a task.
    let input = json!({"n": 7});
    let (task, arn) = tokio::join!(bench.take("w1"), bench.start("child", &input));
    let (task, arn) = (task?, arn?);
    assert_eq!(task["Input"], json!("{\"n\":7}"));
    let token = token_of(&task);
    assert_eq!(bench.look().await?, Value::Null, "it is taken");
    bench
        .call("SendTaskHeartbeat", json!({"TaskToken": token}))
        .await?;
    bench.succeed(&token, "[1]").await?;
    assert_eq!(bench.end(&arn).await?.output.as_deref(), Some("[1]"));
    let record = Record::read(folder.path(), &arn)?;
    let started = record
        .events
        .iter()
        .find(|event| event["type"] == "ActivityStarted");
    let worker = started.map(|event| &event["activityStartedEventDetails"]["workerName"]);
    assert_eq!(worker, Some(&json!("w1")));
    let again = json!({"TaskToken": token, "Output": "{}"});
    assert_eq!(bench.code("SendTaskSuccess", again).await, "TaskTimedOut");
    Ok(())
}

#[tokio::test]
async fn a_worker_fails_its_task_or_is_not_heard_of() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::working(folder.path()).await?;
    let arn = bench.start("child", &json!({"n": 1})).await?;
    let token = token_of(&bench.take("w").await?);
    let failed = json!({"TaskToken": token, "Error": "Tired", "Cause": "late"});
    bench.call("SendTaskFailure", failed.clone()).await?;
    let ended = bench.end(&arn).await?;
    let (error, cause) = (ended.error.as_deref(), ended.cause.as_deref());
    assert_eq!((error, cause), (Some("Tired"), Some("late")));
    assert_eq!(bench.code("SendTaskFailure", failed).await, "TaskTimedOut");

    let folder = tempfile::tempdir()?;
    let bench = Bench::working(folder.path()).await?;
    let arn = bench.start("child", &json!({"n": 1})).await?;
    let token = token_of(&bench.take("w").await?);
    let ended = bench.end(&arn).await?;
    assert_eq!(ended.error.as_deref(), Some("States.Timeout"));
    let beat = json!({"TaskToken": token});
    assert_eq!(bench.code("SendTaskHeartbeat", beat).await, "TaskTimedOut");
    let last = types(folder.path(), &arn)?;
    assert_eq!(
        last.get(last.len() - 2).map(String::as_str),
        Some("ActivityTimedOut")
    );
    Ok(())
}

#[tokio::test]
async fn what_a_worker_took_is_answered_after_a_restart_and_offered_to_nobody_else()
-> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::working(folder.path()).await?;
    let arn = bench.start("child", &json!({"n": 1})).await?;
    let token = token_of(&bench.take("w").await?);
    // That it was taken is in the journal.
    while !bench.has_event(&arn, "ActivityStarted")? {
        tokio::task::yield_now().await;
    }
    let restarted = bench.restarted(folder.path(), WORK)?;
    assert_eq!(restarted.look().await?, Value::Null);
    restarted.succeed(&token, "2").await?;
    assert_eq!(restarted.end(&arn).await?.output.as_deref(), Some("2"));
    Ok(())
}

#[tokio::test]
async fn what_nobody_took_is_offered_after_a_restart() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::working(folder.path()).await?;
    let arn = bench.start("child", &json!({"n": 1})).await?;
    let restarted = bench.restarted(folder.path(), WORK)?;
    let token = token_of(&restarted.take("w").await?);
    restarted.succeed(&token, "3").await?;
    assert_eq!(restarted.end(&arn).await?.output.as_deref(), Some("3"));
    Ok(())
}

#[tokio::test]
async fn the_task_of_a_stopped_execution_is_offered_to_nobody() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::working(folder.path()).await?;
    let arn = bench.start("child", &json!({"n": 1})).await?;
    bench
        .call("StopExecution", json!({"ExecutionArn": arn}))
        .await?;
    assert_eq!(bench.end(&arn).await?.status, "ABORTED");
    assert_eq!(bench.look().await?, Value::Null);
    Ok(())
}

#[tokio::test]
async fn activities_are_created_once_listed_and_deleted() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    let created = bench
        .call("CreateActivity", json!({"Name": "work"}))
        .await?;
    let again = json!({"Name": "work", "Tags": [{"Key": "k", "Value": "v"}]});
    assert_eq!(bench.call("CreateActivity", again).await?, created);
    bench
        .call("CreateActivity", json!({"Name": "also"}))
        .await?;
    let restarted = bench.restarted(folder.path(), ADD)?;
    let first = restarted
        .call("ListActivities", json!({"MaxResults": 1}))
        .await?;
    assert_eq!(first["Activities"][0]["Name"], "also");
    let rest = json!({"NextToken": first["NextToken"]});
    let rest = restarted.call("ListActivities", rest).await?;
    assert_eq!(rest["Activities"][0]["ActivityArn"], created["ActivityArn"]);
    let arn = json!({"ActivityArn": created["ActivityArn"]});
    let described = restarted.call("DescribeActivity", arn.clone()).await?;
    assert_eq!(described["CreationDate"], created["CreationDate"]);
    for _ in 0..2 {
        restarted.call("DeleteActivity", arn.clone()).await?;
    }
    let gone = "ActivityDoesNotExist";
    assert_eq!(restarted.code("DescribeActivity", arn.clone()).await, gone);
    assert_eq!(restarted.code("GetActivityTask", arn).await, gone);
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_refused_by_awss_names() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), NONE)?;
    let arn = |arn: &str| json!({"ActivityArn": arn});
    let never = "0b0e1c5c-6f6c-4a53-8a2e-0a3c0f6a1b2c";
    for (operation, parameters, expected) in [
        (
            "CreateActivity",
            json!({"Name": "Invalid Name$"}),
            "InvalidName",
        ),
        ("DescribeActivity", arn("arn:aws:sqs:::q"), "InvalidArn"),
        ("DeleteActivity", arn("work"), "InvalidArn"),
        (
            "GetActivityTask",
            arn(&names::activity_arn("none")),
            "ActivityDoesNotExist",
        ),
        (
            "SendTaskSuccess",
            json!({"TaskToken": "x", "Output": "{}"}),
            "InvalidToken",
        ),
        ("SendTaskFailure", json!({"TaskToken": "x"}), "InvalidToken"),
        (
            "SendTaskHeartbeat",
            json!({"TaskToken": "x"}),
            "InvalidToken",
        ),
        (
            "SendTaskSuccess",
            json!({"TaskToken": never, "Output": "{"}),
            "InvalidOutput",
        ),
        (
            "SendTaskSuccess",
            json!({"TaskToken": never, "Output": "{}"}),
            "TaskTimedOut",
        ),
        (
            "SendTaskHeartbeat",
            json!({"TaskToken": never}),
            "TaskTimedOut",
        ),
    ] {
        assert_eq!(
            bench.code(operation, parameters.clone()).await,
            expected,
            "{operation} {parameters}"
        );
    }
    let execution = bench.start("child", &json!({})).await?;
    let ended = bench.end(&execution).await?;
    assert_eq!(ended.error.as_deref(), Some("ActivityDoesNotExist"));
    Ok(())
}
