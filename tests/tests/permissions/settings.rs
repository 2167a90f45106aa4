//! What the definitions and the functions ask for is what the local platform fills, both ways.

use std::collections::BTreeSet;
use std::path::Path;

use videoflow_platform::lambda::deployments;
use videoflow_platform::platform::placeholders::{placeholders, settings};

use crate::machines::tasks::definitions;
use crate::support::root;

/// Names of placeholders that the platform fills, and of settings that are no placeholders.
fn filled() -> BTreeSet<String> {
    let machines = definitions().keys().map(|name| (name, name));
    let values = settings(&placeholders(str::to_owned, machines), Path::new("/"));
    values.into_keys().map(|name| name.to_lowercase()).collect()
}

/// Patterns of the two rules.
pub const PATTERNS: [&str; 2] = ["object-created", "video-failed"];

/// A committed pattern.
pub fn pattern(name: &str) -> String {
    let path = root().join(format!("statemachines/{name}.pattern.json"));
    std::fs::read_to_string(path).expect("a pattern")
}

/// Names that definitions, patterns and functions use.
pub fn used() -> BTreeSet<String> {
    let patterns = PATTERNS.map(pattern);
    let texts = definitions().values().map(|definition| &definition.text);
    let placeholders = texts.chain(&patterns).flat_map(|text| {
        let beginnings = text.split("${").skip(1);
        beginnings.filter_map(|rest| Some(rest.split_once('}')?.0.to_owned()))
    });
    let settings = deployments()
        .values()
        .flat_map(|deployment| &deployment.environment);
    let settings = settings.map(|setting| setting.to_lowercase());
    placeholders.chain(settings).collect()
}

/// Names with an ending, without it, as folders and files are named.
fn of_kind(names: &BTreeSet<String>, ending: &str) -> BTreeSet<String> {
    let found = names.iter().filter_map(|name| name.strip_suffix(ending));
    found.map(|name| name.replace('_', "-")).collect()
}

const FUNCTION: &str = "_function_arn";
const MACHINE: &str = "_state_machine_arn";

#[test]
fn every_function_and_machine_is_filled_in() {
    let (filled, used) = (filled(), used());
    let functions = deployments().keys().cloned().collect();
    assert_eq!(of_kind(&filled, FUNCTION), functions);
    assert!(of_kind(&used, FUNCTION).is_subset(&functions));
    let machines = definitions().keys().cloned().collect();
    assert_eq!(of_kind(&filled, MACHINE), machines);
    assert!(of_kind(&used, MACHINE).is_subset(&machines));
}

#[test]
fn every_other_name_is_filled_in_and_used() {
    let others = |names: BTreeSet<String>| -> BTreeSet<String> {
        let is_other = |name: &String| !name.ends_with(FUNCTION) && !name.ends_with(MACHINE);
        names.into_iter().filter(is_other).collect()
    };
    assert_eq!(others(filled()), others(used()));
}
