//! The three environments: what an apply leaves, what a wrong value is told, what may be destroyed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::offline::{Workspace, development};
use super::{Resource, resources};
use crate::support::{report, root};

#[test]
fn a_plan_after_an_apply_is_empty() {
    let Some((applied, plan)) = development() else {
        return;
    };
    let planned = plan["resource_changes"].as_array().into_iter().flatten();
    let changed: Vec<_> = planned
        .filter(|change| change["change"]["actions"] != serde_json::json!(["no-op"]))
        .map(|change| &change["address"])
        .collect();
    assert!(changed.is_empty(), "{changed:?}");
    report(&format!(
        "terraform: {} resources in dev",
        applied.resources.len()
    ));
}

#[test]
fn dev_plans_nine_standard_machines_and_no_other() {
    let Some((applied, _)) = development() else {
        return;
    };
    let kinds: Vec<_> = applied
        .of_kind("aws_sfn_state_machine")
        .map(|machine| machine.text("type"))
        .collect();
    assert_eq!(kinds, ["STANDARD"; 9]);
}

#[test]
fn a_new_version_of_a_child_reaches_the_alias_in_one_apply() {
    let Some(workspace) = Workspace::development() else {
        return;
    };
    // The offline provider publishes nothing: this is what Step Functions answers when a child, and then its parent,
    // have changed.
    let version = "state_machine_version_arn";
    let (child, parent) = (
        "arn:aws:states:::detect-labels:7",
        "arn:aws:states:::process-video:9",
    );
    workspace.change_state(&[
        (
            "module.platform.module.stage_machine[\"detect-labels\"]",
            "aws_sfn_state_machine",
            version,
            child,
        ),
        (
            "module.platform.module.process_video",
            "aws_sfn_state_machine",
            version,
            parent,
        ),
    ]);
    let plan = workspace.plan();
    let after = |address: &str| -> String {
        let changes = plan["resource_changes"].as_array().into_iter().flatten();
        let change = changes
            .filter(|change| {
                change["address"] == format!("module.platform.module.process_video.{address}")
            })
            .find(|change| change["change"]["actions"] == serde_json::json!(["update"]));
        let change = change.unwrap_or_else(|| panic!("{address} does not change"));
        change["change"]["after"].to_string()
    };
    assert!(after("aws_sfn_state_machine.this").contains(child));
    assert!(after("aws_sfn_alias.terraform[0]").contains(parent));
}

#[test]
fn an_apply_leaves_to_the_release_what_the_aliases_serve_and_served() {
    let Some(workspace) = Workspace::development() else {
        return;
    };
    let main = std::fs::read_to_string(root().join("terraform/environments/dev/main.tf"));
    let main = main.expect("an environment");
    let owner = |owner: &str| format!("alias_weights_owner = \"{owner}\"");
    workspace.write(
        "main.tf",
        &main.replace(&owner("terraform"), &owner("release")),
    );
    workspace.must(&["apply", "-auto-approve"]);
    // A release has moved both, and the next apply publishes versions.
    for machine in ["process_video", "reconcile_library"] {
        let module = format!("module.platform.module.{machine}");
        let version = "arn:aws:states:::machine:9";
        workspace.change_state(&[
            (
                &module,
                "aws_sfn_alias",
                "description",
                "version 8; previous 7",
            ),
            (
                &module,
                "aws_sfn_state_machine",
                "state_machine_version_arn",
                version,
            ),
        ]);
    }
    let plan = workspace.plan();
    let planned = plan["resource_changes"].as_array().into_iter().flatten();
    let aliases: Vec<_> = planned
        .filter(|change| change["type"] == "aws_sfn_alias")
        .map(|change| &change["change"]["actions"])
        .collect();
    assert_eq!(aliases, [&serde_json::json!(["no-op"]); 2]);
}

/// Attributes that are a name which may exist once in an account, or in the world.
const NAMES: [&str; 6] = [
    "bucket",
    "function_name",
    "name",
    "alarm_name",
    "dashboard_name",
    "statement_id",
];

#[test]
fn two_environments_in_one_account_do_not_collide() {
    let Some((dev, _)) = development() else {
        return;
    };
    let staging = Workspace::open("environments/staging").expect("it was at hand for dev");
    let staging = resources(&staging.plan()["planned_values"]["root_module"]);
    let names = |resources: &[Resource]| -> BTreeSet<String> {
        let named = resources.iter().flat_map(|resource| {
            NAMES
                .iter()
                .filter_map(|name| resource.values[*name].as_str())
                .map(|name| format!("{} {name}", resource.kind))
        });
        // Within the thing that they belong to, these are named alike everywhere.
        let own = [
            "aws_iam_role_policy ",
            "aws_lambda_permission ",
            "aws_sfn_alias ",
            "aws_apigatewayv2_stage ",
        ];
        named
            .filter(|name| !own.iter().any(|kind| name.starts_with(kind)))
            .collect()
    };
    let (dev, staging) = (names(&dev.resources), names(&staging));
    assert!(dev.len() > 100, "{dev:?}");
    let shared: Vec<_> = dev.intersection(&staging).collect();
    assert!(shared.is_empty(), "{shared:?}");
}

#[test]
fn dev_can_be_destroyed_and_the_stores_of_prod_cannot() {
    let Some(dev) = Workspace::development() else {
        return;
    };
    assert!(!resources(&dev.state()["values"]["root_module"]).is_empty());
    dev.must(&["destroy", "-auto-approve"]);
    let left = resources(&dev.state()["values"]["root_module"]);
    assert!(left.is_empty(), "{left:?}");

    let prod = Workspace::open("environments/prod").expect("it was at hand for dev");
    prod.must(&["apply", "-auto-approve"]);
    let destroyed = prod.run(&["plan", "-destroy"]);
    assert!(!destroyed.status.success(), "prod can be destroyed");
    let said = String::from_utf8_lossy(&destroyed.stderr);
    for store in [
        "source_bucket",
        "output_bucket",
        "jobs_table",
        "claims_table",
        "key",
    ] {
        assert!(
            said.contains(&format!("module.{store}.terraform_data.protection[0]")),
            "{store} is not protected: {said}"
        );
    }
}

/// A plan of `configuration` with one variable changed has to be refused with these words.
fn refused(configuration: &str, variable: &str, change: impl Fn(&mut Value), words: &str) {
    let Some(workspace) = Workspace::open(configuration) else {
        return;
    };
    let mut variables = super::offline::variables(std::path::Path::new(configuration));
    change(&mut variables[variable]);
    workspace.write("terraform.tfvars.json", &variables.to_string());
    let plan = workspace.run(&["plan"]);
    let said = String::from_utf8_lossy(&plan.stderr).replace(['\n', '│'], " ");
    let said: Vec<_> = said.split_whitespace().collect();
    let said = said.join(" ");
    assert!(!plan.status.success(), "{variable} is taken");
    assert!(said.contains(words), "{variable}: {said}");
}

#[test]
fn a_wrong_value_is_told_what_is_allowed() {
    refused(
        "platform",
        "settings",
        |settings| settings["log_retention_days"] = 15.into(),
        "log_retention_days",
    );
    refused(
        "platform",
        "environment",
        |environment| *environment = "Production!".into(),
        "environment: 2 to 12 lower-case letters",
    );
    refused(
        "platform",
        "settings",
        |settings| settings["reconcile_interval_hours"] = 5.into(),
        "settings.reconcile_interval_hours: at least 6",
    );
    refused(
        "platform",
        "packages",
        |packages| {
            let packages = packages.as_object_mut().expect("packages");
            packages.remove("write-brief").expect("a package");
        },
        "there is no zip for write-brief",
    );
    refused(
        "environments/prod",
        "alarm_email_addresses",
        |addresses| *addresses = serde_json::json!([]),
        "prod needs at least one address",
    );
    refused(
        "environments/dev",
        "package_manifest",
        |manifest| *manifest = "nowhere.json".into(),
        "run `make build` first",
    );
}
