//! Jobs of the asynchronous stand-ins: a JSON file a job, written atomically, so that a job outlives the process that
//! started it. A job that was not finished when its process ended is done again from its request by the next one: the
//! real services do not notice either that their caller is gone.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::{Notify, Semaphore};
use tokio::task::AbortHandle;

mod record;

pub use record::{Error, INTERRUPTED, Job, JobError, JobStatus};
use record::{path, read_all, write};

/// What became of a submission.
#[derive(Debug, Clone, PartialEq)]
pub enum Submission {
    /// A new job.
    New(Job),
    /// The same token was used before, with the same request: its job.
    Existing(Job),
    /// The same token was used before with another request, or the id is taken.
    Conflict(Job),
}

/// The durable jobs of one service, of which a bounded number runs at a time; the others wait as `Submitted`.
#[derive(Clone)]
pub struct JobQueue {
    inner: Arc<Inner>,
}

struct Inner {
    directory: PathBuf,
    /// How long a token starts nothing again; none: as long as its job is known.
    token_memory: Option<Duration>,
    permits: Arc<Semaphore>,
    /// Told at every change of a job.
    changed: Notify,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    jobs: BTreeMap<String, Job>,
    running: HashMap<String, AbortHandle>,
}

/// What a job does.
pub type Work = Pin<Box<dyn Future<Output = Result<Value, JobError>> + Send>>;

/// A running job's way to tell how far it is.
#[derive(Clone)]
pub struct Progress {
    queue: JobQueue,
    id: String,
}

impl Progress {
    /// Sets phase and percent (at most 99 while it runs). Kept in memory only.
    pub fn report(&self, phase: &str, percent: u8) {
        let mut state = self.queue.state();
        if let Some(job) = state
            .jobs
            .get_mut(&self.id)
            .filter(|job| job.status == JobStatus::Running)
        {
            job.phase = Some(phase.to_owned());
            job.percent = percent.min(99);
        }
        self.queue.inner.changed.notify_waiters();
    }
}

impl JobQueue {
    /// Opens the queue whose records lie in `directory`; jobs that were not finished wait for [`Self::take_up`].
    /// Records that cannot be read are left alone. At most `concurrency` jobs run at a time.
    pub fn open(directory: PathBuf, concurrency: usize) -> Self {
        Self::open_forgetful(directory, concurrency, None)
    }

    /// Like [`JobQueue::open`]; a token starts nothing again only for as long as `token_memory` says.
    pub fn open_forgetful(
        directory: PathBuf,
        concurrency: usize,
        token_memory: Option<Duration>,
    ) -> Self {
        let mut state = State::default();
        for mut job in read_all(&directory) {
            if !job.status.is_final() {
                job.status = JobStatus::Submitted;
            }
            state.jobs.insert(job.id.clone(), job);
        }
        let permits = Arc::new(Semaphore::new(concurrency));
        Self {
            inner: Arc::new(Inner {
                directory,
                token_memory,
                permits,
                state: Mutex::new(state),
                changed: Notify::new(),
            }),
        }
    }

    /// Records a job and runs `work` on the current tokio runtime when its turn comes.
    ///
    /// A token that was used before and is remembered starts nothing: its job is handed back. Cancelling drops the future of `work` at
    /// its next await, so child processes must be killed on drop and blocking work must be short.
    ///
    /// # Errors
    /// `Unwritable`; then nothing was started.
    pub fn submit<W, F>(
        &self,
        id: &str,
        token: Option<&str>,
        request: Value,
        work: W,
    ) -> Result<Submission, Error>
    where
        W: FnOnce(Progress) -> F + Send + 'static,
        F: Future<Output = Result<Value, JobError>> + Send + 'static,
    {
        let mut state = self.state();
        let oldest = self
            .inner
            .token_memory
            .map(|memory| OffsetDateTime::now_utc() - memory);
        if let Some(job) = token.and_then(|token| {
            state.jobs.values().find(|job| {
                job.token.as_deref() == Some(token)
                    && oldest.is_none_or(|oldest| job.created_at > oldest)
            })
        }) {
            let job = job.clone();
            return Ok(if job.request == request {
                Submission::Existing(job)
            } else {
                Submission::Conflict(job)
            });
        }
        if let Some(job) = state.jobs.get(id) {
            return Ok(Submission::Conflict(job.clone()));
        }
        let job = Job {
            id: id.to_owned(),
            token: token.map(ToOwned::to_owned),
            request,
            status: JobStatus::Submitted,
            percent: 0,
            phase: None,
            result: None,
            error: None,
            created_at: OffsetDateTime::now_utc(),
            started_at: None,
            finished_at: None,
        };
        write(&self.inner.directory, &job)?;
        state.jobs.insert(job.id.clone(), job.clone());
        let task = tokio::spawn(self.clone().run(job.id.clone(), work));
        state.running.insert(job.id.clone(), task.abort_handle());
        Ok(Submission::New(job))
    }

    /// Does the jobs again that were not finished when their process ended, oldest first; `work` makes a job's work
    /// from its request. One whose request is none any more fails.
    pub fn take_up(&self, work: impl Fn(&Job, Progress) -> Result<Work, JobError>) {
        let mut unfinished = self.list();
        unfinished.retain(|job| !job.status.is_final());
        for job in unfinished.iter().rev() {
            let progress = Progress {
                queue: self.clone(),
                id: job.id.clone(),
            };
            match work(job, progress) {
                Ok(work) => {
                    let mut state = self.state();
                    let task = tokio::spawn(self.clone().run(job.id.clone(), |_| work));
                    state.running.insert(job.id.clone(), task.abort_handle());
                }
                Err(error) => self.finish(&job.id, JobStatus::Failed, None, Some(error)),
            }
        }
    }

    /// The job of this id.
    pub fn get(&self, id: &str) -> Option<Job> {
        self.state().jobs.get(id).cloned()
    }

    /// The job of this id once it has ended; `None` when there is none.
    pub async fn ended(&self, id: &str) -> Option<Job> {
        self.wait_for(id, |_| false).await
    }

    /// All jobs, newest first.
    pub fn list(&self) -> Vec<Job> {
        let mut jobs: Vec<Job> = self.state().jobs.values().cloned().collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.created_at));
        jobs
    }

    /// Cancels a job that has not ended, and hands back what it is then.
    pub fn cancel(&self, id: &str) -> Option<Job> {
        let handle = self.state().running.remove(id);
        if let Some(handle) = handle {
            handle.abort();
            self.finish(id, JobStatus::Cancelled, None, None);
        }
        self.get(id)
    }

    /// Forgets a job, cancelling it first. Whether there was one.
    pub fn delete(&self, id: &str) -> bool {
        self.cancel(id);
        let existed = self.state().jobs.remove(id).is_some();
        self.inner.changed.notify_waiters();
        if existed && let Err(error) = std::fs::remove_file(path(&self.inner.directory, id)) {
            tracing::warn!(%error, job = id, "record of a deleted job stays");
        }
        existed
    }

    /// The job as soon as `is_reached` says so, or when it has ended; nothing when there is no such job.
    pub async fn wait_for(&self, id: &str, is_reached: impl Fn(&Job) -> bool) -> Option<Job> {
        loop {
            let changed = self.inner.changed.notified();
            let job = self.get(id)?;
            if job.status.is_final() || is_reached(&job) {
                return Some(job);
            }
            changed.await;
        }
    }

    async fn run<W, F>(self, id: String, work: W)
    where
        W: FnOnce(Progress) -> F + Send + 'static,
        F: Future<Output = Result<Value, JobError>> + Send + 'static,
    {
        let permits = Arc::clone(&self.inner.permits);
        // The semaphore is never closed; without a permit the job would run outside of its bound.
        let Ok(_permit) = permits.acquire_owned().await else {
            return;
        };
        self.update(&id, |job| {
            job.status = JobStatus::Running;
            job.started_at = Some(OffsetDateTime::now_utc());
        });
        match work(Progress {
            queue: self.clone(),
            id: id.clone(),
        })
        .await
        {
            Ok(result) => self.finish(&id, JobStatus::Succeeded, Some(result), None),
            Err(error) => self.finish(&id, JobStatus::Failed, None, Some(error)),
        }
    }

    fn finish(&self, id: &str, status: JobStatus, result: Option<Value>, error: Option<JobError>) {
        self.state().running.remove(id);
        self.update(id, |job| {
            if status == JobStatus::Succeeded {
                job.percent = 100;
            }
            job.status = status;
            job.result = result;
            job.error = error;
            job.finished_at = Some(OffsetDateTime::now_utc());
        });
    }

    /// Changes a job that has not ended and writes it.
    fn update(&self, id: &str, change: impl FnOnce(&mut Job)) {
        let mut state = self.state();
        let Some(job) = state.jobs.get_mut(id).filter(|job| !job.status.is_final()) else {
            return;
        };
        change(job);
        if let Err(error) = write(&self.inner.directory, job) {
            tracing::error!(%error, job = id, "job record is behind");
        }
        self.inner.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held leaves at worst one job's fields half set; the map itself stays whole.
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn keeps_results_and_errors_across_a_restart() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let queue = JobQueue::open(directory.path().to_owned(), 1);
        queue.submit("arn:a/1", None, json!({}), async |_| Ok(json!({"n": 1})))?;
        queue.submit("b", None, json!({}), async |_| {
            Err(JobError::new("Bad", "no"))
        })?;
        let done = queue.ended("arn:a/1").await.ok_or("no job")?;
        let failed = queue.ended("b").await.ok_or("no job")?;
        assert_eq!(
            (done.status, done.percent, &done.result),
            (JobStatus::Succeeded, 100, &Some(json!({"n": 1})))
        );
        assert_eq!(
            (failed.status, &failed.error),
            (JobStatus::Failed, &Some(JobError::new("Bad", "no")))
        );
        let reopened = JobQueue::open(directory.path().to_owned(), 1);
        assert_eq!(reopened.get("arn:a/1"), Some(done));
        assert_eq!(reopened.get("b"), Some(failed));
        Ok(())
    }

    #[tokio::test]
    async fn a_token_starts_one_job() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let queue = JobQueue::open(directory.path().to_owned(), 1);
        queue.submit("a", Some("t"), json!({"x": 1}), async |_| Ok(json!(1)))?;
        let again = queue.submit("b", Some("t"), json!({"x": 1}), async |_| Ok(json!(2)))?;
        let other = queue.submit("c", Some("t"), json!({"x": 2}), async |_| Ok(json!(3)))?;
        assert!(matches!(again, Submission::Existing(job) if job.id == "a"));
        assert!(matches!(other, Submission::Conflict(job) if job.id == "a"));
        assert_eq!(queue.list().len(), 1);
        Ok(())
    }

    #[tokio::test]
    async fn a_forgotten_token_starts_another_job() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let memory = Some(Duration::ZERO);
        let queue = JobQueue::open_forgetful(directory.path().to_owned(), 1, memory);
        for id in ["a", "b"] {
            let submission = queue.submit(id, Some("t"), json!({}), async |_| Ok(json!(1)))?;
            assert!(matches!(submission, Submission::New(job) if job.id == id));
        }
        Ok(())
    }

    #[test]
    fn what_was_not_written_whole_is_removed() -> std::io::Result<()> {
        let directory = tempfile::tempdir()?;
        let part = directory.path().join("a.json.part");
        std::fs::write(&part, "{\"id\":")?;
        let queue = JobQueue::open(directory.path().to_owned(), 1);
        assert_eq!((queue.list(), part.exists()), (Vec::new(), false));
        Ok(())
    }

    #[tokio::test]
    async fn unfinished_jobs_are_done_again_after_a_restart()
    -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let queue = JobQueue::open(directory.path().to_owned(), 1);
        for (id, request) in [
            ("a", json!({"n": 1})),
            ("b", json!({"n": 2})),
            ("c", json!(0)),
        ] {
            queue.submit(id, None, request, async |_| std::future::pending().await)?;
        }
        queue
            .wait_for("a", |job| job.status == JobStatus::Running)
            .await;
        let reopened = JobQueue::open(directory.path().to_owned(), 1);
        reopened.take_up(|job, _| {
            let n = job.request.get("n").cloned();
            let n = n.ok_or_else(|| JobError::new(INTERRUPTED, "no n"))?;
            Ok(Box::pin(async { Ok(n) }))
        });
        for (id, expected) in [("a", json!(1)), ("b", json!(2))] {
            let job = reopened.ended(id).await.ok_or("no job")?;
            assert_eq!(
                (job.status, job.result),
                (JobStatus::Succeeded, Some(expected))
            );
        }
        let job = reopened.ended("c").await.ok_or("no job")?;
        assert_eq!(
            (job.status, job.error.map(|error| error.code)),
            (JobStatus::Failed, Some(INTERRUPTED.to_owned()))
        );
        Ok(())
    }

    #[tokio::test]
    async fn others_wait_and_a_cancelled_job_makes_room() -> Result<(), Box<dyn std::error::Error>>
    {
        let directory = tempfile::tempdir()?;
        let queue = JobQueue::open(directory.path().to_owned(), 1);
        queue.submit("a", None, json!({}), async |_| std::future::pending().await)?;
        queue.submit("b", None, json!({}), async |_| Ok(json!(2)))?;
        queue
            .wait_for("a", |job| job.status == JobStatus::Running)
            .await;
        assert_eq!(
            queue.get("b").map(|job| job.status),
            Some(JobStatus::Submitted)
        );
        assert_eq!(
            queue.cancel("a").map(|job| job.status),
            Some(JobStatus::Cancelled)
        );
        assert_eq!(
            queue.ended("b").await.ok_or("no job")?.status,
            JobStatus::Succeeded
        );
        assert_eq!(
            queue.cancel("b").map(|job| job.status),
            Some(JobStatus::Succeeded)
        );
        assert!(queue.delete("b") && !queue.delete("b"));
        Ok(())
    }
}
