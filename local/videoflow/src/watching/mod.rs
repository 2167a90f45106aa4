//! Looking at jobs until they settle: what changes from one look to the next.

mod look;
mod screen;

use std::collections::BTreeMap;
use std::time::Duration;

use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::{Job, JobStatus};
use videoflow_shared::stations::Station;

use crate::environment::Environment;
use look::{Look, look};
pub use screen::{Screen, Stream};

/// Pause between two looks at a platform on this machine, and at AWS.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(5)];
/// Calls a second that looking makes at most: Step Functions gives an account 20 histories a second.
const CALLS_A_SECOND: u32 = 5;
/// Longest pause while AWS throttles.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// A job as it was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The job.
    pub job: Job,
    /// Where it is.
    pub stations: Vec<Station>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Its status is another one.
    Status(JobStatus),
    /// It is in another state of a stage.
    Entered(Station),
    /// A stage of it is over.
    Left(&'static str),
}

/// What changed from one look at a job to the next.
pub fn changes(before: Option<&Seen>, now: &Seen) -> Vec<Change> {
    let mut changes = Vec::new();
    let stations_before = before.map_or(&[][..], |seen| &seen.stations);
    let is_in = |stations: &[Station], stage: &str| stations.iter().any(|one| one.stage == stage);
    let left = stations_before
        .iter()
        .filter(|station| !is_in(&now.stations, station.stage));
    changes.extend(left.map(|station| Change::Left(station.stage)));
    let was_in = |station: &&Station| {
        stations_before
            .iter()
            .any(|before| (before.stage, &before.state) == (station.stage, &station.state))
    };
    let entered = now.stations.iter().filter(|station| !was_in(station));
    changes.extend(entered.cloned().map(Change::Entered));
    if before.map(|seen| seen.job.job_status) != Some(now.job.job_status) {
        changes.push(Change::Status(now.job.job_status));
    }
    changes
}

/// Which jobs are looked at, and when that ends.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// These jobs; none: whatever is in flight.
    pub jobs: Vec<JobId>,
    /// Redrives that their items have to know of before they count as settled.
    pub redrives: BTreeMap<JobId, u32>,
    /// When it ends, besides.
    pub end: End,
}

/// When watching ends that names no jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum End {
    /// Never by itself.
    #[default]
    Never,
    /// When nothing is in flight any more.
    Idle,
    /// After one look: nothing goes on where the platform rests.
    Once,
}

impl Wish {
    /// Whether more is to come of a job. The news of a redrive comes by a queue: until then its item is as it was.
    fn is_open(&self, job: &Job) -> bool {
        let redrives = self.redrives.get(&job.job_id).copied().unwrap_or(0);
        !job.job_status.is_settled() || job.redrive_count < redrives
    }
}

/// Looks at jobs and shows what changes, until those that were named are settled, or nothing is in flight any more where
/// that is wished for.
///
/// # Errors
/// A table or history cannot be read.
pub async fn watch(
    environment: &Environment,
    wish: &Wish,
    screen: &mut Screen,
) -> anyhow::Result<BTreeMap<JobId, Seen>> {
    let [local, aws] = PAUSES;
    let usual = if environment.is_aws() { aws } else { local };
    let mut pause = usual;
    let mut seen: BTreeMap<JobId, Seen> = BTreeMap::new();
    loop {
        match look(environment, wish, &seen).await? {
            Look::Throttled => {
                pause = (pause * 2).min(LONGEST_PAUSE);
                screen.note(&format!(
                    "AWS throttles: the next look is in {} s",
                    pause.as_secs()
                ));
            }
            Look::Seen { jobs, calls } => {
                let open = jobs.iter().filter(|one| wish.is_open(&one.job)).count();
                // What a redrive goes on from is no news.
                let is_news =
                    |seen: &Seen| !(wish.is_open(&seen.job) && seen.job.job_status.is_settled());
                for now in jobs.into_iter().filter(is_news) {
                    let id = now.job.job_id.clone();
                    let changes = changes(seen.get(&id), &now);
                    screen.show(&now, &changes)?;
                    seen.insert(id, now);
                }
                let is_idle = open == 0 && (wish.end == End::Idle || !wish.jobs.is_empty());
                if is_idle || wish.end == End::Once {
                    screen.finish();
                    return Ok(seen);
                }
                pause = usual.max(Duration::from_secs(u64::from(calls / CALLS_A_SECOND)));
            }
        }
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn station(stage: &'static str, name: &str) -> Station {
        Station {
            stage,
            state: name.to_owned(),
            since: String::new(),
            execution_arn: None,
        }
    }

    fn seen(status: &str, stations: &[Station]) -> Seen {
        let id = JobId::of("b", "k", "1", "default");
        let item = json!({"JobId": id, "JobStatus": status, "SourceBucket": "b", "SourceKey": "k",
            "SourceVersionId": "1", "Profile": "default", "CreatedAt": "", "UpdatedAt": ""});
        Seen {
            job: serde_json::from_value(item).unwrap_or_else(|error| unreachable!("{error}")),
            stations: stations.to_vec(),
        }
    }

    #[test]
    fn only_what_changes_is_told() {
        let check = |before: Option<&Seen>, now: &Seen, expected: &[Change]| {
            assert_eq!(changes(before, now), expected);
        };
        let labels = seen("PROCESSING", &[station("labels", "StartLabels")]);
        check(
            None,
            &labels,
            &[
                Change::Entered(station("labels", "StartLabels")),
                Change::Status(JobStatus::Processing),
            ],
        );
        check(Some(&labels), &labels, &[]);
        let both = [
            station("labels", "CheckLabels"),
            station("speech", "StartTranscription"),
        ];
        let both = seen("PROCESSING", &both);
        check(
            Some(&labels),
            &both,
            &[
                Change::Entered(station("labels", "CheckLabels")),
                Change::Entered(station("speech", "StartTranscription")),
            ],
        );
        let published = seen("PUBLISHED", &[]);
        check(
            Some(&both),
            &published,
            &[
                Change::Left("labels"),
                Change::Left("speech"),
                Change::Status(JobStatus::Published),
            ],
        );
    }
}
