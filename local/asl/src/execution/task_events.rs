//! The events of Task states.

use std::sync::Arc;

use super::Execution;
use super::events::error_fields;
use super::task::Prepared;
use super::thread::Thread;
use crate::failure::Failure;
use crate::history::{Content, Field, Scheduled, resource};
use crate::machine::{Family, Kind, State, Task};

impl Execution {
    pub(super) fn record_scheduled(
        &mut self,
        thread: &mut Thread,
        task: &Task,
        prepared: &Prepared,
    ) {
        let (scheduled, started) = match &task.resource.family {
            Family::Integration { .. } => ("TaskScheduled", Some("TaskStarted")),
            Family::Lambda { .. } => ("LambdaFunctionScheduled", Some("LambdaFunctionStarted")),
            // It starts when a worker takes it.
            Family::Activity { .. } => ("ActivityScheduled", None),
        };
        let state = Arc::clone(&thread.state);
        let content = Content::Scheduled(Box::new(Scheduled {
            state: Arc::clone(&state),
            region: Arc::clone(&self.aws_region),
            arguments: Arc::clone(&prepared.arguments),
            timeout: prepared.timeout,
            heartbeat: prepared.heartbeat,
        }));
        self.record_next(thread, scheduled, content);
        if let Some(started) = started {
            self.record_next(thread, started, Content::Task { state });
        }
    }

    pub(super) fn record_activity_started(&mut self, thread: &mut Thread, worker: Option<String>) {
        let details = worker.map(|worker| {
            let name = ("workerName", Field::Text(Arc::from(worker)));
            ("activityStartedEventDetails", vec![name])
        });
        self.record_in(thread, "ActivityStarted", details);
    }

    /// Writes how the thread's Task ended.
    pub(super) fn record_outcome(
        &mut self,
        thread: &mut Thread,
        outcome: &Outcome,
        content: Content,
    ) {
        if let Some((event, _)) = outcome.of(&thread.state) {
            self.record_next(thread, event, content);
        }
    }

    /// Writes how the thread's Task failed.
    pub(super) fn record_failure(
        &mut self,
        thread: &mut Thread,
        outcome: &Outcome,
        failure: &Failure,
    ) {
        if let Some((event, member)) = outcome.of(&thread.state) {
            let mut fields = resource(&thread.state);
            let (error, cause) = (failure.error.as_deref(), failure.cause.as_deref());
            fields.extend(error_fields(error, cause));
            self.record_next(thread, event, Content::listed(member, fields));
        }
    }
}

/// How the end of a Task is told: event and details, for each family.
pub(super) struct Outcome {
    task: (&'static str, &'static str),
    lambda: (&'static str, &'static str),
    activity: (&'static str, &'static str),
}

impl Outcome {
    /// Event and details for the Task of a state.
    fn of(&self, state: &State) -> Option<(&'static str, &'static str)> {
        let Kind::Task(task) = &state.kind else {
            return None;
        };
        Some(match task.resource.family {
            Family::Integration { .. } => self.task,
            Family::Lambda { .. } => self.lambda,
            Family::Activity { .. } => self.activity,
        })
    }

    pub(super) const SUCCEEDED: Self = Self {
        task: ("TaskSucceeded", "taskSucceededEventDetails"),
        lambda: (
            "LambdaFunctionSucceeded",
            "lambdaFunctionSucceededEventDetails",
        ),
        activity: ("ActivitySucceeded", "activitySucceededEventDetails"),
    };
    pub(super) const FAILED: Self = Self {
        task: ("TaskFailed", "taskFailedEventDetails"),
        lambda: ("LambdaFunctionFailed", "lambdaFunctionFailedEventDetails"),
        activity: ("ActivityFailed", "activityFailedEventDetails"),
    };
    pub(super) const SUBMIT_FAILED: Self = Self {
        task: ("TaskSubmitFailed", "taskSubmitFailedEventDetails"),
        activity: (
            "ActivityScheduleFailed",
            "activityScheduleFailedEventDetails",
        ),
        ..Self::FAILED
    };
    pub(super) const TIMED_OUT: Self = Self {
        task: ("TaskTimedOut", "taskTimedOutEventDetails"),
        lambda: (
            "LambdaFunctionTimedOut",
            "lambdaFunctionTimedOutEventDetails",
        ),
        activity: ("ActivityTimedOut", "activityTimedOutEventDetails"),
    };
}
