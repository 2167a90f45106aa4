//! What is wrong with a definition, and where.

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// AWS refuses the definition.
    Error,
    /// The definition is accepted, but looks wrong.
    Warning,
}

/// One finding about a definition, in the shape of `ValidateStateMachineDefinition`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{location}: {code}: {message}")]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The kind of finding, e.g. `MISSING_TRANSITION_TARGET`.
    pub code: &'static str,
    /// Why, in words.
    pub message: String,
    /// JSON pointer into the definition (`/States/Check/Next`), or `line 3, column 7` where it is not JSON.
    pub location: String,
}

impl Diagnostic {
    pub(crate) fn error(
        code: &'static str,
        location: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            location: location.into(),
        }
    }
}

/// A key as part of a JSON pointer (RFC 6901).
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
