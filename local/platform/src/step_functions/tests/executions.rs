//! Executions through the API: lists in pages, inputs, descriptions.

use super::*;

/// Starts executions of `child` by these names, one after the other.
async fn started(bench: &Bench, names: &[&str]) -> Result<(), ServiceError> {
    for name in names {
        bench.call("StartExecution", start(name, "{}")).await?;
    }
    Ok(())
}

fn start(name: &str, input: &str) -> Value {
    let arn = names::state_machine_arn("child");
    json!({"StateMachineArn": arn, "Name": name, "Input": input})
}

/// The names on a page, and the token of the next.
async fn page(bench: &Bench, more: Value) -> Result<(Vec<String>, Value), ServiceError> {
    let mut parameters = json!({"StateMachineArn": names::state_machine_arn("child")});
    if let (Some(parameters), Value::Object(more)) = (parameters.as_object_mut(), more) {
        parameters.extend(more);
    }
    let mut answer = bench.call("ListExecutions", parameters).await?;
    let next = answer["NextToken"].take();
    let items = answer["Executions"].as_array().cloned().unwrap_or_default();
    let names = items.iter().filter_map(|item| item["Name"].as_str());
    Ok((names.map(str::to_owned).collect(), next))
}

#[tokio::test]
async fn pages_show_one_moment_while_executions_start_and_end() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    started(&bench, &["a", "b", "c", "d"]).await?;
    let (first, next) = page(&bench, json!({"MaxResults": 2})).await?;
    let rest = page(&bench, json!({"MaxResults": 2, "NextToken": next}))
        .await?
        .0;
    started(&bench, &["e"]).await?;
    // One of the second page goes to the top of the list of now.
    let arn = names::execution_arn(
        "videoflow-local-child",
        rest.first().map_or("", String::as_str),
    );
    bench
        .call("StopExecution", json!({"ExecutionArn": arn}))
        .await?;
    let (second, last) = page(&bench, json!({"MaxResults": 9, "NextToken": next})).await?;
    assert_eq!((second, last), (rest.clone(), Value::Null));
    let mut all = [first, rest].concat();
    all.sort();
    assert_eq!(all, ["a", "b", "c", "d"]);
    let foreign = page(
        &bench,
        json!({"StatusFilter": "RUNNING", "NextToken": next}),
    )
    .await;
    let foreign = foreign.map_err(|error| error.to_string());
    assert_eq!(
        foreign,
        Err("InvalidToken: Invalid Token: 'Invalid token'".to_owned())
    );
    Ok(())
}

#[tokio::test]
async fn filters_keep_what_they_name() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    started(&bench, &["a", "b"]).await?;
    let arn = names::execution_arn("videoflow-local-child", "a");
    bench
        .call("StopExecution", json!({"ExecutionArn": arn}))
        .await?;
    for (status, expected) in [
        ("RUNNING", vec!["b"]),
        ("ABORTED", vec!["a"]),
        ("FAILED", vec![]),
    ] {
        let found = page(&bench, json!({"StatusFilter": status})).await?.0;
        assert_eq!(found, expected, "{status}");
    }
    for (more, expected) in [
        (
            json!({"RedriveFilter": "REDRIVEN"}),
            "Filters of redrives need a mapRunArn",
        ),
        (
            json!({"StatusFilter": "PENDING_REDRIVE"}),
            "Filters of redrives need a mapRunArn",
        ),
        (
            json!({"StateMachineArn": null}),
            "1 validation error detected: Must provide a StateMachine ARN or MapRun ARN",
        ),
    ] {
        let refused = page(&bench, more.clone())
            .await
            .map_err(|error| error.to_string());
        assert_eq!(
            refused,
            Err(format!("ValidationException: {expected}")),
            "{more}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn children_of_a_map_run_are_listed_by_it() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), EACH)?;
    let arn = bench.start("child", &json!({})).await?;
    let token = bench.token().await;
    bench.settle(&token).await?;
    bench.end(&arn).await?;
    let history = bench
        .call("GetExecutionHistory", json!({"ExecutionArn": arn}))
        .await?;
    let events = history["Events"].as_array().cloned().unwrap_or_default();
    let run = events
        .iter()
        .find_map(|event| event["MapRunStartedEventDetails"]["MapRunArn"].as_str());
    let run = run.unwrap_or_default();
    for (filter, expected) in [
        (json!(null), 1),
        (json!("NOT_REDRIVEN"), 1),
        (json!("REDRIVEN"), 0),
    ] {
        let wanted = json!({"MapRunArn": run, "RedriveFilter": filter});
        let listed = bench.call("ListExecutions", wanted).await?;
        let listed = listed["Executions"].as_array().cloned().unwrap_or_default();
        assert_eq!(listed.len(), expected, "{filter}");
        for child in listed {
            assert_eq!(child["MapRunArn"], json!(run));
            let of = json!({"ExecutionArn": child["ExecutionArn"]});
            let machine = bench.call("DescribeStateMachineForExecution", of).await?;
            assert_eq!(machine["MapRunArn"], json!(run));
            let label = machine["Label"].as_str().unwrap_or_default();
            assert!(run.contains(&format!("/{label}:")), "{label}");
            let definition = machine["Definition"].as_str().unwrap_or_default();
            let definition: Value = serde_json::from_str(definition)?;
            assert_eq!(definition["StartAt"], json!("Ask"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn inputs_are_json_of_any_kind() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    let refused = "InvalidExecutionInput: Invalid State Machine Execution Input: '";
    for (index, (input, expected)) in [
        ("1", None),
        ("null", None),
        ("\"text\"", None),
        ("", Some("Invalid execution input.'")),
        ("{", Some("")),
        ("not", Some("")),
    ]
    .into_iter()
    .enumerate()
    {
        let started = bench
            .call("StartExecution", start(&format!("e{index}"), input))
            .await;
        let found = started.err().map(|error| error.to_string());
        let expected = expected.map(|reason| format!("{refused}{reason}"));
        let is_expected = match (&found, &expected) {
            (Some(found), Some(expected)) => found.starts_with(expected),
            (found, expected) => found == expected,
        };
        assert!(is_expected, "{input}: {found:?}");
    }
    Ok(())
}

#[tokio::test]
async fn documents_are_left_out_where_only_metadata_is_wanted() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    let arn = bench.start("child", &json!({"n": 1})).await?;
    bench.end(&arn).await?;
    for (included, expected) in [
        ("ALL_DATA", (json!("{\"n\":1}"), json!("{\"n\":2}"), true)),
        ("METADATA_ONLY", (Value::Null, Value::Null, false)),
    ] {
        let of = json!({"ExecutionArn": arn, "IncludedData": included});
        let mut described = bench.call("DescribeExecution", of).await?;
        let details = json!({"Included": expected.2});
        assert_eq!(
            (&described["InputDetails"], &described["OutputDetails"]),
            (&details, &details)
        );
        let found = (described["Input"].take(), described["Output"].take());
        assert_eq!(found, (expected.0, expected.1), "{included}");
    }
    Ok(())
}

#[tokio::test]
async fn an_execution_that_has_ended_is_stopped_when_it_ended() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    let arn = bench.start("child", &json!({"n": 1})).await?;
    let ended = bench.end(&arn).await?;
    let stopped = bench
        .call("StopExecution", json!({"ExecutionArn": arn}))
        .await?;
    assert_eq!(stopped["StopDate"], json!(ended.stop_date));
    assert_eq!(bench.end(&arn).await?.status, "SUCCEEDED");
    Ok(())
}

#[tokio::test]
async fn histories_come_in_pages_both_ways() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    let arn = bench.start("child", &json!({"n": 1})).await?;
    bench.end(&arn).await?;
    for (reverse, expected) in [(false, vec![1, 2, 3, 4]), (true, vec![4, 3, 2, 1])] {
        let mut ids = Vec::new();
        let mut next = Value::Null;
        loop {
            let wanted = json!({"ExecutionArn": arn, "ReverseOrder": reverse, "MaxResults": 3, "NextToken": next});
            let mut answer = bench.call("GetExecutionHistory", wanted).await?;
            let events = answer["Events"].as_array().cloned().unwrap_or_default();
            ids.extend(events.iter().filter_map(|event| event["Id"].as_i64()));
            next = answer["NextToken"].take();
            if next.is_null() {
                break;
            }
        }
        assert_eq!(ids, expected, "{reverse}");
    }
    Ok(())
}
