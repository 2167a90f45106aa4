//! Filters of paths: `[?(@.size > 3 && @.name != 'x')]`.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

use super::{Printed, Step, places, quote};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Not(Box<Filter>),
    Exists(Operand),
    Compare(Operand, Comparator, Operand),
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Literal(Value),
    /// From `@`, the item in question.
    Item(Vec<Step>),
    /// From `$`, the document.
    Root(Vec<Step>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    In,
    NotIn,
}

impl Filter {
    pub(super) fn holds(&self, item: &Value, root: &Value) -> bool {
        match self {
            Self::Or(tests) => tests.iter().any(|test| test.holds(item, root)),
            Self::And(tests) => tests.iter().all(|test| test.holds(item, root)),
            Self::Not(test) => !test.holds(item, root),
            Self::Exists(operand) => operand.value(item, root).is_some(),
            Self::Compare(left, comparator, right) => {
                comparator.holds(left.value(item, root), right.value(item, root))
            }
        }
    }
}

impl Operand {
    /// The value, None where the path names nothing.
    fn value<'v>(&'v self, item: &'v Value, root: &'v Value) -> Option<&'v Value> {
        match self {
            Self::Literal(value) => Some(value),
            Self::Item(steps) => places(steps, item, root).first().copied(),
            Self::Root(steps) => places(steps, root, root).first().copied(),
        }
    }
}

impl Comparator {
    fn holds(self, left: Option<&Value>, right: Option<&Value>) -> bool {
        let ordering = left.zip(right).and_then(|(left, right)| order(left, right));
        let is_equal = match (left, right) {
            (None, None) => true,
            (Some(left), Some(right)) => ordering.map_or(left == right, Ordering::is_eq),
            _ => false,
        };
        let is_in = || {
            let items = right.and_then(Value::as_array);
            left.zip(items).is_some_and(|(left, items)| {
                items
                    .iter()
                    .any(|item| order(left, item).map_or(left == item, Ordering::is_eq))
            })
        };
        match self {
            Self::Equal => is_equal,
            Self::NotEqual => !is_equal,
            Self::Less => ordering.is_some_and(Ordering::is_lt),
            Self::AtMost => ordering.is_some_and(Ordering::is_le),
            Self::Greater => ordering.is_some_and(Ordering::is_gt),
            Self::AtLeast => ordering.is_some_and(Ordering::is_ge),
            Self::In => is_in(),
            Self::NotIn => !is_in(),
        }
    }
}

/// How numbers and texts compare; other types, and different ones, do not.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, tests: &[Self], between: &str| {
            let tests: Vec<String> = tests.iter().map(|test| format!("({test})")).collect();
            f.write_str(&tests.join(between))
        };
        match self {
            Self::Or(tests) => joined(f, tests, " || "),
            Self::And(tests) => joined(f, tests, " && "),
            Self::Not(test) => write!(f, "!({test})"),
            Self::Exists(operand) => write!(f, "{operand}"),
            Self::Compare(left, comparator, right) => {
                write!(f, "{left} {} {right}", comparator.symbol())
            }
        }
    }
}

impl Comparator {
    fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::In => "in",
            Self::NotIn => "nin",
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(steps) => write!(f, "@{}", Printed(steps)),
            Self::Root(steps) => write!(f, "${}", Printed(steps)),
            Self::Literal(value) => f.write_str(&literal(value)),
        }
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}
