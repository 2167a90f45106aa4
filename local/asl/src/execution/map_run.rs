//! The state of a Distributed Map's run.

use std::collections::{HashSet, VecDeque};

use serde_json::Value;

use crate::effect::{Effect, MapRunId};
use crate::failure::Failure;
use crate::map_runs::MapRunSettings;
use crate::results::{ChildOutcome, ChildResult};

/// Most children that run at once where the definition does not say (AWS quota).
const DISTRIBUTED_CONCURRENCY: usize = 10_000;

/// A run of a Distributed Map.
#[derive(Debug)]
pub(super) struct MapRun {
    pub(super) id: MapRunId,
    pub(super) arn: String,
    pub(super) phase: Phase,
    pub(super) redrive_count: u64,
    pub(super) settings: MapRunSettings,
    /// Whether inputs are wanted to the end.
    pub(super) keeps_inputs: bool,
    inputs: Vec<Value>,
    outcomes: Vec<Option<ChildOutcome>>,
    running: HashSet<usize>,
    /// Children to redrive, before others begin.
    again: VecDeque<usize>,
    /// The child to begin next.
    next: usize,
    failed: usize,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// The items are not known yet.
    Reading,
    Running,
    /// The results are being written; then the run ends, with the failure if there is one.
    Writing(Option<Failure>),
}

impl MapRun {
    pub(super) fn new(
        (id, arn): (MapRunId, String),
        settings: MapRunSettings,
        keeps_inputs: bool,
    ) -> Self {
        Self {
            id,
            arn,
            phase: Phase::Reading,
            redrive_count: 0,
            settings,
            keeps_inputs,
            inputs: Vec::new(),
            outcomes: Vec::new(),
            running: HashSet::new(),
            again: VecDeque::new(),
            next: 0,
            failed: 0,
        }
    }

    pub(super) fn begin(&mut self, inputs: Vec<Value>) {
        self.phase = Phase::Running;
        self.outcomes = vec![None; inputs.len()];
        self.inputs = inputs;
    }

    /// The child to begin, if another may run.
    pub(super) fn next_child(&mut self) -> Option<Effect> {
        let most = self.settings.max_concurrency.unwrap_or(0);
        let most = usize::try_from(most).ok().filter(|most| *most > 0);
        if self.running.len() >= most.unwrap_or(DISTRIBUTED_CONCURRENCY) {
            return None;
        }
        let map_run = self.id;
        let again = self.again.pop_front();
        let index = again.unwrap_or(self.next);
        let input = self.inputs.get(index)?.clone();
        self.running.insert(index);
        if again.is_some() {
            return Some(Effect::RedriveChild {
                map_run,
                index,
                input,
            });
        }
        self.next += 1;
        Some(Effect::StartChild {
            map_run,
            index,
            input,
        })
    }

    pub(super) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    pub(super) fn child_ended(&mut self, index: usize, outcome: Result<Value, (String, String)>) {
        if !self.running.remove(&index) {
            return;
        }
        let outcome = match outcome {
            Ok(output) => ChildOutcome::Succeeded(output),
            Err((error, cause)) => {
                self.failed += 1;
                ChildOutcome::Failed(error, cause)
            }
        };
        let is_done = matches!(outcome, ChildOutcome::Succeeded(_)) && !self.keeps_inputs;
        if let Some(input) = self.inputs.get_mut(index).filter(|_| is_done) {
            input.take();
        }
        if let Some(place) = self.outcomes.get_mut(index) {
            *place = Some(outcome);
        }
    }

    /// Those that run do so no more.
    pub(super) fn abort(&mut self) {
        for index in self.running.drain() {
            if let Some(place) = self.outcomes.get_mut(index) {
                *place = Some(ChildOutcome::Aborted);
            }
        }
    }

    /// Lets the children that failed or were aborted go on, before those that have not begun.
    pub(super) fn redrive(&mut self) {
        self.abort();
        self.redrive_count += 1;
        self.failed = 0;
        self.phase = Phase::Running;
        for (index, outcome) in self.outcomes.iter_mut().enumerate() {
            if matches!(
                outcome,
                Some(ChildOutcome::Failed(..) | ChildOutcome::Aborted)
            ) {
                *outcome = None;
                self.again.push_back(index);
            }
        }
    }

    /// The outputs of the children that succeeded.
    pub(super) fn outputs(&mut self) -> Value {
        let outcomes = std::mem::take(&mut self.outcomes);
        let output = |outcome| match outcome {
            Some(ChildOutcome::Succeeded(output)) => Some(output),
            _ => None,
        };
        Value::Array(outcomes.into_iter().filter_map(output).collect())
    }

    pub(super) fn results(&self) -> Vec<ChildResult> {
        let result = |(index, (input, outcome)): (usize, (&Value, &Option<ChildOutcome>))| {
            let outcome = outcome.clone().unwrap_or(ChildOutcome::Pending);
            ChildResult {
                index,
                input: input.clone(),
                outcome,
            }
        };
        let children = self.inputs.iter().zip(&self.outcomes);
        children.enumerate().map(result).collect()
    }

    /// Whether more children failed than are tolerated.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of children are far below 2^52"
    )]
    pub(super) fn is_intolerable(&self) -> bool {
        if self.failed == 0 {
            return false;
        }
        let failed = self.failed as f64;
        let over_count = self
            .settings
            .tolerated_failure_count
            .map(|count| failed > count as f64);
        let over_percentage = self
            .settings
            .tolerated_failure_percentage
            .map(|percentage| failed * 100.0 > percentage * self.inputs.len() as f64);
        match (over_count, over_percentage) {
            (None, None) => true,
            (count, percentage) => count.unwrap_or(false) || percentage.unwrap_or(false),
        }
    }
}
