//! Says what is wrong with a definition, where, and what to do about it.
//!
//! [`check`] tells what the compiler finds, where each finding stands in the text, and what the compiler does not ask:
//! ways without an end, variables that some way leaves unassigned, calls that AWS's API models ([`aws::Catalog`], given
//! as data) do not have, and the house rules.
//!
//! ```
//! use videoflow_asl::lint::{Options, Warnings, check};
//!
//! let text = r#"{ "StartAt": "Wait", "States": { "Wait": { "Type": "Wait", "Seconds": 1, "Next": "Gone" } } }"#;
//! let findings = check(text, &Options { warnings: Warnings::None, catalog: None });
//! assert_eq!(findings[0].code, "MISSING_TRANSITION_TARGET");
//! assert_eq!((findings[0].line, findings[0].column), (1, 74));
//! assert_eq!(findings[0].state.as_deref(), Some("Wait"));
//! ```

pub mod aws;
mod expression;
mod flow;
mod handlers;
mod house;
mod place;
mod tree;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Severity};
use crate::{StateMachine, Workflow};
use place::Places;
use tree::Region;

/// No way leads from a state to an end.
const NO_END: &str = "NO_END";
/// A variable is read that some way leaves unassigned.
const MAYBE_UNASSIGNED: &str = "MAYBE_UNASSIGNED";
/// An object has a key twice; the later one counts.
const DUPLICATE_KEY: &str = "DUPLICATE_KEY";

/// What is warned of; errors are always told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Warnings {
    /// Errors only.
    None,
    /// What is accepted, but probably not meant.
    Likely,
    /// These, and what departs from the house rules (codes that begin with `HOUSE_`).
    #[default]
    House,
}

/// How a definition is checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// What is warned of.
    pub warnings: Warnings,
    /// AWS's API models; without them the calls of Tasks are not checked.
    pub catalog: Option<&'a aws::Catalog>,
}

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Line in the text, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The state; none where it is about the machine.
    pub state: Option<String>,
    /// JSON pointer; empty where the text is not JSON.
    pub location: String,
    /// An error is refused by AWS, or fails whenever it runs.
    #[serde(serialize_with = "lower_case")]
    pub severity: Severity,
    /// The kind of finding; codes do not change.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it")]
fn lower_case<S: serde::Serializer>(severity: &Severity, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    })
}

impl Finding {
    fn new(severity: Severity, code: &'static str, at: &str, message: String) -> Self {
        Self {
            line: 0,
            column: 0,
            state: None,
            location: at.to_owned(),
            severity,
            code,
            message,
        }
    }

    fn error(code: &'static str, at: impl AsRef<str>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, at.as_ref(), message.into())
    }

    fn warning(code: &'static str, at: impl AsRef<str>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, at.as_ref(), message.into())
    }
}

/// Everything that is wrong with a definition, in the order of the text.
pub fn check(source: &str, options: &Options<'_>) -> Vec<Finding> {
    let definition: Value = match serde_json::from_str(source) {
        Ok(definition) => definition,
        Err(error) => {
            let message = format!("This is not JSON: {error}.");
            return vec![Finding {
                line: error.line(),
                column: error.column(),
                ..Finding::error("INVALID_JSON_DESCRIPTION", "", message)
            }];
        }
    };
    let places = Places::of(source);
    let mut findings = compiled(source);
    for (at, _) in &places.duplicates {
        let message = "The key comes twice in this object, and only the last one counts. Rename or delete one.";
        findings.push(Finding::warning(DUPLICATE_KEY, at, message));
    }
    if let Some(machine) = Region::of(&definition) {
        flow::check(&machine, &BTreeSet::new(), &mut findings);
        let mut calls = Vec::new();
        for state in machine.all() {
            handlers::check(state, &mut findings);
            if let Some(catalog) = options.catalog {
                aws::check(state, catalog, &mut calls);
            }
        }
        // Of a call that does not exist the models say more than the compiler.
        let is_told = |location: &str| calls.iter().any(|call| call.location == location);
        findings
            .retain(|found| !found.location.ends_with("/Resource") || !is_told(&found.location));
        findings.append(&mut calls);
        house::check(&machine, &mut findings);
    }
    findings.retain(|finding| is_wanted(finding, options.warnings));
    for finding in &mut findings {
        complete(finding, &definition, &places);
    }
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings
}

/// What the compiler says.
fn compiled(source: &str) -> Vec<Finding> {
    let told = match StateMachine::compile_as(source, Workflow::Standard) {
        Ok(machine) => machine.warnings().to_vec(),
        Err(findings) => findings,
    };
    told.into_iter()
        .map(|diagnostic: Diagnostic| {
            let at = diagnostic.location.trim_end_matches('/').to_owned();
            Finding::new(
                diagnostic.severity,
                diagnostic.code,
                &at,
                sentence(&diagnostic.message),
            )
        })
        .collect()
}

fn sentence(message: &str) -> String {
    let message = message.trim();
    if message.ends_with(['.', '!', '?']) {
        message.to_owned()
    } else {
        format!("{message}.")
    }
}

fn is_wanted(finding: &Finding, warnings: Warnings) -> bool {
    finding.severity == Severity::Error
        || if finding.code.starts_with("HOUSE_") {
            warnings >= Warnings::House
        } else {
            warnings >= Warnings::Likely
        }
}

/// Adds the place and the state.
fn complete(finding: &mut Finding, definition: &Value, places: &Places<'_>) {
    let at = &finding.location;
    let expression = definition.pointer(at).and_then(Value::as_str);
    let place = match expression {
        Some(text) if finding.code == "INVALID_EXPRESSION" => {
            places.within(at, expression::flaw(text).unwrap_or_default())
        }
        _ if finding.code == DUPLICATE_KEY => places
            .duplicates
            .iter()
            .find(|(pointer, _)| pointer == at)
            .map_or_else(|| places.start(at), |(_, place)| *place),
        _ => places.start(at),
    };
    finding.line = place.line;
    finding.column = place.column;
    finding.state = state_of(at);
}

/// The innermost state that a pointer goes through.
fn state_of(pointer: &str) -> Option<String> {
    let (_, after) = pointer.rsplit_once("/States/")?;
    let name = after.split('/').next()?;
    Some(name.replace("~1", "/").replace("~0", "~"))
}
