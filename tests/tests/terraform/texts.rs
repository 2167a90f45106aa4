//! The Terraform files as text: what a module's page says is true, and nothing of an environment is in a module.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::folders;
use crate::support::root;

/// Every file of Terraform below a folder, with its text.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let is_source = |ending: &str| path.to_string_lossy().ends_with(ending);
        if path.is_dir() && !path.ends_with(".terraform") {
            found.extend(files(&path));
        } else if is_source(".tf") || is_source(".tftest.hcl") {
            let text = std::fs::read_to_string(&path).expect("a readable file");
            found.push((path, text));
        }
    }
    found
}

/// Names of the blocks of a kind: `variable "name" {`.
fn blocks(folder: &Path, kind: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(folder.join(format!("{kind}s.tf"))).unwrap_or_default();
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix(&format!("{kind} \""))?.split('"').next());
    names.map(str::to_owned).collect()
}

/// Names in the first column of the table below a heading of a README.
fn table(readme: &str, heading: &str) -> BTreeSet<String> {
    let section = readme
        .split(&format!("## {heading}"))
        .nth(1)
        .unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.map(str::to_owned).collect()
}

#[test]
fn every_modules_page_lists_its_inputs_and_outputs() {
    let modules = folders("modules");
    assert_eq!(modules.len(), 13, "{modules:?}");
    for module in modules
        .into_iter()
        .chain([root().join("terraform/platform")])
    {
        let readme = std::fs::read_to_string(module.join("README.md")).expect("a README");
        assert_eq!(
            table(&readme, "Inputs"),
            blocks(&module, "variable"),
            "inputs of {}",
            module.display()
        );
        assert_eq!(
            table(&readme, "Outputs"),
            blocks(&module, "output"),
            "outputs of {}",
            module.display()
        );
    }
}

#[test]
fn every_module_has_an_example_and_tests() {
    for module in folders("modules") {
        assert!(
            module.join("examples/basic/main.tf").is_file(),
            "{}",
            module.display()
        );
        let tests = std::fs::read_dir(module.join("tests")).expect("tests");
        let runs = tests
            .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a test"));
        let runs: usize = runs.map(|text| text.matches("\nrun \"").count()).sum();
        assert!(runs >= 3, "{}: {runs} runs", module.display());
    }
}

#[test]
fn modules_know_no_environment_and_environments_make_no_resource() {
    for module in folders("modules")
        .into_iter()
        .chain([root().join("terraform/platform")])
    {
        for (path, text) in files(&module) {
            let is_source = path.parent() == Some(module.as_path());
            if !is_source {
                continue;
            }
            assert!(
                !text.contains("\nprovider \""),
                "{} configures a provider",
                path.display()
            );
            let code = text.lines().filter(|line| {
                !line.trim_start().starts_with('#')
                    && !line.contains("description")
                    && !line.contains("error_message")
            });
            for line in code {
                for word in ["\"dev\"", "\"staging\"", "\"prod\"", "environment =="] {
                    assert!(!line.contains(word), "{}: {line}", path.display());
                }
            }
        }
    }
    for environment in folders("environments") {
        for (path, text) in files(&environment) {
            assert!(
                !text.contains("\nresource \""),
                "{} makes a resource",
                path.display()
            );
        }
    }
}

/// Files that may name CloudFront's and billing's region: there is no other for them.
const CONTROL_REGION: (&str, [&str; 3]) = (
    "us-east-1",
    [
        "modules/dashboard/main.tf",
        "modules/delivery/main.tf",
        "platform/variables.tf",
    ],
);

/// Accounts and regions that a line names.
fn accounts_and_regions(line: &str) -> Vec<&str> {
    let words = line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let is_account =
        |word: &str| word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_region = |word: &str| {
        let parts: Vec<_> = word.split('-').collect();
        matches!(parts.as_slice(), [area, place, number]
            if area.len() == 2 && place.len() > 3 && number.parse::<u8>().is_ok())
    };
    words
        .filter(|word| is_account(word) || is_region(word))
        .collect()
}

#[test]
fn no_account_and_no_region_is_written_down() {
    let terraform = root().join("terraform");
    let mut checked = 0;
    for (path, text) in files(&terraform) {
        let name = path.strip_prefix(&terraform).expect("it is inside");
        let name = name.to_string_lossy();
        if name.contains("examples/") || name.contains("tests/") {
            continue;
        }
        for line in text.lines().filter(|line| !line.contains("error_message")) {
            let mut found = accounts_and_regions(line);
            if CONTROL_REGION.1.contains(&&*name) {
                found.retain(|word| *word != CONTROL_REGION.0);
            }
            assert!(found.is_empty(), "{name}: {line}");
            checked += 1;
        }
    }
    assert!(checked > 1000, "{checked} lines");
    assert_eq!(
        accounts_and_regions("arn:aws:sqs:eu-central-1:111122223333:q"),
        ["eu-central-1", "111122223333"]
    );
}

#[test]
fn the_environments_take_the_same_variables() {
    let environments = folders("environments");
    let names: Vec<_> = environments
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .collect();
    assert_eq!(names, ["dev", "prod", "staging"]);
    let variables: Vec<_> = environments
        .iter()
        .map(|path| blocks(path, "variable"))
        .collect();
    assert!(
        variables.windows(2).all(|pair| pair[0] == pair[1]),
        "{variables:?}"
    );
}
