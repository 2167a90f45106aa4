//! What the tests share: the repository's places and the built binaries.

pub mod console;
pub mod description;
pub mod events;
pub mod up;
pub mod word_error_rate;

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Map, Value, json};
use videoflow_platform::dynamodb::DynamoDb;
use videoflow_platform::lambda::deployments;
use videoflow_platform::service::{Call, Principal, Service as _};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A figure for whoever reads the log of the tests: it is shown of tests that pass, too.
pub fn report(figure: &str) {
    // The test harness captures `println!` only. A log that cannot be written fails no test.
    let _ = writeln!(std::io::stderr(), "\n{figure}");
}

/// The folder of the built binaries: this test's own is in its `deps`.
pub fn binaries() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    test.ancestors()
        .nth(2)
        .expect("a test lies in target/<profile>/deps")
        .to_owned()
}

/// The folder of the models that `make setup` fetched.
pub fn models() -> PathBuf {
    let named = std::env::var_os("VIDEOFLOW_MODELS").map(PathBuf::from);
    named.unwrap_or_else(|| root().join(".cache/models"))
}

/// Fails the test if the platform on `data` noted a call or an answer that is not as AWS's API model says.
#[track_caller]
pub fn check_deviations(data: &Path) {
    let noted = std::fs::read_to_string(data.join("deviations.jsonl")).unwrap_or_default();
    assert!(
        noted.is_empty(),
        "deviations from AWS's API models:\n{noted}"
    );
}

/// Runs `videoflow` with `arguments`, the roles' policies enforced, and gives its output, which it prints for the log of a failing test.
pub fn videoflow(arguments: &[&str]) -> Output {
    let output = Command::new(binaries().join("videoflow"))
        .args(arguments)
        .env("VIDEOFLOW_ENFORCE_IAM", "1")
        .current_dir(root())
        .output()
        .expect("videoflow is built: run the tests by `make test`");
    eprintln!(
        "videoflow {}\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    let out = arguments.iter().position(|argument| *argument == "--out");
    if let Some(out) = out.and_then(|at| arguments.get(at + 1)) {
        let data = root().join(out).join(".videoflow");
        check_deviations(&data);
        events::check_events(&data);
    }
    output
}

/// The JSON object that `videoflow … --json` leaves as its last line.
pub fn last_json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line)
        .unwrap_or_else(|error| panic!("the last line is no JSON ({error}): {line}"))
}

/// A JSON file.
pub fn read_json(path: &Path) -> Value {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Members of a brief that two runs of the same video never share.
pub const OWN: [&str; 6] = [
    "endedAt",
    "generatedAt",
    "jobId",
    "outputSha256",
    "startedAt",
    "versionId",
];

/// A document without the members of these names, at any depth.
pub fn without(names: &[&str], value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members
                .iter()
                .filter(|(name, _)| !names.contains(&name.as_str()));
            let members: Map<_, _> = members
                .map(|(name, value)| (name.clone(), without(names, value)))
                .collect();
            members.into()
        }
        Value::Array(items) => items.iter().map(|item| without(names, item)).collect(),
        other => other.clone(),
    }
}

/// Three seconds of the sample, with sound.
pub fn short_clip(folder: &Path) -> PathBuf {
    let clip = folder.join("clip.mp4");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-ss", "4", "-t", "3", "-i"])
        .arg(root().join("tests/media/sample.mp4"))
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"])
        .arg(&clip)
        .status()
        .expect("ffmpeg is installed");
    assert!(made.success(), "ffmpeg cannot cut the sample");
    clip
}

/// Two seconds of the sample, small.
pub fn tiny_clip(folder: &Path) -> PathBuf {
    let clip = folder.join("tiny.mp4");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-ss", "4", "-t", "2", "-i"])
        .arg(root().join("tests/media/sample.mp4"))
        .args([
            "-vf",
            "scale=320:-2",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-c:a",
            "aac",
        ])
        .arg(&clip)
        .status();
    assert!(made.expect("ffmpeg is installed").success());
    clip
}

/// The search path of a platform whose ffmpeg first does what `script` says, in the folder's `programs`.
pub fn path_with_ffmpeg(folder: &Path, script: &str) -> OsString {
    let programs = folder.join("programs");
    std::fs::create_dir(&programs).expect("a folder");
    let program = programs.join("ffmpeg");
    let script = format!("#!/bin/sh\n{script}\nPATH=\"${{PATH#*:}}\"; exec ffmpeg \"$@\"\n");
    write_program(&program, &script);
    let mut path = OsString::from(&programs);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

/// A script that can be run.
pub fn write_program(path: &Path, script: &str) {
    std::fs::write(path, script).expect("a script");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, mode).expect("a script");
}

/// Fills a folder of functions: with the programs that `other` names, and the functions' own for the rest.
pub fn link_functions(functions: &Path, other: impl Fn(&str) -> Option<PathBuf>) {
    std::fs::create_dir_all(functions).expect("a folder");
    for name in deployments().keys() {
        let program = other(name).unwrap_or_else(|| binaries().join(name));
        symlink(program, functions.join(name)).expect("a link");
    }
}

/// How many calls of an action `videoflow run` has recorded below `out`.
pub fn calls(out: &Path, action: &str) -> usize {
    let record = std::fs::read_to_string(out.join(".videoflow/calls.jsonl")).unwrap_or_default();
    let named = format!("\"action\":\"{action}\"");
    record.lines().filter(|line| line.contains(&named)).count()
}

/// A job's item in the state that `videoflow run` left in `out`, in DynamoDB's notation.
pub fn job_item(out: &Path, job: &str) -> Value {
    item(out, "jobs", "JobId", job)
}

/// An item of a table.
pub fn item(out: &Path, table: &str, key: &str, value: &str) -> Value {
    let tables = DynamoDb::open(&out.join(".videoflow/dynamodb.sqlite")).expect("the tables");
    let call = Call {
        principal: Principal("tester".to_owned()),
        operation: "GetItem".to_owned(),
        parameters: json!({ "TableName": format!("videoflow-local-{table}"), "Key": { key: { "S": value } } }),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let answer = runtime.block_on(tables.call(call)).expect("an answer");
    answer["Item"].clone()
}
