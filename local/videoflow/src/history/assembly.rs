//! From what was read to the story.

use serde_json::Value;
use videoflow_platform::names;
use videoflow_shared::jobs::Job;

use super::cause::{of_item, root_cause};
use super::story::{self, Execution, JobFacts, Story, Totals, document};
use super::walk::{Told, walk};
use super::{Listed, Meter};

/// The story of what was read.
pub fn assembled(
    item: Option<&Job>,
    found: Option<(Execution, Vec<String>)>,
    mut missing: Vec<String>,
    meter: &Meter,
) -> Story {
    let execution = found.map(|(execution, unread)| {
        missing.extend(unread);
        execution
    });
    let cause = match &execution {
        Some(execution) => root_cause(execution),
        None => item.and_then(of_item),
    };
    Story {
        job: item.map(JobFacts::of),
        is_complete: missing.is_empty(),
        missing,
        root_cause: cause,
        totals: execution.as_ref().map(Totals::of).unwrap_or_default(),
        execution,
        calls: meter.calls(),
    }
}

/// An execution that is to be read.
pub struct Start {
    /// Its ARN.
    pub arn: String,
    /// The parent's state that started it.
    pub state: Option<String>,
    /// Version of its machine, where the parent asked for one.
    pub version_arn: Option<String>,
}

impl Start {
    /// One that nothing is known of but its ARN.
    pub fn of(arn: &str) -> Self {
        Self {
            arn: arn.to_owned(),
            state: None,
            version_arn: None,
        }
    }
}

/// What its events tell of an execution; its children are to be added.
pub fn execution(start: &Start, told: Told) -> Execution {
    let (machine, name) = names_of(&start.arn);
    let stopped = told.started_at.zip(told.stopped_at);
    Execution {
        machine,
        name,
        console: console(&start.arn),
        arn: start.arn.clone(),
        version_arn: told.version_arn.or(start.version_arn.clone()),
        status: told.status,
        started_by: start.state.clone(),
        started_at: told.started_at,
        stopped_at: told.stopped_at,
        duration_ms: stopped.map(|(started, stopped)| stopped.since(started)),
        redrive_count: told.redrive_count,
        input: document(&told.input),
        output: told.output.as_deref().map(document),
        cause: told
            .failure
            .as_ref()
            .and_then(|failure| failure.cause.as_deref().map(document)),
        error: told.failure.map(|failure| failure.error),
        missing: None,
        states: told.states,
        children: Vec::new(),
        culprit: told.culprit,
    }
}

/// An execution whose history could not be read.
pub fn without_history(start: &Start, why: String) -> Execution {
    let told = walk(&[]);
    Execution {
        missing: Some(why),
        input: Value::Null,
        ..execution(start, told)
    }
}

/// A Distributed Map's child, as the list has it.
pub fn from_list(state: &str, listed: &Listed) -> Execution {
    let start = Start {
        state: Some(state.to_owned()),
        ..Start::of(&listed.arn)
    };
    let stopped_at = listed.stopped_at;
    Execution {
        status: listed.status,
        started_at: Some(listed.started_at),
        stopped_at,
        duration_ms: stopped_at.map(|stopped_at| stopped_at.since(listed.started_at)),
        input: Value::Null,
        ..execution(&start, walk(&[]))
    }
}

/// Machine without the environment's prefix, and name, of an execution's ARN.
pub fn names_of(arn: &str) -> (String, String) {
    let mut parts = arn.rsplit(':');
    let name = parts.next().unwrap_or_default();
    let machine = parts.next().unwrap_or_default();
    (unprefixed(machine).to_owned(), name.to_owned())
}

/// The name of a machine or function without the environment's prefix.
pub fn unprefixed(name: &str) -> &str {
    // `videoflow-<environment>-<name>`: every environment is called alike.
    let plain = name
        .strip_prefix("videoflow-")
        .and_then(|rest| rest.split_once('-'));
    plain.map_or(name, |(_, plain)| plain)
}

/// Where AWS's console shows an execution.
fn console(arn: &str) -> Option<String> {
    let mut parts = arn.split(':').skip(1);
    let (partition, _, region, account) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let domain = match partition {
        _ if account == names::ACCOUNT => return None,
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    Some(format!(
        "https://{region}.{domain}/states/home?region={region}#/v2/executions/details/{arn}"
    ))
}

impl JobFacts {
    /// What an item has that is shown.
    pub fn of(job: &Job) -> Self {
        let details = job.error_details.as_ref();
        Self {
            job_id: job.job_id.to_string(),
            status: job.job_status.to_string(),
            profile: job.profile.clone(),
            source: story::Source {
                bucket: job.source_bucket.clone(),
                key: job.source_key.clone(),
                version_id: job.source_version_id.clone(),
            },
            created_at: job.created_at.clone(),
            updated_at: job.updated_at.clone(),
            predicted_cost_usd: job.predicted_cost_usd,
            actual_cost_usd: job.actual_cost_usd,
            quality_score: job.quality_score,
            error_details: details.and_then(|details| serde_json::to_value(details).ok()),
        }
    }
}
