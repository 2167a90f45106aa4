//! What the tests share: the repository's places and the built binaries.

pub mod word_error_rate;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of the built binaries: this test's own is in its `deps`.
pub fn binaries() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    test.ancestors()
        .nth(2)
        .expect("a test lies in target/<profile>/deps")
        .to_owned()
}

/// Runs `videoflow` with `arguments` and gives its output, which it prints for the log of a failing test.
pub fn videoflow(arguments: &[&str]) -> Output {
    let output = Command::new(binaries().join("videoflow"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("videoflow is built: run the tests by `make test`");
    eprintln!(
        "videoflow {}\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The JSON object that `videoflow … --json` leaves as its last line.
pub fn last_json(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line)
        .unwrap_or_else(|error| panic!("the last line is no JSON ({error}): {line}"))
}

/// A JSON file.
pub fn read_json(path: &Path) -> serde_json::Value {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
