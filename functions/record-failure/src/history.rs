//! From the main execution down to the failed state of the innermost one.

use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::get_execution_history::GetExecutionHistoryError;
use aws_sdk_sfn::types::HistoryEvent;
use videoflow_shared::error::classify;
use videoflow_shared::jobs::ErrorDetails;

use crate::Error;
use crate::event::{Ended, Status};
use crate::failure::{Event, Failure, Kind, find};

/// Executions within executions: VideoFlow has two levels, a Distributed Map would add one.
const DEPTH_LIMIT: usize = 5;
/// Pages of 1000 events, from the end: a failure stands there; only the way back from a long Parallel needs more.
const PAGES_LIMIT: usize = 5;
/// Bytes of a state's input that are kept.
const INPUT_LIMIT_BYTES: usize = 32 * 1024;
/// Bytes of a cause that are kept: Step Functions' own limit.
const CAUSE_LIMIT_BYTES: usize = 32 * 1024;

/// The histories of executions.
#[derive(Debug)]
pub struct Histories {
    /// Step Functions.
    pub client: Client,
}

impl Histories {
    /// Finds the state that failed; what the event says of the error counts where the histories are gone.
    pub async fn find(&self, ended: &Ended) -> Result<ErrorDetails, Error> {
        let mut execution = ended.execution_arn.clone();
        if ended.status == Status::Succeeded {
            // Failures in its history were mended.
            return Ok(details(Failure::default(), ended, execution));
        }
        let mut failure = Failure::default();
        for _ in 0..DEPTH_LIMIT {
            let Some(events) = self.events(&execution).await? else {
                break;
            };
            let found = find(&events);
            let child = found.child.clone();
            failure = Failure {
                error: found.error.or(failure.error),
                cause: found.cause.or(failure.cause),
                ..found
            };
            match child {
                Some(child) => execution = child,
                None => break,
            }
        }
        Ok(details(failure, ended, execution))
    }

    /// The last events of an execution; `None` when there is no such execution (histories live for 90 days).
    async fn events(&self, execution: &str) -> Result<Option<Vec<Event>>, Error> {
        let mut events = Vec::new();
        let mut token = None;
        for _ in 0..PAGES_LIMIT {
            let request = self
                .client
                .get_execution_history()
                .execution_arn(execution)
                .reverse_order(true);
            let answer = request
                .max_results(1000)
                .include_execution_data(true)
                .set_next_token(token)
                .send()
                .await;
            let page = match answer {
                Ok(page) => page,
                Err(error)
                    if matches!(
                        error.as_service_error(),
                        Some(
                            GetExecutionHistoryError::ExecutionDoesNotExist(_)
                                | GetExecutionHistoryError::InvalidArn(_)
                        )
                    ) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(classify("GetExecutionHistory", &error).into()),
            };
            events.extend(page.events().iter().map(simplified));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        Ok(Some(events))
    }
}

fn details(failure: Failure, ended: &Ended, execution: String) -> ErrorDetails {
    let error = failure
        .error
        .or(ended.error.clone())
        .unwrap_or_else(|| ended.status.to_string());
    let cause = failure.cause.or(ended.cause.clone()).unwrap_or_default();
    ErrorDetails {
        state: if failure.state.is_empty() {
            "unknown".to_owned()
        } else {
            failure.state
        },
        error,
        cause: truncated(cause, CAUSE_LIMIT_BYTES),
        input: failure
            .input
            .map(|input| truncated(input, INPUT_LIMIT_BYTES)),
        execution,
    }
}

/// At most `limit` bytes of a text, whole characters.
fn truncated(mut text: String, limit: usize) -> String {
    text.truncate(text.floor_char_boundary(limit));
    text
}

/// What matters of an event.
fn simplified(event: &HistoryEvent) -> Event {
    let entered = event
        .state_entered_event_details()
        .map(|details| Kind::Entered {
            state: details.name().to_owned(),
            input: details.input().unwrap_or_default().to_owned(),
        });
    let exited = || {
        event
            .state_exited_event_details()
            .map(|details| Kind::Exited {
                state: details.name().to_owned(),
            })
    };
    let submitted = || {
        let output = event
            .task_submitted_event_details()
            .and_then(|details| details.output());
        output.map(|output| Kind::Submitted {
            output: output.to_owned(),
        })
    };
    let failed = || {
        failed(event).map(|(error, cause)| Kind::Failed {
            error: error.unwrap_or_default().to_owned(),
            cause: cause.unwrap_or_default().to_owned(),
        })
    };
    let kind = entered
        .or_else(exited)
        .or_else(submitted)
        .or_else(failed)
        .unwrap_or(Kind::Other);
    Event {
        id: event.id(),
        previous_id: event.previous_event_id(),
        kind,
    }
}

/// Error and cause of the kinds of failures that our definitions can have.
fn failed(event: &HistoryEvent) -> Option<(Option<&str>, Option<&str>)> {
    macro_rules! first {
        ($($details:ident),+) => {
            None$(.or_else(|| event.$details().map(|details| (details.error(), details.cause()))))+
        };
    }
    first!(
        task_failed_event_details,
        task_timed_out_event_details,
        task_start_failed_event_details,
        task_submit_failed_event_details,
        evaluation_failed_event_details,
        lambda_function_failed_event_details,
        lambda_function_timed_out_event_details,
        map_run_failed_event_details,
        execution_failed_event_details,
        execution_timed_out_event_details,
        execution_aborted_event_details
    )
}

#[cfg(test)]
mod tests {
    use videoflow_shared::identity::JobId;

    use super::*;

    fn ended() -> Ended {
        Ended {
            job: JobId::of("b", "k", "1", "default"),
            execution_arn: "arn:main".into(),
            status: Status::Aborted,
            redrive_count: 0,
            error: None,
            cause: Some("lost".into()),
        }
    }

    fn check(failure: Failure, expected: (&str, &str, &str)) {
        let details = details(failure, &ended(), "arn:main".into());
        assert_eq!(
            (
                details.state.as_str(),
                details.error.as_str(),
                details.cause.as_str()
            ),
            expected
        );
    }

    #[test]
    fn the_event_fills_what_the_history_lacks() {
        check(Failure::default(), ("unknown", "ABORTED", "lost"));
        let failure = Failure {
            state: "S".into(),
            error: Some("E".into()),
            cause: Some("C".into()),
            ..Failure::default()
        };
        check(failure, ("S", "E", "C"));
    }

    #[test]
    fn input_is_cut_between_characters() {
        let cut = |length: usize| truncated("ä".repeat(length), INPUT_LIMIT_BYTES).len();
        assert_eq!(cut(16 * 1024), 32 * 1024);
        assert_eq!(cut(16 * 1024 + 1), 32 * 1024);
        assert_eq!(truncated("xä".into(), 2), "x");
    }
}
