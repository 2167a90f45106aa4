//! Histories that the local platform keeps: nothing needs to run.

use std::path::Path;

use anyhow::Context;
use videoflow_platform::names;
use videoflow_platform::step_functions::Record;

use super::Execution;
use super::event::Event;

/// ARN of the job's process-video execution, if there is one.
pub fn find_job(folder: &Path, job: &str) -> Option<String> {
    let arn = names::execution_arn(&names::prefixed(names::PROCESS_VIDEO), job);
    Record::exists(folder, &arn).then_some(arn)
}

/// Reads one execution.
pub fn execution(folder: &Path, arn: &str) -> anyhow::Result<Execution> {
    let record = Record::read(folder, arn)
        .with_context(|| format!("cannot read {arn} in {}", folder.display()))?;
    let events = record.events.iter().map(Event::from_json).collect();
    Ok(Execution {
        description: record.execution,
        events,
    })
}
