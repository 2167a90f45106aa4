//! `terraform/permissions.json` against the definitions, the calls of local runs, and AWS's authorization reference.

mod machines;
mod reference;
mod refusals;
mod runs;
pub mod settings;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::Value;
use videoflow_platform::iam::{Table, caused_by, facets};

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::committed().expect("the table's shape"))
}

/// What a policy allows, a right each: action, resource, conditions.
pub fn rights_of(document: &Value) -> BTreeSet<[String; 3]> {
    let statements = document["Statement"].as_array().expect("statements");
    let rights = statements.iter().flat_map(|statement| {
        assert_eq!(statement["Effect"], "Allow");
        let conditions = match &statement["Condition"] {
            Value::Null => "{}".to_owned(),
            conditions => conditions.to_string(),
        };
        texts(&statement["Action"]).flat_map(move |action| {
            let conditions = conditions.clone();
            texts(&statement["Resource"])
                .map(move |resource| [action.to_owned(), resource.to_owned(), conditions.clone()])
        })
    });
    rights.collect()
}

/// A text, or each text of several.
pub fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let several = value.as_array().into_iter().flatten();
    value
        .as_str()
        .into_iter()
        .chain(several.filter_map(Value::as_str))
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
                    let facets = facets(table(), target);
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
