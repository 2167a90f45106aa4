//! The packages that `make build` leaves in target/lambda: what is in them, and that it works on Lambda's processors (here
//! by QEMU unless this machine has them). A function answers an invocation of the Lambda host, and all of them turn the
//! sample into the brief that the functions built for this machine make.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use videoflow_platform::lambda::{self, Function, Host, deployments};

use crate::support::{OWN, last_json, read_json, report, root, videoflow, without};

/// An encoder of several threads spends its bits a little otherwise each time, and what is seen in the pictures follows.
const VARYING: [&str; 5] = [
    "bitrate",
    "confidence",
    "confidenceMax",
    "confidenceMean",
    "score",
];

const MAX_ZIP_BYTES: usize = 3_000_000;

/// The packages' folder, if they were built.
fn packages() -> Option<PathBuf> {
    let folder = root().join("target/lambda");
    if folder.join("manifest.json").is_file() {
        return Some(folder);
    }
    report("packages: skipped: there is no target/lambda/manifest.json; `make build` builds it");
    None
}

/// The programs out of the packages, in a folder of their own, unless this machine cannot run them.
fn programs(packages: &Path) -> Option<tempfile::TempDir> {
    let emulators = ["qemu-aarch64-static", "qemu-aarch64"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there =
        |name: &&str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    if std::env::consts::ARCH != "aarch64" && !emulators.iter().any(is_there) {
        report(
            "packages: not run: skipped: there is no qemu-aarch64 (qemu-user-static, libc6-arm64-cross)",
        );
        return None;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    for function in deployments().keys() {
        let archive = packages.join(function).join("bootstrap.zip");
        let program = folder.path().join(function);
        let unzipped = Command::new("python3")
            .args(["-m", "zipfile", "-e"])
            .args([&archive, &program])
            .status();
        assert!(
            unzipped.is_ok_and(|status| status.success()),
            "{}",
            archive.display()
        );
        // Python leaves out the permissions, which the archive's own listing tells below.
        let all_may_run = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(program.join("bootstrap"), all_may_run).expect("a program");
    }
    Some(folder)
}

#[test]
fn the_manifest_names_every_package_by_its_digest() {
    let Some(folder) = packages() else { return };
    let manifest = read_json(&folder.join("manifest.json"));
    let manifest = manifest.as_object().expect("an object");
    assert_eq!(
        manifest.keys().collect::<Vec<_>>(),
        deployments().keys().collect::<Vec<_>>()
    );
    let mut total = 0;
    for (function, entry) in manifest {
        let path = entry["path"].as_str().expect("a path");
        assert_eq!(path, format!("{function}/bootstrap.zip"));
        let bytes = std::fs::read(folder.join(path)).expect("a package");
        assert_eq!(
            entry["sha256"],
            STANDARD.encode(Sha256::digest(&bytes)),
            "{function}"
        );
        assert!(
            bytes.len() <= MAX_ZIP_BYTES,
            "{function}: {} bytes",
            bytes.len()
        );
        total += bytes.len();
    }
    report(&format!("packages: {} in {total} bytes", manifest.len()));
}

#[test]
fn a_package_is_one_program_that_all_may_run_and_names_no_path_of_the_machine_that_built_it() {
    let Some(folder) = packages() else { return };
    let home = std::env::var("HOME").expect("a home");
    for function in deployments().keys() {
        let listed = Command::new("python3")
            .args(["-c", LIST])
            .arg(folder.join(function).join("bootstrap.zip"))
            .args([
                &home,
                root()
                    .canonicalize()
                    .expect("a path")
                    .to_str()
                    .expect("UTF-8"),
            ])
            .output()
            .expect("python3 is installed");
        let said = String::from_utf8_lossy(&listed.stdout);
        assert_eq!(
            said.trim(),
            "bootstrap 755 elf 1980 []",
            "{function}: {listed:?}"
        );
    }
}

/// Entries, permissions, kind and date of an archive, and the paths out of its arguments that are in the program.
const LIST: &str = "
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    for entry in archive.infolist():
        data = archive.read(entry)
        kind = 'elf' if data[:4] == b'\\x7fELF' and data[18] == 0xb7 else 'other'
        paths = [path for path in sys.argv[2:] if path.encode() + b'/' in data]
        print(entry.filename, oct(entry.external_attr >> 16 & 0o777)[2:], kind, entry.date_time[0], paths)
";

#[tokio::test]
async fn every_packaged_function_takes_an_invocation_and_answers() {
    let Some(packages) = packages() else { return };
    let Some(programs) = programs(&packages) else {
        return;
    };
    let logs = tempfile::tempdir().expect("a temporary folder");
    let host = Host::new(
        deployments()
            .keys()
            .map(|name| function(programs.path(), name)),
        logs.path().to_owned(),
    );
    let mut answers = BTreeMap::new();
    for name in deployments().keys() {
        let (input, _) = invocation(name);
        let answer = host.invoke(name, &input).await.expect("it starts");
        answers.insert(name.as_str(), answer.payload);
    }
    host.shut_down();
    for (name, answer) in answers {
        let (_, expected) = invocation(name);
        assert_eq!(answer[expected.0], expected.1, "{name}: {answer}");
    }
}

/// An input that a function can judge without asking anybody, and what it says to it: a member and its value.
fn invocation(name: &str) -> (Value, (&'static str, Value)) {
    if name != "jobs-api" {
        // A list is no function's input.
        return (json!(["no input"]), ("errorType", json!("InvalidInput")));
    }
    let request = json!({
        "version": "2.0",
        "routeKey": "GET /nowhere",
        "rawPath": "/nowhere",
        "rawQueryString": "",
        "headers": {"accept": "application/json"},
        "requestContext": {"http": {"method": "GET", "path": "/nowhere"}, "stage": "$default"},
        "isBase64Encoded": false,
    });
    (request, ("statusCode", json!(404)))
}

/// A function with settings that name nothing: it reads them when it starts.
fn function(programs: &Path, name: &str) -> Function {
    let deployment = &deployments()[name];
    let region = "us-east-1";
    let settings = deployment.environment.iter().map(String::as_str);
    let settings = settings.map(|setting| {
        let is_number = setting.ends_with("_LIMIT") || setting.ends_with("_DAYS");
        let value = if is_number {
            "3"
        } else {
            "arn:aws:none:us-east-1:000000000000:none"
        };
        (setting.to_owned(), value.to_owned())
    });
    let given = [
        ("AWS_REGION", region),
        ("AWS_ACCESS_KEY_ID", "none"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    ];
    Function {
        name: name.to_owned(),
        full_name: name.to_owned(),
        arn: format!("arn:aws:lambda:{region}:000000000000:function:{name}:1"),
        binary: lambda::binary(programs, name),
        environment: settings
            .chain(given.map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect(),
        memory_mb: deployment.memory_mb,
        timeout_seconds: deployment.timeout_seconds,
    }
}

#[test]
fn another_folder_gives_the_same_bytes_and_a_change_of_one_function_changes_one_package() {
    let Ok(function) = std::env::var("REBUILD") else {
        report("packages: not built again: skipped: REBUILD names no function");
        return;
    };
    let Some(packages) = packages() else { return };
    let copy = tempfile::tempdir().expect("a temporary folder");
    let source = copy.path().join("another place/videoflow");
    copy_repository(&source);
    build(&source, &[&function]);
    let package = |root: &Path, name: &str| {
        std::fs::read(root.join(name).join("bootstrap.zip")).expect("a package")
    };
    let built = source.join("target/lambda");
    let same = package(&built, &function);
    assert!(
        same == package(&packages, &function),
        "{function} depends on where it is built"
    );

    let other = deployments()
        .keys()
        .find(|name| **name != function)
        .expect("another function");
    let changed = source.join("functions").join(&function).join("src/main.rs");
    let text = std::fs::read_to_string(&changed).expect("its entry point");
    let begin = "async fn main() -> Result<(), StartError> {";
    assert!(text.contains(begin), "{text}");
    let text = text.replace(begin, &format!("{begin}\n    eprintln!(\"changed\");"));
    std::fs::write(&changed, text).expect("its entry point");
    build(&source, &[&function, other]);
    assert!(
        package(&built, &function) != same,
        "the change of {function} is not in its package"
    );
    assert!(
        package(&built, other) == package(&packages, other),
        "the change of {function} is in {other} too"
    );
    report(&format!(
        "packages: {function} built elsewhere: the same bytes; changed: its own package only"
    ));
}

/// The repository's files as they are, in another place.
fn copy_repository(place: &Path) {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .expect("git is installed");
    let listed = String::from_utf8(listed.stdout).expect("UTF-8");
    for path in listed
        .split_terminator('\0')
        .filter(|path| root().join(path).is_file())
    {
        let copied = place.join(path);
        std::fs::create_dir_all(copied.parent().expect("a folder")).expect("a folder");
        std::fs::copy(root().join(path), copied).expect("a copy");
    }
}

fn build(source: &Path, functions: &[&str]) {
    let built = Command::new(source.join("functions/package.py"))
        .args(functions)
        .status();
    assert!(built.is_ok_and(|status| status.success()), "{functions:?}");
}

#[test]
fn the_packaged_functions_make_the_same_brief_as_those_built_for_this_machine() {
    let Some(packages) = packages() else { return };
    let Some(programs) = programs(&packages) else {
        return;
    };
    let begun = std::time::Instant::now();
    let shipped = brief(Some(programs.path()));
    let seconds = begun.elapsed().as_secs_f64();
    let native = brief(None);
    let [shipped, native] = [shipped, native].map(|brief| format!("{brief:#}"));
    let difference = shipped
        .lines()
        .zip(native.lines())
        .find(|(one, other)| one != other);
    assert_eq!(difference, None);
    report(&format!(
        "packages: the sample by packaged functions: {seconds:.1} s, the same brief"
    ));
}

/// The sample's brief, without what no two runs share.
fn brief(functions: Option<&Path>) -> Value {
    let out = tempfile::tempdir().expect("a temporary folder");
    let out_path = out.path().to_str().expect("UTF-8");
    let mut arguments = vec!["run", "tests/media/sample.mp4", "--json", "--out", out_path];
    if let Some(functions) = functions {
        arguments.extend(["--functions", functions.to_str().expect("UTF-8")]);
    }
    let run = videoflow(&arguments);
    let answer = last_json(&run);
    assert_eq!(answer["status"], "PUBLISHED", "{answer}");
    let job = answer["jobId"].as_str().expect("a job");
    let brief = read_json(&out.path().join(job).join("brief.json"));
    let brief = brief.to_string().replace(job, "JOB");
    let brief = serde_json::from_str(&brief).expect("a brief");
    without(&VARYING, &without(&OWN, &brief))
}
