//! Runs of Distributed Maps, as the API tells of them.

use super::*;

/// Three children in batches of two items, one at a time, each waiting for its token.
const BATCHES: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": {
    "Type": "Map", "Items": [1, 2, 3, 4, 5], "MaxConcurrency": 1, "Label": "Batch", "ToleratedFailureCount": 1,
    "ItemBatcher": {"MaxItemsPerBatch": 2}, "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Ask", "States": {"Ask": {
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
            "Arguments": {"QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}"}}}}}}}"#;

fn counts(total: u64, statuses: &[(&str, u64)]) -> Value {
    let mut counts = json!({"Pending": 0, "Running": 0, "Succeeded": 0, "Failed": 0, "TimedOut": 0, "Aborted": 0,
        "ResultsWritten": 0, "Total": total});
    for (status, count) in statuses {
        counts[*status] = json!(count);
    }
    counts
}

impl Bench {
    async fn run_of(&self, execution: &str) -> anyhow::Result<String> {
        let listed = self
            .call("ListMapRuns", json!({"ExecutionArn": execution}))
            .await?;
        let run = &listed["MapRuns"][0];
        assert_eq!(run["ExecutionArn"], execution);
        Ok(run["MapRunArn"].as_str().unwrap_or_default().to_owned())
    }

    async fn described(&self, run: &str) -> Result<Value, ServiceError> {
        self.call("DescribeMapRun", json!({"MapRunArn": run})).await
    }
}

#[tokio::test]
async fn a_run_is_told_of_while_it_runs_and_after_restarts() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), BATCHES)?;
    let arn = bench.start("child", &json!({})).await?;
    let first = bench.token().await;
    let run = bench.run_of(&arn).await?;
    let described = bench.described(&run).await?;
    assert_eq!(
        described["ExecutionCounts"],
        counts(3, &[("Running", 1), ("Pending", 2)])
    );
    assert_eq!(
        described["ItemCounts"],
        counts(5, &[("Running", 2), ("Pending", 3)])
    );
    let settings = [
        "MaxConcurrency",
        "ToleratedFailureCount",
        "ToleratedFailurePercentage",
    ];
    assert_eq!(
        settings.map(|name| &described[name]),
        [&json!(1), &json!(1), &json!(0.0)]
    );
    assert_eq!(
        (&described["Status"], described.get("StopDate")),
        (&json!("RUNNING"), None)
    );

    let restarted = bench.restarted(folder.path(), BATCHES)?;
    let failed = json!({"TaskToken": first, "Error": "E"});
    while restarted
        .call("SendTaskFailure", failed.clone())
        .await
        .is_err()
    {
        tokio::task::yield_now().await;
    }
    for _ in 0..2 {
        let token = restarted.token().await;
        restarted.settle(&token).await?;
    }
    assert_eq!(restarted.end(&arn).await?.output.as_deref(), Some("[7,7]"));

    let restarted = restarted.restarted(folder.path(), BATCHES)?;
    assert_eq!(restarted.run_of(&arn).await?, run);
    let described = restarted.described(&run).await?;
    let ended = [("Failed", 1), ("Succeeded", 2), ("ResultsWritten", 2)];
    assert_eq!(described["ExecutionCounts"], counts(3, &ended));
    assert_eq!(
        (&described["Status"], &described["RedriveCount"]),
        (&json!("SUCCEEDED"), &json!(0))
    );
    assert!(described["StopDate"].as_f64() >= described["StartDate"].as_f64());
    let update = json!({"MapRunArn": run, "MaxConcurrency": 2});
    let late = restarted.call("UpdateMapRun", update).await;
    assert_eq!(
        late.map_err(|error| error.code),
        Err("ValidationException".to_owned())
    );
    Ok(())
}

#[tokio::test]
async fn a_run_goes_on_as_it_is_updated() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), BATCHES)?;
    let arn = bench.start("child", &json!({})).await?;
    let first = bench.token().await;
    let run = bench.run_of(&arn).await?;
    let update = json!({"MapRunArn": run, "MaxConcurrency": 3, "ToleratedFailureCount": 0,
        "ToleratedFailurePercentage": 1.5});
    bench.call("UpdateMapRun", update).await?;
    // A second child asks although the first has no answer.
    assert_ne!(bench.token().await, first);
    let described = bench.described(&run).await?;
    let settings = [
        "MaxConcurrency",
        "ToleratedFailureCount",
        "ToleratedFailurePercentage",
    ];
    assert_eq!(
        settings.map(|name| &described[name]),
        [&json!(3), &json!(0), &json!(1.5)]
    );
    let failed = json!({"TaskToken": first, "Error": "E"});
    bench.call("SendTaskFailure", failed).await?;
    let ended = bench.end(&arn).await?;
    assert_eq!(
        ended.error.as_deref(),
        Some("States.ExceedToleratedFailureThreshold")
    );
    assert_eq!(bench.described(&run).await?["Status"], "FAILED");
    Ok(())
}

#[tokio::test]
async fn unknown_runs_are_refused() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), BATCHES)?;
    let unknown = "arn:aws:states:us-east-1:000000000000:mapRun:videoflow-local-child/Batch:1";
    let nothing = json!({"MapRunArn": unknown, "MaxConcurrency": 1});
    for (operation, parameters, expected) in [
        (
            "DescribeMapRun",
            json!({"MapRunArn": unknown}),
            "ResourceNotFound",
        ),
        ("DescribeMapRun", json!({"MapRunArn": "run"}), "InvalidArn"),
        ("UpdateMapRun", nothing, "ResourceNotFound"),
        (
            "ListMapRuns",
            json!({"ExecutionArn": child_arn()}),
            "ExecutionDoesNotExist",
        ),
        ("ListMapRuns", json!({"ExecutionArn": "e"}), "InvalidArn"),
    ] {
        let answer = bench.call(operation, parameters.clone()).await;
        let code = answer.err().map(|error| error.code);
        assert_eq!(code.as_deref(), Some(expected), "{operation} {parameters}");
    }
    let arn = bench.start("child", &json!({})).await?;
    bench.token().await;
    let run = bench.run_of(&arn).await?;
    let refused = bench.call("UpdateMapRun", json!({"MapRunArn": run})).await;
    assert_eq!(
        refused.map_err(|error| error.code),
        Err("ValidationException".to_owned())
    );
    bench
        .call("StopExecution", json!({"ExecutionArn": arn}))
        .await?;
    bench.end(&arn).await?;
    assert_eq!(bench.described(&run).await?["Status"], "ABORTED");
    Ok(())
}
