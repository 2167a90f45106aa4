//! Histories from the Step Functions API.

use aws_sdk_sfn::Client;

use super::backoff::{patiently, unreadable};
use super::event::{Event, moment};
use super::{Listed, Meter, Unreadable, status};

/// Pages of 1,000 events: Step Functions ends an execution at 25,000.
const MAX_PAGES: usize = 25;

/// The events of an execution, oldest first.
pub async fn events(client: &Client, arn: &str, meter: &Meter) -> Result<Vec<Event>, Unreadable> {
    let mut events = Vec::new();
    let mut next_token = None;
    for _ in 0..MAX_PAGES {
        let request = client
            .get_execution_history()
            .execution_arn(arn)
            .max_results(1000)
            .set_next_token(next_token);
        let page = patiently("GetExecutionHistory", meter, || request.clone().send())
            .await
            .map_err(|error| unreadable("GetExecutionHistory", &error))?;
        events.extend(page.events.iter().map(Event::from_api));
        next_token = page.next_token;
        if next_token.is_none() {
            break;
        }
    }
    Ok(events)
}

/// The first page of the children of a Distributed Map's run.
pub async fn children(
    client: &Client,
    map_run_arn: &str,
    meter: &Meter,
) -> Result<(Vec<Listed>, bool), Unreadable> {
    let request = client
        .list_executions()
        .map_run_arn(map_run_arn)
        .max_results(1000);
    let page = patiently("ListExecutions", meter, || request.clone().send())
        .await
        .map_err(|error| unreadable("ListExecutions", &error))?;
    let moment = |at: aws_sdk_sfn::primitives::DateTime| moment(at.as_secs_f64());
    let listed = page.executions.into_iter().map(|execution| Listed {
        arn: execution.execution_arn,
        status: status(execution.status.as_str()),
        started_at: moment(execution.start_date),
        stopped_at: execution.stop_date.map(moment),
    });
    Ok((listed.collect(), page.next_token.is_some()))
}
