//! The statements of the table against AWS's service authorization reference, which `make setup` fetches.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::OnceLock;

use serde::Deserialize;

use videoflow_platform::iam::{Need, Statement, facets};

use super::table;
use crate::support::{read_json, root};

/// Condition keys that are of no single service are known to every action.
const GLOBAL: &str = "aws:";

#[derive(Debug, Deserialize)]
struct Service {
    actions: BTreeMap<String, Action>,
    /// ARN by type of resource, with `${Variables}`.
    resources: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Action {
    /// Types of resources that it works on.
    resources: Vec<String>,
    conditions: Vec<String>,
}

fn reference() -> &'static BTreeMap<String, Service> {
    static REFERENCE: OnceLock<BTreeMap<String, Service>> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let models = std::env::var_os("VIDEOFLOW_MODELS")
            .map_or_else(|| root().join(".cache/models"), PathBuf::from);
        let text = read_json(&models.join("aws-iam/reference.json"));
        serde_json::from_value(text).expect("the reference's shape")
    })
}

/// An action and the service that it is of.
fn find(action: &str) -> (&'static Service, &'static Action) {
    let (service, name) = action.split_once(':').expect("service:Action");
    let service = reference().get(service);
    let service = service.unwrap_or_else(|| panic!("{action}: no such service"));
    let found = service.actions.get(name);
    (
        service,
        found.unwrap_or_else(|| panic!("{action}: no such action")),
    )
}

fn statements() -> impl Iterator<Item = (&'static String, &'static Statement)> {
    let calls = table().calls.iter();
    calls.flat_map(|(call, statements)| statements.iter().map(move |statement| (call, statement)))
}

/// The ARNs that a facet means, over all targets that have it and are used with the call.
fn arns(call: &str, facet: &str) -> BTreeSet<String> {
    let roles = table().roles.all();
    let targets = roles.filter_map(|(_, role)| role.get(call)).flatten();
    targets
        .filter_map(|target| facets(table(), target)?.remove(facet))
        .flatten()
        .collect()
}

/// Variables of forms that stand for more than one part of an ARN: keys have slashes, a Distributed Map's children its
/// label beside the machine's name, and a function its version.
const OPEN: [&str; 3] = ["FunctionName", "ObjectName", "StateMachineName"];

/// Whether an ARN is of a form with `${Variables}`.
fn has_form(arn: &str, form: &str) -> bool {
    let Some((fixed, rest)) = form.split_once("${") else {
        return arn == form;
    };
    let (Some(arn), Some((variable, rest))) = (arn.strip_prefix(fixed), rest.split_once('}'))
    else {
        return false;
    };
    let is_open = OPEN.contains(&variable);
    (1..=arn.len())
        .filter_map(|length| arn.split_at_checked(length))
        .any(|(value, after)| (is_open || !value.contains([':', '/'])) && has_form(after, rest))
}

/// An action works on an ARN; on `*` only where it knows no resource.
fn check_works(call: &str, action: &str, arn: &str) {
    let (service, found) = find(action);
    if arn == "*" {
        let has_none = found.resources.is_empty();
        return assert!(has_none, "{call}: {action} works on {:?}", found.resources);
    }
    let mut forms = found.resources.iter().map(|kind| &service.resources[kind]);
    let works = forms.any(|form| has_form(arn, form));
    assert!(works, "{call}: {action} does not work on {arn}");
}

/// What a call is thought to need is an action of AWS's that knows the resource and the condition keys.
pub(super) fn check_need(call: &str, need: &Need) {
    check_works(call, &need.action, &need.resource);
    for key in need.context.keys() {
        let is_known = find(&need.action).1.conditions.contains(key);
        assert!(is_known, "{call}: {} does not know {key}", need.action);
    }
}

#[test]
fn every_action_works_on_what_it_is_allowed_on() {
    for (call, statement) in statements() {
        for action in &statement.actions {
            for arn in arns(call, &statement.on) {
                check_works(call, action, &arn);
            }
        }
    }
}

#[test]
fn a_statement_on_anything_says_why() {
    for (call, statement) in statements() {
        let says = statement
            .reason
            .as_ref()
            .is_some_and(|reason| !reason.is_empty());
        assert!(says || statement.on != "any", "{call}: {statement:?}");
    }
}

#[test]
fn every_condition_is_one_that_the_action_knows() {
    for (call, statement) in statements() {
        for key in statement.conditions.values().flat_map(BTreeMap::keys) {
            for action in &statement.actions {
                let known = key.starts_with(GLOBAL) || find(action).1.conditions.contains(key);
                assert!(known, "{call}: {action} does not know {key}");
            }
        }
    }
}

#[test]
fn actions_are_exact_and_sorted() {
    for (call, statement) in statements() {
        assert!(!statement.actions.is_empty(), "{call}");
        let is_sorted = statement.actions.is_sorted_by(|one, other| one < other);
        assert!(is_sorted, "{call}: {:?}", statement.actions);
    }
}

#[test]
fn forms_leave_their_variables_open() {
    let check = |arn: &str, form: &str, expected: bool| {
        assert_eq!(has_form(arn, form), expected, "{arn} {form}");
    };
    let table = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}";
    check("arn:aws:dynamodb:us-east-1:0:table/t", table, true);
    check("arn:aws:dynamodb:us-east-1:0:table/t/index/i", table, false);
    check("arn:aws:sqs:us-east-1:0:t", table, false);
    let bucket = "arn:${Partition}:s3:::${BucketName}";
    check("arn:aws:s3:::b", bucket, true);
    check("arn:aws:s3:::b/*", bucket, false);
    check("arn:aws:dynamodb:us-east-1:0:table/t", bucket, false);
    let object = "arn:${Partition}:s3:::${BucketName}/${ObjectName}";
    check("arn:aws:s3:::b/work/*", object, true);
    check("arn:aws:s3:::b", object, false);
}
