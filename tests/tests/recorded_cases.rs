//! The engine against state machine cases that were recorded on AWS, where they are at hand.

use std::fs::File;
use std::process::Command;

use crate::support::{binaries, report, root};

#[test]
fn the_engine_does_what_was_recorded_on_aws() {
    let folder = root().join("../shared/asl-cases");
    let Ok(cases) = File::open(folder.join("cases.jsonl")) else {
        report("skipped: no recorded cases beside the repository");
        return;
    };
    let graded = Command::new("python3")
        .arg(folder.join("grade.py"))
        .arg(binaries().join("videoflow"))
        .args(["asl", "exec"])
        .stdin(cases)
        .output()
        .expect("python3 is installed");
    let said = String::from_utf8_lossy(&graded.stdout);
    report(said.lines().last().unwrap_or_default());
    assert!(graded.status.success(), "{said}");
    let last = said.lines().last().unwrap_or_default();
    assert!(
        last.ends_with(" 0 failed") && !last.starts_with("0 passed"),
        "{last}"
    );
}
