//! How a value differs from its shape.

use std::fmt::{self, Display, Write};

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::model::{Kind, Model, Shape, ShapeId};

/// Levels of a value. DynamoDB's items, the deepest there are, have 32 of three shapes each.
const MAX_DEPTH: usize = 128;

/// One way in which a value is not what the API model says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Deviation {
    pub at: Path,
    pub cause: Cause,
    /// The value as messages show it; none where it is secret.
    pub value: Option<String>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cause {
    /// The structure has no such member.
    Unknown,
    /// A required member is missing.
    Missing,
    /// The value is of another type.
    Type { wanted: Kind, found: &'static str },
    /// The text is none of those that there are.
    Enum(Vec<String>),
    /// The text is not as the pattern says.
    Pattern(String),
    /// Too short a text, list or map.
    MinLength(f64),
    /// Too long a one.
    MaxLength(f64),
    /// Too small a number.
    MinValue(f64),
    /// Too large a one.
    MaxValue(f64),
}

/// Where in the parameters or the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path(pub Vec<Step>);

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Member(String),
    /// Counted from 0.
    Item(usize),
    Key(String),
}

/// Where a text may stand for a number or a truth value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextsForScalars {
    /// The protocol has nothing but texts.
    Anywhere,
    /// In headers, the query and the path.
    InHead,
    /// In no answer.
    Nowhere,
}

/// All deviations of `value` from the shape.
pub(super) fn deviations(
    model: &Model,
    shape: ShapeId,
    value: &Value,
    texts: TextsForScalars,
) -> Vec<Deviation> {
    let mut walk = Walk {
        model,
        texts,
        path: Vec::new(),
        found: Vec::new(),
    };
    walk.value(shape, value);
    walk.found
}

/// Steps of a walk, borrowed: most walks find nothing.
enum Borrowed<'a> {
    Member(&'a str),
    Item(usize),
    Key(&'a str),
}

struct Walk<'a> {
    model: &'a Model,
    texts: TextsForScalars,
    path: Vec<Borrowed<'a>>,
    found: Vec<Deviation>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, shape: ShapeId, value: &'a Value) {
        let Some(shape) = self.model.shape(shape) else {
            return;
        };
        if self.path.len() > MAX_DEPTH {
            return;
        }
        match (shape.kind, value) {
            // A member that is null is one that was not given.
            (_, Value::Null) => {}
            (Kind::Structure, Value::Object(members)) => self.structure(shape, members),
            (Kind::Map, Value::Object(members)) => {
                self.length(shape, members.len(), value);
                for (key, value) in members {
                    self.step_into(Borrowed::Key(key), shape, value);
                }
            }
            (Kind::List, Value::Array(items)) => {
                self.length(shape, items.len(), value);
                for (index, item) in items.iter().enumerate() {
                    self.step_into(Borrowed::Item(index), shape, item);
                }
            }
            _ => self.scalar(shape, value),
        }
    }

    fn structure(&mut self, shape: &'a Shape, members: &'a Map<String, Value>) {
        for (name, value) in members {
            match shape.members.get(name) {
                Some(member) => {
                    let texts = self.texts;
                    if texts == TextsForScalars::InHead && member.location.is_some() {
                        self.texts = TextsForScalars::Anywhere;
                    }
                    self.step(Borrowed::Member(name), member.shape, value);
                    self.texts = texts;
                }
                None => self.unknown(name, value),
            }
        }
        for name in &shape.required {
            if members.get(name).is_none_or(Value::is_null) {
                self.missing(name);
            }
        }
    }

    fn scalar(&mut self, shape: &Shape, value: &Value) {
        match (shape.kind, value) {
            (Kind::String, Value::String(text)) => self.text(shape, text, value),
            // A payload is whatever it says; where it is Base64 its length is that of the bytes.
            (Kind::Blob, Value::String(text)) => {
                let length = text.trim_end_matches('=').len() * 3 / 4;
                self.length(shape, length, value);
            }
            // AWS's parsers cut a decimal off where an integer is wanted.
            (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, Value::Number(number)) => {
                self.number(shape, number.as_f64(), value);
            }
            (Kind::Timestamp, Value::String(text)) if self.is_time(text) => {}
            (Kind::Blob | Kind::Document, _)
            | (Kind::Boolean, Value::Bool(_))
            | (Kind::Timestamp, Value::Number(_)) => {}
            (_, Value::String(text)) if self.stands_for(shape.kind, text) => {
                self.number(shape, text.parse().ok(), value);
            }
            (wanted, _) => {
                let found = described(value);
                self.report(Cause::Type { wanted, found }, Some(value), shape);
            }
        }
    }

    fn step(&mut self, step: Borrowed<'a>, shape: ShapeId, value: &'a Value) {
        self.path.push(step);
        self.value(shape, value);
        self.path.pop();
    }

    fn step_into(&mut self, step: Borrowed<'a>, shape: &Shape, value: &'a Value) {
        if let Some(inner) = shape.inner {
            self.step(step, inner, value);
        }
    }

    fn is_time(&self, text: &str) -> bool {
        // S3's headers have dates in other forms, and S3 passes over those that it cannot read.
        self.texts == TextsForScalars::Anywhere || OffsetDateTime::parse(text, &Rfc3339).is_ok()
    }

    fn stands_for(&self, kind: Kind, text: &str) -> bool {
        self.texts == TextsForScalars::Anywhere
            && match kind {
                Kind::Boolean => text.parse::<bool>().is_ok(),
                Kind::Integer | Kind::Long => text.parse::<i64>().is_ok(),
                Kind::Float | Kind::Double => text.parse::<f64>().is_ok(),
                _ => false,
            }
    }

    fn text(&mut self, shape: &Shape, text: &str, value: &Value) {
        if !shape.values.is_empty() && !shape.values.iter().any(|known| known == text) {
            self.report(Cause::Enum(shape.values.clone()), Some(value), shape);
        }
        self.length(shape, text.chars().count(), value);
        if let Some(pattern) = shape
            .pattern
            .as_ref()
            .filter(|pattern| !pattern.is_match(text))
        {
            self.report(Cause::Pattern(pattern.source.clone()), Some(value), shape);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "lengths are small")]
    fn length(&mut self, shape: &Shape, length: usize, value: &Value) {
        if let Some(min) = shape.min.filter(|min| (length as f64) < *min) {
            self.report(Cause::MinLength(min), Some(value), shape);
        }
        if let Some(max) = shape.max.filter(|max| length as f64 > *max) {
            self.report(Cause::MaxLength(max), Some(value), shape);
        }
    }

    fn number(&mut self, shape: &Shape, number: Option<f64>, value: &Value) {
        let Some(number) = number else { return };
        if let Some(min) = shape.min.filter(|min| number < *min) {
            self.report(Cause::MinValue(min), Some(value), shape);
        }
        if let Some(max) = shape.max.filter(|max| number > *max) {
            self.report(Cause::MaxValue(max), Some(value), shape);
        }
    }

    fn unknown(&mut self, name: &'a str, value: &Value) {
        self.path.push(Borrowed::Member(name));
        self.report(Cause::Unknown, Some(value), &Shape::default());
        self.path.pop();
    }

    fn missing(&mut self, name: &str) {
        let mut at = self.at();
        at.0.push(Step::Member(name.to_owned()));
        self.found.push(Deviation {
            at,
            cause: Cause::Missing,
            value: None,
        });
    }

    fn report(&mut self, cause: Cause, value: Option<&Value>, shape: &Shape) {
        let shown = value.filter(|_| !shape.is_sensitive).map(|value| {
            let text = value.as_str().map(str::to_owned);
            text.unwrap_or_else(|| value.to_string())
        });
        self.found.push(Deviation {
            at: self.at(),
            cause,
            value: shown,
        });
    }

    fn at(&self) -> Path {
        let steps = self.path.iter().map(|step| match step {
            Borrowed::Member(name) => Step::Member((*name).to_owned()),
            Borrowed::Item(index) => Step::Item(*index),
            Borrowed::Key(key) => Step::Key((*key).to_owned()),
        });
        Path(steps.collect())
    }
}

/// The kind of a JSON value as AWS's parsers name it.
fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "list",
        Value::Object(_) => "structure or map",
    }
}

impl Path {
    /// Name of the last member.
    pub fn member(&self) -> &str {
        let name = self.0.iter().rev().find_map(|step| match step {
            Step::Member(name) => Some(name.as_str()),
            _ => None,
        });
        name.unwrap_or_default()
    }
}

/// As AWS writes it: `requestItems.table.member.1.member.putRequest.item`.
impl Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_char('.')?;
            }
            match step {
                Step::Member(name) => formatter.write_str(&uncapitalised(name))?,
                Step::Item(item) => write!(formatter, "{}.member", item + 1)?,
                Step::Key(key) => write!(formatter, "{key}.member")?,
            }
        }
        Ok(())
    }
}

/// The name with its first letter in lower case.
pub(super) fn uncapitalised(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
