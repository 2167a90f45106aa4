//! Activities, and their tasks that wait for a worker.
//!
//! The activities lie in a file. Their tasks are the executions': after a restart each execution offers again what no
//! worker had taken, and what was taken is answered by its token as if nothing had happened.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use videoflow_asl::effect::Event;

use super::record::write_whole;
use super::tokens::Tokens;

/// Name of the file beside the folders of the machines.
const FILE: &str = "activities.json";

/// An activity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Activity {
    #[serde(rename = "activityArn")]
    pub(super) arn: String,
    pub(super) name: String,
    /// Seconds since 1970.
    pub(super) creation_date: f64,
}

/// A task that waits for a worker.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Offer {
    pub(super) token: String,
    /// Input as JSON text.
    pub(super) input: String,
}

/// All activities.
#[derive(Debug)]
pub(super) struct Activities {
    path: PathBuf,
    known: Mutex<BTreeMap<String, Activity>>,
    /// Tasks by activity, in the order in which they were scheduled.
    offers: Mutex<HashMap<String, VecDeque<Offer>>>,
    /// Something was offered, or an activity was deleted.
    changed: Notify,
}

impl Activities {
    /// The activities in the folder of all records.
    pub(super) fn open(records: &Path) -> io::Result<Self> {
        let path = records.join(FILE);
        let known: Vec<Activity> = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let known = known.into_iter();
        let known = known.map(|activity| (activity.arn.clone(), activity));
        Ok(Self {
            path,
            known: Mutex::new(known.collect()),
            offers: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Adds an activity, or finds the one of its ARN.
    pub(super) fn create(&self, activity: Activity) -> io::Result<Activity> {
        let mut known = self.known();
        if let Some(existing) = known.get(&activity.arn) {
            return Ok(existing.clone());
        }
        known.insert(activity.arn.clone(), activity.clone());
        self.write(&known)?;
        Ok(activity)
    }

    /// Removes an activity, if there is one.
    pub(super) fn delete(&self, arn: &str) -> io::Result<()> {
        let mut known = self.known();
        if known.remove(arn).is_some() {
            self.write(&known)?;
            self.changed.notify_waiters();
        }
        Ok(())
    }

    pub(super) fn find(&self, arn: &str) -> Option<Activity> {
        self.known().get(arn).cloned()
    }

    /// All of them, by name.
    pub(super) fn list(&self) -> Vec<Activity> {
        self.known().values().cloned().collect()
    }

    /// Lets a worker take a task.
    pub(super) fn offer(&self, arn: &str, offer: Offer) {
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        offers.entry(arn.to_owned()).or_default().push_back(offer);
        drop(offers);
        self.changed.notify_waiters();
    }

    /// Takes the oldest task that is still wanted; waits until there is one. `None`: the activity is gone.
    pub(super) async fn take(
        &self,
        arn: &str,
        worker: Option<&str>,
        tokens: &Tokens,
    ) -> Option<Offer> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // What is offered between the look and the wait is heard of.
            changed.as_mut().enable();
            self.find(arn)?;
            while let Some(offer) = self.next(arn) {
                let started = tokens.tell(&offer.token, |task| Event::TaskStarted {
                    task,
                    worker: worker.map(str::to_owned),
                });
                if started {
                    return Some(offer);
                }
            }
            changed.await;
        }
    }

    fn next(&self, arn: &str) -> Option<Offer> {
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        offers.get_mut(arn)?.pop_front()
    }

    fn write(&self, known: &BTreeMap<String, Activity>) -> io::Result<()> {
        let known: Vec<&Activity> = known.values().collect();
        write_whole(&self.path, &serde_json::to_vec(&known)?)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Activity>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
