//! Compiles what is particular to a Task.

use std::sync::Arc;

use super::checker::{Checker, SCHEMA};
use super::fields::Fields;
use crate::effect::Pattern;
use crate::machine::{Family, Resource, Task, Workflow};
use crate::query::Language;

pub(super) fn compile(
    checker: &mut Checker,
    fields: &Fields<'_>,
    language: Language,
) -> Option<Task> {
    let arn = fields.required_text(checker, "Resource");
    let resource = arn.and_then(|arn| {
        let resource = compile_resource(arn);
        if resource.is_none() {
            checker.error(
                SCHEMA,
                fields.at("Resource"),
                format!("'{arn}' is no ARN of a Task's resource"),
            );
        }
        if checker.workflow == Workflow::Express
            && resource
                .as_ref()
                .is_some_and(|resource| matches!(resource.family, Family::Activity { .. }))
        {
            checker.error(
                SCHEMA,
                fields.at("Resource"),
                "Express state machine does not support Activity ARN",
            );
        }
        resource
    });
    if let Some(credentials) = fields.object(checker, "Credentials")
        && !credentials
            .keys()
            .any(|key| key == "RoleArn" || key == "RoleArn.$")
    {
        checker.error(
            SCHEMA,
            fields.at("Credentials"),
            "The field 'RoleArn' is required but was missing",
        );
    }
    let timeout = fields.integer(
        checker,
        ["TimeoutSeconds", "TimeoutSecondsPath"],
        language,
        1,
    );
    let heartbeat = fields.integer(
        checker,
        ["HeartbeatSeconds", "HeartbeatSecondsPath"],
        language,
        1,
    );
    let literal = |key| fields.get(key).and_then(serde_json::Value::as_u64);
    if literal("TimeoutSeconds")
        .zip(literal("HeartbeatSeconds"))
        .is_some_and(|(timeout, heartbeat)| heartbeat >= timeout)
    {
        checker.error(
            SCHEMA,
            fields.at("HeartbeatSeconds"),
            "The value must be smaller than TimeoutSeconds",
        );
    }
    Some(Task {
        timeout,
        heartbeat,
        credentials: fields.template(checker, "Credentials", language),
        resource: resource?,
    })
}

/// Takes an ARN apart.
fn compile_resource(arn: &str) -> Option<Resource> {
    const ENDINGS: [(&str, Pattern); 3] = [
        (".sync:2", Pattern::RunJobV2),
        (".sync", Pattern::RunJob),
        (".waitForTaskToken", Pattern::TaskToken),
    ];
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let &["arn", _partition, service, _region, account, rest] = parts.as_slice() else {
        return None;
    };
    if rest.is_empty() {
        return None;
    }
    let family = match service {
        "lambda" => Family::Lambda {
            arn: Arc::from(arn),
        },
        "states" if rest.starts_with("activity:") => Family::Activity {
            arn: Arc::from(arn),
        },
        "states" if account.is_empty() => {
            let (resource_type, resource) = split_integration(rest)?;
            Family::Integration {
                resource_type: Arc::from(resource_type),
                resource: Arc::from(resource),
            }
        }
        _ => return None,
    };
    if !matches!(family, Family::Integration { .. }) {
        return Some(Resource {
            arn: arn.to_owned(),
            pattern: Pattern::RequestResponse,
            family,
        });
    }
    let ending = ENDINGS
        .into_iter()
        .find_map(|(ending, pattern)| Some((arn.strip_suffix(ending)?, pattern)));
    let (base, pattern) = ending.unwrap_or((arn, Pattern::RequestResponse));
    Some(Resource {
        arn: base.to_owned(),
        pattern,
        family,
    })
}

/// `lambda:invoke` and `aws-sdk:s3:putObject`: the type ends before the action.
fn split_integration(rest: &str) -> Option<(&str, &str)> {
    let from = if let Some(action) = rest.strip_prefix("aws-sdk:") {
        rest.len() - action.len()
    } else {
        0
    };
    let colon = from + rest.get(from..)?.find(':')?;
    Some((rest.get(..colon)?, rest.get(colon + 1..)?)).filter(|(_, action)| !action.is_empty())
}
