//! 1,000 videos at once on a virtual clock, with services that have AWS's limits and fail now and then: all settle, and
//! none is paid for twice.
//!
//! The definitions, the engine and the tables are the real ones; functions and services are modelled ([`world`]). It is
//! a program of its own, so that the memory that it needs can be told.

#![expect(
    clippy::panic,
    reason = "a test fails by a panic, also in what tests share"
)]

mod ingest;
mod limits;
mod random;
mod service_jobs;
mod tables;
mod video;
mod world;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Instant;

use videoflow_asl::Status;
use videoflow_asl::simulation::{EPOCH, Simulation};

use video::{Fate, Video, library};
use world::World;

/// Videos in the queue.
const VIDEOS: usize = 1000;
/// Bound on the memory of an execution of process-video with its children: 1,000 videos need less than 1 GiB.
const BYTES_PER_VIDEO: u64 = 1 << 20;

/// Peak memory of this process, where the system tells it.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// What a video's job has to end as.
fn expected(video: &Video) -> &'static str {
    match video.fate {
        Fate::Published => "PUBLISHED",
        Fate::Rejected => "REJECTED",
        Fate::TranscodeFails => "FAILED",
        Fate::QualityFails => "FAILED_QC",
        Fate::Duplicate => "DUPLICATE",
    }
}

#[test]
fn a_thousand_videos_at_once_all_settle_and_none_is_paid_for_twice() {
    let before = peak_bytes();
    let begun = Instant::now();
    let videos = library(VIDEOS);
    let mut world = World::new(&videos);
    let messages = ingest::messages(&videos);
    let count = messages.len();
    let ended = Simulation::new(|call| world.answer(call)).run_many(&ingest::machine(), messages);
    let took = begun.elapsed();

    assert_eq!(ended.len(), count);
    for message in &ended {
        assert_eq!(message.status(), Status::Succeeded, "{:?}", message.cause());
    }
    let last = ended.iter().filter_map(|message| message.history().last());
    let hours = last
        .map(|event| (event.timestamp.0 - EPOCH.0) / 3_600_000)
        .max();
    let memory = peak_bytes().zip(before).map(|(peak, before)| peak - before);
    let figures = format!(
        "{VIDEOS} videos in {count} messages: settled after {} hours of virtual time, in {:.1} s; {} MiB; \
         {} executions, {} calls, {} of them refused or failed; analyses missing: {:?}",
        hours.unwrap_or_default(),
        took.as_secs_f64(),
        memory.unwrap_or_default() >> 20,
        world.executions(),
        world.calls,
        world.faults,
        world.missing,
    );
    // The test harness hides what a passing test prints otherwise. A log that cannot be written fails no test.
    let _ = writeln!(std::io::stderr(), "\n{figures}");
    check_jobs(&videos, &world);
    check_payments(&videos, &world);
    assert_eq!(
        world.missing,
        BTreeMap::new(),
        "each analysis waits its turn"
    );
    if let Some(memory) = memory {
        let each = memory / u64::try_from(VIDEOS).unwrap_or(1);
        assert!(each < BYTES_PER_VIDEO, "{each} bytes a video");
    }
}

/// Every job has settled as its video wants it. Which of two equal videos is the original is a matter of luck.
fn check_jobs(videos: &[Video], world: &World) {
    let mut found = BTreeMap::new();
    let mut wanted = BTreeMap::new();
    for video in videos {
        let status = world.tables.job_status(&video.job);
        let status = status.unwrap_or_else(|| panic!("{} has no job", video.job));
        *found.entry((video.content.clone(), status)).or_insert(0) += 1;
        let expected = expected(video).to_owned();
        *wanted.entry((video.content.clone(), expected)).or_insert(0) += 1;
    }
    assert_eq!(found, wanted);
}

/// Each content is published, announced and paid for once.
fn check_payments(videos: &[Video], world: &World) {
    let count = |fates: &[Fate]| {
        videos
            .iter()
            .filter(|video| fates.contains(&video.fate))
            .count()
    };
    let published = count(&[Fate::Published]);
    let analyzed = count(&[Fate::Published, Fate::QualityFails]);
    for (service, started) in world.started() {
        let expected = match service {
            "transcode" => analyzed + count(&[Fate::TranscodeFails]),
            _ => analyzed,
        };
        assert_eq!(started, expected, "jobs of {service}");
    }
    let told: BTreeMap<&str, usize> = [
        ("VideoPublished", published),
        ("VideoRejected", count(&[Fate::Rejected])),
        ("VideoFailed", count(&[Fate::QualityFails])),
    ]
    .into();
    let events = world
        .events
        .iter()
        .map(|(kind, count)| (kind.as_str(), *count));
    assert_eq!(events.collect::<BTreeMap<_, _>>(), told);
    assert_eq!(world.notices, told.values().sum::<usize>());
    assert_eq!(
        world.recorded_failures,
        count(&[Fate::TranscodeFails, Fate::QualityFails])
    );
}
