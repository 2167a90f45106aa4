//! Writes the history.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::thread::Thread;
use super::{Execution, Status};
use crate::effect::Effect;
use crate::failure::Failure;
use crate::history::{Content, Field, Fields, HistoryEvent, document};
use crate::machine::Kind;

/// Most events of a history (AWS quota of Standard workflows), the last one included.
const MAX_EVENTS: usize = 25_000;

/// Error and cause, each where it says anything.
pub(super) fn error_fields(error: Option<&str>, cause: Option<&str>) -> Fields {
    let field = |name, text: Option<&str>| {
        text.filter(|text| !text.is_empty())
            .map(|text| (name, Field::Text(Arc::from(text))))
    };
    [field("error", error), field("cause", cause)]
        .into_iter()
        .flatten()
        .collect()
}

/// The names of a type of state's events.
pub(super) struct Names {
    pub(super) entered: &'static str,
    pub(super) exited: &'static str,
    pub(super) aborted: Option<&'static str>,
}

pub(super) fn names(kind: &Kind) -> Names {
    let (entered, exited, aborted) = match kind {
        Kind::Pass { .. } => ("PassStateEntered", "PassStateExited", None),
        Kind::Task(_) => (
            "TaskStateEntered",
            "TaskStateExited",
            Some("TaskStateAborted"),
        ),
        Kind::Choice { .. } => ("ChoiceStateEntered", "ChoiceStateExited", None),
        Kind::Wait(_) => (
            "WaitStateEntered",
            "WaitStateExited",
            Some("WaitStateAborted"),
        ),
        Kind::Succeed => ("SucceedStateEntered", "SucceedStateExited", None),
        Kind::Fail { .. } => ("FailStateEntered", "FailStateExited", None),
        Kind::Parallel { .. } => (
            "ParallelStateEntered",
            "ParallelStateExited",
            Some("ParallelStateAborted"),
        ),
        Kind::Map(_) => ("MapStateEntered", "MapStateExited", Some("MapStateAborted")),
    };
    Names {
        entered,
        exited,
        aborted,
    }
}

impl Execution {
    /// Writes an event and gives its id.
    pub(super) fn record(
        &mut self,
        previous: u64,
        event_type: &'static str,
        content: Content,
    ) -> u64 {
        let id = self.last_event() + 1;
        self.history.push(HistoryEvent {
            id,
            previous_event_id: previous,
            timestamp: self.now,
            event_type,
            content,
        });
        id
    }

    /// Writes the next event of a thread.
    pub(super) fn record_next(
        &mut self,
        thread: &mut Thread,
        event_type: &'static str,
        content: Content,
    ) {
        thread.previous = self.record(thread.previous, event_type, content);
    }

    /// Writes the next event of a thread by its fields.
    pub(super) fn record_in(
        &mut self,
        thread: &mut Thread,
        event_type: &'static str,
        details: Option<(&'static str, Fields)>,
    ) {
        let content = details.map_or(Content::Nothing, |(member, fields)| {
            Content::listed(member, fields)
        });
        self.record_next(thread, event_type, content);
    }

    pub(super) fn last_event(&self) -> u64 {
        self.history.last().map_or(0, |event| event.id)
    }

    pub(super) fn is_history_full(&self) -> bool {
        self.history.len() >= MAX_EVENTS - 1
    }

    pub(super) fn record_started(&mut self) {
        let mut fields = document("input", "inputDetails", &self.input);
        fields.push((
            "roleArn",
            Field::Text(Arc::from(self.start.role_arn.as_str())),
        ));
        self.record(
            0,
            "ExecutionStarted",
            Content::listed("executionStartedEventDetails", fields),
        );
    }

    pub(super) fn end_succeeded(&mut self, previous: u64, output: Arc<Value>) {
        let fields = document("output", "outputDetails", &output);
        self.record(
            previous,
            "ExecutionSucceeded",
            Content::listed("executionSucceededEventDetails", fields),
        );
        self.output = Some(output);
        self.finish(Status::Succeeded);
    }

    /// Fails the execution with all that runs in it.
    pub(super) fn end_failed(&mut self, previous: u64, failure: &Failure) {
        self.abort_all();
        self.end(
            previous,
            Status::Failed,
            "ExecutionFailed",
            "executionFailedEventDetails",
            failure,
        );
    }

    pub(super) fn time_out(&mut self) {
        self.abort_all();
        let failure = Failure::timeout(None);
        self.end(
            self.last_event(),
            Status::TimedOut,
            "ExecutionTimedOut",
            "executionTimedOutEventDetails",
            &failure,
        );
    }

    pub(super) fn stop(&mut self, error: Option<String>, cause: Option<String>) {
        self.abort_all();
        let failure = Failure::reported(error, cause);
        self.end(
            self.last_event(),
            Status::Aborted,
            "ExecutionAborted",
            "executionAbortedEventDetails",
            &failure,
        );
    }

    fn end(
        &mut self,
        previous: u64,
        status: Status,
        event_type: &'static str,
        member: &'static str,
        failure: &Failure,
    ) {
        let fields = error_fields(failure.error.as_deref(), failure.cause.as_deref());
        self.record(previous, event_type, Content::listed(member, fields));
        self.error.clone_from(&failure.error);
        self.cause = failure.cause.clone().filter(|cause| !cause.is_empty());
        self.finish(status);
    }

    fn finish(&mut self, status: Status) {
        self.status = status;
        let timers = std::mem::take(&mut self.timers);
        let cancelled = timers
            .into_keys()
            .map(|timer| Effect::CancelTimer { timer });
        self.effects.extend(cancelled);
        self.ready = VecDeque::new();
        self.history.shrink_to_fit();
        self.effects.push(Effect::Finish);
    }
}
