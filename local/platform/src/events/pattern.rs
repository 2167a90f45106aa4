//! Event patterns: which events a rule takes.
//!
//! A pattern has the shape of the event; a leaf is a list of which one must match: a value, or a filter object.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>. `cidr` and `wildcard`
//! are not part of the local EventBridge: no rule of the project uses them, and a pattern with them is refused.

use serde_json::{Map, Value};

/// Levels of a pattern. The project's patterns have four.
const MAX_DEPTH: usize = 32;

/// Cause why a text is no event pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The text is no JSON object.
    #[error("not a JSON object: {0}")]
    NotAnObject(String),
    /// A leaf that is no list.
    #[error("{0} must be a list or an object")]
    NotAList(String),
    /// A list without alternatives, which nothing can match.
    #[error("{0} has no alternatives")]
    Empty(String),
    /// A filter that does not exist here, or whose value is not what it takes.
    #[error("{0} is not a filter")]
    UnknownFilter(String),
    /// Objects in objects without end.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// A parsed event pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// Every member must match.
    Members(Vec<(String, Node)>),
    /// One of the alternatives must match.
    Leaf(Vec<Filter>),
    /// One of the patterns must match.
    Or(Vec<Node>),
}

#[derive(Debug, Clone, PartialEq)]
enum Filter {
    Exact(Value),
    Prefix(String, Case),
    Suffix(String, Case),
    EqualsIgnoreCase(String),
    Exists(Presence),
    AnythingBut(Vec<Filter>),
    Numeric(Vec<(Comparison, f64)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Sensitive,
    Insensitive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Present,
    Absent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Every variant of [`PatternError`].
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| PatternError::NotAnObject(error.to_string()))?;
        match &value {
            Value::Object(members) => members_node(members, 0).map(Self),
            other => Err(PatternError::NotAnObject(other.to_string())),
        }
    }

    /// Whether the pattern takes `event`.
    pub fn matches(&self, event: &Value) -> bool {
        matches_node(&self.0, Some(event))
    }
}

fn members_node(members: &Map<String, Value>, depth: usize) -> Result<Node, PatternError> {
    if depth > MAX_DEPTH {
        return Err(PatternError::TooDeep);
    }
    let nodes = members.iter().map(|(name, value)| {
        let node = match value {
            Value::Object(members) => members_node(members, depth + 1)?,
            Value::Array(alternatives) if alternatives.is_empty() => {
                return Err(PatternError::Empty(name.clone()));
            }
            Value::Array(alternatives) if name == "$or" => or_node(alternatives, depth)?,
            Value::Array(alternatives) => {
                Node::Leaf(alternatives.iter().map(filter).collect::<Result<_, _>>()?)
            }
            _ => return Err(PatternError::NotAList(name.clone())),
        };
        Ok((name.clone(), node))
    });
    nodes.collect::<Result<_, _>>().map(Node::Members)
}

fn or_node(alternatives: &[Value], depth: usize) -> Result<Node, PatternError> {
    let nodes = alternatives.iter().map(|alternative| match alternative {
        Value::Object(members) => members_node(members, depth + 1),
        other => Err(PatternError::UnknownFilter(other.to_string())),
    });
    nodes.collect::<Result<_, _>>().map(Node::Or)
}

fn filter(value: &Value) -> Result<Filter, PatternError> {
    let refuse = || PatternError::UnknownFilter(value.to_string());
    let Value::Object(members) = value else {
        return match value {
            Value::Array(_) => Err(refuse()),
            exact => Ok(Filter::Exact(exact.clone())),
        };
    };
    let mut members = members.iter();
    let (Some((name, operand)), None) = (members.next(), members.next()) else {
        return Err(refuse());
    };
    let filter = match (name.as_str(), operand) {
        ("prefix", operand) => {
            text_and_case(operand).map(|(text, case)| Filter::Prefix(text, case))
        }
        ("suffix", operand) => {
            text_and_case(operand).map(|(text, case)| Filter::Suffix(text, case))
        }
        ("equals-ignore-case", Value::String(text)) => {
            Some(Filter::EqualsIgnoreCase(text.to_lowercase()))
        }
        ("exists", Value::Bool(true)) => Some(Filter::Exists(Presence::Present)),
        ("exists", Value::Bool(false)) => Some(Filter::Exists(Presence::Absent)),
        ("numeric", Value::Array(parts)) => numeric(parts).map(Filter::Numeric),
        ("anything-but", operand) => return anything_but(operand),
        _ => None,
    };
    filter.ok_or_else(refuse)
}

/// `"text"` or `{"equals-ignore-case": "text"}`.
fn text_and_case(operand: &Value) -> Option<(String, Case)> {
    match operand {
        Value::String(text) => Some((text.clone(), Case::Sensitive)),
        Value::Object(members) if members.len() == 1 => {
            let text = members.get("equals-ignore-case")?.as_str()?;
            Some((text.to_lowercase(), Case::Insensitive))
        }
        _ => None,
    }
}

/// `anything-but` takes a value, a list of values, or an object with one filter that takes a text or a list of them.
fn anything_but(operand: &Value) -> Result<Filter, PatternError> {
    let filters = match operand {
        Value::Array(values) => values.iter().map(filter).collect::<Result<Vec<_>, _>>()?,
        Value::Object(members) => {
            let mut filters = Vec::new();
            for (name, values) in members {
                let values = values
                    .as_array()
                    .map_or(std::slice::from_ref(values), Vec::as_slice);
                for value in values {
                    let mut single = Map::new();
                    single.insert(name.clone(), value.clone());
                    filters.push(filter(&Value::Object(single))?);
                }
            }
            filters
        }
        value => vec![filter(value)?],
    };
    if filters.is_empty() {
        Err(PatternError::Empty("anything-but".to_owned()))
    } else {
        Ok(Filter::AnythingBut(filters))
    }
}

fn numeric(parts: &[Value]) -> Option<Vec<(Comparison, f64)>> {
    let pairs = parts.chunks(2).map(|pair| {
        let [comparison, number] = pair else {
            return None;
        };
        let comparison = match comparison.as_str()? {
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            "=" => Comparison::Equal,
            ">=" => Comparison::GreaterOrEqual,
            ">" => Comparison::Greater,
            _ => return None,
        };
        Some((comparison, number.as_f64()?))
    });
    pairs
        .collect::<Option<Vec<_>>>()
        .filter(|pairs| !pairs.is_empty())
}

fn matches_node(node: &Node, value: Option<&Value>) -> bool {
    match node {
        Node::Members(members) => members.iter().all(|(name, node)| match node {
            // `$or` stands beside the members of its object.
            Node::Or(_) => matches_node(node, value),
            _ => matches_node(node, value.and_then(|value| value.get(name))),
        }),
        Node::Or(nodes) => nodes.iter().any(|node| matches_node(node, value)),
        Node::Leaf(filters) => filters.iter().any(|filter| matches_leaf(filter, value)),
    }
}

/// A list in the event matches when one of its elements does.
fn matches_leaf(filter: &Filter, value: Option<&Value>) -> bool {
    match (filter, value) {
        (Filter::Exists(presence), value) => {
            let is_leaf = value.is_some_and(|value| !value.is_object());
            is_leaf == (*presence == Presence::Present)
        }
        (_, None) => false,
        (filter, Some(Value::Array(values))) => {
            values.iter().any(|value| matches_value(filter, value))
        }
        (filter, Some(value)) => matches_value(filter, value),
    }
}

fn matches_value(filter: &Filter, value: &Value) -> bool {
    let text = |case: &Case| match case {
        Case::Sensitive => value.as_str().map(str::to_owned),
        Case::Insensitive => value.as_str().map(str::to_lowercase),
    };
    match filter {
        Filter::Exact(exact) => is_same(exact, value),
        Filter::Prefix(prefix, case) => text(case).is_some_and(|text| text.starts_with(prefix)),
        Filter::Suffix(suffix, case) => text(case).is_some_and(|text| text.ends_with(suffix)),
        Filter::EqualsIgnoreCase(expected) => {
            text(&Case::Insensitive).is_some_and(|text| text == *expected)
        }
        Filter::Exists(presence) => *presence == Presence::Present,
        Filter::AnythingBut(filters) => !filters.iter().any(|filter| matches_value(filter, value)),
        Filter::Numeric(comparisons) => value.as_f64().is_some_and(|number| {
            comparisons
                .iter()
                .all(|(comparison, limit)| match comparison {
                    Comparison::Less => number < *limit,
                    Comparison::LessOrEqual => number <= *limit,
                    Comparison::Equal => number.total_cmp(limit).is_eq(),
                    Comparison::GreaterOrEqual => number >= *limit,
                    Comparison::Greater => number > *limit,
                })
        }),
    }
}

/// Equal values; numbers by what they are worth, not by how they are written.
fn is_same(exact: &Value, value: &Value) -> bool {
    match (exact.as_f64(), value.as_f64()) {
        (Some(exact), Some(value)) => exact.total_cmp(&value).is_eq(),
        _ => exact == value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "cases are easier to read without borrows"
    )]
    fn check(pattern: Value, event: Value, expected: bool) {
        let parsed = Pattern::parse(&pattern.to_string()).expect("a pattern of the test");
        assert_eq!(parsed.matches(&event), expected, "{pattern} on {event}");
    }

    fn object_created(key: &str) -> Value {
        json!({
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": {"bucket": {"name": "source"}, "object": {"key": key, "size": 10}, "reason": "PutObject"},
        })
    }

    #[test]
    fn matches_every_operator() {
        let on_key = |filter: Value| json!({"detail": {"object": {"key": [filter]}}});
        for (pattern, expected) in [
            (json!({}), true),
            (
                json!({"source": ["aws.s3"], "detail": {"bucket": {"name": ["source", "other"]}}}),
                true,
            ),
            (
                json!({"source": ["aws.s3"], "detail": {"bucket": {"name": ["other"]}}}),
                false,
            ),
            (on_key(json!({"prefix": "videos/"})), true),
            (on_key(json!({"prefix": "Videos/"})), false),
            (
                on_key(json!({"prefix": {"equals-ignore-case": "VIDEOS/"}})),
                true,
            ),
            (on_key(json!({"suffix": ".MP4"})), true),
            (on_key(json!({"suffix": ".mp4"})), false),
            (
                on_key(json!({"suffix": {"equals-ignore-case": ".mp4"}})),
                true,
            ),
            (on_key(json!({"equals-ignore-case": "VIDEOS/a.mp4"})), true),
            (on_key(json!({"anything-but": "videos/a.MP4"})), false),
            (on_key(json!({"anything-but": ["b", "c"]})), true),
            (
                on_key(json!({"anything-but": {"prefix": "videos/"}})),
                false,
            ),
            (
                on_key(json!({"anything-but": {"suffix": [".mov", ".MP4"]}})),
                false,
            ),
            (on_key(json!({"exists": true})), true),
            (on_key(json!({"exists": false})), false),
            (
                json!({"detail": {"object": {"etag": [{"exists": false}]}}}),
                true,
            ),
            (
                json!({"detail": {"object": {"etag": [{"anything-but": "x"}]}}}),
                false,
            ),
            (
                json!({"detail": {"object": {"size": [{"numeric": [">", 5, "<=", 10]}]}}}),
                true,
            ),
            (
                json!({"detail": {"object": {"size": [{"numeric": ["<", 10]}]}}}),
                false,
            ),
            (json!({"detail": {"object": {"size": [10.0]}}}), true),
            (
                json!({"$or": [{"source": ["b"]}, {"detail-type": ["Object Created"]}]}),
                true,
            ),
            (
                json!({"$or": [{"source": ["b"]}, {"source": ["c"]}]}),
                false,
            ),
        ] {
            check(pattern, object_created("videos/a.MP4"), expected);
        }
        check(
            json!({"resources": ["b"]}),
            json!({"resources": ["a", "b"]}),
            true,
        );
        check(json!({"error": [null]}), json!({"error": null}), true);
    }

    #[test]
    fn refuses_what_is_no_pattern() {
        for (pattern, expected) in [
            ("[]", PatternError::NotAnObject("[]".into())),
            ("{\"a\": \"b\"}", PatternError::NotAList("a".into())),
            ("{\"a\": []}", PatternError::Empty("a".into())),
            (
                "{\"a\": [{\"cidr\": \"::/0\"}]}",
                PatternError::UnknownFilter("{\"cidr\":\"::/0\"}".into()),
            ),
            (
                "{\"a\": [{\"numeric\": [\">\"]}]}",
                PatternError::UnknownFilter("{\"numeric\":[\">\"]}".into()),
            ),
            (
                "{\"a\": [{\"anything-but\": []}]}",
                PatternError::Empty("anything-but".into()),
            ),
        ] {
            assert_eq!(Pattern::parse(pattern), Err(expected), "{pattern}");
        }
        let deep = format!(
            "{}{}",
            "{\"a\":".repeat(40),
            "[1]".to_owned() + &"}".repeat(40)
        );
        assert_eq!(Pattern::parse(&deep), Err(PatternError::TooDeep));
    }
}
