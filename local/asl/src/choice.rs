//! The comparison operators of `JSONPath` Choice states.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::failure::Failure;
use crate::query::Scope;
use crate::query::path::Path;

/// A condition.
#[derive(Debug)]
pub(crate) enum Test {
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    Compare(Comparison),
}

#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) variable: Path,
    pub(crate) operator: Operator,
    pub(crate) operand: Operand,
}

/// What the variable is compared with.
#[derive(Debug)]
pub(crate) enum Operand {
    Literal(Value),
    Path(Path),
}

/// What values an operator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    String,
    Numeric,
    Boolean,
    Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equals(Family),
    LessThan(Family),
    LessThanEquals(Family),
    GreaterThan(Family),
    GreaterThanEquals(Family),
    Matches,
    IsNull,
    IsPresent,
    /// `IsString`, `IsNumeric`, `IsBoolean`, `IsTimestamp`.
    Is(Family),
}

impl Operator {
    /// The operator of a field, and whether its operand is a path.
    pub(crate) fn parse(name: &str) -> Option<(Self, bool)> {
        let fixed = match name {
            "IsNull" => Some(Self::IsNull),
            "IsPresent" => Some(Self::IsPresent),
            "IsString" => Some(Self::Is(Family::String)),
            "IsNumeric" => Some(Self::Is(Family::Numeric)),
            "IsBoolean" => Some(Self::Is(Family::Boolean)),
            "IsTimestamp" => Some(Self::Is(Family::Timestamp)),
            "StringMatches" => Some(Self::Matches),
            _ => None,
        };
        if let Some(operator) = fixed {
            return Some((operator, false));
        }
        let base = name.strip_suffix("Path");
        let families = [
            ("String", Family::String),
            ("Numeric", Family::Numeric),
            ("Boolean", Family::Boolean),
            ("Timestamp", Family::Timestamp),
        ];
        let (comparison, family) = families.into_iter().find_map(|(prefix, family)| {
            Some((base.unwrap_or(name).strip_prefix(prefix)?, family))
        })?;
        let operator = match comparison {
            "Equals" => Self::Equals(family),
            _ if family == Family::Boolean => return None,
            "LessThan" => Self::LessThan(family),
            "LessThanEquals" => Self::LessThanEquals(family),
            "GreaterThan" => Self::GreaterThan(family),
            "GreaterThanEquals" => Self::GreaterThanEquals(family),
            _ => return None,
        };
        Some((operator, base.is_some()))
    }

    /// Whether a literal operand fits.
    pub(crate) fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Equals(family)
            | Self::LessThan(family)
            | Self::LessThanEquals(family)
            | Self::GreaterThan(family)
            | Self::GreaterThanEquals(family) => family.has(value),
            Self::Matches => value.is_string(),
            Self::IsNull | Self::IsPresent | Self::Is(_) => value.is_boolean(),
        }
    }
}

impl Family {
    fn has(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Numeric => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Timestamp => parse_timestamp(value).is_some(),
        }
    }

    /// How two values compare, None where either is of another type.
    fn compare(self, first: &Value, second: &Value) -> Option<Ordering> {
        match self {
            Self::String => Some(first.as_str()?.cmp(second.as_str()?)),
            Self::Numeric => first.as_f64()?.partial_cmp(&second.as_f64()?),
            Self::Boolean => Some(first.as_bool()?.cmp(&second.as_bool()?)),
            Self::Timestamp => Some(parse_timestamp(first)?.cmp(&parse_timestamp(second)?)),
        }
    }
}

/// A text in RFC 3339.
pub(crate) fn parse_timestamp(value: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok()
}

impl Test {
    pub(crate) fn holds(&self, scope: &Scope<'_>) -> Result<bool, Failure> {
        match self {
            Self::And(tests) => {
                for test in tests {
                    if !test.holds(scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(tests) => {
                for test in tests {
                    if test.holds(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(test) => test.holds(scope).map(|holds| !holds),
            Self::Compare(comparison) => comparison.holds(scope),
        }
    }
}

impl Comparison {
    fn holds(&self, scope: &Scope<'_>) -> Result<bool, Failure> {
        let found = self.variable.find(scope);
        let expected = match &self.operand {
            Operand::Literal(value) => Cow::Borrowed(value),
            Operand::Path(path) => path.find(scope).ok_or_else(|| missing(path))?,
        };
        if self.operator == Operator::IsPresent {
            return Ok(Value::Bool(found.is_some()) == *expected);
        }
        let actual = found.ok_or_else(|| missing(&self.variable))?;
        let compared = |family: Family| family.compare(&actual, &expected);
        Ok(match self.operator {
            Operator::Equals(family) => compared(family).is_some_and(Ordering::is_eq),
            Operator::LessThan(family) => compared(family).is_some_and(Ordering::is_lt),
            Operator::LessThanEquals(family) => compared(family).is_some_and(Ordering::is_le),
            Operator::GreaterThan(family) => compared(family).is_some_and(Ordering::is_gt),
            Operator::GreaterThanEquals(family) => compared(family).is_some_and(Ordering::is_ge),
            Operator::Matches => actual
                .as_str()
                .zip(expected.as_str())
                .is_some_and(|(text, pattern)| matches(text, pattern)),
            Operator::IsNull => Value::Bool(actual.is_null()) == *expected,
            Operator::Is(family) => Value::Bool(family.has(&actual)) == *expected,
            Operator::IsPresent => false,
        })
    }
}

fn missing(path: &Path) -> Failure {
    Failure::runtime(format!(
        "Invalid path '{}': The choice state's condition path references an invalid value.",
        path.source()
    ))
}

/// `*` stands for any text, `\*` and `\\` for themselves.
fn matches(text: &str, pattern: &str) -> bool {
    let mut parts = vec![String::new()];
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match c {
            '*' => parts.push(String::new()),
            '\\' => parts
                .last_mut()
                .into_iter()
                .for_each(|part| part.extend(characters.next())),
            other => parts
                .last_mut()
                .into_iter()
                .for_each(|part| part.push(other)),
        }
    }
    let (Some((first, rest)), Some(mut left)) = (
        parts.split_first(),
        text.strip_prefix(parts.first().map_or("", |part| part)),
    ) else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return text == first;
    };
    for part in middle {
        match left.find(part.as_str()) {
            Some(at) => left = left.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    left.ends_with(last.as_str())
}
