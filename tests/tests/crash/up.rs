//! `videoflow up`, killed with its hands full, and on a disk that is full.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;

use super::files;
use crate::support::report;
use crate::support::up::{EXECUTIONS, SOURCE, Up};

/// An upload that takes a moment.
const LONG_BYTES: u64 = 64 * 1024 * 1024;

/// Files that are being written.
fn parts(up: &Up) -> Vec<std::path::PathBuf> {
    let mut parts = files(&up.state(""));
    parts.retain(|path| path.extension().is_some_and(|ending| ending == "part"));
    parts
}

#[tokio::test]
async fn uploads_and_messages_in_hand_survive_the_platforms_death() {
    let mut up = Up::gated("start-processing").await;
    let long = tempfile::NamedTempFile::new().expect("a file");
    long.as_file().set_len(LONG_BYTES).expect("a file");
    let body = ByteStream::from_path(long.path()).await.expect("a file");
    let put = up
        .s3()
        .put_object()
        .bucket(SOURCE)
        .key("long.mp4")
        .body(body);
    let upload = tokio::spawn(put.send());
    up.until("the upload has begun", async || {
        (!parts(&up).is_empty()).then_some(())
    })
    .await;
    up.kill();
    upload.abort();
    up.start_again().await;
    assert_eq!(
        up.keys(SOURCE, "").await,
        Vec::<String>::new(),
        "half an object"
    );
    assert_eq!(
        files(&up.state("s3/blobs")),
        Vec::<std::path::PathBuf>::new()
    );

    let job = up.upload("clip.mp4", &up.clip(1), "lean").await;
    let process = up
        .until("the function has the message", async || up.gated_process())
        .await;
    up.kill();
    up.until("the function is gone, too", async || {
        (!Path::new("/proc").join(&process).exists()).then_some(())
    })
    .await;
    up.open_gate();
    up.start_again().await;
    assert_eq!(up.settled(&job).await["JobStatus"], "PUBLISHED");
    assert_eq!(up.executions().await, [job.as_str()]);
    up.until_empty("ingest").await;
    assert_eq!(up.calls("CreateJob"), 1);
}

#[tokio::test]
async fn executions_stand_still_while_the_disk_is_full() {
    let Some(up) = Up::gated_on_small_disk("start-transcode", 48).await else {
        return report("skipped: a full disk needs `unshare` to mount one of its own");
    };
    let job = up.upload("clip.mp4", &up.clip(1), "lean").await;
    up.until("the function has begun", async || up.gated_process())
        .await;
    let filling = up.state("filling");
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&filling)
        .expect("a file");
    while file.write(&[0; 4096]).is_ok_and(|written| written > 0) {}
    drop(file);
    up.open_gate();
    up.until("somebody is told", async || {
        up.log().contains("executions stand still").then_some(())
    })
    .await;
    let body = ByteStream::from(vec![0; 100_000]);
    let put = up
        .s3()
        .put_object()
        .bucket(SOURCE)
        .key("more.mp4")
        .body(body)
        .send()
        .await;
    let error = put.expect_err("a full disk").into_service_error();
    assert_eq!(error.code(), Some("InsufficientStorage"));
    let message = error.message().unwrap_or_default();
    assert!(message.contains("is full"), "{message}");
    assert_eq!(parts(&up), Vec::<std::path::PathBuf>::new());
    assert_eq!(
        up.log().matches("executions stand still").count(),
        1,
        "{}",
        up.log()
    );

    std::fs::remove_file(&filling).expect("a file");
    // The retries of a call that had to write may have been used up; then a person lets the job go on.
    if up.settled(&job).await["JobStatus"] != "PUBLISHED" {
        let redrive = aws_sdk_sfn::Client::new(up.config()).redrive_execution();
        let redriven = redrive
            .execution_arn(format!("{EXECUTIONS}{job}"))
            .send()
            .await;
        redriven.expect("a redrive");
    }
    up.until("the video is published", async || {
        (up.job(&job).await["JobStatus"] == "PUBLISHED").then_some(())
    })
    .await;
    assert_eq!(up.calls("CreateJob"), 1);
}
