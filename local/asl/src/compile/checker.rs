//! Collects what is wrong with a definition.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::variables::Frame;
use crate::diagnostic::{Diagnostic, escape};
use crate::machine::{Assign, Workflow};
use crate::query::Language;
use crate::query::template::{Flaw, Name, Template};

/// The text is not JSON.
pub(super) const INVALID_JSON: &str = "INVALID_JSON_DESCRIPTION";
/// A field is missing, unknown, or holds what it must not.
pub(super) const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";
/// A transition leads nowhere, or none leads here.
pub(super) const MISSING_TARGET: &str = "MISSING_TRANSITION_TARGET";
/// An expression does not compile.
pub(super) const EXPRESSION: &str = "INVALID_EXPRESSION";

/// Longest name of a state, or of a variable.
const MAX_NAME: usize = 80;

/// A letter, then letters, digits and `_` (Unicode's `ID_Start` and `ID_Continue`, nearly).
/// <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>
fn is_variable(name: &str) -> bool {
    name.starts_with(char::is_alphabetic)
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().count() <= MAX_NAME
}

#[derive(Default)]
pub(super) struct Checker {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) depth: usize,
    pub(super) workflow: Workflow,
    pub(super) frames: Vec<Frame>,
    names: HashSet<String>,
}

impl Checker {
    pub(super) fn new(workflow: Workflow) -> Self {
        Self {
            workflow,
            ..Self::default()
        }
    }

    /// Reports a finding; the machine itself is at `/`.
    pub(super) fn error(
        &mut self,
        code: &'static str,
        at: impl Into<String>,
        message: impl Into<String>,
    ) {
        let at = at.into();
        let at = if at.is_empty() { "/".to_owned() } else { at };
        self.diagnostics.push(Diagnostic::error(code, at, message));
    }

    /// Names are unique in the whole machine.
    pub(super) fn check_name(&mut self, name: &str, at: &str) {
        if name.is_empty() || name.chars().count() > MAX_NAME {
            self.error(
                SCHEMA,
                at,
                format!("A state's name must have 1 to {MAX_NAME} characters"),
            );
        }
        if !self.names.insert(name.to_owned()) {
            self.error(SCHEMA, at, format!("The state name '{name}' is used twice"));
        }
    }

    pub(super) fn template(&mut self, value: &Value, language: Language, at: &str) -> Template {
        self.checked(at, |flaws| Template::compile(value, language, at, flaws))
    }

    /// The value of a `JSONPath` field that is a path or an intrinsic call.
    pub(super) fn dynamic(&mut self, value: &Value, at: &str) -> Template {
        self.checked(at, |flaws| Template::compile_dynamic(value, at, flaws))
    }

    fn checked(&mut self, at: &str, compile: impl FnOnce(&mut Vec<Flaw>) -> Template) -> Template {
        let mut flaws = Vec::new();
        let template = compile(&mut flaws);
        for (at, flaw) in flaws {
            self.error(EXPRESSION, at, flaw);
        }
        template.visit_names(at, &mut |name, at| match name {
            Name::Variable(name) => self.reads(name, at),
            Name::Function(name) => {
                self.warn_undefined(at.to_owned(), format!("There is no function '${name}'"));
            }
        });
        template
    }

    /// The variables of an Assign, each with its template.
    pub(super) fn assign(&mut self, value: Option<&Value>, language: Language, at: &str) -> Assign {
        let Some(value) = value else {
            return Vec::new();
        };
        let Some(members) = value.as_object() else {
            self.error(SCHEMA, at, "The value must be an object");
            return Vec::new();
        };
        let mut assign = Vec::with_capacity(members.len());
        for (key, value) in members {
            let at = format!("{at}/{}", escape(key));
            let dynamic = key
                .strip_suffix(".$")
                .filter(|_| language == Language::JsonPath);
            let name = dynamic.unwrap_or(key);
            if name == "states" || !is_variable(name) {
                self.error(
                    SCHEMA,
                    &at,
                    format!("'{name}' cannot be the name of a variable"),
                );
            }
            self.assigns(name, &at);
            let template = match dynamic {
                Some(_) => self.dynamic(value, &at),
                None => self.template(value, language, &at),
            };
            assign.push((Arc::from(name), template));
        }
        assign
    }
}
