//! The answers to calls that a policy does not allow, as each service words them.
//!
//! Codes and statuses are those that clients have been seen to get: `AccessDenied` 403 of S3 and SQS, `AuthorizationError`
//! 403 of SNS, `AccessDeniedException` of all others, 403 from REST services (Lambda, `MediaConvert`, Bedrock) and 400 from
//! JSON services. S3 writes ARNs in quotes. SNS and SQS spell actions in their own way. Where a key is refused, SQS and SNS
//! have codes of their own in their API models; the other services answer as for the call itself.

use super::policy::Decision;
use super::{Need, Principal};
use crate::service::ServiceError;

/// The answer of `service` to `principal`, who lacks a right.
pub(super) fn refusal(
    service: &str,
    principal: &Principal,
    need: &Need,
    decision: Decision,
) -> ServiceError {
    let (code, status) = match (service, is_of_key(need)) {
        ("s3", _) | ("sqs", false) => ("AccessDenied", 403),
        ("sqs", true) => ("KMS.AccessDeniedException", 400),
        ("sns", false) => ("AuthorizationError", 403),
        ("sns", true) => ("KMSAccessDenied", 400),
        ("lambda" | "mediaconvert" | "bedrock", _) => ("AccessDeniedException", 403),
        _ => ("AccessDeniedException", 400),
    };
    ServiceError::new(code, status, message(service, principal, need, decision))
}

fn is_of_key(need: &Need) -> bool {
    need.action.starts_with("kms:")
}

fn message(service: &str, principal: &Principal, need: &Need, decision: Decision) -> String {
    let action = match service {
        _ if is_of_key(need) => need.action.clone(),
        "sqs" => need.action.to_ascii_lowercase(),
        "sns" => need.action.replacen("sns:", "SNS:", 1),
        _ => need.action.clone(),
    };
    let resource = match (service, need.resource.as_str()) {
        (_, "*") => String::new(),
        ("s3", resource) if !is_of_key(need) => format!(" on resource: \"{resource}\""),
        (_, resource) => format!(" on resource: {resource}"),
    };
    let reason = match decision {
        Decision::DeniedExplicitly => {
            "with an explicit deny in an identity-based policy".to_owned()
        }
        _ => format!("because no identity-based policy allows the {action} action"),
    };
    let user = &principal.arn;
    format!("User: {user} is not authorized to perform: {action}{resource} {reason}")
}
