//! AWS's own clients drive `videoflow up`: boto3 and the AWS CLI, by the programs in `tests/clients`, which also say what
//! is expected. Any secret is as good as another.

mod limits;

use std::path::Path;
use std::process::Command;

use crate::support::up::Up;
use crate::support::{binaries, root};

/// Runs a program of `tests/clients` against the platform; it fails where an expectation does. Those of the release start
/// the real programs of `.github/scripts`.
fn run(up: &Up, program: &str, video: Option<&Path>) {
    let python = root().join(".cache/clients/bin/python");
    let mut command = Command::new(&python);
    command
        .arg(root().join("tests/clients").join(program))
        .env("AWS_ENDPOINT_URL", up.url())
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "tester")
        .env("AWS_SECRET_ACCESS_KEY", "any")
        // Neither a user's own settings nor files beside the sources.
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("VIDEOFLOW", binaries().join("videoflow"));
    if let Some(video) = video {
        command.env("VIDEO", video);
    }
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; `make test` installs it", python.display()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}\n{said}");
}

#[tokio::test]
async fn objects_are_put_listed_and_read() {
    run(&Up::start().await, "objects.py", None);
}

#[tokio::test]
async fn the_other_services_answer_and_refuse_as_aws_does() {
    run(&Up::start().await, "services.py", None);
}

#[tokio::test]
async fn the_runbooks_commands_do_what_it_says() {
    run(&Up::start().await, "operations.py", None);
}

#[tokio::test]
async fn a_webhook_gets_every_event_once() {
    run(&Up::start().await, "webhook_runs.py", None);
}

#[tokio::test]
async fn a_video_goes_its_whole_way() {
    let up = Up::start().await;
    run(&up, "whole_run.py", Some(&up.clip(1)));
}

#[tokio::test]
async fn state_machines_of_ones_own_run() {
    run(&Up::start().await, "machines.py", None);
}

#[tokio::test]
async fn a_smoke_test_checks_a_brief_and_leaves_nothing() {
    let up = Up::start().await;
    run(&up, "smoke_runs.py", Some(&up.clip(1)));
}

#[tokio::test]
async fn a_release_serves_the_new_version_or_goes_back() {
    let up = Up::start().await;
    run(&up, "release_runs.py", Some(&up.clip(1)));
}
