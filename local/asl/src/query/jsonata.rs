//! `JSONata` expressions: `{% … %}`.

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use serde_json::{Map, Number, Value};

use super::names::Names;
use super::uses::{Need, Uses};
use super::{Part, Scope, functions};
use crate::failure::Failure;

/// Longest evaluation, so that an endless recursion ends: thousands of times what a payload of full size needs. The only
/// use of real time; it decides nothing but a failure that would otherwise be a standstill.
const EVALUATION_LIMIT_MS: u64 = 5_000;

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
        if uses.variables.contains_key("eval") {
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
        functions::register(
            &mut evaluator,
            self.uses.variables.keys(),
            &random,
            scope.now,
        );
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
        for (name, need) in &self.uses.variables {
            if let Some(value) = scope.variables.get(name) {
                context.bind(name.clone(), scope.convert(name, value, need));
            }
        }
        if self.uses.states.is_empty() {
            return;
        }
        let mut states = empty();
        if let Some(members) = states.as_object_mut() {
            for (name, need) in &self.uses.states {
                let value = match *name {
                    "input" => Some(scope.input),
                    "result" => scope.result,
                    "errorOutput" => scope.error_output,
                    _ => Some(
                        scope
                            .context
                            .get(Part::that_has_input(need.reaches(&["Execution", "Input"]))),
                    ),
                };
                if let Some(value) = value {
                    let value = scope.convert(&format!("states.{name}"), value, need);
                    members.insert((*name).to_owned(), value);
                }
            }
        }
        context.bind("states".to_owned(), states);
    }
}

impl Scope<'_> {
    /// Converts what is needed of a value, documents once for all expressions of this scope.
    fn convert(&self, name: &str, value: &Value, need: &Need) -> JValue {
        match (need, value) {
            (Need::Members(needed), Value::Object(members)) => {
                let mut converted = empty();
                if let Some(object) = converted.as_object_mut() {
                    for (key, value) in members {
                        if let Some(need) = needed.get(key) {
                            let value = self.convert(&format!("{name}.{key}"), value, need);
                            object.insert(key.clone(), value);
                        }
                    }
                }
                converted
            }
            (_, Value::Object(_) | Value::Array(_)) => {
                if let Some(known) = self.converted.borrow().get(name) {
                    return known.clone();
                }
                let converted = JValue::from(value.clone());
                let mut known = self.converted.borrow_mut();
                known.insert(name.to_owned(), converted.clone());
                converted
            }
            (_, scalar) => JValue::from(scalar.clone()),
        }
    }
}

fn empty() -> JValue {
    JValue::from(Value::Object(Map::new()))
}

/// A JSON value, or None where it holds a function or a number that JSON lacks.
pub(crate) fn to_json(value: &JValue) -> Option<Value> {
    Some(match value {
        JValue::Null | JValue::Undefined => Value::Null,
        JValue::Bool(flag) => Value::Bool(*flag),
        JValue::Number(number) => number_to_json(*number)?,
        JValue::String(text) => Value::String(text.to_string()),
        JValue::Array(items) => Value::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        JValue::Object(members) => {
            let mut object = Map::with_capacity(members.len());
            for (key, value) in members.iter() {
                object.insert(key.clone(), to_json(value)?);
            }
            Value::Object(object)
        }
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
