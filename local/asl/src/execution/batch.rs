//! The inputs of a Distributed Map's children.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Execution;
use super::size::{MAX_PAYLOAD_BYTES, json_size};
use super::thread::{MapItem, Thread};
use crate::failure::Failure;
use crate::machine::{Batcher, MapState, Processor, Setting};

impl Execution {
    /// One input for each item, or for each batch of items.
    pub(super) fn child_inputs(
        &self,
        thread: &Thread,
        map: &MapState,
        items: Vec<Arc<Value>>,
    ) -> Result<Vec<Value>, Failure> {
        let mut selected = Vec::with_capacity(items.len());
        for (index, value) in items.into_iter().enumerate() {
            let item = Arc::new(MapItem { index, value });
            selected.push(Value::clone(&*self.select_item(thread, map, &item)?));
        }
        match &map.processor {
            Processor::Distributed(distributed) => match &distributed.batcher {
                Some(batcher) => self.batches(thread, batcher, selected),
                None => Ok(selected),
            },
            Processor::Inline(_) => Ok(selected),
        }
    }

    /// `{"BatchInput", "Items"}` for each batch.
    pub(super) fn batches(
        &self,
        thread: &Thread,
        batcher: &Batcher,
        items: Vec<Value>,
    ) -> Result<Vec<Value>, Failure> {
        let input = self.effective_input(thread)?;
        let scope = self.scope(thread, &input);
        let limit = |setting: &Option<Setting>| {
            setting
                .as_ref()
                .map(|setting| setting.integer(&scope))
                .transpose()
        };
        let at_least_one = |number: i64| usize::try_from(number).unwrap_or(usize::MAX).max(1);
        let max_items = limit(&batcher.max_items)?.map_or(usize::MAX, at_least_one);
        let max_bytes = limit(&batcher.max_bytes)?
            .map_or(MAX_PAYLOAD_BYTES, at_least_one)
            .min(MAX_PAYLOAD_BYTES);
        let shared = match &batcher.input {
            Some(template) => Some(template.evaluate(&scope, "ItemBatcher/BatchInput")?),
            None => None,
        };
        let whole = |items: Vec<Value>| match &shared {
            Some(shared) => json!({ "BatchInput": shared, "Items": items }),
            None => json!({ "Items": items }),
        };
        let overhead = json_size(&whole(Vec::new()));
        let (mut full, mut batch, mut bytes) = (Vec::new(), Vec::new(), overhead);
        for item in items {
            let size = json_size(&item) + 1;
            if !batch.is_empty() && (batch.len() >= max_items || bytes + size > max_bytes) {
                full.push(whole(std::mem::take(&mut batch)));
                bytes = overhead;
            }
            bytes += size;
            batch.push(item);
        }
        if !batch.is_empty() {
            full.push(whole(batch));
        }
        Ok(full)
    }
}
