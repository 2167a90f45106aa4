//! Distributed Maps: each item, or batch of items, is an execution of its own.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Execution;
use super::events::error_fields;
use super::thread::{MapRun, Thread, Waiting};
use crate::effect::{Effect, MapRunId};
use crate::failure::Failure;
use crate::history::{Content, Field};
use crate::machine::{Distributed, Kind, MapState, Reader, Setting};

/// Most children that run at once where the definition does not say (AWS quota).
const DISTRIBUTED_CONCURRENCY: usize = 10_000;

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
        let run = match self.new_map_run(&thread, map) {
            Ok(run) => run,
            Err(failure) => return self.fail(thread, failure),
        };
        let id = MapRunId(self.new_id());
        let arn = self.new_map_run_arn(distributed);
        let details = vec![("mapRunArn", Field::Text(Arc::from(arn.as_str())))];
        self.record_in(
            &mut thread,
            "MapRunStarted",
            Some(("mapRunStartedEventDetails", details)),
        );
        self.map_runs.insert(id, thread.id);
        thread.waiting = Waiting::MapRun(Box::new(MapRun { id, arn, ..run }));
        match reader {
            Some(reader) => self.read_items(thread, id, reader),
            None => self.start_children(thread, items),
        }
    }

    fn new_map_run(&self, thread: &Thread, map: &MapState) -> Result<MapRun, Failure> {
        let input = self.effective_input(thread)?;
        let scope = self.scope(thread, &input);
        let count = |setting: &Setting| setting.integer(&scope);
        let percentage = |setting: &Setting| setting.percentage(&scope);
        Ok(MapRun {
            id: MapRunId(0),
            arn: String::new(),
            started: false,
            inputs: Vec::new(),
            outputs: Vec::new(),
            next: 0,
            running: HashSet::new(),
            failed: 0,
            tolerated_count: map.tolerated_count.as_ref().map(count).transpose()?,
            tolerated_percentage: map
                .tolerated_percentage
                .as_ref()
                .map(percentage)
                .transpose()?,
            max_concurrency: self.max_concurrency(thread, map, DISTRIBUTED_CONCURRENCY)?,
        })
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
        let evaluated = self.effective_input(&thread).and_then(|input| {
            let scope = self.scope(&thread, &input);
            let evaluate = |template: &Option<_>, field: &str| match template {
                Some(template) => {
                    crate::query::template::Template::evaluate(template, &scope, field)
                }
                None => Ok(Value::Object(Map::new())),
            };
            Ok((
                evaluate(&reader.arguments, "ItemReader/Arguments")?,
                evaluate(&reader.config, "ItemReader/ReaderConfig")?,
            ))
        });
        match evaluated {
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

    pub(super) fn items_read(
        &mut self,
        map_run: MapRunId,
        items: Result<Vec<Value>, (String, String)>,
    ) {
        let Some(thread) = self
            .map_runs
            .get(&map_run)
            .copied()
            .and_then(|id| self.take_thread(id))
        else {
            return;
        };
        if matches!(&thread.waiting, Waiting::MapRun(run) if run.started) {
            return self.park(thread);
        }
        match items {
            Ok(items) => self.start_children(thread, items.into_iter().map(Arc::new).collect()),
            Err((error, cause)) => {
                let error = if error.is_empty() {
                    "States.ItemReaderFailed".to_owned()
                } else {
                    error
                };
                self.map_run_failed(thread, Failure::reported(Some(error), Some(cause)));
            }
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
        let Waiting::MapRun(run) = &mut thread.waiting else {
            return;
        };
        run.started = true;
        run.outputs = vec![None; inputs.len()];
        run.inputs = inputs;
        self.map_run_goes_on(thread);
    }

    pub(super) fn child_ended(
        &mut self,
        map_run: MapRunId,
        index: usize,
        outcome: Result<Value, (String, String)>,
    ) {
        let Some(mut thread) = self
            .map_runs
            .get(&map_run)
            .copied()
            .and_then(|id| self.take_thread(id))
        else {
            return;
        };
        if let Waiting::MapRun(run) = &mut thread.waiting
            && run.running.remove(&index)
        {
            match outcome {
                Ok(output) => run
                    .outputs
                    .iter_mut()
                    .skip(index)
                    .take(1)
                    .for_each(|place| *place = Some(output.clone())),
                Err(_) => run.failed += 1,
            }
        }
        self.map_run_goes_on(thread);
    }

    /// Starts further children, or ends the Map.
    fn map_run_goes_on(&mut self, mut thread: Box<Thread>) {
        let Waiting::MapRun(run) = &mut thread.waiting else {
            return self.park(thread);
        };
        if run.is_intolerable() {
            let cause = "The specified tolerated failure threshold was exceeded".to_owned();
            let error = "States.ExceedToleratedFailureThreshold".to_owned();
            return self.map_run_failed(thread, Failure::reported(Some(error), Some(cause)));
        }
        while run.running.len() < run.max_concurrency
            && let Some(input) = run.inputs.get_mut(run.next)
        {
            self.effects.push(Effect::StartChild {
                map_run: run.id,
                index: run.next,
                input: input.take(),
            });
            run.running.insert(run.next);
            run.next += 1;
        }
        if !run.running.is_empty() || !run.started {
            return self.park(thread);
        }
        let outputs = Value::Array(
            std::mem::take(&mut run.outputs)
                .into_iter()
                .flatten()
                .collect(),
        );
        let id = run.id;
        self.map_runs.remove(&id);
        thread.waiting = Waiting::Nothing;
        self.record_in(&mut thread, "MapRunSucceeded", None);
        self.record(thread.previous, "MapStateSucceeded", Content::Nothing);
        self.complete(thread, Arc::new(outputs));
    }

    fn map_run_failed(&mut self, mut thread: Box<Thread>, failure: Failure) {
        self.release(&mut thread);
        let fields = error_fields(failure.error.as_deref(), failure.cause.as_deref());
        self.record_in(
            &mut thread,
            "MapRunFailed",
            Some(("mapRunFailedEventDetails", fields)),
        );
        self.fail(thread, failure);
    }
}

impl MapRun {
    /// Whether more children failed than are tolerated.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of children are far below 2^52"
    )]
    fn is_intolerable(&self) -> bool {
        if self.failed == 0 {
            return false;
        }
        let failed = self.failed as f64;
        let over_count = self.tolerated_count.map(|count| failed > count as f64);
        let over_percentage = self
            .tolerated_percentage
            .map(|percentage| failed * 100.0 > percentage * self.inputs.len() as f64);
        match (over_count, over_percentage) {
            (None, None) => true,
            (count, percentage) => count.unwrap_or(false) || percentage.unwrap_or(false),
        }
    }
}
