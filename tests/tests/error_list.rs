//! docs/errors.md against the code: every name that a user can meet is there, and no other.

use std::collections::BTreeSet;

use strum::VariantNames as _;
use videoflow_shared::brief::WarningCode;

use crate::definitions::{FUNCTIONS_WITH_ERRORS, error_names};
use crate::machines::tasks::{definitions, states};
use crate::support::root;

/// Names that stand in a definition or in the platform as text, and the file that must have each.
const WRITTEN: [(&str, &str); 4] = [
    ("ReviewOverdue", "statemachines/publish-video.asl.json"),
    ("ReviewRejected", "functions/jobs-api/src/review.rs"),
    ("ExecutionLost", "statemachines/reconcile-library.asl.json"),
    (
        "Platform.Interrupted",
        "local/platform/src/step_functions/opening.rs",
    ),
];
/// Names that AWS gives.
const AWS_PREFIXES: [&str; 3] = ["Lambda.", "Sandbox.", "States."];

#[test]
fn every_error_is_documented_and_every_documented_error_exists() {
    let text = std::fs::read_to_string(root().join("docs/errors.md")).expect("docs/errors.md");
    let documented: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|name| !AWS_PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    let mut given: BTreeSet<&str> = inspect_file::Code::VARIANTS.iter().copied().collect();
    given.extend(WarningCode::VARIANTS);
    for function in FUNCTIONS_WITH_ERRORS {
        given.extend(error_names(function).expect("it has a list of errors"));
    }
    given.extend(definitions().values().flat_map(|definition| {
        let failing = states(&definition.json)
            .into_iter()
            .filter(|(_, state)| state["Type"] == "Fail");
        failing.flat_map(|(_, state)| names_in(state["Error"].as_str().expect("an Error")))
    }));
    for (name, file) in WRITTEN {
        let source = std::fs::read_to_string(root().join(file)).expect(file);
        assert!(
            source.contains(name),
            "{file} does not give {name} any more"
        );
        given.insert(name);
    }
    let missing: Vec<_> = given.difference(&documented).collect();
    let stale: Vec<_> = documented.difference(&given).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/errors.md lacks {missing:?}, and has {stale:?} that nothing gives"
    );
}

/// Error names in the `Error` of a Fail state: the whole of it, or the texts that its expression chooses from.
fn names_in(error: &str) -> Vec<&str> {
    if !error.starts_with("{%") {
        return vec![error];
    }
    let (_, chosen) = error.split_once('?').expect("an expression that chooses");
    chosen.split('\'').skip(1).step_by(2).collect()
}

#[test]
fn names_of_fail_states_are_found() {
    let check = |error: &str, expected: &[&str]| assert_eq!(names_in(error), expected, "{error}");
    check("Poll.Exhausted", &["Poll.Exhausted"]);
    check(
        "{% $status in ['FAILED'] ? 'A.JobFailed' : 'Poll.UnknownStatus' %}",
        &["A.JobFailed", "Poll.UnknownStatus"],
    );
}
