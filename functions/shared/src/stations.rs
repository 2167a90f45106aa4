//! Where a job is: the states that its executions are in now, by the ends of their histories.

use std::collections::BTreeMap;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::HistoryEvent;
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;

use crate::clock;
use crate::error::{self, classify};
use crate::identity::JobId;
use crate::jobs::Job;

/// States of process-video that run a stage, and the stage's part in the names of children.
const STAGES: [(&str, &str); 7] = [
    ("SanitizeFile", "sanitize"),
    ("PreprocessVideo", "preprocess"),
    ("DetectLabels", "labels"),
    ("TranscribeSpeech", "speech"),
    ("ExtractMeaning", "meaning"),
    ("MergeBrief", "merge"),
    ("PublishVideo", "publish"),
];
/// Events of process-video that are looked at, from the end: it has some 80, and more after redrives.
const MAIN_EVENTS: i32 = 200;
/// Events of a child that are looked at, from the end: a turn of a poll has nine.
const CHILD_EVENTS: i32 = 40;

/// Where a job is within a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Station {
    /// Stage: `merge`.
    pub stage: &'static str,
    /// State that its execution is in.
    pub state: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// Execution that runs the stage, once it has begun.
    pub execution_arn: Option<String>,
}

/// A state that was entered and not left.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    state: String,
    since: String,
}

/// What matters of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Event {
    Entered(Open),
    Exited(String),
    /// A child was started: its ARN.
    Started(String),
}

/// The stations of a job: one request, and one for each stage that is open. A stage whose execution does not tell shows
/// the main machine's state.
///
/// # Errors
/// All of [`error::Error`].
pub async fn stations(client: &Client, job: &Job) -> Result<Vec<Station>, error::Error> {
    let Some(execution) = &job.execution_arn else {
        return Ok(Vec::new());
    };
    let events = events(client, execution, MAIN_EVENTS).await?;
    let children = stages(&job.job_id, &events);
    let stations = children
        .into_iter()
        .map(|(stage, open, child)| station(client, stage, open, child));
    Ok(join_all(stations).await)
}

/// The station within a stage; the main machine's state, where the child's is not known.
async fn station(
    client: &Client,
    stage: &'static str,
    main: Open,
    child: Option<String>,
) -> Station {
    let inner = match &child {
        Some(child) => events(client, child, CHILD_EVENTS).await.ok(),
        None => None,
    };
    let inner = inner.and_then(|events| open(&events).into_iter().next_back());
    let Open { state, since } = inner.unwrap_or(main);
    Station {
        stage,
        state,
        since,
        execution_arn: child,
    }
}

/// Stages that are open, with their state and the newest child that runs them.
fn stages(job: &JobId, events: &[Event]) -> Vec<(&'static str, Open, Option<String>)> {
    let found = open(events).into_iter().filter_map(|open| {
        let (_, stage) = STAGES.iter().find(|(state, _)| *state == open.state)?;
        let of_stage = format!(":{job}-{stage}-");
        let child = events.iter().rev().find_map(|event| match event {
            Event::Started(child) if child.contains(&of_stage) => Some(child.clone()),
            _ => None,
        });
        Some((*stage, open, child))
    });
    found.collect()
}

/// States that were entered and not left, in the order in which they were entered.
fn open(events: &[Event]) -> Vec<Open> {
    let mut open: BTreeMap<&str, (usize, &Open)> = BTreeMap::new();
    for (number, event) in events.iter().enumerate() {
        match event {
            Event::Entered(entered) => {
                open.insert(&entered.state, (number, entered));
            }
            Event::Exited(state) => {
                open.remove(state.as_str());
            }
            Event::Started(_) => {}
        }
    }
    let mut open: Vec<_> = open.into_values().collect();
    open.sort_by_key(|(number, _)| *number);
    open.into_iter().map(|(_, open)| open.clone()).collect()
}

/// The last events of an execution, the oldest first.
async fn events(client: &Client, execution: &str, count: i32) -> Result<Vec<Event>, error::Error> {
    let request = client.get_execution_history().execution_arn(execution);
    let answer = request
        .reverse_order(true)
        .max_results(count)
        .include_execution_data(true)
        .send()
        .await
        .map_err(|error| classify("GetExecutionHistory", &error))?;
    Ok(answer
        .events()
        .iter()
        .rev()
        .filter_map(simplified)
        .collect())
}

fn simplified(event: &HistoryEvent) -> Option<Event> {
    if let Some(entered) = event.state_entered_event_details() {
        let milliseconds = event.timestamp().to_millis().ok()?;
        let since = i128::from(milliseconds) * 1_000_000;
        let since = time::OffsetDateTime::from_unix_timestamp_nanos(since).ok()?;
        return Some(Event::Entered(Open {
            state: entered.name().to_owned(),
            since: clock::format(since),
        }));
    }
    if let Some(exited) = event.state_exited_event_details() {
        return Some(Event::Exited(exited.name().to_owned()));
    }
    let submitted = event.task_submitted_event_details()?.output()?;
    let submitted: Value = serde_json::from_str(submitted).ok()?;
    let child = submitted.get("ExecutionArn")?.as_str()?;
    Some(Event::Started(child.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(state: &str) -> Event {
        Event::Entered(Open {
            state: state.into(),
            since: "then".into(),
        })
    }

    fn exited(state: &str) -> Event {
        Event::Exited(state.into())
    }

    fn check(events: &[Event], expected: &[(&str, Option<&str>)]) {
        let job = JobId::of("b", "k", "1", "default");
        let found = stages(&job, events);
        let found: Vec<_> = found
            .iter()
            .map(|(stage, _, child)| (*stage, child.as_deref()))
            .collect();
        assert_eq!(found, expected, "{events:?}");
    }

    #[test]
    fn a_station_is_where_a_state_was_entered_and_not_left() {
        let job = JobId::of("b", "k", "1", "default");
        let child = |stage: &str| format!("arn:aws:states:r:0:execution:m:{job}-{stage}");
        let started = |stage: &str| Event::Started(child(stage));
        let (merge, again) = (child("merge-0-0"), child("merge-1-0"));
        check(&[], &[]);
        check(&[entered("SanitizeFile")], &[("sanitize", None)]);
        check(
            &[
                entered("SanitizeFile"),
                exited("SanitizeFile"),
                entered("IsAccepted"),
            ],
            &[],
        );
        check(
            &[
                exited("AnalyzeVideo"),
                entered("MergeBrief"),
                started("merge-0-0"),
            ],
            &[("merge", Some(&merge))],
        );
        // A redrive goes on within the state that failed.
        check(
            &[
                entered("MergeBrief"),
                started("merge-0-0"),
                started("merge-1-0"),
            ],
            &[("merge", Some(&again))],
        );
        let (labels, speech) = (child("labels-0-0"), child("speech-0-0"));
        check(
            &[
                entered("AnalyzeVideo"),
                entered("TranscribeSpeech"),
                entered("DetectLabels"),
                started("labels-0-0"),
                started("speech-0-0"),
            ],
            &[("speech", Some(&speech)), ("labels", Some(&labels))],
        );
    }

    #[test]
    fn stages_are_those_of_the_main_machine() {
        let definition = include_str!("../../../statemachines/process-video.asl.json");
        for (state, stage) in STAGES {
            assert!(definition.contains(&format!("\"{state}\": {{")), "{state}");
            assert!(definition.contains(&format!("& '-{stage}-' &")), "{stage}");
        }
        assert_eq!(
            definition.matches("startExecution.sync:2").count(),
            STAGES.len()
        );
    }
}
