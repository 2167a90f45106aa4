//! The targets of calls and their facets, as local ARNs. Terraform has the same targets and facets with those of an
//! account.

use std::collections::BTreeMap;

use videoflow_platform::lambda::deployments;
use videoflow_platform::names::{prefixed, role_arn, state_machine_arn};
use videoflow_platform::{arn, sqs};

use crate::machines::tasks::definitions;

/// ARNs of a target by facet, `*` for anything. `None`: there is no such target.
pub(super) fn facets(target: &str) -> Option<BTreeMap<&'static str, String>> {
    let key = || ("key", arn::regional("kms", "key/local"));
    let place = |bucket: &str, objects: &str| {
        let bucket = prefixed(bucket);
        let objects = arn::s3(&bucket, Some(objects));
        vec![
            ("bucket", arn::s3(&bucket, None)),
            ("objects", objects),
            key(),
        ]
    };
    let facets = match target {
        "source" => place("source", "*"),
        "work" | "media" | "published" => place("output", &format!("{target}/*")),
        "jobs-table" | "claims-table" => {
            let table = arn::table(&prefixed(target.trim_end_matches("-table")));
            vec![
                ("indexes", format!("{table}/index/*")),
                ("table", table),
                key(),
            ]
        }
        "notices-topic" => vec![("topic", arn::topic(&prefixed("notices"))), key()],
        "domain-event-bus" => vec![("bus", arn::event_bus(&prefixed("domain")))],
        "media-convert" => vec![
            (
                "queue",
                arn::regional(
                    "mediaconvert",
                    &format!("queues/{}", prefixed("transcodes")),
                ),
            ),
            ("jobs", arn::regional("mediaconvert", "jobs/*")),
            ("role", role_arn("media-convert")),
        ],
        "data-automation" => vec![
            (
                "project",
                arn::regional("bedrock", "data-automation-project/local"),
            ),
            (
                "profile",
                arn::regional("bedrock", "data-automation-profile/us.data-automation-v1"),
            ),
            (
                "invocations",
                arn::regional("bedrock", "data-automation-invocation/*"),
            ),
        ],
        "language-model" => {
            vec![(
                "models",
                "arn:aws:bedrock:us-east-1::foundation-model/videoflow.local-writer-v1".to_owned(),
            )]
        }
        "transcribe" => vec![("jobs", arn::regional("transcribe", "transcription-job/*"))],
        "rekognition" => Vec::new(),
        _ => queue(target)
            .or_else(|| machine(target))
            .or_else(|| function(target))?,
    };
    let any = [("any", "*".to_owned())];
    Some(facets.into_iter().chain(any).collect())
}

type Facets = Vec<(&'static str, String)>;

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
    ["ingest", "failures", "failed-videos"]
        .contains(&name)
        .then(|| {
            vec![
                ("queue", arn::queue(&queue)),
                ("key", arn::regional("kms", "key/local")),
            ]
        })
}

fn machine(target: &str) -> Option<Facets> {
    definitions().contains_key(target).then(|| {
        let machine = state_machine_arn(target);
        let executions = machine.replace(":stateMachine:", ":execution:");
        let rule = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule";
        vec![
            ("machine", machine),
            ("executions", format!("{executions}:*")),
            ("map-executions", format!("{executions}/*:*")),
            ("nested-rule", arn::regional("events", rule)),
        ]
    })
}

fn function(target: &str) -> Option<Facets> {
    let function = || arn::regional("lambda", &format!("function:{}:*", prefixed(target)));
    deployments()
        .contains_key(target)
        .then(|| vec![("versions", function())])
}

/// Whether an ARN is one that a pattern means.
pub(super) fn matches(pattern: &str, found: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn a_star_is_anything() {
    let check = |pattern: &str, found: &str, expected: bool| {
        assert_eq!(matches(pattern, found), expected, "{pattern} {found}");
    };
    check("a:b", "a:b", true);
    check("a:b", "a:bc", false);
    check("a:*", "a:b/c", true);
    check("a:*", "b:a", false);
    check("a/*:*", "a/b:c", true);
    check("a/*:*", "a:b/c", false);
    check("*", "", true);
}
