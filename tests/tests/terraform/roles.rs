//! The applied roles against permissions.json: what a role may do is what its calls need, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use videoflow_platform::iam::{Kind, Table, document};

use super::offline::development;
use super::{Applied, PREFIX, unprefixed};
use crate::permissions::{rights_of, texts};
use crate::support::{read_json, root};

/// What the modules give every function and machine, beside what permissions.json says: logs and traces.
const LOGS_AND_TRACES: [&str; 2] = ["logs:", "xray:"];
/// What the module gives a schedule: sending to its own dead-letter queue.
const OWN_DEAD_LETTERS: [&str; 3] = ["kms:Decrypt", "kms:GenerateDataKey", "sqs:SendMessage"];
/// End of the names of roles, by kind.
const SUFFIXES: [(&str, &str); 3] = [
    ("functions", "-lambda"),
    ("machines", "-states"),
    ("services", ""),
];

/// Statements of each role's inline policies, by the role's name without prefix.
fn statements(applied: &Applied) -> BTreeMap<String, Vec<Value>> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for policy in applied.of_kind("aws_iam_role_policy") {
        let document: Value =
            serde_json::from_str(policy.text("policy")).expect("a policy is JSON");
        let statements = document["Statement"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        found
            .entry(unprefixed(policy.text("role")).to_owned())
            .or_default()
            .extend(statements);
    }
    found
}

/// The IAM actions that the calls of a role need.
fn needed(permissions: &Value, calls: &Value) -> BTreeSet<String> {
    let calls = calls.as_object().expect("calls by name").keys();
    calls
        .flat_map(|call| {
            permissions["calls"][call]
                .as_array()
                .unwrap_or_else(|| panic!("{call} is not explained"))
        })
        .flat_map(|grant| texts(&grant["actions"]))
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_role_may_do_what_its_calls_need_and_nothing_else() {
    let Some((applied, _)) = development() else {
        return;
    };
    let permissions = read_json(&root().join("terraform/permissions.json"));
    let statements = statements(applied);
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (kind, suffix) in SUFFIXES {
        for (role, calls) in permissions["roles"][kind].as_object().expect("roles") {
            let mut needed = needed(&permissions, calls);
            if role.ends_with("-schedule") {
                needed.extend(OWN_DEAD_LETTERS.map(str::to_owned));
            }
            expected.insert(format!("{role}{suffix}"), needed);
        }
    }
    let mut given: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (role, statements) in &statements {
        let actions = statements
            .iter()
            .flat_map(|statement| texts(&statement["Action"]));
        let own = actions.filter(|action| {
            !LOGS_AND_TRACES
                .iter()
                .any(|service| action.starts_with(service))
        });
        given.insert(role.clone(), own.map(str::to_owned).collect());
    }
    assert_eq!(given, expected);
}

/// Names of the environment's resources as the local platform has them.
fn local(resource: &str) -> String {
    const ACCOUNT: &str = "123456789012";
    let (is_model, kind) = (
        [":inference-profile/", ":foundation-model/"],
        resource.split(':').nth(2),
    );
    if is_model.iter().any(|part| resource.contains(part)) {
        return "arn:aws:bedrock:us-east-1::foundation-model/videoflow.local-writer-v1".to_owned();
    }
    if kind == Some("kms") {
        return "arn:aws:kms:us-east-1:000000000000:key/local".to_owned();
    }
    resource
        // Buckets are named after their account, too.
        .replace(&format!("-{ACCOUNT}"), "")
        .replace(&format!(":{ACCOUNT}:"), ":000000000000:")
        .replace(PREFIX, "videoflow-local-")
        .replace(
            "data-automation-project/abcdef",
            "data-automation-project/local",
        )
}

/// Whether the table has nothing to do with a right.
fn is_of_a_module(role: &str, [action, resource, _]: &[String; 3]) -> bool {
    let is_log = LOGS_AND_TRACES
        .iter()
        .any(|service| action.starts_with(service));
    let is_own = role.ends_with("-schedule")
        && (resource.ends_with("-schedule-dead-letters") || action.starts_with("kms:"));
    is_log || is_own
}

/// What runs here runs there: the policies that the local platform enforces are those that Terraform makes, right by
/// right: action, resource and conditions.
#[test]
fn the_local_platform_has_the_policies_of_the_environment() {
    let Some((applied, _)) = development() else {
        return;
    };
    let mut applied: BTreeMap<String, BTreeSet<[String; 3]>> = statements(applied)
        .into_iter()
        .map(|(role, statements)| {
            let rights = rights_of(&json!({"Statement": statements}));
            let rights = rights.into_iter();
            let rights = rights
                .map(|[action, resource, condition]| [action, local(&resource), condition])
                .filter(|right| !is_of_a_module(&role, right))
                .collect();
            (role, rights)
        })
        .collect();
    let table = Table::committed().expect("a table");
    let kinds = [
        (Kind::Function, &table.roles.functions),
        (Kind::Machine, &table.roles.machines),
        (Kind::Service, &table.roles.services),
    ];
    for (kind, roles) in kinds {
        for (name, role) in roles {
            let rendered = document(&table, name, role).expect("a policy");
            let applied = applied.remove(&format!("{name}{}", kind.ending()));
            assert_eq!(Some(rights_of(&rendered)), applied, "{name}");
        }
    }
    assert_eq!(
        applied,
        BTreeMap::new(),
        "roles that the local platform does not have"
    );
}

#[test]
fn a_role_names_the_resources_that_it_may_act_on() {
    let Some((applied, _)) = development() else {
        return;
    };
    let permissions = read_json(&root().join("terraform/permissions.json"));
    let grants = permissions["calls"]
        .as_object()
        .expect("calls")
        .values()
        .flat_map(|grants| grants.as_array().expect("grants"));
    let anywhere: BTreeSet<&str> = grants
        .filter(|grant| grant["on"] == "any")
        .flat_map(|grant| texts(&grant["actions"]))
        .collect();
    let mut checked = 0;
    for (role, statements) in statements(applied) {
        for statement in &statements {
            assert_eq!(statement["Effect"], "Allow", "{role}");
            for action in texts(&statement["Action"]) {
                assert!(!action.contains('*'), "{role}: {action}");
                for resource in texts(&statement["Resource"]) {
                    let is_log = LOGS_AND_TRACES
                        .iter()
                        .any(|service| action.starts_with(service));
                    let is_ours = resource.contains(PREFIX)
                        || resource.contains("-key/")
                        || resource.contains(":key/");
                    let is_allowed = if resource == "*" {
                        is_log || anywhere.contains(action)
                    } else {
                        is_ours || AWS_OWN.iter().any(|part| resource.contains(part))
                    };
                    assert!(is_allowed, "{role}: {action} on {resource}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

/// Resources that carry no name of ours: AWS makes them, or names them by id.
const AWS_OWN: [&str; 8] = [
    ":data-automation-invocation/",
    ":data-automation-profile/",
    ":data-automation-project/",
    ":foundation-model/",
    ":inference-profile/",
    ":mediaconvert:",
    ":rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
    ":transcription-job/",
];

#[test]
fn a_role_can_be_taken_on_by_one_service_only() {
    let Some((applied, _)) = development() else {
        return;
    };
    let mut services = BTreeSet::new();
    for role in applied.of_kind("aws_iam_role") {
        let trust: Value =
            serde_json::from_str(role.text("assume_role_policy")).expect("a policy is JSON");
        let statements = trust["Statement"].as_array().expect("statements");
        assert_eq!(statements.len(), 1, "{}", role.address);
        let service: Vec<_> = texts(&statements[0]["Principal"]["Service"])
            .map(str::to_owned)
            .collect();
        assert_eq!(service.len(), 1, "{}: {trust}", role.address);
        services.extend(service);
    }
    let expected = [
        "lambda.amazonaws.com",
        "mediaconvert.amazonaws.com",
        "scheduler.amazonaws.com",
        "states.amazonaws.com",
    ];
    assert_eq!(services, expected.map(str::to_owned).into());
}
