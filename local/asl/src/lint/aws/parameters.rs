//! Holds arguments to the shape that the API takes.

use regex::Regex;
use serde_json::{Map, Value};

use super::model::{Kind, Service, Shape};
use crate::diagnostic::escape;
use crate::lint::Finding;
use crate::query::Language;

/// The API has no such parameter.
pub(super) const UNKNOWN: &str = "UNKNOWN_PARAMETER";
/// The API requires it.
const MISSING: &str = "MISSING_PARAMETER";
/// The parameter is written otherwise.
const SPELLING: &str = "PARAMETER_SPELLING";
/// The value is of another type.
const TYPE: &str = "PARAMETER_TYPE";
/// The value is out of the API's bounds.
const VALUE: &str = "PARAMETER_VALUE";

/// Most names that a message lists.
const MAX_LISTED: usize = 8;

/// The check of one call's arguments.
pub(super) struct Check<'a> {
    pub(super) service: &'a Service,
    pub(super) language: Language,
    /// Texts that may be written as any JSON.
    pub(super) json: &'a [&'a str],
    /// Whether names must be spelt as the SDK for Java 2 has them.
    pub(super) is_sdk: bool,
    pub(super) findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    /// A value of a shape by its name.
    pub(super) fn value(&mut self, value: &Value, shape: &str, at: &str) {
        let Some(shape) = self.service.shapes.get(shape) else {
            return;
        };
        if self.is_unknown(value) {
            return;
        }
        match (shape.kind, value) {
            (Kind::Blob | Kind::Document, _)
            | (Kind::Boolean, Value::Bool(_))
            | (Kind::Timestamp, Value::String(_) | Value::Number(_)) => {}
            (Kind::Structure, Value::Object(members)) => self.structure(members, shape, at),
            (Kind::Map, Value::Object(members)) => {
                let inner = shape.value.as_deref().unwrap_or_default();
                for (key, value) in members {
                    if !self.is_dynamic(key) {
                        self.value(value, inner, &format!("{at}/{}", escape(key)));
                    }
                }
            }
            (Kind::List, Value::Array(items)) => {
                self.bounds(items.len(), shape, at, "items");
                let inner = shape.member.as_deref().unwrap_or_default();
                for (index, item) in items.iter().enumerate() {
                    self.value(item, inner, &format!("{at}/{index}"));
                }
            }
            (Kind::String, Value::String(text)) => self.text(text, shape, at),
            (Kind::Integer | Kind::Long, Value::Number(number)) if number.is_f64() => {
                self.wrong_type("a whole number", at);
            }
            (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, Value::Number(number)) => {
                self.number(number.as_f64().unwrap_or_default(), shape, at);
            }
            // Step Functions converts texts that read as what is wanted ("true", "60").
            (Kind::Boolean, Value::String(text)) if text.parse::<bool>().is_ok() => {}
            (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, Value::String(text))
                if text.parse::<f64>().is_ok() => {}
            // Whether it makes a text of other values depends on the service.
            (Kind::String, _) => {
                let message =
                    "The API takes a text here. Write one, or build it with an expression.";
                self.findings.push(Finding::warning(TYPE, at, message));
            }
            (kind, _) => self.wrong_type(described(kind), at),
        }
    }

    /// Expressions and placeholders give what cannot be known.
    fn is_unknown(&self, value: &Value) -> bool {
        value.as_str().is_some_and(|text| {
            text.contains("${") || self.language == Language::Jsonata && text.starts_with("{%")
        })
    }

    fn is_dynamic(&self, key: &str) -> bool {
        self.language == Language::JsonPath && key.ends_with(".$")
    }

    fn structure(&mut self, members: &Map<String, Value>, shape: &Shape, at: &str) {
        let mut given = Vec::with_capacity(members.len());
        for (key, value) in members {
            let at = format!("{at}/{}", escape(key));
            let name = if self.is_dynamic(key) {
                key.trim_end_matches(".$")
            } else {
                key
            };
            let Some((known, inner)) = find(shape, name) else {
                let message = format!("There is no parameter '{name}' here. {}", hint(name, shape));
                self.findings.push(Finding::error(UNKNOWN, at, message));
                continue;
            };
            given.push(known);
            if self.is_sdk && known != name {
                let message = format!("Step Functions spells this parameter '{known}'. Rename it.");
                self.findings.push(Finding::warning(SPELLING, &at, message));
            }
            if !self.is_dynamic(key) && !self.json.contains(&known) {
                self.value(value, inner, &at);
            }
        }
        for name in shape
            .required
            .iter()
            .filter(|name| !given.contains(&name.as_str()))
        {
            let message = format!("The required parameter '{name}' is missing. Add it.");
            self.findings.push(Finding::error(MISSING, at, message));
        }
    }

    fn text(&mut self, text: &str, shape: &Shape, at: &str) {
        if !shape.values.is_empty() && !shape.values.iter().any(|value| value == text) {
            let listed = listed(shape.values.iter());
            let message = format!("'{text}' is none of the values that the API knows: {listed}.");
            self.findings.push(Finding::error(VALUE, at, message));
        }
        self.bounds(text.chars().count(), shape, at, "characters");
        if let Some(pattern) = &shape.pattern
            && let Ok(regex) = Regex::new(&format!(r"\A(?:{pattern})\z"))
            && !regex.is_match(text)
        {
            let message = format!("'{text}' does not match the API's pattern {pattern}.");
            self.findings.push(Finding::error(VALUE, at, message));
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "lengths are small")]
    fn bounds(&mut self, length: usize, shape: &Shape, at: &str, unit: &str) {
        let length = length as f64;
        let bound = match (shape.min, shape.max) {
            (Some(min), _) if length < min => format!("at least {min}"),
            (_, Some(max)) if length > max => format!("at most {max}"),
            _ => return,
        };
        let message = format!("The API takes {bound} {unit} here, not {length}.");
        self.findings.push(Finding::error(VALUE, at, message));
    }

    fn number(&mut self, number: f64, shape: &Shape, at: &str) {
        let bound = match (shape.min, shape.max) {
            (Some(min), _) if number < min => format!("at least {min}"),
            (_, Some(max)) if number > max => format!("at most {max}"),
            _ => return,
        };
        let message = format!("The API takes {bound} here, not {number}.");
        self.findings.push(Finding::error(VALUE, at, message));
    }

    fn wrong_type(&mut self, wanted: &str, at: &str) {
        let message = format!("The API takes {wanted} here.");
        self.findings.push(Finding::error(TYPE, at, message));
    }
}

fn described(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "a text",
        Kind::Structure | Kind::Map => "an object",
        Kind::List => "an array",
        Kind::Integer | Kind::Long => "a whole number",
        Kind::Float | Kind::Double => "a number",
        Kind::Boolean => "true or false",
        Kind::Timestamp => "a moment",
        Kind::Blob | Kind::Document => "any value",
    }
}

/// A member by its name, however its letters are cased, with its shape's name.
fn find<'a>(shape: &'a Shape, name: &str) -> Option<(&'a str, &'a str)> {
    let found = shape.members.get_key_value(name).or_else(|| {
        let wanted = plain(name);
        shape
            .members
            .iter()
            .find(|(member, _)| plain(member) == wanted)
    });
    found.map(|(member, inner)| (member.as_str(), inner.as_str()))
}

/// The SDK for Java 2 has other names for `NULL` and `equals`.
fn plain(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "null" => "nul".to_owned(),
        "equals" => "equalsvalue".to_owned(),
        other => other.to_owned(),
    }
}

fn hint(name: &str, shape: &Shape) -> String {
    match super::nearest::closest(name, shape.members.keys().map(String::as_str)) {
        Some(near) => format!("Is it '{near}'?"),
        None => format!("Known are {}.", listed(shape.members.keys())),
    }
}

pub(super) fn listed<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = names.len().saturating_sub(MAX_LISTED);
    let mut listed: Vec<String> = names.take(MAX_LISTED).cloned().collect();
    if more > 0 {
        listed.push(format!("and {more} more"));
    }
    listed.join(", ")
}
