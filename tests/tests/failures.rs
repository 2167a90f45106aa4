//! What a user sees when something fails.

use std::time::Instant;

use crate::support::{binaries, job_item, last_json, link_functions, videoflow};

/// The real functions, but for one that always throws.
pub fn functions_with_a_throwing(name: &str, folder: &std::path::Path) {
    link_functions(folder, |function| {
        (function == name).then(|| binaries().join("throwing-function"))
    });
}

#[test]
fn history_shows_the_failed_state_of_the_nested_execution_within_a_second() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let functions = tempfile::tempdir().expect("a temporary folder");
    functions_with_a_throwing("inspect-file", functions.path());
    let out_arg = out.path().to_str().expect("UTF-8");
    let functions_arg = functions.path().to_str().expect("UTF-8");

    let run = videoflow(&[
        "run",
        "tests/media/sample.mp4",
        "--out",
        out_arg,
        "--functions",
        functions_arg,
        "--json",
    ]);
    assert_eq!(run.status.code(), Some(1), "a failed job is exit code 1");
    let answer = last_json(&run);
    assert_eq!(answer["status"], "FAILED");
    let job = answer["jobId"].as_str().expect("a job id");

    let data = out.path().join(".videoflow");
    let started = Instant::now();
    let history = videoflow(&["history", job, "--data", data.to_str().expect("UTF-8")]);
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(history.status.code(), Some(0));
    assert!(seconds < 1.0, "history took {seconds:.2} s");
    let shown = String::from_utf8_lossy(&history.stdout);
    for part in [
        "process-video",
        "sanitize-file",
        "InspectFile",
        "Thrown",
        "this function was made to throw",
        job,
    ] {
        assert!(
            shown.contains(part),
            "the history does not show '{part}':\n{shown}"
        );
    }

    let item = job_item(out.path(), job);
    assert_eq!(item["JobStatus"]["S"], "FAILED", "{item}");
    let details = &item["ErrorDetails"]["M"];
    assert_eq!(details["state"]["S"], "InspectFile", "{item}");
    assert_eq!(details["error"]["S"], "Thrown", "{item}");
    let text = |name: &str| details[name]["S"].as_str().unwrap_or_default().to_owned();
    assert!(
        text("cause").contains("this function was made to throw"),
        "{item}"
    );
    assert!(
        text("execution").contains(":videoflow-local-sanitize-file:"),
        "{item}"
    );
}
