//! Every configuration by itself: formatted, valid against the provider's schema, its own tests green.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

use super::folders;
use super::offline::{OFFLINE, provider};
use crate::support::{report, root};

/// Configurations that are checked at once: a run of Terraform uses about one processor.
const AT_ONCE: usize = 2;

/// Every configuration, with the folder that it needs around it.
fn configurations() -> Vec<(PathBuf, PathBuf)> {
    let terraform = root().join("terraform");
    let mut found = Vec::new();
    for module in folders("modules") {
        found.push((module.join("examples/basic"), terraform.clone()));
        found.push((module, terraform.clone()));
    }
    let platform = [terraform.join("bootstrap"), terraform.join("platform")];
    for whole in folders("environments").into_iter().chain(platform) {
        found.push((whole, root()));
    }
    found
}

/// What the check says of a configuration that does not pass.
fn check(configuration: &Path, around: &Path, provider: &Path) -> Option<String> {
    let output = Command::new("sh")
        .arg(root().join(OFFLINE).join("check.sh"))
        .args([configuration, around])
        .env("TF_OFFLINE_HOME", provider.parent().expect("a folder"))
        .output()
        .expect("a shell");
    (!output.status.success()).then(|| {
        let said = [output.stdout, output.stderr].concat();
        format!(
            "{}:\n{}",
            configuration.display(),
            String::from_utf8_lossy(&said)
        )
    })
}

#[test]
fn every_configuration_passes_by_itself() {
    let Some(provider) = provider() else {
        return;
    };
    let started = Instant::now();
    let configurations = configurations();
    let (count, waiting) = (configurations.len(), Mutex::new(configurations.into_iter()));
    let next = || waiting.lock().expect("no check panics").next();
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((configuration, around)) = next() {
                    let found = check(&configuration, &around, provider);
                    failed.lock().expect("no check panics").extend(found);
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no check panics");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(count >= 30, "{count} configurations");
    report(&format!(
        "terraform: {count} configurations pass by themselves ({} s)",
        started.elapsed().as_secs()
    ));
}
