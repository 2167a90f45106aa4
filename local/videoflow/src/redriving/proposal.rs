//! What would be done with a job, and what it can cost.

use videoflow_shared::identity::JobId;
use videoflow_shared::intake::{Error, Intake, Objection, Prospect};
use videoflow_shared::jobs::Job;
use videoflow_shared::plan;
use videoflow_shared::prices::Line;
use videoflow_shared::spending::{Part, left};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The redrive, or a new run where that is not possible any more.
    Usual,
    /// A new run in any case.
    NewRun,
}

/// How a job goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// From the state that failed.
    Redrive {
        /// Execution.
        execution_arn: String,
        /// Redrives of it so far.
        redrive_count: u32,
    },
    /// As a new run, for this reason.
    NewRun(String),
    /// It runs already: it had not ended when its platform did.
    GoesOn,
    /// It does not, for this reason.
    Refused(String),
}

/// What would be done with a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The job.
    pub job: Job,
    /// How it goes on.
    pub way: Way,
    /// From which part of its way.
    pub from: Part,
    /// What it can have to pay, at most; `None`: it has no plan that could tell.
    pub lines: Option<Vec<Line>>,
}

impl Proposal {
    /// Looks at a job. Changes nothing.
    ///
    /// # Errors
    /// The errors of the services.
    pub async fn of(
        intake: &Intake,
        bucket: &str,
        job: Job,
        choice: Choice,
    ) -> Result<Self, Error> {
        let way = way(intake, &job, choice).await?;
        let failed_in = job
            .error_details
            .as_ref()
            .or(job.announcement_error.as_ref());
        let from = match (&way, failed_in) {
            (Way::Redrive { .. }, Some(details)) => Part::of_execution(&details.execution),
            _ => Part::Sanitize,
        };
        let lines = if matches!(way, Way::Refused(_) | Way::GoesOn) {
            None
        } else {
            let plan = plan::read(&intake.objects, bucket, &job.job_id).await?;
            plan.map(|plan| left(&plan.predicted_cost.lines, &job, from))
        };
        Ok(Self {
            job,
            way,
            from,
            lines,
        })
    }

    /// What it costs, at most, in US dollars.
    pub fn cost_usd(&self) -> Option<f64> {
        let lines = self.lines.as_ref()?;
        // The sum of nothing is -0.
        Some(lines.iter().fold(0.0, |sum, line| sum + line.amount_usd))
    }
}

async fn way(intake: &Intake, job: &Job, choice: Choice) -> Result<Way, Error> {
    let prospect = intake.prospect(job).await?;
    let way = match (prospect, choice) {
        (
            Prospect::Redrive {
                execution_arn,
                redrive_count,
            },
            Choice::Usual,
        ) => {
            return Ok(Way::Redrive {
                execution_arn,
                redrive_count,
            });
        }
        (Prospect::Redrive { .. }, Choice::NewRun) => Way::NewRun("asked for".to_owned()),
        (Prospect::NewRun(reason), _) => Way::NewRun(reason),
        (Prospect::None(Objection::Running), _) => return Ok(Way::GoesOn),
        (Prospect::None(objection), Choice::NewRun) if is_forcible(&objection) => {
            Way::NewRun("asked for".to_owned())
        }
        (Prospect::None(objection), _) => return Ok(Way::Refused(words(&objection))),
    };
    Ok(match intake.open_run(&job.job_id).await? {
        Some(open) if open != job.job_id => {
            Way::Refused(format!("another run of it is under way: {open}"))
        }
        _ => way,
    })
}

/// Whether a new run can be forced all the same.
fn is_forcible(objection: &Objection) -> bool {
    matches!(
        objection,
        Objection::Published
            | Objection::Rejected
            | Objection::QualityFailed
            | Objection::Duplicate(_)
    )
}

/// Why a redrive is of no use to a job, and what is.
fn words(objection: &Objection) -> String {
    match objection {
        Objection::Deleted => "everything of it was deleted; upload the video again".to_owned(),
        Objection::Queued => "it waits for its turn, and starts by itself".to_owned(),
        Objection::Running => "it is still running".to_owned(),
        Objection::Published => "it is published; --new-run makes it again".to_owned(),
        Objection::Rejected => {
            "it was rejected, which another try would repeat; mend the video and \
             upload that (--new-run tries all the same)"
                .to_owned()
        }
        Objection::QualityFailed => {
            "it failed its quality check, which a redrive would repeat; --new-run makes it again"
                .to_owned()
        }
        Objection::Duplicate(original) => {
            let original = original.as_ref().map_or("another job", JobId::as_str);
            format!("it is a duplicate of {original}; redrive that")
        }
        Objection::Overtaken(other) => format!("its content is processed as {other} by now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_redrive_cannot_help_says_what_can() {
        let original = JobId::of("b", "k", "1", "default");
        let check = |objection: &Objection, part: &str, forcible: bool| {
            let words = words(objection);
            assert!(words.contains(part), "{words}");
            assert_eq!(is_forcible(objection), forcible, "{objection:?}");
        };
        check(&Objection::Published, "--new-run", true);
        check(&Objection::Rejected, "mend the video", true);
        check(&Objection::QualityFailed, "--new-run", true);
        check(
            &Objection::Duplicate(Some(original)),
            "duplicate of v-",
            true,
        );
        check(&Objection::Deleted, "upload the video again", false);
        check(&Objection::Queued, "by itself", false);
        check(&Objection::Overtaken("v-1".into()), "as v-1", false);
    }
}
