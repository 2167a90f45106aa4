//! What a request says of a machine: its definition and its settings.
//!
//! Logging, tracing and encryption are checked, kept and told; the local platform does none of them.

use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_asl::{Diagnostic, StateMachine};

use super::error::refusal;
use crate::service::ServiceError;

/// Compiles a definition.
pub(super) fn compiled(definition: &str) -> Result<Arc<StateMachine>, ServiceError> {
    let compiled = StateMachine::compile(definition);
    compiled.map(Arc::new).map_err(|findings| {
        let findings: Vec<String> = findings.iter().map(finding).collect();
        let findings = findings.join(", ");
        let message = format!("Invalid State Machine Definition: '{findings}'");
        refusal("InvalidDefinition", &message)
    })
}

/// `SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /`.
fn finding(finding: &Diagnostic) -> String {
    let place = match finding.location.as_str() {
        "" => "/",
        place => place,
    };
    format!("{}: {} at {place}", finding.code, finding.message)
}

/// `loggingConfiguration`, if the request has one.
pub(super) fn logging(parameters: &Value) -> Result<Option<Value>, ServiceError> {
    let Some(wanted) = member(parameters, "LoggingConfiguration") else {
        return Ok(None);
    };
    let level = wanted.get("Level").and_then(Value::as_str).unwrap_or("OFF");
    let destinations = member(wanted, "Destinations");
    let count = destinations.and_then(Value::as_array).map_or(0, Vec::len);
    if count > 1 || (level != "OFF" && count == 0) {
        return Err(refusal(
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        ));
    }
    let is_data_included = wanted.get("IncludeExecutionData").and_then(Value::as_bool);
    let mut logging = json!({
        "Level": level,
        "IncludeExecutionData": is_data_included.unwrap_or(false),
    });
    if let (Some(logging), Some(destinations)) = (logging.as_object_mut(), destinations) {
        logging.insert("Destinations".to_owned(), destinations.clone());
    }
    Ok(Some(logging))
}

/// `tracingConfiguration`, if the request has one.
pub(super) fn tracing(parameters: &Value) -> Option<bool> {
    let wanted = member(parameters, "TracingConfiguration")?;
    Some(wanted.get("Enabled").and_then(Value::as_bool) == Some(true))
}

/// `encryptionConfiguration`, if the request has one.
pub(super) fn encryption(parameters: &Value) -> Result<Option<Value>, ServiceError> {
    let Some(wanted) = member(parameters, "EncryptionConfiguration") else {
        return Ok(None);
    };
    let kind = wanted.get("Type").and_then(Value::as_str);
    let is_customers = kind == Some("CUSTOMER_MANAGED_KMS_KEY");
    if is_customers == member(wanted, "KmsKeyId").is_some() {
        return Ok(Some(wanted.clone()));
    }
    let message = "Invalid Encryption Configuration: kmsKeyId goes with CUSTOMER_MANAGED_KMS_KEY";
    Err(refusal("InvalidEncryptionConfiguration", message))
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_told_with_their_place() {
        let check = |definition: &str, expected: &str| {
            let refused = compiled(definition)
                .map(drop)
                .map_err(|error| error.to_string());
            let refused = refused.err().unwrap_or_default();
            assert!(refused.starts_with(expected), "{refused}");
        };
        // Recorded on AWS.
        check(
            r#"{"Comment": "c", "StartAt": "State_1"}"#,
            "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'",
        );
        check(
            r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}"#,
            "InvalidDefinition: Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: ",
        );
        check(
            "{",
            "InvalidDefinition: Invalid State Machine Definition: '",
        );
    }

    #[test]
    fn logging_has_one_destination_or_is_off() {
        let check = |wanted: Value, expected: Option<Value>| {
            let found = logging(&json!({ "LoggingConfiguration": wanted }));
            assert_eq!(found.ok(), expected.map(Some), "{wanted}");
        };
        let group = json!({"CloudWatchLogsLogGroup": {"LogGroupArn": "arn:g:*"}});
        let off = json!({"Level": "OFF", "IncludeExecutionData": false});
        check(json!({}), Some(off));
        check(
            json!({"Level": "ALL", "IncludeExecutionData": true, "Destinations": [group]}),
            Some(json!({"Level": "ALL", "IncludeExecutionData": true, "Destinations": [group]})),
        );
        check(
            json!({"Destinations": []}),
            Some(json!({"Level": "OFF", "IncludeExecutionData": false, "Destinations": []})),
        );
        check(json!({"Level": "ALL"}), None);
        check(json!({"Level": "ALL", "Destinations": []}), None);
        check(json!({"Destinations": [group, group]}), None);
    }
}
