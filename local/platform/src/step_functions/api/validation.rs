//! `ValidateStateMachineDefinition`: what the engine's compiler finds, and what its linter warns of.
//!
//! Unlike AWS's, which may change from day to day, the warnings are the linter's own; those about the house's style are
//! left out.

use serde_json::{Value, json};
use videoflow_asl::lint::{self, Options, Warnings};
use videoflow_asl::{Diagnostic, Severity, StateMachine, Workflow};

use super::StatesService;
use super::error::required;
use crate::service::ServiceError;

/// Most diagnostics of one answer, and as many where the caller does not say (AWS's limits).
const MAX_RESULTS: usize = 100;

impl StatesService {
    pub(super) fn validate_definition(parameters: &Value) -> Result<Value, ServiceError> {
        let definition = required(parameters, "Definition")?;
        let word = |name: &str| parameters.get(name).and_then(Value::as_str);
        let workflow = match word("Type") {
            Some("EXPRESS") => Workflow::Express,
            _ => Workflow::Standard,
        };
        let most = parameters.get("MaxResults").and_then(Value::as_u64);
        let most = most.and_then(|most| usize::try_from(most).ok());
        let most = most.filter(|most| *most > 0).unwrap_or(MAX_RESULTS);
        let compiled = StateMachine::compile_as(definition, workflow);
        let result = if compiled.is_ok() { "OK" } else { "FAIL" };
        let mut found = compiled.err().unwrap_or_default();
        found.retain(|finding| finding.severity == Severity::Error);
        let mut found: Vec<Value> = found.iter().map(diagnostic).collect();
        if word("Severity") == Some("WARNING") {
            found.extend(warnings(definition));
        }
        let is_truncated = found.len() > most.min(MAX_RESULTS);
        found.truncate(most.min(MAX_RESULTS));
        Ok(json!({"Result": result, "Diagnostics": found, "Truncated": is_truncated}))
    }
}

fn diagnostic(finding: &Diagnostic) -> Value {
    json!({
        "Severity": finding.severity,
        "Code": finding.code,
        "Message": finding.message,
        "Location": finding.location,
    })
}

fn warnings(definition: &str) -> Vec<Value> {
    let options = Options {
        warnings: Warnings::Likely,
        catalog: None,
    };
    let mut found = lint::check(definition, &options);
    found.retain(|finding| finding.severity == Severity::Warning);
    let warning = |finding: &lint::Finding| {
        json!({
            "Severity": finding.severity,
            "Code": finding.code,
            "Message": finding.message,
            "Location": finding.location,
        })
    };
    found.iter().map(warning).collect()
}
