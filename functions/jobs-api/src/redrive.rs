//! A failed job goes on from the state that failed: what had succeeded is neither run nor paid for again.

use videoflow_shared::identity::JobId;
use videoflow_shared::intake::{Intake, Objection, Prospect, Redriven};
use videoflow_shared::jobs::Job;

use crate::Error;
use crate::answer::Answer;

/// Redrives the job's execution, if the job is one that a redrive can help.
///
/// # Errors
/// [`Error::JobRunning`], [`Error::JobDeleted`], [`Error::NotRedrivable`], the errors of the services.
pub async fn redrive(intake: &Intake, job: &Job) -> Result<Answer, Error> {
    let id = &job.job_id;
    let refused = |reason: &str| {
        Error::NotRedrivable(format!(
            "Step Functions does not redrive {id}: {reason}; force a new run"
        ))
    };
    match intake.prospect(job).await? {
        Prospect::None(objection) => Err(refusal(id, &objection)),
        Prospect::NewRun(reason) => Err(refused(&reason)),
        Prospect::Redrive { execution_arn, .. } => match intake.redrive(&execution_arn).await? {
            Redriven::Begun => Ok(Answer::accepted(id)),
            Redriven::Refused(reason) => Err(refused(&reason)),
        },
    }
}

/// Why a redrive is of no use to a job, and what is.
fn refusal(id: &JobId, objection: &Objection) -> Error {
    Error::NotRedrivable(match objection {
        Objection::Deleted => return Error::JobDeleted(id.to_string()),
        Objection::Queued | Objection::Running => return Error::JobRunning(id.to_string()),
        Objection::Published => format!("{id} is published; to make it again, force a run"),
        Objection::Rejected => format!(
            "{id} was rejected, which another try would repeat; mend the video and upload that"
        ),
        Objection::QualityFailed => format!(
            "{id} failed its quality check, which a redrive would repeat; to make it again, force a run"
        ),
        Objection::Duplicate(original) => {
            let original = original.as_ref().map_or("another job", JobId::as_str);
            format!("{id} is a duplicate of {original}; redrive that")
        }
        Objection::Overtaken(other) => {
            format!("the content of {id} is processed as {other} by now")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_that_a_redrive_cannot_help_say_what_can() {
        let id = JobId::of("b", "k", "1", "default");
        let check = |objection: &Objection, expected: &str| {
            let refusal = refusal(&id, objection).to_string();
            assert!(refusal.contains(expected), "{refusal}");
        };
        check(&Objection::Published, "force a run");
        check(&Objection::Rejected, "mend the video");
        check(&Objection::QualityFailed, "force a run");
        check(&Objection::Duplicate(Some(id.clone())), "duplicate of v-");
        check(&Objection::Overtaken("v-1".into()), "as v-1 by now");
        let running = refusal(&id, &Objection::Running);
        assert!(matches!(running, Error::JobRunning(_)));
        let deleted = refusal(&id, &Objection::Deleted);
        assert!(matches!(deleted, Error::JobDeleted(_)));
    }
}
