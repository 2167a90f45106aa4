//! Leaves states: their output, their variables, and where it goes on.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::Execution;
use super::enter::no_results;
use super::events::names;
use super::size::{MAX_PAYLOAD_BYTES, exceeds, json_size};
use super::tested::Left;
use super::thread::{Thread, Waiting};
use crate::failure::Failure;
use crate::history::{Assigned, Content};
use crate::machine::{Assign, Kind, ResultPath, Selection};
use crate::query::template::Template;
use crate::query::{Language, Scope};

/// Evaluates the variables of an Assign; none sees another's new value. Together they have a payload's limit.
pub(super) fn evaluate_assign(assign: &Assign, scope: &Scope<'_>) -> Result<Assigned, Failure> {
    let evaluate = |(name, template): &(Arc<str>, Template)| {
        Ok((
            Arc::clone(name),
            Arc::new(template.evaluate(scope, &format!("Assign/{name}"))?),
        ))
    };
    let assigned: Assigned = assign.iter().map(evaluate).collect::<Result<_, _>>()?;
    let bytes: usize = assigned.iter().map(|(_, value)| json_size(value)).sum();
    if bytes > MAX_PAYLOAD_BYTES {
        let cause = "The variables of an Assign exceed the maximum number of bytes service limit.";
        return Err(Failure::fatal("States.DataLimitExceeded", cause));
    }
    Ok(assigned)
}

impl Execution {
    /// Leaves a state whose result is its input.
    pub(super) fn complete_with_input(&mut self, thread: Box<Thread>) {
        match self.effective_input(&thread) {
            Ok(input) => self.complete(thread, input),
            Err(failure) => self.fail(thread, failure),
        }
    }

    /// Leaves a state with its result.
    pub(super) fn complete(&mut self, mut thread: Box<Thread>, result: Arc<Value>) {
        thread.waiting = Waiting::Nothing;
        let outcome = match thread.state.language {
            Language::Jsonata => self.jsonata_output(&thread, &result),
            Language::JsonPath => self.jsonpath_output(&thread, result),
        };
        match outcome {
            Ok((output, assigned)) => {
                let next = thread.state.next;
                self.leave(thread, output, assigned, next);
            }
            Err(failure) => self.fail(thread, failure),
        }
    }

    /// Leaves a Choice by a rule or the default.
    pub(super) fn complete_choice(
        &mut self,
        thread: Box<Thread>,
        next: usize,
        output: Option<&Template>,
        assign: &Assign,
    ) {
        let outcome = self.effective_input(&thread).and_then(|input| {
            let scope = self.scope(&thread, &input);
            let assigned = evaluate_assign(assign, &scope)?;
            let output = match output {
                Some(template) => Arc::new(template.evaluate(&scope, "Output")?),
                None => Arc::clone(&input),
            };
            Ok((self.select_output(&thread, output)?, assigned))
        });
        match outcome {
            Ok((output, assigned)) => self.leave(thread, output, assigned, Some(next)),
            Err(failure) => self.fail(thread, failure),
        }
    }

    fn jsonata_output(
        &self,
        thread: &Thread,
        result: &Arc<Value>,
    ) -> Result<(Arc<Value>, Assigned), Failure> {
        let state = &thread.state;
        let has_result = matches!(
            state.kind,
            Kind::Task(_) | Kind::Map(_) | Kind::Parallel { .. }
        );
        let scope = self
            .scope(thread, &thread.input)
            .with_result(has_result.then_some(&**result));
        let assigned = evaluate_assign(&state.assign, &scope)?;
        let output = match &state.output {
            Some(template) => Arc::new(template.evaluate(&scope, "Output")?),
            None => Arc::clone(result),
        };
        Ok((output, assigned))
    }

    fn jsonpath_output(
        &self,
        thread: &Thread,
        result: Arc<Value>,
    ) -> Result<(Arc<Value>, Assigned), Failure> {
        let state = &thread.state;
        let result = match &state.result_selector {
            Some(template) => {
                Arc::new(template.evaluate(&self.scope(thread, &result), "ResultSelector")?)
            }
            None => result,
        };
        self.note_step("afterResultSelector", &result);
        let assigned = evaluate_assign(&state.assign, &self.scope(thread, &result))?;
        let combined = combine(&state.result_path, &thread.input, result)?;
        self.note_step("afterResultPath", &combined);
        Ok((self.select_output(thread, combined)?, assigned))
    }

    /// Applies `OutputPath`.
    fn select_output(&self, thread: &Thread, output: Arc<Value>) -> Result<Arc<Value>, Failure> {
        match &thread.state.output_path {
            Selection::Whole => Ok(output),
            Selection::Nothing => Ok(Arc::new(Value::Object(serde_json::Map::new()))),
            Selection::Path(path) => {
                let scope = self.scope(thread, &output);
                let found = path.find(&scope).map(Cow::into_owned);
                found.map(Arc::new).ok_or_else(|| no_results(path, &scope))
            }
        }
    }

    /// Goes on with the next state, or ends the region.
    pub(super) fn leave(
        &mut self,
        mut thread: Box<Thread>,
        output: Arc<Value>,
        assigned: Assigned,
        next: Option<usize>,
    ) {
        if !thread.fits(&output) {
            let cause = exceeds(&thread.state.name);
            return self.fail(thread, Failure::fatal("States.DataLimitExceeded", cause));
        }
        thread.variables.assign(&assigned);
        let state = Arc::clone(&thread.state);
        let exited = if assigned.is_empty() {
            let output = Arc::clone(&output);
            Content::Exited { state, output }
        } else {
            let exit = Arc::new((Arc::clone(&output), assigned));
            Content::Assigned { state, exit }
        };
        let event = names(&thread.state.kind).exited;
        self.record_next(&mut thread, event, exited);
        thread.halted = None;
        thread.halted_run = None;
        let following = next
            .and_then(|index| thread.region.states.get(index))
            .map(Arc::clone);
        self.note(|seen| {
            seen.left = Some(Left {
                output: Arc::clone(&output),
                next: following.as_ref().map(|state| Arc::clone(&state.name)),
                variables: thread.variables.clone(),
            });
        });
        match following {
            Some(state) => {
                thread.state = state;
                thread.input = output;
                self.make_ready(thread);
            }
            None => self.end_region(&thread, output),
        }
    }

    /// The thread has come to the end of its region.
    fn end_region(&mut self, thread: &Thread, output: Arc<Value>) {
        let Some((parent, index)) = thread.parent else {
            return self.end_succeeded(thread.previous, output);
        };
        let Some(parent) = self.take_thread(parent) else {
            return;
        };
        match parent.state.kind {
            Kind::Map(_) => self.iteration_succeeded(parent, thread, index, output),
            _ => self.branch_succeeded(parent, thread, index, output),
        }
    }
}

/// Applies `ResultPath`.
pub(super) fn combine(
    path: &ResultPath,
    input: &Arc<Value>,
    result: Arc<Value>,
) -> Result<Arc<Value>, Failure> {
    match path {
        ResultPath::Replace => Ok(result),
        ResultPath::Discard => Ok(Arc::clone(input)),
        ResultPath::Put(path) => path
            .put(Value::clone(input), Value::clone(&result))
            .map(Arc::new)
            .ok_or_else(|| {
                let cause = "Unable to apply ReferencePath to the state's input";
                Failure::reported(
                    Some("States.ResultPathMatchFailure".to_owned()),
                    Some(cause.to_owned()),
                )
            }),
    }
}
