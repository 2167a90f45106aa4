//! An execution of one state alone, which [`crate::test_state`] drives: what is mocked in it, and what comes to light.

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::thread::{MapItem, Thread};
use super::{Execution, Start};
use crate::effect::{Effect, Timestamp};
use crate::failure::Failure;
use crate::items;
use crate::machine::{Distributed, Kind, MapState, Processor, Setting, State, StateMachine};
use crate::query::{Language, Variables};

/// Error name and cause.
pub(crate) type Told = (Option<String>, Option<String>);

/// The test of one state.
#[derive(Debug, Default)]
pub(crate) struct Tested {
    /// Stands for the context object.
    pub(crate) context: Value,
    /// Whether the context is the caller's own, to which nothing is added.
    pub(crate) is_given_context: bool,
    /// What a Parallel or Map comes to.
    pub(crate) mock: Option<Result<Value, Told>>,
    /// Attempts that each retrier has used.
    pub(crate) retry_count: u32,
    /// Iterations of a Map that have failed.
    pub(crate) failed_iterations: Option<i64>,
    /// What a Map's `ItemReader` reads.
    pub(crate) reader_data: Option<String>,
    pub(crate) seen: RefCell<Seen>,
}

/// What came to light.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Data on its way through the state, by the names of `InspectionData`.
    pub(crate) steps: BTreeMap<&'static str, Value>,
    pub(crate) failure: Option<Told>,
    pub(crate) retrier: Option<usize>,
    /// Until the next attempt, where there is one.
    pub(crate) backoff_seconds: Option<f64>,
    pub(crate) catcher: Option<usize>,
    pub(crate) left: Option<Left>,
}

/// How the state was left.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) output: Arc<Value>,
    pub(crate) next: Option<Arc<str>>,
    pub(crate) variables: Variables,
}

impl Tested {
    /// What came to light so far.
    pub(crate) fn seen(&self) -> RefMut<'_, Seen> {
        self.seen.borrow_mut()
    }

    /// The context object, with what is only known here.
    pub(super) fn context(&self, item: Option<&Arc<MapItem>>, token: Option<&str>) -> Value {
        let mut context = self.context.clone();
        if let Some(members) = context.as_object_mut() {
            if let Some(item) = item {
                let item = json!({ "Item": { "Index": item.index, "Value": &*item.value } });
                members.insert("Map".to_owned(), item);
            }
            if let Some(token) = token.filter(|_| !self.is_given_context) {
                members.insert("Task".to_owned(), json!({ "Token": token }));
            }
        }
        context
    }
}

impl Execution {
    /// Begins the test of the only state of `machine`.
    pub(crate) fn test(
        machine: Arc<StateMachine>,
        start: Start,
        now: Timestamp,
        variables: Variables,
        tested: Tested,
    ) -> (Self, Vec<Effect>) {
        let mut execution = Self::new(machine, start, now);
        execution.tested = Some(Box::new(tested));
        execution.begin(variables);
        let effects = std::mem::take(&mut execution.effects);
        (execution, effects)
    }

    /// The test that this execution is.
    pub(crate) fn tested(&self) -> Option<&Tested> {
        self.tested.as_deref()
    }

    /// What a test sees, until the state is left.
    pub(super) fn note(&self, see: impl FnOnce(&mut Seen)) {
        if let Some(tested) = &self.tested {
            let mut seen = tested.seen();
            if seen.left.is_none() {
                see(&mut seen);
            }
        }
    }

    /// Notes data on its way.
    pub(super) fn note_step(&self, step: &'static str, value: &Value) {
        self.note(|seen| {
            seen.steps.insert(step, value.clone());
        });
    }

    pub(super) fn note_failure(&self, failure: &Failure) {
        self.note(|seen| seen.failure = Some((failure.error.clone(), failure.cause.clone())));
    }

    /// A Parallel or Map comes to what is mocked, instead of running what is in it.
    pub(super) fn attempt_mocked(&mut self, thread: Box<Thread>) {
        match self.mocked_result(&thread) {
            Ok(result) => self.complete(thread, result),
            Err(failure) => self.fail(thread, failure),
        }
    }

    fn mocked_result(&self, thread: &Thread) -> Result<Arc<Value>, Failure> {
        let Some(tested) = self.tested() else {
            return Err(Failure::runtime("The state is not tested."));
        };
        match &thread.state.kind {
            Kind::Map(map) => self.inspect_map(thread, map, tested)?,
            _ => drop(self.arguments(thread)?),
        }
        match &tested.mock {
            Some(Ok(result)) => Ok(Arc::new(result.clone())),
            Some(Err((error, cause))) => Err(Failure::reported(error.clone(), cause.clone())),
            None => Err(Failure::runtime("The state has no mock.")),
        }
    }

    fn inspect_map(&self, thread: &Thread, map: &MapState, tested: &Tested) -> Result<(), Failure> {
        let distributed = match &map.processor {
            Processor::Distributed(distributed) => Some(&**distributed),
            Processor::Inline(_) => None,
        };
        let items = self.tested_items(thread, map, distributed, tested)?;
        let count = items.len();
        self.inspect_inputs(thread, map, distributed, items)?;
        let most = self.max_concurrency(thread, map, 0)?;
        self.note_step("maxConcurrency", &json!(most));
        self.inspect_tolerance(thread, map, count, tested)
    }

    fn tested_items(
        &self,
        thread: &Thread,
        map: &MapState,
        distributed: Option<&Distributed>,
        tested: &Tested,
    ) -> Result<Vec<Arc<Value>>, Failure> {
        let Some(reader) = distributed.and_then(|map| map.reader.as_ref()) else {
            let items = self.items(thread, map)?;
            self.note_step("afterItemsPath", &json!(items));
            return Ok(items);
        };
        let (_, config) = self.reader_arguments(thread, reader)?;
        let Some(data) = &tested.reader_data else {
            return Ok(Vec::new());
        };
        let items = items::read(data, &config).map_err(|error| {
            let error = (String::new(), error.to_string());
            super::distributed::failed("States.ItemReaderFailed", error)
        })?;
        if config.get("ItemsPointer").is_some() {
            self.note_step("afterItemsPointer", &json!(items));
        }
        Ok(items.into_iter().map(Arc::new).collect())
    }

    fn inspect_inputs(
        &self,
        thread: &Thread,
        map: &MapState,
        distributed: Option<&Distributed>,
        items: Vec<Arc<Value>>,
    ) -> Result<(), Failure> {
        let items = items.into_iter().enumerate();
        let select = |(index, value)| {
            let item = Arc::new(MapItem { index, value });
            self.select_item(thread, map, &item)
                .map(|input| Value::clone(&input))
        };
        let inputs = items.map(select).collect::<Result<Vec<_>, _>>()?;
        if map.selector.is_some() {
            self.note_step("afterItemSelector", &json!(inputs));
        }
        if let Some(batcher) = distributed.and_then(|map| map.batcher.as_ref()) {
            let batches = self.batches(thread, batcher, inputs)?;
            self.note_step("afterItemBatcher", &json!(batches));
        }
        Ok(())
    }

    /// Unlike a run's, the test's failures are measured only against a tolerance that the state has.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of iterations are far below 2^52"
    )]
    fn inspect_tolerance(
        &self,
        thread: &Thread,
        map: &MapState,
        items: usize,
        tested: &Tested,
    ) -> Result<(), Failure> {
        let input = self.effective_input(thread)?;
        let scope = self.scope(thread, &input);
        let count = |setting: &Setting| setting.integer(&scope);
        let count = map.tolerated_count.as_ref().map(count).transpose()?;
        let percentage = |setting: &Setting| setting.percentage(&scope);
        let percentage = map.tolerated_percentage.as_ref().map(percentage);
        let percentage = percentage.transpose()?;
        if let Some(count) = count {
            self.note_step("toleratedFailureCount", &json!(count));
        }
        if let Some(percentage) = percentage {
            self.note_step("toleratedFailurePercentage", &json!(percentage));
        }
        let failed = tested.failed_iterations.unwrap_or(0);
        let is_over = count.is_some_and(|count| failed > count)
            || percentage.is_some_and(|percentage| {
                items > 0 && failed as f64 * 100.0 > percentage * items as f64
            });
        if is_over && !matches!(tested.mock, Some(Err(_))) {
            return Err(super::distributed::intolerable());
        }
        Ok(())
    }

    /// The state that is tested.
    pub(crate) fn tested_state(&self) -> Option<&State> {
        let region = &self.machine.region;
        region.states.get(region.start_at).map(|state| &**state)
    }

    /// Whether the tested state is of the older language.
    pub(crate) fn is_json_path(&self) -> bool {
        let state = self.tested_state();
        state.is_some_and(|state| state.language == Language::JsonPath)
    }
}
