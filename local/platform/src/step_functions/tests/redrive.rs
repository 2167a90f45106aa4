//! `RedriveExecution`.

use super::*;

async fn redrive(bench: &Bench, arn: &str, token: &str) -> Result<Value, ServiceError> {
    let parameters = json!({"ExecutionArn": arn, "ClientToken": token});
    bench.call("RedriveExecution", parameters).await
}

/// A parent whose child failed because the letterbox was broken, which is mended now.
async fn failed(folder: &Path) -> anyhow::Result<(Bench, String)> {
    let bench = Bench::new(folder, ASK)?;
    bench.letterbox.is_broken.store(true, Ordering::SeqCst);
    let arn = bench.start("parent", &json!({"n": 1})).await?;
    let parent = bench.end(&arn).await?;
    assert_eq!(
        (parent.status.as_str(), parent.redrive_status.as_str()),
        ("FAILED", "REDRIVABLE")
    );
    bench.letterbox.is_broken.store(false, Ordering::SeqCst);
    Ok((bench, arn))
}

async fn check_published(bench: &Bench, folder: &Path, arn: &str) -> anyhow::Result<()> {
    let token = bench.token().await;
    bench.succeed(&token, "{\"yes\":true}").await?;
    assert_eq!(
        bench.end(arn).await?.output.as_deref(),
        Some("{\"yes\":true}")
    );
    let described = bench
        .call("DescribeExecution", json!({"ExecutionArn": arn}))
        .await?;
    assert_eq!(
        (
            &described["RedriveCount"],
            &described["RedriveStatusReason"],
            &described["Error"]
        ),
        (
            &json!(1),
            &json!("Execution is SUCCEEDED and cannot be redriven"),
            &Value::Null
        )
    );
    assert!(described["RedriveDate"].is_f64(), "{described}");
    let types = types(folder, arn)?;
    let at = types.iter().position(|name| name == "ExecutionRedriven");
    let around = at.and_then(|at| types.get(at - 1..at + 2));
    let expected = ["ExecutionFailed", "ExecutionRedriven", "TaskStateEntered"];
    assert_eq!(around, Some(expected.map(str::to_owned).as_slice()));
    let child = names::execution_arn("videoflow-local-child", "child-of-parent-1");
    assert_eq!(bench.end(&child).await?.status, "SUCCEEDED");
    Ok(())
}

#[tokio::test]
async fn a_redriven_parent_starts_a_new_child() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (bench, arn) = failed(folder.path()).await?;
    redrive(&bench, &arn, "t").await?;
    check_published(&bench, folder.path(), &arn).await
}

#[tokio::test]
async fn a_redrive_outlives_the_platform_that_failed_and_the_one_that_redrove() -> anyhow::Result<()>
{
    let folder = tempfile::tempdir()?;
    let (bench, arn) = failed(folder.path()).await?;
    let bench = bench.restarted(folder.path(), ASK)?;
    redrive(&bench, &arn, "t").await?;
    let bench = bench.restarted(folder.path(), ASK)?;
    check_published(&bench, folder.path(), &arn).await
}

#[tokio::test]
async fn a_token_redrives_once() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (bench, arn) = failed(folder.path()).await?;
    let first = redrive(&bench, &arn, "t").await?;
    assert_eq!(redrive(&bench, &arn, "t").await?, first);
    let other = redrive(&bench, &arn, "u").await;
    assert_eq!(
        other.map_err(|error| (error.code, error.message)),
        Err((
            "ExecutionNotRedrivable".to_owned(),
            "Execution is RUNNING and cannot be redriven".to_owned()
        ))
    );
    check_published(&bench, folder.path(), &arn).await
}

#[tokio::test]
async fn an_execution_that_fails_again_can_be_redriven_again() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (bench, arn) = failed(folder.path()).await?;
    bench.letterbox.is_broken.store(true, Ordering::SeqCst);
    redrive(&bench, &arn, "t").await?;
    assert_eq!(bench.end(&arn).await?.status, "FAILED");
    redrive(&bench, &arn, "u").await?;
    let parent = bench.end(&arn).await?;
    assert_eq!(
        (parent.status.as_str(), parent.redrive_count),
        ("FAILED", 2)
    );
    let record = Record::read(folder.path(), &arn)?;
    assert_eq!(record.execution, parent);
    Ok(())
}

#[tokio::test]
async fn what_is_no_failed_execution_is_refused() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    let arn = bench.start("child", &json!({"n": 1})).await?;
    bench.end(&arn).await?;
    let check = async |arn: &str, expected: &str| {
        let refused = redrive(&bench, arn, "t").await;
        assert_eq!(
            refused.map_err(|error| error.code),
            Err(expected.to_owned())
        );
    };
    check(&arn, "ExecutionNotRedrivable").await;
    check(&format!("{arn}-other"), "ExecutionDoesNotExist").await;
    check("child", "InvalidArn").await;
    Ok(())
}

#[tokio::test]
async fn a_redriven_map_lets_its_failed_child_go_on() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), EACH)?;
    bench.letterbox.is_broken.store(true, Ordering::SeqCst);
    let arn = bench.start("child", &json!({})).await?;
    assert_eq!(bench.end(&arn).await?.status, "FAILED");
    bench.letterbox.is_broken.store(false, Ordering::SeqCst);
    redrive(&bench, &arn, "token").await?;
    let token = bench.token().await;
    bench.succeed(&token, "7").await?;
    assert_eq!(bench.end(&arn).await?.output.as_deref(), Some("[7]"));
    let types = types(folder.path(), &arn)?;
    assert!(types.contains(&"MapRunRedriven".to_owned()), "{types:?}");
    let mut children = crate::step_functions::record::files(folder.path())?;
    children.retain(|path| path.to_string_lossy().contains("/child."));
    assert_eq!(children.len(), 2, "the Map and its one child: {children:?}");
    Ok(())
}
