//! `JSONata` expressions: `{% … %}`.

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use serde_json::{Map, Number, Value};

use super::names::Names;
use super::{Scope, functions};
use crate::failure::Failure;

/// Longest evaluation, so that an endless recursion ends: thousands of times what a payload of full size needs. The only
/// use of real time; it decides nothing but a failure that would otherwise be a standstill.
const EVALUATION_LIMIT_MS: u64 = 5_000;

/// Names of an expression that are looked up in the scope.
#[derive(Debug, Default)]
struct Uses {
    variables: Vec<String>,
    /// Members of `$states`.
    states: Vec<&'static str>,
}

/// The members of `$states`.
const STATES: [&str; 4] = ["input", "result", "errorOutput", "context"];

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Jsonata {
    source: String,
    ast: AstNode,
    uses: Uses,
}

/// The expression within `{% … %}`, if the text is one.
pub(crate) fn expression(text: &str) -> Option<&str> {
    Some(text.strip_prefix("{%")?.strip_suffix("%}")?.trim())
}

impl Jsonata {
    /// Compiles the inside of `{% … %}`; the error is a message.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let ast = parser::parse(source).map_err(|error| error.to_string())?;
        let uses = Uses::of(source);
        if uses.variables.iter().any(|name| name == "eval") {
            return Err("The function $eval is not supported.".to_owned());
        }
        Ok(Self {
            source: source.to_owned(),
            ast,
            uses,
        })
    }

    /// The names that it takes from outside.
    pub(crate) fn names(&self) -> Names {
        Names::of(&self.ast)
    }

    /// Evaluates the expression for the field at `location`.
    pub(crate) fn evaluate(&self, scope: &Scope<'_>, location: &str) -> Result<Value, Failure> {
        let mut context = Context::new();
        self.bind(&mut context, scope);
        let options = EvaluatorOptions {
            timeout_ms: Some(EVALUATION_LIMIT_MS),
            ..EvaluatorOptions::default()
        };
        let mut evaluator = Evaluator::with_options(context, options);
        let random = Rc::new(Cell::new(scope.random.state()));
        functions::register(&mut evaluator, &self.uses.variables, &random, scope.now);
        let value = evaluator.evaluate(&self.ast, &JValue::Undefined);
        scope.random.restore(random.get());
        let value = value.map_err(|error| {
            self.failure(
                location,
                &format!("threw an error during evaluation. {}", error.message()),
            )
        })?;
        if value.is_undefined() {
            return Err(self.failure(location, "returned nothing (undefined)."));
        }
        to_json(&value)
            .ok_or_else(|| self.failure(location, "returned an unsupported result type."))
    }

    /// A failure of this expression.
    pub(crate) fn failure(&self, location: &str, what: &str) -> Failure {
        let cause = format!(
            "The JSONata expression '{}' specified for the field '{location}' {what}",
            self.source
        );
        Failure::query(Some(location), cause)
    }

    fn bind(&self, context: &mut Context, scope: &Scope<'_>) {
        for name in &self.uses.variables {
            if let Some(value) = scope.variables.get(name) {
                context.bind(name.clone(), scope.convert(name, value));
            }
        }
        let mut states = JValue::from(Value::Object(Map::new()));
        if let Some(members) = states.as_object_mut() {
            for name in &self.uses.states {
                let value = match *name {
                    "input" => Some(scope.input),
                    "result" => scope.result,
                    "errorOutput" => scope.error_output,
                    _ => Some(&*scope.context),
                };
                if let Some(value) = value {
                    members.insert(
                        (*name).to_owned(),
                        scope.convert(&format!("states.{name}"), value),
                    );
                }
            }
        }
        context.bind("states".to_owned(), states);
    }
}

impl Scope<'_> {
    /// Converts a value once for all expressions of this scope.
    fn convert(&self, name: &str, value: &Value) -> JValue {
        if let Some(known) = self.converted.borrow().get(name) {
            return known.clone();
        }
        let converted = JValue::from(value.clone());
        self.converted
            .borrow_mut()
            .insert(name.to_owned(), converted.clone());
        converted
    }
}

impl Uses {
    /// Every `$name` of the text; one within a string literal does no harm.
    fn of(source: &str) -> Self {
        let mut uses = Self::default();
        for part in source.split('$').skip(1) {
            let end = part
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            if name == "states" {
                uses.add_states(rest);
            } else if !name.is_empty() && !uses.variables.iter().any(|known| known == name) {
                uses.variables.push(name.to_owned());
            }
        }
        uses
    }

    /// What follows `$states` says which member is meant; if it does not, all may be.
    fn add_states(&mut self, rest: &str) {
        let member = rest
            .trim_start()
            .strip_prefix('.')
            .map(str::trim_start)
            .unwrap_or_default();
        let end = member
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(member.len());
        let named = member.split_at(end).0;
        let meant = if STATES.contains(&named) {
            Some(named)
        } else {
            None
        };
        for name in STATES {
            if meant.is_none_or(|meant| meant == name) && !self.states.contains(&name) {
                self.states.push(name);
            }
        }
    }
}

/// A JSON value, or None where it holds a function or a number that JSON lacks.
pub(crate) fn to_json(value: &JValue) -> Option<Value> {
    Some(match value {
        JValue::Null | JValue::Undefined => Value::Null,
        JValue::Bool(flag) => Value::Bool(*flag),
        JValue::Number(number) => number_to_json(*number)?,
        JValue::String(text) => Value::String(text.to_string()),
        JValue::Array(items) => Value::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        JValue::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| Some((key.clone(), to_json(value)?)))
                .collect::<Option<_>>()?,
        ),
        JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => return None,
    })
}

/// Whole numbers that f64 holds exactly become integers.
#[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
pub(crate) fn number_to_json(number: f64) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Some(Value::from(number as i64));
    }
    Number::from_f64(number).map(Value::Number)
}
