//! Compiles what is particular to a Task.

use std::sync::Arc;

use super::checker::{Checker, SCHEMA};
use super::fields::Fields;
use super::integrations;
use crate::effect::Pattern;
use crate::machine::{Family, Resource, Task, Workflow};
use crate::query::Language;

pub(super) fn compile(
    checker: &mut Checker,
    fields: &Fields<'_>,
    language: Language,
) -> Option<Task> {
    let arn = fields.required_text(checker, "Resource");
    let resource = arn.and_then(|arn| compile_known(checker, fields, arn));
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

/// A resource that exists, and that the type of the workflow may call.
fn compile_known(checker: &mut Checker, fields: &Fields<'_>, arn: &str) -> Option<Resource> {
    let resource = compile_resource(arn).filter(|resource| match &resource.family {
        Family::Integration {
            resource_type,
            resource: action,
        } => {
            let action = action.split('.').next().unwrap_or_default();
            integrations::exists(resource_type, action, resource.pattern)
        }
        Family::Lambda { .. } | Family::Activity { .. } => true,
    });
    let Some(resource) = resource else {
        let message = format!(
            "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region."
        );
        checker.error(SCHEMA, fields.at("Resource"), message);
        return None;
    };
    let lacks = match (&resource.family, resource.pattern) {
        (Family::Activity { .. }, _) => Some("Activity ARN"),
        (_, Pattern::RunJob | Pattern::RunJobV2) => Some("'.sync' service integration"),
        (_, Pattern::TaskToken) => Some("'.waitForTaskToken' service integration"),
        (_, Pattern::RequestResponse) => None,
    };
    if let (Workflow::Express, Some(lacks)) = (checker.workflow, lacks) {
        let message = format!("Express state machine does not support {lacks}");
        checker.error(SCHEMA, fields.at("Resource"), message);
    }
    Some(resource)
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
