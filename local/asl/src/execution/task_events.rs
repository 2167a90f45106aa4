//! The events of Task states.

use std::sync::Arc;

use super::Execution;
use super::events::{Fields, document};
use super::task::Prepared;
use super::thread::Thread;
use crate::history::Field;
use crate::machine::{Family, Kind, Task};

/// Events and details of the start of a Lambda function by its ARN.
const LAMBDA_STARTS: [&str; 3] = [
    "LambdaFunctionScheduled",
    "lambdaFunctionScheduledEventDetails",
    "LambdaFunctionStarted",
];
/// The same of an activity.
const ACTIVITY_STARTS: [&str; 3] = [
    "ActivityScheduled",
    "activityScheduledEventDetails",
    "ActivityStarted",
];

impl Execution {
    pub(super) fn record_scheduled(
        &mut self,
        thread: &mut Thread,
        task: &Task,
        prepared: &Prepared,
    ) {
        let number = |name, seconds: Option<i64>| {
            seconds.map(|seconds| (name, Field::Number(seconds.unsigned_abs())))
        };
        let limits = [
            number("timeoutInSeconds", prepared.timeout),
            number("heartbeatInSeconds", prepared.heartbeat),
        ];
        let limits = limits.into_iter().flatten();
        let (arn, [scheduled, member, started]) = match &task.resource.family {
            Family::Integration {
                resource_type,
                resource,
            } => {
                let mut fields = named(resource_type, resource);
                fields.push(("region", Field::Text(self.region())));
                fields.push((
                    "parameters",
                    Field::Payload(Arc::clone(&prepared.arguments)),
                ));
                fields.extend(limits);
                self.record_in(
                    thread,
                    "TaskScheduled",
                    Some(("taskScheduledEventDetails", fields)),
                );
                let started = named(resource_type, resource);
                return self.record_in(
                    thread,
                    "TaskStarted",
                    Some(("taskStartedEventDetails", started)),
                );
            }
            Family::Lambda { arn } => (arn, LAMBDA_STARTS),
            Family::Activity { arn } => (arn, ACTIVITY_STARTS),
        };
        let mut fields = vec![("resource", Field::Text(Arc::clone(arn)))];
        fields.extend(document("input", "inputDetails", &prepared.arguments));
        fields.extend(limits);
        self.record_in(thread, scheduled, Some((member, fields)));
        self.record_in(thread, started, None);
    }

    /// The region of the state machine's ARN.
    fn region(&self) -> Arc<str> {
        Arc::from(
            self.start
                .state_machine_arn
                .split(':')
                .nth(3)
                .unwrap_or_default(),
        )
    }

    pub(super) fn record_outcome(
        &mut self,
        thread: &mut Thread,
        outcome: &Outcome,
        details: Fields,
    ) {
        let state = Arc::clone(&thread.state);
        let Kind::Task(task) = &state.kind else {
            return;
        };
        let (event, member, mut fields) = match &task.resource.family {
            Family::Integration {
                resource_type,
                resource,
            } => (
                outcome.task.0,
                outcome.task.1,
                named(resource_type, resource),
            ),
            Family::Lambda { .. } => (outcome.lambda.0, outcome.lambda.1, Fields::new()),
            Family::Activity { .. } => (outcome.activity.0, outcome.activity.1, Fields::new()),
        };
        fields.extend(details);
        self.record_in(thread, event, Some((member, fields)));
    }
}

pub(super) fn named(resource_type: &Arc<str>, resource: &Arc<str>) -> Fields {
    vec![
        ("resourceType", Field::Text(Arc::clone(resource_type))),
        ("resource", Field::Text(Arc::clone(resource))),
    ]
}

/// How the end of a Task is told: event and details, for each family.
pub(super) struct Outcome {
    task: (&'static str, &'static str),
    lambda: (&'static str, &'static str),
    activity: (&'static str, &'static str),
}

impl Outcome {
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
