//! Deletions: a video is marked as deleted at once, and delete-video does the work.

use serde_json::{Value, json};
use videoflow_shared::error::classify;
use videoflow_shared::identity::JobId;
use videoflow_shared::intake::Intake;
use videoflow_shared::jobs::{Deletion, DeletionStatus, Job, JobStatus, SourceFate};
use videoflow_shared::ledger::Written;
use videoflow_shared::storage;

use crate::Error;
use crate::answer::Answer;

/// What deletions need besides the intake.
#[derive(Debug)]
pub struct Deletions<'a> {
    /// Jobs and their runs.
    pub intake: &'a Intake,
    /// Queue that delete-video reads.
    pub queue_url: &'a str,
}

impl Deletions<'_> {
    /// Has everything of a video deleted. Asked for again, it is told how far the first request has come, and goes on if
    /// a crash had stopped it.
    ///
    /// # Errors
    /// [`Error::JobRunning`], the errors of the services.
    pub async fn request(
        &self,
        base: Job,
        source: SourceFate,
        requested_by: Option<String>,
    ) -> Result<Answer, Error> {
        let deletion = if let Some(known) = base.deletion.clone() {
            known
        } else {
            self.check_settled(&base).await?;
            let deletion = Deletion::requested(source, requested_by);
            if self.intake.jobs.bury(&base, &deletion).await? == Written::Overtaken {
                let changed = format!("{} changed while it was deleted", base.job_id);
                return Err(storage::Error::StorageFailed(changed).into());
            }
            deletion
        };
        if deletion.status == DeletionStatus::Requested {
            let message = json!({"jobId": base.job_id}).to_string();
            let request = self.intake.queues.send_message();
            let request = request.queue_url(self.queue_url);
            let sent = request.message_body(message).send().await;
            sent.map_err(|error| classify("SendMessage", &error))?;
        }
        let location = format!("/jobs/{}/deletion", base.job_id);
        Ok(Answer::json(202, &shown(&base.job_id, &deletion)).at(location))
    }

    /// Only what has ended can be deleted, or what waits for a review and is ended by this.
    async fn check_settled(&self, base: &Job) -> Result<(), Error> {
        let Some(open) = self.intake.open_run(&base.job_id).await? else {
            return Ok(());
        };
        let job = self.intake.jobs.get(&open).await?;
        if job.is_some_and(|job| job.job_status == JobStatus::AwaitingReview) {
            return Ok(());
        }
        Err(Error::JobRunning(open.to_string()))
    }
}

/// The deletion of a video.
///
/// # Errors
/// [`Error::DeletionNotFound`].
pub fn show(base: &Job) -> Result<Answer, Error> {
    let missing = || Error::DeletionNotFound(base.job_id.to_string());
    let deletion = base.deletion.as_ref().ok_or_else(missing)?;
    Ok(Answer::json(200, &shown(&base.job_id, deletion)))
}

fn shown(job: &JobId, deletion: &Deletion) -> Value {
    let mut shown = json!({"jobId": job});
    if let (Some(shown), Value::Object(members)) = (shown.as_object_mut(), json!(deletion)) {
        shown.extend(members);
    }
    shown
}
