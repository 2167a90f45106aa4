//! Reading a story: the job's item, then history after history, siblings at the same time.

use anyhow::{Context, bail};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;
use videoflow_platform::names;
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::{Job, JobStatus};
use videoflow_shared::storage;

use super::assembly::{Start, assembled, execution, from_list, without_history};
use super::story::{Execution, RootCause, Status, Story};
use super::walk::{Told, walk};
use super::{Listed, Meter, Source, Unreadable, logs};
use crate::environment::Environment;

/// Executions of one story: a job has eight, and a few more for every retry and redrive.
const MAX_EXECUTIONS: usize = 500;
/// Histories that are read at the same time: Step Functions refills 20 calls a second.
const AT_ONCE: usize = 8;
/// Executions within executions; VideoFlow has two levels.
const MAX_DEPTH: usize = 10;
/// Children of one run of a Distributed Map whose histories are read; those that succeeded are not.
const MAX_MAP_CHILDREN: usize = 20;

/// Reads the story of a job, or of the execution with an ARN.
///
/// # Errors
/// There is no such job, or nothing of it can be read.
pub async fn read(environment: &Environment, asked: &str) -> anyhow::Result<Story> {
    let source = match &environment.data {
        Some(data) => Source::Files(data.join("executions")),
        None => Source::Api(environment.states()),
    };
    let meter = Meter::default();
    let mut missing = Vec::new();
    let item = item(environment, asked, &meter).await?;
    let item = item.unwrap_or_else(|error| {
        missing.push(format!("the job's item: {error}"));
        None
    });
    let arn = match item.as_ref().and_then(|item| item.execution_arn.clone()) {
        _ if asked.starts_with("arn:") => asked.to_owned(),
        Some(arn) => arn,
        None => {
            environment
                .execution_arn(names::PROCESS_VIDEO, asked)
                .await?
        }
    };
    let found = match (read_tree(&source, &arn, &meter).await, &item) {
        (Ok(found), _) => Some(found),
        (Err(Unreadable::Gone), None) if missing.is_empty() => {
            let (name, arguments) = (&environment.name, &environment.arguments);
            bail!("there is no {asked} in {name} ({arguments})")
        }
        (Err(error), None) => return Err(error).with_context(|| format!("cannot read {arn}")),
        (Err(Unreadable::Gone), Some(item)) if item.job_status == JobStatus::Queued => {
            missing.push("it waits for its turn: its execution has not begun".to_owned());
            None
        }
        (Err(error), Some(_)) => {
            missing.push(format!("{arn}: {error}"));
            None
        }
    };
    let mut story = assembled(item.as_ref(), found, missing, &meter);
    if let Some(cause) = &mut story.root_cause {
        explain(environment, item.as_ref(), cause).await;
    }
    Ok(story)
}

/// The item of the job that is asked for, or why it cannot be read.
async fn item(
    environment: &Environment,
    asked: &str,
    meter: &Meter,
) -> anyhow::Result<Result<Option<Job>, storage::Error>> {
    let Some(id) = job_of(asked) else {
        if !asked.starts_with("arn:") {
            bail!(
                "{asked} is no job id (v- and 40 hexadecimal digits), and no ARN of an execution"
            );
        }
        return Ok(Ok(None));
    };
    meter.count();
    Ok(environment.jobs().get(&id).await)
}

/// Adds what is not in histories: the function's log, and the command that goes on.
async fn explain(environment: &Environment, item: Option<&Job>, cause: &mut RootCause) {
    if let Some(item) = item {
        let is_failed = item.job_status == JobStatus::Failed || item.announcement_error.is_some();
        let command = format!(
            "videoflow redrive {} {}",
            item.job_id, environment.arguments
        );
        cause.redrive = is_failed.then(|| command.trim_end().to_owned());
    }
    if let Some(attempt) = cause.attempts.last() {
        let job = item.map(|item| item.job_id.as_str());
        cause.log = logs::read(&environment.logs(), attempt, job).await;
    }
}

/// Reads the story of an execution alone, without a job's item.
///
/// # Errors
/// Its history cannot be read.
pub async fn read_execution(source: &Source, arn: &str) -> anyhow::Result<Story> {
    let meter = Meter::default();
    let found = read_tree(source, arn, &meter).await;
    let found = found.with_context(|| format!("cannot read {arn}"))?;
    Ok(assembled(None, Some(found), Vec::new(), &meter))
}

/// Reads an execution and all below it.
///
/// # Errors
/// Why the topmost history cannot be read; others that cannot be are left out, and say why.
pub async fn read_tree(
    source: &Source,
    arn: &str,
    meter: &Meter,
) -> Result<(Execution, Vec<String>), Unreadable> {
    let reader = Reader {
        source,
        meter,
        at_once: Semaphore::new(AT_ONCE),
        budget: Semaphore::new(MAX_EXECUTIONS),
    };
    let root = reader.read(Start::of(arn), MAX_DEPTH).await;
    let root = root?;
    let all = root.all();
    let missing = all.iter().filter_map(|execution| {
        let why = execution.missing.as_ref()?;
        Some(format!("{}: {why}", execution.arn))
    });
    let missing = missing.collect();
    Ok((root, missing))
}

/// The job that is asked for, where its item can be looked up.
fn job_of(asked: &str) -> Option<JobId> {
    let name = match asked.rsplit_once(':') {
        Some((rest, name)) if rest.ends_with(names::PROCESS_VIDEO) => name,
        Some(_) => return None,
        None => asked,
    };
    name.parse().ok()
}

struct Reader<'a> {
    source: &'a Source,
    meter: &'a Meter,
    at_once: Semaphore,
    budget: Semaphore,
}

impl Reader<'_> {
    fn read(&self, start: Start, depth: usize) -> BoxFuture<'_, Result<Execution, Unreadable>> {
        async move {
            let events = {
                let _permit = self.at_once.acquire().await;
                self.source.events(&start.arn, self.meter).await?
            };
            let told = walk(&events);
            let mut children = self.children(&told, depth).await;
            let mut execution = execution(&start, told);
            children.extend(self.map_children(&mut execution, depth).await);
            execution.children = children;
            Ok(execution)
        }
        .boxed()
    }

    async fn children(&self, told: &Told, depth: usize) -> Vec<Execution> {
        let starts = told.children.iter().map(|(state, child)| Start {
            arn: child.arn.clone(),
            state: Some(state.clone()),
            version_arn: child.version_arn.clone(),
        });
        self.read_all(starts, depth).await
    }

    /// Reads executions at the same time; what cannot be read says why.
    async fn read_all(&self, starts: impl Iterator<Item = Start>, depth: usize) -> Vec<Execution> {
        let reading = starts.map(|start| self.read_or_say(start, depth));
        stream::iter(reading.collect::<Vec<_>>())
            .buffered(AT_ONCE)
            .collect()
            .await
    }

    async fn read_or_say(&self, start: Start, depth: usize) -> Execution {
        let unread = Start {
            arn: start.arn.clone(),
            state: start.state.clone(),
            version_arn: start.version_arn.clone(),
        };
        let Some(depth) = depth.checked_sub(1) else {
            return without_history(&unread, "it is nested too deeply".to_owned());
        };
        let Ok(permit) = self.budget.try_acquire() else {
            let why = format!("there are more than {MAX_EXECUTIONS} executions");
            return without_history(&unread, why);
        };
        permit.forget();
        match self.read(start, depth).await {
            Ok(execution) => execution,
            Err(error) => without_history(&unread, error.to_string()),
        }
    }

    /// Children of Distributed Maps: those that failed with their histories, the others as the list has them.
    async fn map_children(&self, execution: &mut Execution, depth: usize) -> Vec<Execution> {
        let runs = execution.states.iter().filter_map(|state| {
            let arn = state.map_run_arn.clone()?;
            Some((state.name.clone(), arn))
        });
        let mut children = Vec::new();
        for (state, arn) in runs.collect::<Vec<_>>() {
            match self.source.children(&arn, self.meter).await {
                Ok((listed, has_more)) => {
                    if has_more {
                        execution.missing = Some(format!("{arn} has more children"));
                    }
                    children.extend(self.of_run(&state, listed, depth).await);
                }
                Err(error) => execution.missing = Some(format!("the children of {arn}: {error}")),
            }
        }
        children
    }

    async fn of_run(&self, state: &str, listed: Vec<Listed>, depth: usize) -> Vec<Execution> {
        let is_of_interest = |listed: &&Listed| listed.status != Status::Succeeded;
        let starts = listed.iter().filter(is_of_interest).take(MAX_MAP_CHILDREN);
        let starts = starts.map(|listed| Start {
            state: Some(state.to_owned()),
            ..Start::of(&listed.arn)
        });
        let mut read = self.read_all(starts, depth).await;
        let rest: Vec<Execution> = listed
            .iter()
            .filter(|listed| read.iter().all(|read| read.arn != listed.arn))
            .map(|listed| from_list(state, listed))
            .collect();
        read.extend(rest);
        read
    }
}

#[cfg(test)]
mod tests;
