//! Task states.

use std::sync::Arc;

use serde_json::Value;

use super::Execution;
use super::size::exceeds;
use super::task_events::Outcome;
use super::thread::{Limits, TaskRun, Thread, TimerUse, Waiting};
use crate::effect::{Effect, Pattern, TaskId};
use crate::failure::Failure;
use crate::history::Content;
use crate::machine::{Family, Kind, Setting, Task};

/// What an attempt needs, evaluated.
pub(super) struct Prepared {
    pub(super) arguments: Arc<Value>,
    pub(super) timeout: Option<i64>,
    pub(super) heartbeat: Option<i64>,
}

impl Execution {
    pub(super) fn attempt_task(&mut self, mut thread: Box<Thread>, task: &Task) {
        let has_token = task.resource.pattern == Pattern::TaskToken
            || matches!(task.resource.family, Family::Activity { .. });
        thread.token = has_token.then(|| self.random.uuid());
        let prepared = match self.prepare_task(&mut thread, task) {
            Ok(prepared) => prepared,
            Err(failure) => return self.fail(thread, failure),
        };
        self.record_scheduled(&mut thread, task, &prepared);
        let id = TaskId(self.new_id());
        self.tasks.insert(id, thread.id);
        self.effects.push(Effect::StartTask {
            task: id,
            resource: task.resource.arn.clone(),
            arguments: Value::clone(&prepared.arguments),
            pattern: task.resource.pattern,
            token: thread.token.clone(),
        });
        let limits = Limits {
            timeout: prepared.timeout,
            heartbeat: prepared.heartbeat,
        };
        let is_activity = matches!(task.resource.family, Family::Activity { .. });
        let mut run = TaskRun {
            task: id,
            timeout: None,
            heartbeat: None,
            submitted: false,
            untaken: is_activity.then_some(limits),
        };
        if !is_activity {
            self.start_limits(thread.id, &mut run, limits);
        }
        thread.waiting = Waiting::Task(run);
        self.park(thread);
    }

    fn start_limits(&mut self, thread: u64, run: &mut TaskRun, limits: Limits) {
        let now = self.now;
        let due = |seconds: i64| now.plus_ms(seconds.saturating_mul(1000));
        run.timeout = limits
            .timeout
            .map(|seconds| self.start_timer(TimerUse::TaskTimeout(thread), due(seconds), false));
        run.heartbeat = limits.heartbeat.map(|seconds| {
            let timer = self.start_timer(TimerUse::Heartbeat(thread), due(seconds), false);
            (timer, seconds)
        });
    }

    /// A worker has taken the task.
    pub(super) fn task_started(&mut self, task: TaskId, worker: Option<String>) {
        let id = self.tasks.get(&task).copied();
        let Some(mut thread) = id.and_then(|id| self.take_thread(id)) else {
            return;
        };
        if let Waiting::Task(mut run) = std::mem::take(&mut thread.waiting) {
            if let Some(limits) = run.untaken.take() {
                self.record_activity_started(&mut thread, worker);
                self.start_limits(thread.id, &mut run, limits);
            }
            thread.waiting = Waiting::Task(run);
        }
        self.park(thread);
    }

    fn prepare_task(&self, thread: &mut Thread, task: &Task) -> Result<Prepared, Failure> {
        let input = self.effective_input(thread)?;
        let arguments = self.arguments(thread)?;
        if !thread.fits(&arguments) {
            let cause = "The state's arguments exceed the maximum number of bytes service limit.";
            return Err(Failure::fatal("States.DataLimitExceeded", cause));
        }
        let scope = self.scope(thread, &input);
        let seconds = |setting: &Option<Setting>| {
            setting
                .as_ref()
                .map(|setting| setting.integer(&scope))
                .transpose()
        };
        if let Some(credentials) = &task.credentials {
            credentials.evaluate(&scope, "Credentials")?;
        }
        let (timeout, heartbeat) = (seconds(&task.timeout)?, seconds(&task.heartbeat)?);
        Ok(Prepared {
            arguments,
            timeout,
            heartbeat,
        })
    }

    /// Takes the thread whose Task has ended out of the table, without its timers.
    fn take_task(&mut self, task: TaskId) -> Option<(Box<Thread>, TaskRun)> {
        let mut thread = self
            .tasks
            .remove(&task)
            .and_then(|id| self.take_thread(id))?;
        match std::mem::take(&mut thread.waiting) {
            Waiting::Task(run) => {
                let timers = [run.timeout, run.heartbeat.map(|(timer, _)| timer)];
                timers
                    .into_iter()
                    .flatten()
                    .for_each(|timer| self.cancel_timer(timer));
                Some((thread, run))
            }
            other => {
                thread.waiting = other;
                self.park(thread);
                None
            }
        }
    }

    pub(super) fn task_submitted(&mut self, task: TaskId, output: Value) {
        let Some(mut thread) = self
            .tasks
            .get(&task)
            .copied()
            .and_then(|id| self.take_thread(id))
        else {
            return;
        };
        if let Waiting::Task(run) = &mut thread.waiting {
            run.submitted = true;
        }
        let state = Arc::clone(&thread.state);
        if let Kind::Task(task) = &thread.state.kind
            && let Family::Integration { .. } = &task.resource.family
        {
            let output = Arc::new(output);
            let content = Content::Answered { state, output };
            self.record_next(&mut thread, "TaskSubmitted", content);
        }
        self.park(thread);
    }

    pub(super) fn task_succeeded(&mut self, task: TaskId, output: Value) {
        let Some((mut thread, _)) = self.take_task(task) else {
            return;
        };
        let output = Arc::new(output);
        self.note_step("result", &output);
        if !thread.fits(&output) {
            let failure = too_large(resource_name(&thread));
            self.record_failure(&mut thread, &Outcome::FAILED, &failure);
            return self.fail(thread, failure);
        }
        let content = Content::Answered {
            state: Arc::clone(&thread.state),
            output: Arc::clone(&output),
        };
        self.record_outcome(&mut thread, &Outcome::SUCCEEDED, content);
        self.complete(thread, output);
    }

    pub(super) fn task_failed(&mut self, task: TaskId, error: String, cause: String) {
        let Some((mut thread, run)) = self.take_task(task) else {
            return;
        };
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        let failure = Failure::reported(given(error), given(cause));
        let is_job = matches!(&thread.state.kind, Kind::Task(task) if task.resource.pattern != Pattern::RequestResponse);
        let is_refused = run.untaken.is_some() || (is_job && !run.submitted);
        let outcome = if is_refused {
            &Outcome::SUBMIT_FAILED
        } else {
            &Outcome::FAILED
        };
        self.record_failure(&mut thread, outcome, &failure);
        self.fail(thread, failure);
    }

    /// The Task's timer or its heartbeat's has run out.
    pub(super) fn task_timed_out(&mut self, id: u64, alias: Option<&'static str>) {
        let Some(mut thread) = self.take_thread(id) else {
            return;
        };
        let failure = Failure::timeout(alias);
        self.record_failure(&mut thread, &Outcome::TIMED_OUT, &failure);
        self.fail(thread, failure);
    }

    pub(super) fn task_heartbeat(&mut self, task: TaskId) {
        let Some(id) = self.tasks.get(&task).copied() else {
            return;
        };
        let Some(mut thread) = self.take_thread(id) else {
            return;
        };
        if let Waiting::Task(TaskRun {
            heartbeat: Some((timer, seconds)),
            ..
        }) = &mut thread.waiting
        {
            self.cancel_timer(*timer);
            let due = self.now.plus_ms(seconds.saturating_mul(1000));
            *timer = self.start_timer(TimerUse::Heartbeat(id), due, false);
        }
        self.park(thread);
    }
}

/// What AWS calls a Task by whose result is too large: the service, or the ARN of the function or activity.
fn resource_name(thread: &Thread) -> &str {
    match &thread.state.kind {
        Kind::Task(task) => match &task.resource.family {
            Family::Integration { resource_type, .. } => resource_type,
            Family::Lambda { arn } | Family::Activity { arn } => arn,
        },
        _ => &thread.state.name,
    }
}

/// `States.DataLimitExceeded` of a Task's result: unlike that of a state's output, handlers get it, even those of
/// `States.ALL`.
fn too_large(name: &str) -> Failure {
    let cause = exceeds(name);
    Failure::reported(Some("States.DataLimitExceeded".to_owned()), Some(cause))
}
