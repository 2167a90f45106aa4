//! Many videos at once, through the real functions and the stand-ins, of which Rekognition takes twenty at a time: all are
//! published, and none goes without its labels.
//!
//! `VIDEOS=200` takes so many, as `make test-all` does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use videoflow_platform::record::RecordedCall;
use videoflow_shared::identity::JobId;

use crate::support::up::Up;
use crate::support::{link_functions, path_with_ffmpeg, report, tiny_clip};

const DEFAULT_VIDEOS: usize = 4;
/// Video jobs that Rekognition takes at once.
const SLOTS: usize = 20;
/// What one video may take of two cores that have more to do.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(500);

/// Two seconds of the sample; another `number` is another content.
fn clip(tiny: &Path, number: usize) -> PathBuf {
    let path = tiny.with_file_name(format!("{number}.mp4"));
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(tiny)
        .args(["-c", "copy", "-metadata", &format!("title={number}")])
        .arg(&path)
        .status();
    assert!(made.expect("ffmpeg is installed").success());
    path
}

/// A platform in which Rekognition looks at no picture while a file is there.
async fn platform() -> (Up, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let held = folder.path().join("held");
    std::fs::write(&held, "").expect("a file");
    link_functions(&folder.path().join("functions"), |_| None);
    let script = format!(
        "case \"$*\" in *rgb24*) while [ -e '{}' ]; do sleep 0.1; done;; esac",
        held.display()
    );
    let path = path_with_ffmpeg(folder.path(), &script);
    (Up::prepared(folder, vec![("PATH", path)]).await, held)
}

/// How many starts Rekognition refused for want of a slot.
fn refusals(up: &Up) -> usize {
    let calls = up.record().into_iter();
    let is_refused = |call: &RecordedCall| {
        call.service == "rekognition" && call.error.as_deref() == Some("LimitExceededException")
    };
    calls.filter(is_refused).count()
}

async fn upload(up: &Up, videos: usize) -> Vec<JobId> {
    let folder = tempfile::tempdir().expect("a folder");
    let tiny = tiny_clip(folder.path());
    let mut jobs = Vec::new();
    for number in 0..videos {
        let clip = clip(&tiny, number);
        jobs.push(up.upload(&format!("{number}.mp4"), &clip, "default").await);
        std::fs::remove_file(clip).expect("a file");
    }
    jobs
}

/// How many jobs have each status.
async fn statuses(up: &Up) -> BTreeMap<String, usize> {
    let mut statuses = BTreeMap::new();
    for job in up.items("jobs", "JobId").await.values() {
        let status = job["JobStatus"].as_str().expect("a status");
        *statuses.entry(status.to_owned()).or_default() += 1;
    }
    statuses
}

async fn until_settled(up: &Up, videos: usize) -> BTreeMap<String, usize> {
    let begun = Instant::now();
    let patience = PATIENCE * u32::try_from(videos).expect("a number");
    loop {
        let statuses = statuses(up).await;
        let open = ["QUEUED", "PROCESSING"].iter();
        let open: usize = open.filter_map(|status| statuses.get(*status)).sum();
        let known: usize = statuses.values().sum();
        if known == videos && open == 0 {
            return statuses;
        }
        assert!(begun.elapsed() < patience, "{statuses:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_videos_is_published() {
    let videos = std::env::var("VIDEOS").ok();
    let videos = videos.map_or(DEFAULT_VIDEOS, |videos| videos.parse().expect("a number"));
    let (up, held) = platform().await;
    let begun = Instant::now();
    let jobs = upload(&up, videos).await;
    if videos > SLOTS {
        let refused = async || (refusals(&up) > 0).then_some(());
        up.until("all slots are taken", refused).await;
    }
    std::fs::remove_file(held).expect("a file");
    let statuses = until_settled(&up, videos).await;
    assert_eq!(statuses, BTreeMap::from([("PUBLISHED".to_owned(), videos)]));

    for job in &jobs {
        let key = format!("published/{job}/brief.json");
        let brief = up.object("videoflow-local-output", &key).await;
        let brief: Value = serde_json::from_slice(&brief.expect("a brief")).expect("JSON");
        let missing = brief["quality"]["missingAnalyses"].as_array();
        let mut missing = missing.expect("analyses").iter();
        assert!(
            missing.all(|one| one["name"] == "moderation"),
            "{job}: {brief}"
        );
    }
    let refused = refusals(&up);
    report(&format!(
        "{videos} videos at once: all published in {:.0} s; Rekognition refused {refused} starts for want of a slot",
        begun.elapsed().as_secs_f64()
    ));
}
