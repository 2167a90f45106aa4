//! Distributed Maps: each item, or batch of items, is an execution of its own.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Execution;
use super::events::error_fields;
use super::map_run::{MapRun, Phase};
use super::result_writer::writer;
use super::thread::{Thread, Waiting};
use crate::effect::{Effect, MapRunId};
use crate::failure::Failure;
use crate::history::{Content, Field};
use crate::machine::{Distributed, Kind, MapState, Processor, Reader, Setting};
use crate::map_runs::{MapRunSettings, MapRunStatus};
use crate::query::template::Template;
use crate::results;

impl Execution {
    pub(super) fn attempt_distributed(
        &mut self,
        mut thread: Box<Thread>,
        map: &MapState,
        distributed: &Distributed,
    ) {
        let reader = distributed.reader.as_ref();
        let items = match reader {
            Some(_) => Ok(Vec::new()),
            None => self.items(&thread, map),
        };
        let items = match items {
            Ok(items) => items,
            Err(failure) => return self.fail(thread, failure),
        };
        self.record_map_started(&mut thread, items.len());
        let run = match self.new_map_run(&thread, map, distributed) {
            Ok(run) => run,
            Err(failure) => return self.fail(thread, failure),
        };
        let details = vec![("mapRunArn", Field::Text(Arc::from(run.arn.as_str())))];
        self.record_in(
            &mut thread,
            "MapRunStarted",
            Some(("mapRunStartedEventDetails", details)),
        );
        let id = run.id;
        self.map_runs.insert(id, thread.id);
        self.map_run_began(&run);
        thread.waiting = Waiting::MapRun(Box::new(run));
        match reader {
            Some(reader) => self.read_items(thread, id, reader),
            None => self.start_children(thread, items),
        }
    }

    fn new_map_run(
        &mut self,
        thread: &Thread,
        map: &MapState,
        distributed: &Distributed,
    ) -> Result<MapRun, Failure> {
        let input = self.effective_input(thread)?;
        let scope = self.scope(thread, &input);
        let count = |setting: &Setting| setting.integer(&scope);
        let percentage = |setting: &Setting| setting.percentage(&scope);
        let tolerated_failure_count = map.tolerated_count.as_ref().map(count).transpose()?;
        let tolerated_failure_percentage = map
            .tolerated_percentage
            .as_ref()
            .map(percentage)
            .transpose()?;
        drop(scope);
        let most = self.max_concurrency(thread, map, 0)?;
        let settings = MapRunSettings {
            max_concurrency: Some(u32::try_from(most).unwrap_or(u32::MAX)),
            tolerated_failure_count,
            tolerated_failure_percentage,
        };
        let name = (MapRunId(self.new_id()), self.new_map_run_arn(distributed));
        let keeps_inputs = distributed.writer.is_some();
        Ok(MapRun::new(name, settings, keeps_inputs))
    }

    fn new_map_run_arn(&self, map: &Distributed) -> String {
        let label = map.label.clone().unwrap_or_else(|| self.random.uuid());
        let machine = self
            .start
            .state_machine_arn
            .replace(":stateMachine:", ":mapRun:");
        format!("{machine}/{label}:{}", self.random.uuid())
    }

    fn read_items(&mut self, thread: Box<Thread>, map_run: MapRunId, reader: &Reader) {
        match self.reader_arguments(&thread, reader) {
            Ok((arguments, config)) => {
                self.effects.push(Effect::ReadItems {
                    map_run,
                    resource: reader.resource.clone(),
                    arguments,
                    config,
                });
                self.park(thread);
            }
            Err(failure) => self.fail(thread, failure),
        }
    }

    /// What the reader is called with, and its `ReaderConfig`.
    pub(super) fn reader_arguments(
        &self,
        thread: &Thread,
        reader: &Reader,
    ) -> Result<(Value, Value), Failure> {
        let input = self.effective_input(thread)?;
        let scope = self.scope(thread, &input);
        let evaluate = |template: &Option<Template>, field: &str| match template {
            Some(template) => template.evaluate(&scope, field),
            None => Ok(Value::Object(Map::new())),
        };
        let mut config = evaluate(&reader.config, "ItemReader/ReaderConfig")?;
        if let (Some(setting), Some(members)) = (&reader.max_items, config.as_object_mut()) {
            members.shift_remove("MaxItemsPath");
            members.insert("MaxItems".to_owned(), setting.integer(&scope)?.into());
        }
        Ok((evaluate(&reader.arguments, "ItemReader/Arguments")?, config))
    }

    /// The thread of a run that goes on.
    pub(super) fn take_map(&mut self, map_run: MapRunId) -> Option<Box<Thread>> {
        let id = self.map_runs.get(&map_run).copied()?;
        self.take_thread(id)
    }

    pub(super) fn items_read(
        &mut self,
        map_run: MapRunId,
        items: Result<Vec<Value>, (String, String)>,
    ) {
        let Some(thread) = self.take_map(map_run) else {
            return;
        };
        if !matches!(&thread.waiting, Waiting::MapRun(run) if matches!(run.phase, Phase::Reading)) {
            return self.park(thread);
        }
        match items {
            Ok(items) => self.start_children(thread, items.into_iter().map(Arc::new).collect()),
            Err(told) => self.map_run_failed(thread, failed("States.ItemReaderFailed", told)),
        }
    }

    /// Makes the inputs of the children and starts as many as may run at once.
    fn start_children(&mut self, mut thread: Box<Thread>, items: Vec<Arc<Value>>) {
        let state = Arc::clone(&thread.state);
        let Kind::Map(map) = &state.kind else { return };
        let inputs = match self.child_inputs(&thread, map, items) {
            Ok(inputs) => inputs,
            Err(failure) => return self.fail(thread, failure),
        };
        if let Waiting::MapRun(run) = &mut thread.waiting {
            let is_batched = matches!(&map.processor,
                Processor::Distributed(distributed) if distributed.batcher.is_some());
            let sizes = inputs.iter().map(|input| items_of(input, is_batched));
            let sizes = sizes.collect();
            let id = run.id;
            run.begin(inputs);
            self.describe_map_run(id, |run| run.items = sizes);
        }
        self.map_run_goes_on(thread);
    }

    pub(super) fn child_ended(
        &mut self,
        map_run: MapRunId,
        index: usize,
        outcome: Result<Value, (String, String)>,
    ) {
        let Some(mut thread) = self.take_map(map_run) else {
            return;
        };
        if let Waiting::MapRun(run) = &mut thread.waiting {
            run.child_ended(index, outcome);
        }
        self.map_run_goes_on(thread);
    }

    /// A redrive: children that succeeded keep their results, the others go on.
    pub(super) fn map_run_redriven(&mut self, mut thread: Box<Thread>, mut run: Box<MapRun>) {
        run.redrive();
        thread.retries = vec![0; thread.state.retry.len()];
        let details = vec![
            ("mapRunArn", Field::Text(Arc::from(run.arn.as_str()))),
            ("redriveCount", Field::Number(run.redrive_count)),
        ];
        self.record_in(
            &mut thread,
            "MapRunRedriven",
            Some(("mapRunRedrivenEventDetails", details)),
        );
        self.map_runs.insert(run.id, thread.id);
        let (now, redrives) = (self.now, run.redrive_count);
        self.describe_map_run(run.id, |described| {
            described.status = MapRunStatus::Running;
            described.stop = None;
            described.redrive_count = redrives;
            described.redrive = Some(now);
        });
        thread.waiting = Waiting::MapRun(run);
        self.map_run_goes_on(thread);
    }

    /// Starts further children, or ends the Map.
    pub(super) fn map_run_goes_on(&mut self, mut thread: Box<Thread>) {
        let Waiting::MapRun(run) = &mut thread.waiting else {
            return self.park(thread);
        };
        if !matches!(run.phase, Phase::Running) {
            return self.park(thread);
        }
        if run.is_intolerable() {
            return self.children_ended(thread, Some(intolerable()));
        }
        while let Some(effect) = run.next_child() {
            self.effects.push(effect);
        }
        if run.is_idle() {
            self.children_ended(thread, None);
        } else {
            self.park(thread);
        }
    }

    /// All children have ended, or enough of them in failure.
    fn children_ended(&mut self, thread: Box<Thread>, failure: Option<Failure>) {
        let state = Arc::clone(&thread.state);
        match (writer(&state), failure) {
            (Some((_, Some(destination))), failure) => {
                self.write_results(thread, destination, failure);
            }
            (_, Some(failure)) => self.map_run_failed(thread, failure),
            (writer, None) => {
                let output = match (&thread.waiting, writer) {
                    (Waiting::MapRun(run), Some((format, _))) => {
                        Some(results::output(format, &run.results()))
                    }
                    _ => None,
                };
                self.map_run_succeeded(thread, output);
            }
        }
    }

    /// Without an output, that is the children's.
    pub(super) fn map_run_succeeded(&mut self, mut thread: Box<Thread>, output: Option<Value>) {
        let Waiting::MapRun(run) = &mut thread.waiting else {
            return self.park(thread);
        };
        let output = output.unwrap_or_else(|| run.outputs());
        let id = run.id;
        self.map_runs.remove(&id);
        thread.waiting = Waiting::Nothing;
        self.end_map_run(id, MapRunStatus::Succeeded);
        self.record_in(&mut thread, "MapRunSucceeded", None);
        self.record(thread.previous, "MapStateSucceeded", Content::Nothing);
        self.complete(thread, Arc::new(output));
    }

    pub(super) fn map_run_failed(&mut self, mut thread: Box<Thread>, failure: Failure) {
        self.release(&mut thread);
        if let Some(run) = &thread.halted_run {
            self.end_map_run(run.id, MapRunStatus::Failed);
        }
        let fields = error_fields(failure.error.as_deref(), failure.cause.as_deref());
        self.record_in(
            &mut thread,
            "MapRunFailed",
            Some(("mapRunFailedEventDetails", fields)),
        );
        self.fail(thread, failure);
    }
}

/// How many items a child has.
fn items_of(input: &Value, is_batched: bool) -> usize {
    let items = input.get("Items").and_then(Value::as_array);
    items.filter(|_| is_batched).map_or(1, Vec::len)
}

/// What the driver told, by a name of its own if it has none.
pub(super) fn failed(name: &str, (error, cause): (String, String)) -> Failure {
    let error = Some(error).filter(|error| !error.is_empty());
    Failure::reported(error.or_else(|| Some(name.to_owned())), Some(cause))
}

/// More children failed than are tolerated.
pub(super) fn intolerable() -> Failure {
    let cause = "The specified tolerated failure threshold was exceeded".to_owned();
    let error = "States.ExceedToleratedFailureThreshold".to_owned();
    Failure::reported(Some(error), Some(cause))
}
