//! Enters states and attempts what they are for.

use std::cell::OnceCell;
use std::sync::Arc;

use serde_json::Value;

use super::Execution;
use super::events::names;
use super::thread::{Thread, TimerUse, Waiting};
use crate::effect::Timestamp;
use crate::failure::Failure;
use crate::history::Content;
use crate::machine::{Condition, Kind, Rule, Selection, Setting, State, Wait};
use crate::query::path::Path;
use crate::query::{Language, Scope};

impl Execution {
    /// Enters the thread's state.
    pub(super) fn enter(&mut self, mut thread: Box<Thread>) {
        thread.before_entered = thread.previous;
        thread.entered_at = self.now;
        let used = self.tested().map_or(0, |tested| tested.retry_count);
        thread.retries = vec![used; thread.state.retry.len()];
        thread.token = None;
        let entered = Content::Entered {
            state: Arc::clone(&thread.state),
            input: Arc::clone(&thread.input),
        };
        let event = names(&thread.state.kind).entered;
        self.record_next(&mut thread, event, entered);
        thread.entered_event = thread.previous;
        self.attempt(thread);
    }

    /// Does what the state is for: at first, and again at each retry.
    pub(super) fn attempt(&mut self, mut thread: Box<Thread>) {
        thread.waiting = Waiting::Nothing;
        thread.halted = None;
        thread.selected = OnceCell::new();
        thread.halted_run = None;
        let state = Arc::clone(&thread.state);
        match &state.kind {
            Kind::Pass { result } => self.attempt_pass(thread, &state, result.as_ref()),
            Kind::Task(task) => self.attempt_task(thread, task),
            Kind::Choice { rules, default } => self.attempt_choice(thread, rules, *default),
            Kind::Wait(wait) => self.attempt_wait(thread, wait),
            Kind::Succeed => self.complete_with_input(thread),
            Kind::Fail { error, cause } => {
                self.attempt_fail(thread, error.as_ref(), cause.as_ref());
            }
            Kind::Parallel { .. } | Kind::Map(_) if self.tested.is_some() => {
                self.attempt_mocked(thread);
            }
            Kind::Parallel { branches } => self.attempt_parallel(thread, branches),
            Kind::Map(map) => self.attempt_map(thread, map),
        }
    }

    /// The input as the state sees it: after `InputPath`.
    pub(super) fn effective_input(&self, thread: &Thread) -> Result<Arc<Value>, Failure> {
        let input = self.selected_input(thread)?;
        self.note_step("afterInputPath", &input);
        Ok(input)
    }

    fn selected_input(&self, thread: &Thread) -> Result<Arc<Value>, Failure> {
        match &thread.state.input_path {
            Selection::Whole => Ok(Arc::clone(&thread.input)),
            Selection::Nothing => Ok(Arc::new(Value::Object(serde_json::Map::new()))),
            Selection::Path(path) => {
                if let Some(known) = thread.selected.get() {
                    return Ok(Arc::clone(known));
                }
                let scope = self.scope(thread, &thread.input);
                let found = path.find(&scope).ok_or_else(|| no_results(path, &scope))?;
                let selected = Arc::new(found.into_owned());
                Ok(Arc::clone(thread.selected.get_or_init(|| selected)))
            }
        }
    }

    /// Arguments or Parameters; without them the effective input.
    pub(super) fn arguments(&self, thread: &Thread) -> Result<Arc<Value>, Failure> {
        let input = self.effective_input(thread)?;
        let (field, step) = if thread.state.language == Language::Jsonata {
            ("Arguments", "afterArguments")
        } else {
            ("Parameters", "afterParameters")
        };
        let arguments = match &thread.state.arguments {
            Some(template) => Arc::new(template.evaluate(&self.scope(thread, &input), field)?),
            None => input,
        };
        self.note_step(step, &arguments);
        Ok(arguments)
    }

    fn attempt_pass(&mut self, thread: Box<Thread>, state: &State, result: Option<&Value>) {
        if state.language == Language::Jsonata {
            return self.complete_with_input(thread);
        }
        match result {
            Some(result) => {
                self.note_step("result", result);
                self.complete(thread, Arc::new(result.clone()));
            }
            None => match self.arguments(&thread) {
                Ok(result) => self.complete(thread, result),
                Err(failure) => self.fail(thread, failure),
            },
        }
    }

    fn attempt_choice(&mut self, thread: Box<Thread>, rules: &[Rule], default: Option<usize>) {
        match self.choose(&thread, rules) {
            Ok(Some(rule)) => {
                self.complete_choice(thread, rule.next, rule.output.as_ref(), &rule.assign);
            }
            Ok(None) => {
                if let Some(next) = default {
                    let state = Arc::clone(&thread.state);
                    self.complete_choice(thread, next, state.output.as_ref(), &state.assign);
                } else {
                    let cause = format!(
                        "Failed to transition out of the state '{}'. No choice rule matched.",
                        thread.state.name
                    );
                    self.fail(
                        thread,
                        Failure::reported(Some("States.NoChoiceMatched".to_owned()), Some(cause)),
                    );
                }
            }
            Err(failure) => self.fail(thread, failure),
        }
    }

    fn choose<'r>(&self, thread: &Thread, rules: &'r [Rule]) -> Result<Option<&'r Rule>, Failure> {
        let input = self.effective_input(thread)?;
        let scope = self.scope(thread, &input);
        for (index, rule) in rules.iter().enumerate() {
            let holds = match &rule.condition {
                Condition::Test(test) => test.holds(&scope)?,
                Condition::Jsonata(template) => {
                    let field = format!("Choices[{index}]/Condition");
                    match template.evaluate(&scope, &field)? {
                        Value::Bool(holds) => holds,
                        other => {
                            let what = format!(
                                "returned an unexpected result type. Expected 'boolean', but was '{}' for value: {other}",
                                super::settings::type_name(&other)
                            );
                            return Err(template.expression().map_or_else(
                                || Failure::query(Some(&field), what.clone()),
                                |source| source.failure(&field, &what),
                            ));
                        }
                    }
                }
            };
            if holds {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }

    fn attempt_wait(&mut self, mut thread: Box<Thread>, wait: &Wait) {
        let due = match self.wait_until(&thread, wait) {
            Ok(due) => due,
            Err(failure) => {
                // AWS links this failure to the state's own event, unlike those of other states.
                thread.before_entered = thread.entered_event;
                return self.fail(thread, failure);
            }
        };
        if due <= self.now {
            return self.complete_with_input(thread);
        }
        let timer = self.start_timer(TimerUse::Wait(thread.id), due, true);
        thread.waiting = Waiting::Timer(timer);
        self.park(thread);
    }

    fn wait_until(&self, thread: &Thread, wait: &Wait) -> Result<Timestamp, Failure> {
        let input = self.effective_input(thread)?;
        let scope = self.scope(thread, &input);
        match wait {
            Wait::Timestamp(setting) => setting.timestamp(&scope),
            Wait::Seconds(setting) => Ok(self
                .now
                .plus_ms(setting.wait_seconds(&scope)?.saturating_mul(1000))),
        }
    }

    fn attempt_fail(
        &mut self,
        thread: Box<Thread>,
        error: Option<&Setting>,
        cause: Option<&Setting>,
    ) {
        let text = |setting: Option<&Setting>| {
            let scope = self.scope(&thread, &thread.input);
            setting.map(|setting| setting.text(&scope)).transpose()
        };
        let failure = match (text(error), text(cause)) {
            (Ok(error), Ok(cause)) => Failure::reported(error, cause),
            (Err(failure), _) | (_, Err(failure)) => failure,
        };
        self.fail(thread, failure);
    }
}

/// The failure of an `InputPath` or `OutputPath` that names nothing.
pub(super) fn no_results(path: &Path, scope: &Scope<'_>) -> Failure {
    let why = path.missing(path.document(scope));
    Failure::runtime(format!("Invalid path '{}' : {why}", path.source()))
}
