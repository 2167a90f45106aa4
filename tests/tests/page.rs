//! The page in a real browser, opened from a file as a user opens it: nothing fails to load, and what is clicked works.
//! Without Chromium the check says so and passes.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::report;

/// What the page is asked; it writes what it found into the document.
const PROBE: &str = include_str!("page.js");

/// Checks the page of a job's folder.
pub fn check(folder: &Path) {
    let page = folder.join("brief.html");
    let Some((_, log)) = opened(&page) else {
        report("page: not opened, for there is no chromium");
        return;
    };
    let complaints: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    assert!(
        complaints.is_empty(),
        "the browser complains: {complaints:#?}"
    );

    // The page's own policy keeps other scripts out, so the copy that is asked goes without it.
    let text = std::fs::read_to_string(&page).expect("a page");
    let (before, rest) = text.split_once("<meta http-equiv=").expect("a policy");
    let (_, after) = rest.split_once('>').expect("the end of a tag");
    let probe = format!(
        "{before}{}",
        after.replace("</body>", &format!("<script>{PROBE}</script></body>"))
    );
    let asked = folder.join("asked.html");
    std::fs::write(&asked, probe).expect("a copy");
    let (document, log) = opened(&asked).expect("chromium opened a page before");
    std::fs::remove_file(&asked).expect("the copy");
    let (_, rest) = document
        .split_once("<pre id=\"result\">")
        .unwrap_or_else(|| panic!("no answer: {log}"));
    let (answer, _) = rest.split_once("</pre>").expect("the end of the answer");
    check_answer(&serde_json::from_str(answer).expect("JSON"));
}

fn check_answer(answer: &Value) {
    report(&format!("page in chromium: {answer}"));
    assert!(
        answer["duration"].as_f64() > Some(20.0),
        "the video plays: {answer}"
    );
    assert!(
        answer["cues"].as_u64() > Some(3),
        "subtitles are set: {answer}"
    );
    let sought = answer["sought"].as_f64().expect("milliseconds");
    assert!(sought.abs() < 50.0, "a chapter seeks: {answer}");
    for (name, expected) in [
        ("now", "true"),
        ("opened", "\"trueblock\""),
        ("closed", "\"false\""),
        ("moved", "true"),
        ("wide", "false"),
    ] {
        assert_eq!(answer[name].to_string(), expected, "{name}: {answer}");
    }
    assert_ne!(answer["found"], "0 lines", "{answer}");
}

/// The document as it stands after some seconds, and what the browser logged; `None` without a browser.
fn opened(page: &Path) -> Option<(String, String)> {
    let profile = tempfile::tempdir().expect("a folder");
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--enable-logging=stderr",
            "--virtual-time-budget=8000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .ok()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Some((text(output.stdout), text(output.stderr)))
}
