//! Parallel states.

use std::sync::Arc;

use serde_json::Value;

use super::Execution;
use super::thread::{Children, Thread, Waiting};
use crate::history::Content;
use crate::machine::Region;

impl Execution {
    pub(super) fn attempt_parallel(&mut self, mut thread: Box<Thread>, branches: &[Arc<Region>]) {
        let input = match self.arguments(&thread) {
            Ok(input) => input,
            Err(failure) => return self.fail(thread, failure),
        };
        self.record_in(&mut thread, "ParallelStateStarted", None);
        let mut children = Children {
            outputs: vec![None; branches.len()],
            ..Children::default()
        };
        for (index, region) in branches.iter().enumerate() {
            let id = self.new_id();
            if let Some(child) = thread.child(id, index, region, Arc::clone(&input)) {
                children.running.insert(index, id);
                self.make_ready(Box::new(child));
            }
        }
        thread.waiting = Waiting::Children(children);
        self.park(thread);
    }

    pub(super) fn branch_succeeded(
        &mut self,
        mut parent: Box<Thread>,
        child: &Thread,
        index: usize,
        output: Arc<Value>,
    ) {
        let Waiting::Children(children) = &mut parent.waiting else {
            return self.park(parent);
        };
        children.running.remove(&index);
        if let Some(place) = children.outputs.get_mut(index) {
            *place = Some(output);
        }
        if !children.running.is_empty() {
            return self.park(parent);
        }
        let outputs = collect(&children.outputs);
        parent.previous = child.previous;
        self.record(parent.previous, "ParallelStateSucceeded", Content::Nothing);
        self.complete(parent, outputs);
    }
}

/// The outputs of all children as one array.
pub(super) fn collect(outputs: &[Option<Arc<Value>>]) -> Arc<Value> {
    let outputs = outputs.iter().flatten().map(|output| Value::clone(output));
    Arc::new(Value::Array(outputs.collect()))
}
