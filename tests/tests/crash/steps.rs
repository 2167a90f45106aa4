//! A platform that is killed at a step of an execution's way leaves what one leaves that lives on.
//!
//! `mortal-platform` kills itself at the step, so nothing happens between the step and the end. `KILLS=all` takes the sample
//! video, too, and every step also in a run of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{check_files, files, jobs};
use crate::support::{OWN, binaries, models, read_json, report, root, tiny_clip, without};

/// Lives of one run: more than there are steps in any.
const MAX_LIVES: usize = 400;

/// Objects whose bytes are the same in every run.
const SAME: [&str; 4] = ["media/", "/subtitles/", "/detections.json", "/labels.json"];

/// A folder of state, and the video that is handed in there.
struct Run<'a> {
    folder: TempDir,
    video: &'a Path,
}

impl<'a> Run<'a> {
    fn of(video: &'a Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, video }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// One life, which ends at every so manieth new step (0: at none), and what came of it unless it was killed.
    fn live(&self, every: usize) -> Option<Value> {
        use std::os::unix::process::ExitStatusExt as _;

        let life = Command::new(binaries().join("mortal-platform"))
            .arg(self.data())
            .arg(self.video)
            .arg(models())
            .arg(every.to_string())
            .current_dir(root())
            .stderr(Stdio::inherit())
            .output()
            .expect("mortal-platform is built: run the tests by `make test`");
        if every > 0 && life.status.signal() == Some(9) {
            return None;
        }
        assert!(life.status.success(), "{life:?}");
        let text = String::from_utf8_lossy(&life.stdout);
        let outcome = serde_json::from_str(text.lines().last().unwrap_or_default());
        Some(outcome.expect("an outcome"))
    }

    /// Lives until all is done, and answers what came of it and how many lives that took.
    fn finish(&self, every: usize) -> (Value, usize) {
        for life in 1..=MAX_LIVES {
            if let Some(outcome) = self.live(every) {
                return (self.shown(&outcome), life);
            }
        }
        panic!("{MAX_LIVES} lives were not enough");
    }

    /// How many steps all lives have come to.
    fn steps(&self) -> usize {
        let steps = std::fs::read_to_string(self.data().with_extension("steps"));
        steps.expect("steps").lines().count()
    }

    /// What came of it, without what no two runs share.
    fn shown(&self, outcome: &Value) -> Value {
        check_files(&self.data());
        let job = outcome["job"].as_str().expect("a job");
        let nameless = outcome.to_string().replace(job, "JOB");
        let outcome: Value = serde_json::from_str(&nameless).expect("an outcome");
        let objects = outcome["objects"].as_object().expect("objects").iter();
        let objects: BTreeMap<String, Value> = objects
            .map(|(key, etag)| {
                let is_same = SAME.iter().any(|part| key.contains(part));
                let etag = if is_same { etag.clone() } else { Value::Null };
                (without_ids(key, job), etag)
            })
            .collect();
        json!({
            "status": outcome["item"]["JobStatus"]["S"],
            "brief": without(&OWN, &outcome["brief"]),
            "objects": objects,
            "blobs": files(&self.data().join("s3/blobs")).len(),
            "queues": outcome["queues"],
            "executions": self.executions(job),
            "jobs": jobs(&self.data()).into_iter().map(|(service, jobs)| (service, jobs.len())).collect::<BTreeMap<_, _>>(),
            "notices": self.lines("notices.jsonl", "subject"),
            "events": self.lines("domain-events.jsonl", "detail-type"),
        })
    }

    /// How each execution ended, and how often it entered each state that is not of a poll.
    fn executions(&self, job: &str) -> BTreeMap<String, Value> {
        let records = files(&self.data().join("executions")).into_iter();
        let records =
            records.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
        records
            .map(|path| {
                let record = read_json(&path);
                let mut states: BTreeMap<String, usize> = BTreeMap::new();
                for event in record["events"].as_array().expect("events") {
                    if let Some(state) = event["stateEnteredEventDetails"]["name"].as_str() {
                        *states.entry(state.to_owned()).or_default() += 1;
                    }
                }
                let waits = states
                    .keys()
                    .filter_map(|state| state.strip_prefix("WaitFor"));
                for polled in waits.map(str::to_owned).collect::<Vec<_>>() {
                    let of_poll = [
                        format!("WaitFor{polled}"),
                        format!("Check{polled}"),
                        format!("Is{polled}Done"),
                    ];
                    states.retain(|state, _| !of_poll.contains(state));
                }
                let name = record["execution"]["name"].as_str().expect("a name");
                let shown = json!({"status": record["execution"]["status"], "states": states});
                (without_ids(name, job), shown)
            })
            .collect()
    }

    fn lines(&self, file: &str, member: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.data().join(file)).expect("lines");
        let line = |line| serde_json::from_str::<Value>(line).expect("an object");
        text.lines()
            .map(|text| line(text)[member].clone())
            .collect()
    }
}

/// A key or name with the same words for every job.
fn without_ids(text: &str, job: &str) -> String {
    let is_id = |part: &&str| part.len() == 36 && part.matches('-').count() == 4;
    let parts = text.replace(job, "JOB");
    let parts: Vec<&str> = parts.split('/').collect();
    let parts = parts
        .iter()
        .map(|part| if is_id(part) { "ID" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn is_all() -> bool {
    std::env::var("KILLS").is_ok_and(|kills| kills == "all")
}

/// Kills a run at every so manieth of its steps in turn.
fn check_in_turn(name: &str, video: &Path, every: usize) {
    let (undisturbed, _) = Run::of(video).finish(0);
    let jobs = &undisturbed["jobs"];
    assert_eq!(undisturbed["status"], "PUBLISHED");
    assert!(
        jobs.as_object()
            .is_some_and(|jobs| jobs.len() == 4 && jobs.values().all(|jobs| *jobs == 1)),
        "{jobs}"
    );
    let begun = Instant::now();
    let run = Run::of(video);
    let (outcome, lives) = run.finish(every);
    assert_eq!(outcome, undisturbed, "{name}");
    let steps = run.steps();
    assert!(lives > steps / every, "{lives} lives at {steps} steps");
    let seconds = begun.elapsed().as_secs_f64();
    report(&format!(
        "{name}: killed {} times at {steps} steps in turn, in {seconds:.1} s",
        lives - 1
    ));
}

#[test]
fn a_run_that_is_killed_at_its_steps_in_turn_ends_as_one_that_is_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clip = tiny_clip(folder.path());
    check_in_turn("2 s clip", &clip, 1);
    if is_all() {
        check_in_turn("the sample", &root().join("tests/media/sample.mp4"), 1);
    }
}

#[test]
fn a_run_that_is_killed_once_ends_as_one_that_is_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clip = tiny_clip(folder.path());
    let run = Run::of(&clip);
    let (undisturbed, _) = run.finish(0);
    let steps = run.steps();
    let chosen = if is_all() {
        1..=steps
    } else {
        steps / 2..=steps / 2
    };
    let begun = Instant::now();
    for step in chosen.clone() {
        let run = Run::of(&clip);
        // The last steps may come after the platform has found everything settled.
        let outcome = run.live(step).map(|outcome| run.shown(&outcome));
        let outcome = outcome.unwrap_or_else(|| run.finish(0).0);
        assert_eq!(outcome, undisturbed, "killed at step {step}");
    }
    let (runs, seconds) = (chosen.count(), begun.elapsed().as_secs_f64());
    report(&format!(
        "2 s clip: {runs} of {steps} steps, each killed in a run of its own, in {seconds:.1} s"
    ));
}
