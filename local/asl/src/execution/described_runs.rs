//! What is told of the runs of Distributed Maps, and changed of them from outside.

use std::sync::Arc;

use super::Execution;
use super::map_run::MapRun as Run;
use super::thread::Waiting;
use crate::effect::MapRunId;
use crate::machine::{Kind, Processor, StateMachine};
use crate::map_runs::{MapRun, MapRunSettings, MapRunStatus};

impl Execution {
    /// The runs of its Distributed Maps, in the order of their beginnings.
    pub fn map_runs(&self) -> impl Iterator<Item = &MapRun> {
        self.begun_map_runs.iter().map(|(_, run)| run)
    }

    /// The run of that ARN, while it runs.
    pub fn running_map_run(&self, arn: &str) -> Option<MapRunId> {
        let mut runs = self.begun_map_runs.iter();
        let (id, run) = runs.find(|(_, run)| run.map_run_arn == arn)?;
        (run.status == MapRunStatus::Running).then_some(*id)
    }

    /// The machine that each child of a Distributed Map runs.
    pub fn item_processor(&self, map_run: MapRunId) -> Option<Arc<StateMachine>> {
        let thread = self.threads.get(self.map_runs.get(&map_run)?)?;
        match &thread.state.kind {
            Kind::Map(map) => match &map.processor {
                Processor::Distributed(map) => Some(Arc::clone(&map.machine)),
                Processor::Inline(_) => None,
            },
            _ => None,
        }
    }

    /// The ARN of a Distributed Map's run, as the history names it.
    pub fn map_run_arn(&self, map_run: MapRunId) -> Option<&str> {
        match &self.threads.get(self.map_runs.get(&map_run)?)?.waiting {
            Waiting::MapRun(run) => Some(&run.arn),
            _ => None,
        }
    }

    /// The name of a Distributed Map's state while it runs.
    pub fn map_run_state(&self, map_run: MapRunId) -> Option<&str> {
        let thread = self.threads.get(self.map_runs.get(&map_run)?)?;
        Some(&thread.state.name)
    }

    pub(super) fn map_run_began(&mut self, run: &Run) {
        let described = MapRun {
            map_run_arn: run.arn.clone(),
            status: MapRunStatus::Running,
            start: self.now,
            stop: None,
            redrive_count: run.redrive_count,
            redrive: None,
            settings: run.settings,
            items: Vec::new(),
        };
        self.begun_map_runs.push((run.id, described));
    }

    pub(super) fn describe_map_run(&mut self, id: MapRunId, change: impl FnOnce(&mut MapRun)) {
        let mut runs = self.begun_map_runs.iter_mut();
        if let Some((_, run)) = runs.find(|(known, _)| *known == id) {
            change(run);
        }
    }

    pub(super) fn end_map_run(&mut self, id: MapRunId, status: MapRunStatus) {
        let now = self.now;
        self.describe_map_run(id, |run| run.end(status, now));
    }

    /// Its settings change while it runs.
    pub(super) fn map_run_updated(&mut self, id: MapRunId, settings: MapRunSettings) {
        let Some(mut thread) = self.take_map(id) else {
            return;
        };
        self.describe_map_run(id, |run| run.set(settings));
        let mut runs = self.begun_map_runs.iter();
        let changed = runs.find(|(known, _)| *known == id);
        let changed = changed.map(|(_, run)| run.settings);
        if let (Waiting::MapRun(run), Some(settings)) = (&mut thread.waiting, changed) {
            run.settings = settings;
        }
        self.map_run_goes_on(thread);
    }
}
