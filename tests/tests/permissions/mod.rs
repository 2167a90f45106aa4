//! `terraform/permissions.json` against the definitions, the calls of local runs, and AWS's authorization reference.

mod machines;
mod reference;
mod runs;
pub mod settings;
mod targets;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde::Deserialize;

use crate::support::root;

/// Calls that a service makes by the role: no record tells of them.
const MADE_BY_SERVICES: [&str; 4] = [
    "lambda:PollQueue",
    "mediaconvert:ReadInput",
    "mediaconvert:WriteOutput",
    "states:DistributedMap",
];

/// The committed table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// What it is.
    #[serde(rename = "comment")]
    _comment: Vec<String>,
    /// What each call needs.
    calls: BTreeMap<String, Vec<Statement>>,
    /// Who makes which calls.
    roles: Roles,
}

/// Actions on a facet of each of a call's targets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    actions: Vec<String>,
    on: String,
    #[serde(default)]
    conditions: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    reason: Option<String>,
}

/// Targets by call.
type Role = BTreeMap<String, BTreeSet<String>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles {
    functions: BTreeMap<String, Role>,
    machines: BTreeMap<String, Role>,
    services: BTreeMap<String, Role>,
}

impl Roles {
    fn all(&self) -> impl Iterator<Item = (&String, &Role)> {
        self.functions
            .iter()
            .chain(&self.machines)
            .chain(&self.services)
    }
}

/// The call that makes a service read or write with the caller's rights.
fn caused_by(call: &str) -> Option<&str> {
    let input = call.strip_suffix(".input");
    input.or_else(|| call.strip_suffix(".output"))
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let text = std::fs::read_to_string(root().join("terraform/permissions.json"));
        serde_json::from_str(&text.expect("a table")).expect("the table's shape")
    })
}

#[test]
fn every_call_is_described_and_made() {
    let described: BTreeSet<&String> = table().calls.keys().collect();
    let made: BTreeSet<&String> = table()
        .roles
        .all()
        .flat_map(|(_, role)| role.keys())
        .collect();
    assert_eq!(described, made);
}

/// A statement that fits none of a call's targets would vanish from the policy without a word.
#[test]
fn every_statement_has_a_target_and_every_target_a_statement() {
    for (name, role) in table().roles.all() {
        for (call, names) in role {
            let facets: Vec<_> = names
                .iter()
                .map(|target| {
                    let facets = targets::facets(target);
                    facets.unwrap_or_else(|| panic!("{name}: {call}: {target} is no target"))
                })
                .collect();
            let statements = &table().calls[call];
            for statement in statements {
                let has = facets
                    .iter()
                    .any(|facets| facets.contains_key(&*statement.on));
                assert!(has, "{name}: {call}: no target has {}", statement.on);
            }
            for (target, facets) in names.iter().zip(&facets) {
                let is_used = statements
                    .iter()
                    .any(|statement| facets.contains_key(&*statement.on));
                assert!(is_used, "{name}: {call}: nothing is allowed on {target}");
            }
        }
    }
}

#[test]
fn every_function_and_machine_has_a_role() {
    let functions = videoflow_platform::lambda::deployments().keys();
    assert!(table().roles.functions.keys().eq(functions));
    let machines = crate::machines::tasks::definitions().keys();
    assert!(table().roles.machines.keys().eq(machines));
}

#[test]
fn what_a_service_does_with_the_callers_rights_stands_beside_its_call() {
    for (name, role) in table().roles.all() {
        for call in role.keys() {
            let has_call = caused_by(call).is_none_or(|call| role.contains_key(call));
            assert!(has_call, "{name}: {call} without its call");
        }
    }
}
