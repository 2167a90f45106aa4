//! How the runs of Distributed Maps stand, as `DescribeMapRun` tells it. What became of each child is the driver's to know.

use serde::{Deserialize, Serialize};

use crate::effect::Timestamp;

/// Status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MapRunStatus {
    /// Not ended.
    Running,
    /// All children ended, no more of them in failure than are tolerated.
    Succeeded,
    /// Too many children failed, or the items or results could not be read or written.
    Failed,
    /// Its execution or a state around it ended.
    Aborted,
}

/// What may be changed of a run: absent members stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MapRunSettings {
    /// Most children that run at once; 0: no limit but AWS's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
    /// Failed children that are tolerated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerated_failure_count: Option<i64>,
    /// The same in per cent of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerated_failure_percentage: Option<f64>,
}

/// A run of a Distributed Map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MapRun {
    /// Its ARN.
    pub map_run_arn: String,
    /// Status.
    pub status: MapRunStatus,
    /// Start.
    pub start: Timestamp,
    /// End.
    pub stop: Option<Timestamp>,
    /// Redrives.
    pub redrive_count: u64,
    /// Last redrive.
    pub redrive: Option<Timestamp>,
    /// What holds for it.
    #[serde(flatten)]
    pub settings: MapRunSettings,
    /// Items of each child; empty until they are read.
    pub items: Vec<usize>,
}

impl MapRun {
    /// The end, however it comes about; a later word on the same end counts.
    pub(crate) fn end(&mut self, status: MapRunStatus, now: Timestamp) {
        self.status = status;
        self.stop = Some(now);
    }

    /// Takes over what is given of `settings`.
    pub(crate) fn set(&mut self, settings: MapRunSettings) {
        let own = &mut self.settings;
        own.max_concurrency = settings.max_concurrency.or(own.max_concurrency);
        own.tolerated_failure_count = settings
            .tolerated_failure_count
            .or(own.tolerated_failure_count);
        own.tolerated_failure_percentage = settings
            .tolerated_failure_percentage
            .or(own.tolerated_failure_percentage);
    }
}
