//! Letting failed jobs go on: what would be done with each, what it costs, and doing it.

mod outcome;
mod proposal;
mod text;

use anyhow::Context;
use aws_sdk_sfn::types::ExecutionStatus;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use videoflow_shared::identity::JobId;
use videoflow_shared::intake::{Intake, Redriven};

use crate::environment::Environment;
pub use outcome::{Answers, exit_code, tell};
pub use proposal::{Choice, Proposal, Way};
pub use text::{shown, to_json};

/// Jobs that are looked at, or let go on, at the same time.
const AT_ONCE: usize = 8;
/// Pause between two looks at an execution that is about to end.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(200);

/// A job that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The job that was named.
    pub named: JobId,
    /// The job that goes on: itself, or its new run.
    pub job: JobId,
    /// Redrives of its execution, this one included.
    pub redrives: u32,
}

/// What would be done with each job. Changes nothing.
///
/// # Errors
/// A job is not there, or cannot be looked at.
pub async fn propose(
    environment: &Environment,
    intake: &Intake,
    jobs: &[JobId],
    choice: Choice,
) -> anyhow::Result<Vec<Proposal>> {
    let bucket = environment.bucket("output").await?;
    let look = async |id: &JobId| {
        let job = intake.jobs.get(id).await?;
        let job = job.with_context(|| format!("there is no job {id}"))?;
        let proposal = Proposal::of(intake, &bucket, job, choice).await;
        let proposal = proposal.with_context(|| format!("cannot look at {id}"))?;
        // Only a platform that this command started lets it go on.
        anyhow::Ok(match proposal.way {
            Way::GoesOn if environment.platform().is_none() => Proposal {
                way: Way::Refused(format!(
                    "it is still running; `videoflow history {id} {}` shows where",
                    environment.arguments
                )),
                ..proposal
            },
            _ => proposal,
        })
    };
    stream::iter(jobs.iter().map(look))
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// Does what is proposed; the answers are in the order of the proposals, without those that were refused.
pub async fn carry_out(intake: &Intake, proposals: &[Proposal]) -> Answers {
    let begin = async |proposal: &Proposal| {
        let begun = begin(intake, proposal).await.transpose()?;
        Some((proposal.job.job_id.clone(), begun))
    };
    stream::iter(proposals.iter().map(begin))
        .buffered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await
}

async fn begin(intake: &Intake, proposal: &Proposal) -> anyhow::Result<Option<Begun>> {
    let named = proposal.job.job_id.clone();
    let begun = |job: JobId, redrives: u32| {
        Some(Begun {
            named: named.clone(),
            job,
            redrives,
        })
    };
    Ok(match &proposal.way {
        Way::Refused(_) => None,
        Way::GoesOn => begun(named.clone(), proposal.job.redrive_count),
        Way::NewRun(_) => begun(intake.queue_run(&proposal.job).await?, 0),
        Way::Redrive {
            execution_arn,
            redrive_count,
        } => {
            match intake.redrive(execution_arn).await? {
                Redriven::Begun => begun(named.clone(), redrive_count + 1),
                // It was redrivable a moment ago.
                Redriven::Refused(reason) => anyhow::bail!("Step Functions refuses: {reason}"),
            }
        }
    })
}

/// Waits until the executions of jobs have ended that are settled: a platform that this command started ends with it.
///
/// # Errors
/// Step Functions does not tell.
pub async fn until_ended(environment: &Environment, jobs: &[JobId]) -> anyhow::Result<()> {
    let states = environment.states();
    for job in jobs {
        let arn = environment
            .execution_arn("process-video", job.as_str())
            .await?;
        loop {
            let described = states.describe_execution().execution_arn(&arn).send().await;
            let described = described.map_err(aws_sdk_sfn::Error::from)?;
            if described.status != ExecutionStatus::Running {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}
