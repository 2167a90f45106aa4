//! What becomes of executions when the platform ends before they do.

use super::*;

#[tokio::test]
async fn an_execution_goes_on_after_a_restart_and_asks_nobody_twice() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    let arn = bench.start("parent", &json!({"n": 1})).await?;
    let token = bench.token().await;
    // The answer of the service is in the journal when the token can be answered with it.
    bench.submitted(&child_arn()).await?;

    let restarted = bench.restarted(folder.path(), ASK)?;
    restarted.succeed(&token, "{\"yes\":true}").await?;
    let parent = restarted.end(&arn).await?;
    assert_eq!(parent.output.as_deref(), Some("{\"yes\":true}"));
    let calls = restarted.services.record().calls();
    let is_repeated = |action: &str| calls.iter().any(|call| call.action == action);
    assert!(
        !is_repeated("SendMessage") && !is_repeated("StartExecution"),
        "{calls:?}"
    );
    let types = types(folder.path(), &arn)?;
    assert_eq!(
        types.iter().filter(|name| *name == "TaskSubmitted").count(),
        1
    );
    Ok(())
}

#[tokio::test]
async fn a_call_without_an_answer_is_made_again() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    let arn = bench.start("child", &json!({})).await?;
    // Its call is on its way, and what comes back is not heard.
    bench.step_functions.stop();
    let restarted = bench.restarted(folder.path(), ASK)?;
    let token = restarted.token().await;
    restarted.succeed(&token, "1").await?;
    assert_eq!(restarted.end(&arn).await?.output.as_deref(), Some("1"));
    Ok(())
}

#[tokio::test]
async fn an_execution_keeps_the_definition_that_it_began_with() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    let arn = bench.start("child", &json!({})).await?;
    let token = bench.token().await;
    bench.submitted(&arn).await?;
    let restarted = bench.restarted(folder.path(), REFUSE)?;
    restarted.succeed(&token, "2").await?;
    assert_eq!(restarted.end(&arn).await?.output.as_deref(), Some("2"));
    Ok(())
}

#[tokio::test]
async fn a_distributed_map_and_its_children_go_on() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), EACH)?;
    let arn = bench.start("child", &json!({})).await?;
    let token = bench.token().await;
    let restarted = bench.restarted(folder.path(), EACH)?;
    restarted.settle(&token).await?;
    assert_eq!(restarted.end(&arn).await?.output.as_deref(), Some("[7]"));
    let is_child = |path: &std::path::PathBuf| {
        path.to_string_lossy().contains("/child.") && !path.ends_with("child/child.json")
    };
    let mut children = crate::step_functions::record::files(folder.path())?;
    children.retain(is_child);
    assert_eq!(
        children.len(),
        1,
        "one child, and it has ended: {children:?}"
    );
    Ok(())
}

#[tokio::test]
async fn an_execution_that_cannot_be_replayed_is_aborted() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    let arn = bench.start("child", &json!({})).await?;
    bench.token().await;
    bench.step_functions.stop();
    std::fs::remove_dir_all(folder.path().join("definitions"))?;

    // A deployment of the same definition would bring it back.
    let restarted = bench.restarted(folder.path(), REFUSE)?;
    let child = restarted.end(&arn).await?;
    assert_eq!(
        (child.status.as_str(), child.error.as_deref()),
        ("ABORTED", Some("Platform.Interrupted"))
    );
    assert_eq!(child.redrive_status, "NOT_REDRIVABLE");
    let machine = json!({"StateMachineArn": names::state_machine_arn("child")});
    let listed = restarted.call("ListExecutions", machine).await?;
    assert_eq!(listed["Executions"][0]["Status"], json!("ABORTED"));
    Ok(())
}

#[tokio::test]
async fn a_history_can_be_read_while_its_execution_runs() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    let arn = bench.start("child", &json!({})).await?;
    let token = bench.token().await;
    bench.submitted(&arn).await?;
    let running = Record::read(folder.path(), &arn)?;
    assert_eq!(running.execution.status, "RUNNING");
    bench.succeed(&token, "1").await?;
    let ended = bench.end(&arn).await?;
    let record = Record::read(folder.path(), &arn)?;
    assert_eq!(record.execution, ended);
    assert_eq!(
        record.events.get(..running.events.len()),
        Some(&*running.events)
    );
    Ok(())
}
