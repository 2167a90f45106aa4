//! `functions/functions.json`: what each function is given is what it needs, and what its callers allow for.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use videoflow_platform::lambda::deployments;

use crate::machines::tasks::tasks;
use crate::support::{binaries, root};

#[test]
fn the_table_has_every_function_and_no_other() {
    let folders = std::fs::read_dir(root().join("functions")).expect("functions");
    let folders = folders.filter_map(|entry| {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        (entry.path().join("Cargo.toml").is_file() && name != "shared").then_some(name)
    });
    let listed = deployments().keys().cloned();
    assert_eq!(
        listed.collect::<BTreeSet<_>>(),
        folders.collect::<BTreeSet<_>>()
    );
}

#[test]
fn sizes_are_those_that_lambda_knows() {
    for (function, deployment) in deployments() {
        assert!(
            (128..=10_240).contains(&deployment.memory_mb),
            "{function}: {deployment:?}"
        );
        assert!(
            (1..=900).contains(&deployment.timeout_seconds),
            "{function}: {deployment:?}"
        );
        assert!(
            deployment
                .environment
                .is_sorted_by(|one, other| one < other),
            "{function}: {deployment:?}"
        );
    }
}

/// That the list is long enough is told by every local run: a function is given no other settings.
#[test]
fn a_function_needs_each_of_its_settings() {
    for (function, deployment) in deployments() {
        for missing in &deployment.environment {
            let others = deployment.environment.iter();
            let others = others.filter(|setting| *setting != missing);
            let output = Command::new(binaries().join(function))
                .env_clear()
                .envs(others.map(|setting| (setting, "1")))
                .env("AWS_LAMBDA_FUNCTION_NAME", function)
                .env("AWS_REGION", "us-east-1")
                .stdin(Stdio::null())
                .output()
                .expect("the functions are built: run the tests by `make test`");
            let said = String::from_utf8_lossy(&output.stderr);
            let expected = format!("Error: environment variable {missing} is missing or empty");
            assert_eq!(said.lines().last(), Some(expected.as_str()), "{function}");
            assert!(!output.status.success(), "{function} without {missing}");
        }
    }
}

/// A state that gives up before its function ends runs it again beside itself.
#[test]
fn a_state_waits_for_its_function() {
    let mut checked = 0;
    for task in tasks() {
        if let Some(function) = &task.function {
            let timeout = u64::from(deployments()[function].timeout_seconds);
            assert!(task.timeout_seconds >= Some(timeout), "{task:?}");
            checked += 1;
        }
    }
    assert!(checked > 0, "no Task invokes a function");
}
