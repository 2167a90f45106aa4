//! What an execution asks its driver to do, and what the driver tells it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::map_runs::MapRunSettings;
use crate::results::{ChildResult, Format};

/// Milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Seconds since 1970, with the milliseconds as fraction.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of any year up to 287396 are exact in f64"
    )]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// RFC 3339 in UTC with milliseconds, as in the context object: `2026-11-21T10:46:00.000Z`.
    pub fn rfc3339(self) -> String {
        let format = time::macros::format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|moment| moment.format(format).ok())
            .unwrap_or_default()
    }

    /// This moment and some milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// Names one attempt of a Task within its execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub u64);

/// Names a timer within its execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId(pub u64);

/// Names a Distributed Map run within its execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MapRunId(pub u64);

/// How a Task waits for its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// The call's answer is the result.
    RequestResponse,
    /// `.sync`: the job's end is the result, documents as JSON text.
    RunJob,
    /// `.sync:2`: the job's end is the result, documents as JSON values.
    RunJobV2,
    /// `.waitForTaskToken`.
    TaskToken,
}

/// What the driver must do. Every effect is answered by at most one final [`Event`].
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call the resource (ARN without its pattern's ending, e.g. `arn:aws:states:::lambda:invoke`).
    StartTask {
        /// Answer with this id.
        task: TaskId,
        /// Resource without `.sync`, `.sync:2`, `.waitForTaskToken`.
        resource: String,
        /// Evaluated Arguments or Parameters.
        arguments: Value,
        /// How the Task waits.
        pattern: Pattern,
        /// The token that is in the arguments, where the pattern is [`Pattern::TaskToken`].
        token: Option<String>,
    },
    /// The Task's outcome no longer matters (timeout, stop, failed sibling): stop what it started.
    CancelTask {
        /// The Task.
        task: TaskId,
    },
    /// Tell [`Event::TimerFired`] at `due`.
    StartTimer {
        /// Answer with this id.
        timer: TimerId,
        /// When.
        due: Timestamp,
        /// True for a Wait state or a retry delay, which a driver may shorten; false for a timeout or heartbeat.
        scalable: bool,
    },
    /// The timer is no longer wanted.
    CancelTimer {
        /// The timer.
        timer: TimerId,
    },
    /// Read the items of a Distributed Map and tell [`Event::ItemsRead`].
    ReadItems {
        /// Answer with this id.
        map_run: MapRunId,
        /// The reader's resource, e.g. `arn:aws:states:::s3:listObjectsV2`.
        resource: String,
        /// The reader's evaluated arguments.
        arguments: Value,
        /// The evaluated `ReaderConfig`, with `MaxItems` also where that was given by a path; `{}` if absent. A file's
        /// items are what [`crate::items::read`] makes of it.
        config: Value,
    },
    /// Run one child execution of a Distributed Map and tell [`Event::ChildEnded`]. The driver gets the child's
    /// machine from `Execution::item_processor(map_run)`.
    StartChild {
        /// Of this Map.
        map_run: MapRunId,
        /// Which child.
        index: usize,
        /// Its input.
        input: Value,
    },
    /// Let a child that failed or was stopped go on as by `RedriveExecution`, or begin anew if that cannot be, and tell
    /// [`Event::ChildEnded`].
    RedriveChild {
        /// Of this Map.
        map_run: MapRunId,
        /// Which child.
        index: usize,
        /// Its input.
        input: Value,
    },
    /// Write the results of a Distributed Map, as the files that [`crate::results::files`] makes of them, and tell
    /// [`Event::ResultsWritten`].
    WriteResults {
        /// Answer with this id.
        map_run: MapRunId,
        /// `arn:aws:states:::s3:putObject`.
        resource: String,
        /// The writer's evaluated arguments: `Bucket`, `Prefix`, ….
        arguments: Value,
        /// Where in the bucket: `PREFIX/ID-OF-THE-MAP-RUN`.
        folder: String,
        /// How.
        format: Format,
        /// What: all children, by index.
        results: Vec<ChildResult>,
    },
    /// The Distributed Map's outcome no longer matters: stop reading its items and stop its running children. None of
    /// their events is awaited any more.
    CancelMapRun {
        /// The Map.
        map_run: MapRunId,
    },
    /// The execution has ended; read its outcome from the execution.
    Finish,
}

/// What the driver tells an execution. Serialises, so that a driver may keep what it told ([`crate::replay`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// A `.sync` or token Task's service accepted the call; `output` is its answer.
    TaskSubmitted {
        /// Which Task.
        task: TaskId,
        /// The service's first answer.
        output: Value,
    },
    /// The Task ended well.
    TaskSucceeded {
        /// Which Task.
        task: TaskId,
        /// Its result.
        output: Value,
    },
    /// The Task failed.
    TaskFailed {
        /// Which Task.
        task: TaskId,
        /// Error name.
        error: String,
        /// Cause.
        cause: String,
    },
    /// A worker took the task of an activity: the time of its timeout and its heartbeat begins.
    TaskStarted {
        /// Which Task.
        task: TaskId,
        /// The worker, if it has a name.
        worker: Option<String>,
    },
    /// The Task sent a heartbeat.
    TaskHeartbeat {
        /// Which Task.
        task: TaskId,
    },
    /// A timer is due.
    TimerFired {
        /// Which timer.
        timer: TimerId,
    },
    /// The items of a Distributed Map.
    ItemsRead {
        /// Which Map.
        map_run: MapRunId,
        /// Items, or error name and cause.
        items: Result<Vec<Value>, (String, String)>,
    },
    /// A child of a Distributed Map ended.
    ChildEnded {
        /// Which Map.
        map_run: MapRunId,
        /// Which child.
        index: usize,
        /// Output, or error name and cause.
        outcome: Result<Value, (String, String)>,
    },
    /// The results of a Distributed Map were written.
    ResultsWritten {
        /// Which Map.
        map_run: MapRunId,
        /// `Bucket` and `Key` of the manifest, or error name and cause.
        written: Result<Value, (String, String)>,
    },
    /// `UpdateMapRun`: does nothing to a run that has ended.
    MapRunUpdated {
        /// Which Map.
        map_run: MapRunId,
        /// What changes.
        settings: MapRunSettings,
    },
    /// `StopExecution`.
    Stopped {
        /// Error name given by the caller.
        error: Option<String>,
        /// Cause given by the caller.
        cause: Option<String>,
    },
    /// `RedriveExecution`: goes on from the states that failed or were aborted. Does nothing to an execution that runs,
    /// has succeeded, or has no room for further events.
    Redriven,
}
