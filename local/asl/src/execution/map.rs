//! Map states, and their inline form.

use std::sync::Arc;

use serde_json::Value;

use super::Execution;
use super::parallel::collect;
use super::thread::{Children, MapItem, Thread, Waiting};
use crate::failure::Failure;
use crate::history::{Content, Field};
use crate::machine::{Kind, MapState, Processor, Setting};
use crate::query::Language;

/// Most iterations that run at once where the definition does not say (AWS: about 40).
pub(super) const INLINE_CONCURRENCY: usize = 40;

/// What the events of an iteration say.
pub(super) fn iteration(map: &Thread, index: usize) -> Content {
    Content::Iteration {
        map: Arc::clone(&map.state),
        index: u64::try_from(index).unwrap_or(u64::MAX),
    }
}

impl Execution {
    pub(super) fn attempt_map(&mut self, thread: Box<Thread>, map: &MapState) {
        match &map.processor {
            Processor::Inline(_) => self.attempt_inline(thread, map),
            Processor::Distributed(distributed) => {
                self.attempt_distributed(thread, map, distributed);
            }
        }
    }

    fn attempt_inline(&mut self, mut thread: Box<Thread>, map: &MapState) {
        let prepared = self.items(&thread, map).and_then(|items| {
            Ok((
                items,
                self.max_concurrency(&thread, map, INLINE_CONCURRENCY)?,
            ))
        });
        let (items, max_concurrency) = match prepared {
            Ok(prepared) => prepared,
            Err(failure) => return self.fail(thread, failure),
        };
        self.record_map_started(&mut thread, items.len());
        let children = Children {
            outputs: vec![None; items.len()],
            items,
            ..Children::default()
        };
        let count = children.items.len();
        thread.waiting = Waiting::Children(children);
        if count == 0 {
            return self.map_succeeded(thread);
        }
        let started = thread.previous;
        for _ in 0..count.min(max_concurrency) {
            if let Err(failure) = self.start_iteration(&mut thread, map, started) {
                return self.fail(thread, failure);
            }
        }
        self.park(thread);
    }

    pub(super) fn record_map_started(&mut self, thread: &mut Thread, length: usize) {
        let length = vec![(
            "length",
            Field::Number(u64::try_from(length).unwrap_or(u64::MAX)),
        )];
        self.record_in(
            thread,
            "MapStateStarted",
            Some(("mapStateStartedEventDetails", length)),
        );
    }

    /// The items: Items, `ItemsPath`, or the input itself.
    pub(super) fn items(
        &self,
        thread: &Thread,
        map: &MapState,
    ) -> Result<Vec<Arc<Value>>, Failure> {
        let input = self.effective_input(thread)?;
        let scope = self.scope(thread, &input);
        let value = match &map.items {
            Some(setting) => setting.value(&scope)?,
            None => Value::clone(&input),
        };
        match value {
            Value::Array(items) => Ok(items.into_iter().map(Arc::new).collect()),
            other => Err(match (&map.items, thread.state.language) {
                (Some(setting), Language::Jsonata) => setting.unexpected("array", &other),
                (None, Language::Jsonata) => Failure::query(
                    None,
                    format!("Map state input must be an array but was: {other}"),
                ),
                (setting, Language::JsonPath) => {
                    let path = setting.as_ref().map_or("$", Setting::source);
                    Failure::runtime(format!("Reference path \"{path}\" must point to array."))
                }
            }),
        }
    }

    /// How many may run at once; 0 stands for the default.
    pub(super) fn max_concurrency(
        &self,
        thread: &Thread,
        map: &MapState,
        default: usize,
    ) -> Result<usize, Failure> {
        let Some(setting) = &map.max_concurrency else {
            return Ok(default);
        };
        let input = self.effective_input(thread)?;
        let number = setting.integer(&self.scope(thread, &input))?;
        Ok(usize::try_from(number)
            .ok()
            .filter(|number| *number > 0)
            .unwrap_or(default))
    }

    /// What an iteration gets: the item, or what `ItemSelector` makes of it.
    pub(super) fn select_item(
        &self,
        thread: &Thread,
        map: &MapState,
        item: &Arc<MapItem>,
    ) -> Result<Arc<Value>, Failure> {
        let Some(template) = &map.selector else {
            return Ok(Arc::clone(&item.value));
        };
        let input = self.effective_input(thread)?;
        let scope = self.scope_of_item(thread, &input, Some(item));
        template.evaluate(&scope, "ItemSelector").map(Arc::new)
    }

    pub(super) fn start_iteration(
        &mut self,
        thread: &mut Thread,
        map: &MapState,
        previous: u64,
    ) -> Result<(), Failure> {
        let Processor::Inline(region) = &map.processor else {
            return Ok(());
        };
        let Waiting::Children(children) = &thread.waiting else {
            return Ok(());
        };
        let index = children.started;
        let Some(value) = children.items.get(index).map(Arc::clone) else {
            return Ok(());
        };
        let item = Arc::new(MapItem { index, value });
        let input = self.select_item(thread, map, &item)?;
        let id = self.new_id();
        let event = self.record(previous, "MapIterationStarted", iteration(thread, index));
        if let Some(mut child) = thread.child(id, index, region, input) {
            child.item = Some(item);
            child.previous = event;
            self.make_ready(Box::new(child));
        }
        if let Waiting::Children(children) = &mut thread.waiting {
            children.running.insert(index, id);
            children.started += 1;
        }
        Ok(())
    }

    pub(super) fn iteration_succeeded(
        &mut self,
        mut parent: Box<Thread>,
        child: &Thread,
        index: usize,
        output: Arc<Value>,
    ) {
        let content = iteration(&parent, index);
        let event = self.record(child.previous, "MapIterationSucceeded", content);
        parent.previous = event;
        let Waiting::Children(children) = &mut parent.waiting else {
            return self.park(parent);
        };
        children.running.remove(&index);
        children.ended += 1;
        if let Some(place) = children.outputs.get_mut(index) {
            *place = Some(output);
        }
        if children.ended == children.items.len() {
            return self.map_succeeded(parent);
        }
        let state = Arc::clone(&parent.state);
        if let Kind::Map(map) = &state.kind
            && let Err(failure) = self.start_iteration(&mut parent, map, child.previous)
        {
            return self.fail(parent, failure);
        }
        self.park(parent);
    }

    fn map_succeeded(&mut self, mut thread: Box<Thread>) {
        self.record(thread.previous, "MapStateSucceeded", Content::Nothing);
        let outputs = match std::mem::take(&mut thread.waiting) {
            Waiting::Children(children) => collect(&children.outputs),
            _ => Arc::new(Value::Array(Vec::new())),
        };
        self.complete(thread, outputs);
    }
}
