//! The targets of calls and their facets, as local ARNs. Terraform has the same targets and facets with those of an
//! account (`terraform/platform/permissions.tf`).

use std::collections::BTreeMap;

use super::Table;
use crate::names::{prefixed, role_arn, state_machine_arn};
use crate::{arn, sqs};

/// The customer key, under which everything lies that can.
pub(super) fn key() -> String {
    arn::regional("kms", "key/local")
}

/// ARNs of a target by facet, `*` for anything. `None`: there is no such target.
pub fn facets(table: &Table, target: &str) -> Option<BTreeMap<&'static str, Vec<String>>> {
    let facets = place(target)
        .or_else(|| store(target))
        .or_else(|| service(target))
        .or_else(|| queue(target))
        .or_else(|| machine(table, target))
        .or_else(|| function(table, target))?;
    let all = facets.into_iter().chain([("any", "*".to_owned())]);
    Some(all.map(|(facet, arn)| (facet, vec![arn])).collect())
}

type Facets = Vec<(&'static str, String)>;

fn place(target: &str) -> Option<Facets> {
    let (bucket, objects) = match target {
        "source" => (prefixed("source"), "*".to_owned()),
        "output" => (prefixed("output"), "*".to_owned()),
        "work" | "media" | "published" => (prefixed("output"), format!("{target}/*")),
        _ => return None,
    };
    let objects = arn::s3(&bucket, Some(&objects));
    let bucket = arn::s3(&bucket, None);
    Some(vec![
        ("bucket", bucket),
        ("objects", objects),
        ("key", key()),
    ])
}

fn store(target: &str) -> Option<Facets> {
    let index = match target {
        "jobs-table" => "JobStatusUpdatedAt",
        "claims-table" => "ClaimStatusUpdatedAt",
        _ => return None,
    };
    let table = arn::table(&prefixed(target.trim_end_matches("-table")));
    let index = format!("{table}/index/{index}");
    Some(vec![("indexes", index), ("table", table), ("key", key())])
}

fn service(target: &str) -> Option<Facets> {
    let facets = match target {
        "notices-topic" => vec![("topic", arn::topic(&prefixed("notices"))), ("key", key())],
        "domain-event-bus" => vec![("bus", arn::event_bus(&prefixed("domain")))],
        "media-convert" => {
            let queue = format!("queues/{}", prefixed("transcodes"));
            vec![
                ("queue", arn::regional("mediaconvert", &queue)),
                ("jobs", arn::regional("mediaconvert", "jobs/*")),
                ("role", role_arn("media-convert")),
            ]
        }
        "data-automation" => {
            let bedrock = |resource: &str| arn::regional("bedrock", resource);
            // A cross-region profile works in every region that it covers.
            let profile = bedrock("data-automation-profile/us.data-automation-v1")
                .replace(crate::names::REGION, "*");
            vec![
                ("project", bedrock("data-automation-project/local")),
                ("profile", profile),
                ("invocations", bedrock("data-automation-invocation/*")),
            ]
        }
        "language-model" => {
            let model = "arn:aws:bedrock:us-east-1::foundation-model/videoflow.local-writer-v1";
            vec![("models", model.to_owned())]
        }
        "transcribe" => vec![("jobs", arn::regional("transcribe", "transcription-job/*"))],
        "rekognition" => Vec::new(),
        _ => return None,
    };
    Some(facets)
}

fn queue(target: &str) -> Option<Facets> {
    let name = target.strip_suffix("-queue")?;
    let (name, is_dead) = name
        .strip_suffix("-dead-letters")
        .map_or((name, false), |name| (name, true));
    let queue = prefixed(name);
    let queue = if is_dead {
        sqs::dead_letters(&queue)
    } else {
        queue
    };
    let is_known = ["deletions", "ingest", "failures", "failed-videos"].contains(&name);
    is_known.then(|| vec![("queue", arn::queue(&queue)), ("key", key())])
}

fn machine(table: &Table, target: &str) -> Option<Facets> {
    table.roles.machines.contains_key(target).then(|| {
        let machine = state_machine_arn(target);
        let executions = machine.replace(":stateMachine:", ":execution:");
        vec![
            ("machine", machine),
            ("executions", format!("{executions}:*")),
            ("map-executions", format!("{executions}/*:*")),
            ("nested-rule", arn::regional("events", NESTED_RULE)),
        ]
    })
}

/// The rule by which Step Functions hears of the end of nested executions.
pub(crate) const NESTED_RULE: &str = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule";

fn function(table: &Table, target: &str) -> Option<Facets> {
    let function = || arn::regional("lambda", &format!("function:{}:*", prefixed(target)));
    let is_function = table.roles.functions.contains_key(target);
    is_function.then(|| vec![("versions", function())])
}
