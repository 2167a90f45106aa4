//! Retry and Catch.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Execution;
use super::leave::{combine, evaluate_assign};
use super::thread::{Thread, TimerUse, Waiting};
use crate::failure::Failure;
use crate::history::Assigned;
use crate::machine::Catcher;
use crate::query::Language;

/// Whether a handler's names cover a failure.
fn covers(names: &[String], failure: &Failure) -> bool {
    let error = failure.error.as_deref();
    names.iter().any(|name| match name.as_str() {
        "States.ALL" => true,
        "States.TaskFailed" => error != Some("States.Timeout"),
        name => error == Some(name) || failure.alias == Some(name),
    })
}

impl Execution {
    /// Begins to wait for another attempt, if a retrier allows one; else gives the thread back.
    pub(super) fn retry(
        &mut self,
        mut thread: Box<Thread>,
        failure: &Failure,
    ) -> Result<(), Box<Thread>> {
        let state = Arc::clone(&thread.state);
        let found = state
            .retry
            .iter()
            .zip(thread.retries.iter_mut())
            .enumerate()
            .find(|(_, (retrier, _))| covers(&retrier.errors, failure));
        self.note(|seen| seen.retrier = found.as_ref().map(|(index, _)| *index));
        let found = found.map(|(_, found)| found);
        let Some((retrier, used)) = found.filter(|(retrier, used)| **used < retrier.max_attempts)
        else {
            return Err(thread);
        };
        let factor = retrier
            .backoff_rate
            .powi(i32::try_from(*used).unwrap_or(i32::MAX));
        *used += 1;
        let mut seconds = retrier.interval_seconds * factor;
        if let Some(most) = retrier.max_delay_seconds {
            seconds = seconds.min(most);
        }
        if retrier.full_jitter {
            seconds *= self.random.unit();
        }
        self.note(|seen| seen.backoff_seconds = Some(seconds));
        let due = self.now.plus_ms(to_ms(seconds));
        let timer = self.start_timer(TimerUse::Retry(thread.id), due, true);
        thread.waiting = Waiting::Timer(timer);
        self.park(thread);
        Ok(())
    }

    /// Goes on where a catcher says, if one covers the failure; else gives the thread back.
    pub(super) fn catch(
        &mut self,
        thread: Box<Thread>,
        failure: &Failure,
    ) -> Result<(), Box<Thread>> {
        let state = Arc::clone(&thread.state);
        let mut catchers = state.catch.iter().enumerate();
        let Some((index, catcher)) = catchers.find(|(_, catcher)| covers(&catcher.errors, failure))
        else {
            return Err(thread);
        };
        self.note(|seen| seen.catcher = Some(index));
        match self.caught_output(&thread, catcher, failure) {
            Ok((output, assigned)) => self.leave(thread, output, assigned, Some(catcher.next)),
            Err(inner) => self.fail_unhandled(thread, inner),
        }
        Ok(())
    }

    fn caught_output(
        &self,
        thread: &Thread,
        catcher: &Catcher,
        failure: &Failure,
    ) -> Result<(Arc<Value>, Assigned), Failure> {
        let error_output = Arc::new(error_output(failure));
        match thread.state.language {
            Language::Jsonata => {
                let mut scope = self.scope(thread, &thread.input);
                scope.error_output = Some(&error_output);
                let assigned = evaluate_assign(&catcher.assign, &scope)?;
                let output = match &catcher.output {
                    Some(template) => Arc::new(template.evaluate(&scope, "Catch/Output")?),
                    None => Arc::clone(&error_output),
                };
                Ok((output, assigned))
            }
            Language::JsonPath => {
                let assigned =
                    evaluate_assign(&catcher.assign, &self.scope(thread, &error_output))?;
                Ok((
                    combine(&catcher.result_path, &thread.input, error_output)?,
                    assigned,
                ))
            }
        }
    }
}

/// `{"Error", "Cause"}`, null where there is none.
fn error_output(failure: &Failure) -> Value {
    json!({ "Error": failure.error, "Cause": failure.cause })
}

#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn to_ms(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}
