//! `kill -9` in the middle of a job: the next run goes on where it was.

mod steps;
mod up;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{
    binaries, calls, job_item, last_json, read_json, root, short_clip, videoflow,
};

/// The moment to kill at comes within this time, also on a busy machine, or something is wrong.
const LIMIT: Duration = Duration::from_mins(3);

/// Starts `videoflow run` and kills it as soon as `is_moment` says so.
fn run_and_kill(clip: &Path, out: &Path, is_moment: impl Fn() -> bool) {
    let mut run = Command::new(binaries().join("videoflow"))
        .arg("run")
        .arg(clip)
        .arg("--out")
        .arg(out)
        .current_dir(root())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("videoflow is built: run the tests by `make test`");
    let begun = Instant::now();
    while !is_moment() {
        let ended = run.try_wait().expect("a child");
        assert_eq!(ended, None, "the run ended before it could be killed");
        assert!(begun.elapsed() < LIMIT, "the moment did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().expect("it runs");
    run.wait().expect("a child");
}

/// Runs until the video is published, which is done by the first of the runs.
fn check_published(clip: &Path, out: &Path) -> Value {
    let paths = [clip, out].map(|path| path.to_str().expect("UTF-8"));
    let run = videoflow(&["run", paths[0], "--out", paths[1], "--json"]);
    assert_eq!(run.status.code(), Some(0));
    let answer = last_json(&run);
    assert_eq!(answer["status"], "PUBLISHED", "{answer}");
    let job = answer["jobId"].as_str().expect("a job");
    assert_eq!(job_item(out, job)["JobStatus"]["S"], "PUBLISHED");
    let jobs = jobs(&out.join(".videoflow"));
    assert_eq!(jobs.len(), 4, "{jobs:#?}");
    assert!(jobs.values().all(|jobs| jobs.len() == 1), "{jobs:#?}");
    check_files(out);
    answer
}

/// The jobs that the stand-ins know, by service.
fn jobs(data: &Path) -> BTreeMap<String, Vec<Value>> {
    let mut jobs: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for record in files(&data.join("stand-ins/jobs")) {
        let service = record.parent().and_then(Path::file_name).expect("a folder");
        let service = service.to_string_lossy().into_owned();
        jobs.entry(service).or_default().push(read_json(&record));
    }
    jobs
}

/// No file is left half written, and no execution half done.
fn check_files(out: &Path) {
    for path in files(out) {
        let name = path.to_string_lossy();
        let text = || std::fs::read_to_string(&path).expect("a text");
        let parse = |text: &str| -> Value {
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        assert!(!name.ends_with(".part"), "{name} was left behind");
        assert!(
            !name.ends_with(".journal"),
            "{name} is of an execution that has not ended"
        );
        if name.ends_with(".json") {
            let value = parse(&text());
            assert_ne!(
                value["execution"]["error"], "Platform.Interrupted",
                "{name}"
            );
        }
        if name.ends_with(".jsonl") {
            text().lines().for_each(|line| drop(parse(line)));
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_job_goes_on_after_each_crash_and_pays_for_nothing_twice() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clip = short_clip(folder.path());
    let out = folder.path().join("out");
    let has_executions =
        |machine: &str| !files(&out.join(".videoflow/executions").join(machine)).is_empty();
    run_and_kill(&clip, &out, || has_executions("sanitize-file"));
    // The function may not have heard the answer, and asks again by the same token: that is the same job.
    run_and_kill(&clip, &out, || calls(&out, "CreateJob") > 0);
    run_and_kill(&clip, &out, || calls(&out, "GetJob") > 0);
    run_and_kill(&clip, &out, || calls(&out, "GetTranscriptionJob") > 0);
    run_and_kill(&clip, &out, || has_executions("publish-video"));
    let answer = check_published(&clip, &out);
    assert!(answer["outputs"]["briefHtml"].is_string(), "{answer}");
}
