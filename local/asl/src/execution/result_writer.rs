//! Writing the results of a Distributed Map.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Execution;
use super::distributed::failed;
use super::map_run::Phase;
use super::thread::{Thread, Waiting};
use crate::effect::{Effect, MapRunId};
use crate::failure::Failure;
use crate::machine::{Destination, Kind, Processor, State};
use crate::results::Format;

impl Execution {
    pub(super) fn write_results(
        &mut self,
        mut thread: Box<Thread>,
        destination: &Destination,
        failure: Option<Failure>,
    ) {
        let evaluated = self.effective_input(&thread).and_then(|input| {
            let scope = self.scope(&thread, &input);
            destination
                .arguments
                .evaluate(&scope, "ResultWriter/Arguments")
        });
        let arguments = match evaluated {
            Ok(arguments) => arguments,
            Err(failure) => return self.map_run_failed(thread, failure),
        };
        let state = Arc::clone(&thread.state);
        let format = writer(&state).map(|(format, _)| format);
        if let Waiting::MapRun(run) = &mut thread.waiting {
            if !run.is_idle() {
                self.effects.push(Effect::CancelMapRun { map_run: run.id });
                run.abort();
            }
            self.effects.push(Effect::WriteResults {
                map_run: run.id,
                resource: destination.resource.clone(),
                folder: folder(&arguments, &run.arn),
                arguments,
                format: format.unwrap_or_default(),
                results: run.results(),
            });
            run.phase = Phase::Writing(failure);
        }
        self.park(thread);
    }

    pub(super) fn results_written(
        &mut self,
        map_run: MapRunId,
        written: Result<Value, (String, String)>,
    ) {
        let Some(mut thread) = self.take_map(map_run) else {
            return;
        };
        let Waiting::MapRun(run) = &mut thread.waiting else {
            return self.park(thread);
        };
        let Phase::Writing(failure) = &mut run.phase else {
            return self.park(thread);
        };
        match (written, failure.take()) {
            (Err(told), _) => {
                let failure = failed("States.ResultWriterFailed", told);
                self.map_run_failed(thread, failure);
            }
            (Ok(_), Some(failure)) => self.map_run_failed(thread, failure),
            (Ok(details), None) => {
                let output = json!({ "MapRunArn": run.arn, "ResultWriterDetails": details });
                self.map_run_succeeded(thread, Some(output));
            }
        }
    }
}

/// How a Map's results are shown, and where they are put.
pub(super) fn writer(state: &State) -> Option<(Format, Option<&Destination>)> {
    let Kind::Map(map) = &state.kind else {
        return None;
    };
    let Processor::Distributed(distributed) = &map.processor else {
        return None;
    };
    let writer = distributed.writer.as_ref()?;
    Some((writer.format, writer.destination.as_ref()))
}

/// `PREFIX/ID-OF-THE-RUN`.
fn folder(arguments: &Value, map_run_arn: &str) -> String {
    let id = map_run_arn.rsplit(':').next().unwrap_or_default();
    match arguments.get("Prefix").and_then(Value::as_str) {
        Some(prefix) if !prefix.is_empty() => format!("{}/{id}", prefix.trim_end_matches('/')),
        _ => id.to_owned(),
    }
}
