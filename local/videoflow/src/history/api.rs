//! Histories from the Step Functions API.

use anyhow::Context;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::HistoryEvent;
use videoflow_platform::names;
use videoflow_platform::step_functions::Description;

use super::Execution;
use super::event::{Event, Kind};

/// Pages of 1,000 events: Step Functions ends an execution at 25,000.
const MAX_PAGES: usize = 25;
/// Pages of state machines that are looked through for process-video.
const MAX_MACHINE_PAGES: usize = 10;

/// Looks for an execution named like the job in every process-video that the account has.
pub async fn find_job(client: &Client, job: &str) -> anyhow::Result<Option<String>> {
    let mut next_token = None;
    for _ in 0..MAX_MACHINE_PAGES {
        let page = client
            .list_state_machines()
            .set_next_token(next_token)
            .send()
            .await;
        let page = page
            .map_err(aws_sdk_sfn::Error::from)
            .context("cannot list the state machines")?;
        for machine in page
            .state_machines
            .iter()
            .filter(|machine| machine.name.ends_with(names::PROCESS_VIDEO))
        {
            let arn = format!(
                "{}:{job}",
                machine
                    .state_machine_arn
                    .replacen(":stateMachine:", ":execution:", 1)
            );
            match client
                .describe_execution()
                .execution_arn(&arn)
                .send()
                .await
                .map_err(aws_sdk_sfn::Error::from)
            {
                Ok(_) => return Ok(Some(arn)),
                Err(aws_sdk_sfn::Error::ExecutionDoesNotExist(_)) => {}
                Err(error) => return Err(error).with_context(|| format!("cannot describe {arn}")),
            }
        }
        next_token = page.next_token;
        if next_token.is_none() {
            break;
        }
    }
    Ok(None)
}

/// Reads one execution.
pub async fn execution(client: &Client, arn: &str) -> anyhow::Result<Execution> {
    let described = client.describe_execution().execution_arn(arn).send();
    let (described, events) = tokio::join!(described, events(client, arn));
    let described = described
        .map_err(aws_sdk_sfn::Error::from)
        .with_context(|| format!("cannot describe {arn}"))?;
    let description = Description {
        execution_arn: described.execution_arn,
        state_machine_arn: described.state_machine_arn,
        state_machine_version_arn: described.state_machine_version_arn,
        state_machine_alias_arn: described.state_machine_alias_arn,
        name: described.name.unwrap_or_default(),
        status: described.status.as_str().to_owned(),
        start_date: described.start_date.as_secs_f64(),
        stop_date: described.stop_date.map(|date| date.as_secs_f64()),
        input: described.input.unwrap_or_default(),
        output: described.output,
        error: described.error,
        cause: described.cause,
        redrive_count: described
            .redrive_count
            .and_then(|count| count.try_into().ok())
            .unwrap_or(0),
        redrive_date: described.redrive_date.map(|date| date.as_secs_f64()),
        redrive_status: described
            .redrive_status
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        redrive_status_reason: described.redrive_status_reason,
        map_run_arn: described.map_run_arn,
    };
    Ok(Execution {
        description,
        events: events?,
    })
}

async fn events(client: &Client, arn: &str) -> anyhow::Result<Vec<Event>> {
    let mut events = Vec::new();
    let mut next_token = None;
    for _ in 0..MAX_PAGES {
        let page = client
            .get_execution_history()
            .execution_arn(arn)
            .max_results(1000)
            .set_next_token(next_token);
        let page = page.send().await.map_err(aws_sdk_sfn::Error::from);
        let page = page.with_context(|| format!("cannot read the history of {arn}"))?;
        events.extend(page.events.iter().map(reduced));
        next_token = page.next_token;
        if next_token.is_none() {
            break;
        }
    }
    Ok(events)
}

fn reduced(event: &HistoryEvent) -> Event {
    let id = |id: i64| u64::try_from(id).unwrap_or(0);
    Event {
        id: id(event.id),
        previous_id: id(event.previous_event_id),
        kind: kind(event),
    }
}

fn kind(event: &HistoryEvent) -> Kind {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    if let Some(details) = event.state_entered_event_details() {
        return Kind::Entered {
            state: details.name().to_owned(),
            input: text(details.input()),
        };
    }
    if let Some(details) = event.task_submitted_event_details() {
        return Kind::Submitted {
            output: text(details.output()),
        };
    }
    if let Some(details) = event.task_succeeded_event_details() {
        return Kind::Succeeded {
            output: text(details.output()),
        };
    }
    let name = event.r#type().as_str();
    if matches!(
        name,
        "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted"
    ) {
        return Kind::Ended;
    }
    match failure(event) {
        Some((error, cause)) => Kind::Failed {
            error: text(error),
            cause: text(cause),
        },
        None if name.ends_with("Failed") => Kind::Failed {
            error: String::new(),
            cause: String::new(),
        },
        None => Kind::Other,
    }
}

fn failure(event: &HistoryEvent) -> Option<(Option<&str>, Option<&str>)> {
    let task = event
        .task_failed_event_details()
        .map(|details| (details.error(), details.cause()));
    let timed_out = || {
        event
            .task_timed_out_event_details()
            .map(|details| (details.error(), details.cause()))
    };
    let not_started = || {
        event
            .task_start_failed_event_details()
            .map(|details| (details.error(), details.cause()))
    };
    let not_submitted = || {
        event
            .task_submit_failed_event_details()
            .map(|details| (details.error(), details.cause()))
    };
    let evaluation = || {
        event
            .evaluation_failed_event_details()
            .map(|details| (details.error(), details.cause()))
    };
    let map_run = || {
        event
            .map_run_failed_event_details()
            .map(|details| (details.error(), details.cause()))
    };
    task.or_else(timed_out)
        .or_else(not_started)
        .or_else(not_submitted)
        .or_else(evaluation)
        .or_else(map_run)
}
