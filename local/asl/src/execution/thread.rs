//! One line of control.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::map_run::MapRun;
use super::size::{MAX_PAYLOAD_BYTES, json_size};
use crate::effect::{TaskId, TimerId, Timestamp};
use crate::machine::{Region, State};
use crate::query::Variables;

#[derive(Debug)]
pub(super) struct Thread {
    pub(super) id: u64,
    /// The thread that waits for this one, and which of its children this is.
    pub(super) parent: Option<(u64, usize)>,
    pub(super) region: Arc<Region>,
    /// The state that it is in, or enters next.
    pub(super) state: Arc<State>,
    pub(super) input: Arc<Value>,
    /// What `InputPath` selects of it, for the attempt that runs.
    pub(super) selected: OnceCell<Arc<Value>>,
    /// The last payload that was found to be no larger than is allowed.
    fitting: Option<Arc<Value>>,
    pub(super) variables: Variables,
    /// The item of the innermost Map around.
    pub(super) item: Option<Arc<MapItem>>,
    /// The last event in this thread.
    pub(super) previous: u64,
    pub(super) before_entered: u64,
    pub(super) entered_event: u64,
    pub(super) entered_at: Timestamp,
    /// Attempts used, by retrier.
    pub(super) retries: Vec<u32>,
    pub(super) token: Option<String>,
    pub(super) waiting: Waiting,
    /// The branches or iterations of its last attempt, where that failed: a redrive goes on with them.
    pub(super) halted: Option<Box<Children>>,
    /// The Map Run of its last attempt, where that failed: as above.
    pub(super) halted_run: Option<Box<MapRun>>,
}

/// What the context object says of a Map's item.
#[derive(Debug)]
pub(super) struct MapItem {
    pub(super) index: usize,
    pub(super) value: Arc<Value>,
}

/// What a thread waits for.
#[derive(Debug, Default)]
pub(super) enum Waiting {
    #[default]
    Nothing,
    Timer(TimerId),
    Task(TaskRun),
    Children(Children),
    MapRun(Box<MapRun>),
}

/// An attempt of a Task.
#[derive(Debug)]
pub(super) struct TaskRun {
    pub(super) task: TaskId,
    pub(super) timeout: Option<TimerId>,
    pub(super) heartbeat: Option<(TimerId, i64)>,
    pub(super) submitted: bool,
    /// Timeout and heartbeat of an activity's task that no worker has taken yet.
    pub(super) untaken: Option<Limits>,
}

/// Seconds of a Task's timeout and of its heartbeat.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) timeout: Option<i64>,
    pub(super) heartbeat: Option<i64>,
}

/// The branches of a Parallel or the iterations of a Map.
#[derive(Debug, Default)]
pub(super) struct Children {
    /// Running children: thread by index.
    pub(super) running: HashMap<usize, u64>,
    pub(super) outputs: Vec<Option<Arc<Value>>>,
    pub(super) ended: usize,
    /// Items of a Map that wait for their turn.
    pub(super) items: Vec<Arc<Value>>,
    pub(super) started: usize,
    /// Children that failed or were aborted, by index, in the states where that happened.
    pub(super) halted: BTreeMap<usize, Box<Thread>>,
}

impl Children {
    /// Index and thread of those that run, in the order of their indexes; then none runs.
    pub(super) fn take_running(&mut self) -> Vec<(usize, u64)> {
        let mut running: Vec<(usize, u64)> = self.running.drain().collect();
        running.sort_unstable();
        running
    }
}

/// What a timer is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum TimerUse {
    Machine,
    Wait(u64),
    Retry(u64),
    TaskTimeout(u64),
    Heartbeat(u64),
}

impl Thread {
    /// A thread at the beginning of a region.
    pub(super) fn new(
        id: u64,
        parent: Option<(u64, usize)>,
        region: &Arc<Region>,
        input: Arc<Value>,
    ) -> Option<Self> {
        let state = Arc::clone(region.states.get(region.start_at)?);
        Some(Self {
            id,
            parent,
            region: Arc::clone(region),
            state,
            input,
            selected: OnceCell::new(),
            fitting: None,
            variables: Variables::default(),
            item: None,
            previous: 0,
            before_entered: 0,
            entered_event: 0,
            entered_at: Timestamp(0),
            retries: Vec::new(),
            token: None,
            waiting: Waiting::Nothing,
            halted: None,
            halted_run: None,
        })
    }

    /// A child of this thread.
    pub(super) fn child(
        &self,
        id: u64,
        index: usize,
        region: &Arc<Region>,
        input: Arc<Value>,
    ) -> Option<Self> {
        let mut child = Self::new(id, Some((self.id, index)), region, input)?;
        child.variables = self.variables.clone();
        child.fitting.clone_from(&self.fitting);
        child.item.clone_from(&self.item);
        child.previous = self.previous;
        Some(child)
    }

    /// Whether a payload is no larger than is allowed. One that goes from state to state is measured once.
    pub(super) fn fits(&mut self, payload: &Arc<Value>) -> bool {
        let is_known = |fitting: &Arc<Value>| Arc::ptr_eq(fitting, payload);
        if self.fitting.as_ref().is_some_and(is_known) {
            return true;
        }
        let fits = json_size(payload) <= MAX_PAYLOAD_BYTES;
        if fits {
            self.fitting = Some(Arc::clone(payload));
        }
        fits
    }

    pub(super) fn retry_count(&self) -> u32 {
        self.retries.iter().sum()
    }
}
