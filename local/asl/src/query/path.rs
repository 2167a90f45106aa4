//! `JSONPath` as Step Functions has it: `$…` of the input, `$$…` of the context object, `$name…` of a variable.

use std::borrow::Cow;

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::{Part, Scope};

/// What a path starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Root {
    Input,
    Context,
    Variable(String),
}

/// A compiled path.
#[derive(Debug)]
pub(crate) struct Path {
    source: String,
    root: Root,
    query: Query,
    /// What it needs of the context object, should it start there.
    part: Part,
}

/// Which places a path names.
#[derive(Debug)]
enum Query {
    /// One, by names and indexes: the result is its value.
    Steps(Vec<Step>),
    /// One.
    One(JsonPath),
    /// Any number: the result is a list of values.
    Many(JsonPath),
}

impl Path {
    /// Compiles a path; the error is a message.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let (root, rest) = split_root(source)
            .ok_or_else(|| format!("The JSONPath '{source}' must start with $"))?;
        let (normal, definite) = normalize(rest);
        let query = JsonPath::parse(&normal)
            .map_err(|error| format!("'{source}' is no JSONPath: {error}"))?;
        let query = match Step::all(&normal).filter(|_| definite) {
            Some(steps) => Query::Steps(steps),
            None if definite => Query::One(query),
            None => Query::Many(query),
        };
        Ok(Self {
            source: source.to_owned(),
            root,
            part: Part::that_has_input(query.may_reach(&["Execution", "Input"])),
            query,
        })
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The variable that the path starts from.
    pub(crate) fn variable(&self) -> Option<&str> {
        match &self.root {
            Root::Variable(name) => Some(name),
            Root::Input | Root::Context => None,
        }
    }

    /// The value at the path, None where there is none.
    pub(crate) fn find<'s>(&self, scope: &'s Scope<'_>) -> Option<Cow<'s, Value>> {
        self.query.find(match &self.root {
            Root::Input => scope.input,
            Root::Context => scope.context.get(self.part),
            Root::Variable(name) => scope.variables.get(name)?,
        })
    }

    /// The document that the path is looked for in, for messages.
    pub(crate) fn document<'s>(&self, scope: &'s Scope<'_>) -> Option<&'s Value> {
        match &self.root {
            Root::Input => Some(scope.input),
            Root::Context => Some(scope.context.get(Part::Whole)),
            Root::Variable(name) => scope.variables.get(name).map(std::convert::AsRef::as_ref),
        }
    }
}

impl Query {
    fn find<'d>(&self, document: &'d Value) -> Option<Cow<'d, Value>> {
        match self {
            Self::Steps(steps) => {
                let mut place = document;
                for step in steps {
                    place = match step {
                        Step::Name(name) => place.as_object()?.get(name)?,
                        Step::Index(index) => place.as_array()?.get(*index)?,
                    };
                }
                Some(Cow::Borrowed(place))
            }
            Self::One(path) => path.query(document).first().map(Cow::Borrowed),
            Self::Many(path) => {
                let nodes = path.query(document);
                let values = nodes.iter().map(|node| (*node).clone());
                Some(Cow::Owned(values.collect()))
            }
        }
    }

    /// Whether it names a place on the way to these names, or within.
    fn may_reach(&self, names: &[&str]) -> bool {
        match self {
            Self::Steps(steps) => steps
                .iter()
                .zip(names)
                .all(|(step, name)| matches!(step, Step::Name(own) if own == name)),
            Self::One(_) | Self::Many(_) => true,
        }
    }
}

/// Where a path starts, and the path as one of `$`.
fn split_root(source: &str) -> Option<(Root, String)> {
    let rest = source.strip_prefix('$')?;
    if let Some(rest) = rest.strip_prefix('$') {
        return Some((Root::Context, format!("${rest}")));
    }
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    let root = if name.is_empty() {
        Root::Input
    } else {
        Root::Variable(name.to_owned())
    };
    Some((root, format!("${tail}")))
}

/// The path in RFC 9535's words, and whether it is definite. Step Functions allows names that the shorthand of the RFC
/// lacks, e.g. `$.delivery-partner`.
fn normalize(path: impl AsRef<str>) -> (String, bool) {
    let mut normal = String::from("$");
    let mut definite = true;
    let mut rest = path.as_ref().strip_prefix('$').unwrap_or_default();
    while !rest.is_empty() {
        let (piece, tail) = if rest.starts_with('[') {
            let end = bracket_end(rest);
            let (piece, tail) = rest.split_at(end);
            definite &= is_single(piece);
            (piece.to_owned(), tail)
        } else if let Some(deeper) = rest.strip_prefix("..") {
            definite = false;
            let end = deeper.find(['.', '[']).unwrap_or(deeper.len());
            let (name, tail) = deeper.split_at(end);
            (
                format!(
                    "..{}",
                    if name == "*" || name.is_empty() {
                        name.to_owned()
                    } else {
                        quote(name)
                    }
                ),
                tail,
            )
        } else {
            let name_on = rest.strip_prefix('.').unwrap_or(rest);
            let end = name_on.find(['.', '[']).unwrap_or(name_on.len());
            let (name, tail) = name_on.split_at(end);
            definite &= name != "*";
            (
                if name == "*" {
                    "[*]".to_owned()
                } else {
                    quote(name)
                },
                tail,
            )
        };
        normal.push_str(&piece);
        rest = tail;
    }
    (normal, definite)
}

/// The name within quotes, where none of it is escaped.
fn unquote(quoted: &str) -> Option<&str> {
    let within = |quote| quoted.strip_prefix(quote)?.strip_suffix(quote);
    within('\'')
        .or_else(|| within('"'))
        .filter(|name: &&str| !name.contains('\\'))
}

fn quote(name: &str) -> String {
    format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Length of the bracket that the text begins with, brackets and quoted text within it included.
fn bracket_end(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, None, false);
    for (index, c) in text.char_indices() {
        match quoted {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(quote) if c == quote => quoted = None,
            Some(_) => {}
            None => match c {
                '\'' | '"' => quoted = Some(c),
                '[' => depth += 1,
                ']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return index + 1;
                    }
                }
                _ => {}
            },
        }
    }
    text.len()
}

/// `[3]` or `['name']`.
fn is_single(bracket: &str) -> bool {
    let inner = bracket.trim_start_matches('[').trim_end_matches(']').trim();
    let quoted = ['\'', '"'].iter().any(|quote| {
        inner.len() >= 2
            && inner
                .strip_prefix(*quote)
                .and_then(|rest| rest.strip_suffix(*quote))
                .is_some_and(|name| !name.contains(*quote))
    });
    quoted || inner.parse::<i64>().is_ok()
}

/// A reference path, where a value is put: names and indexes only.
#[derive(Debug)]
pub(crate) struct ReferencePath(Vec<Step>);

#[derive(Debug)]
enum Step {
    Name(String),
    Index(usize),
}

impl Step {
    /// The steps of a normalized path; None where it has others than plain names and indexes from the beginning.
    fn all(normal: &str) -> Option<Vec<Self>> {
        let mut steps = Vec::new();
        let mut rest = normal.strip_prefix('$')?;
        while !rest.is_empty() {
            let (bracket, tail) = rest.split_at(bracket_end(rest));
            let inner = bracket.strip_prefix('[')?.strip_suffix(']')?.trim();
            steps.push(match inner.parse() {
                Ok(index) => Self::Index(index),
                Err(_) => Self::Name(unquote(inner)?.to_owned()),
            });
            rest = tail;
        }
        Some(steps)
    }
}

impl ReferencePath {
    /// Compiles a `ResultPath`; the error is a message.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let refused = || format!("'{source}' is no reference path");
        let (normal, definite) = normalize(source);
        if !source.starts_with('$') || source.starts_with("$$") || !definite {
            return Err(refused());
        }
        let mut steps = Vec::new();
        let mut rest = normal.strip_prefix('$').unwrap_or_default();
        while !rest.is_empty() {
            let (bracket, tail) = rest.split_at(bracket_end(rest));
            let inner = bracket.trim_start_matches('[').trim_end_matches(']').trim();
            steps.push(match inner.parse() {
                Ok(index) => Step::Index(index),
                Err(_) => Step::Name(inner.trim_matches(['\'', '"']).to_owned()),
            });
            rest = tail;
        }
        Ok(Self(steps))
    }

    /// `document` with `value` at the path; None where the document has no such place.
    pub(crate) fn put(&self, mut document: Value, value: Value) -> Option<Value> {
        let mut place = &mut document;
        for step in &self.0 {
            place = match step {
                Step::Index(index) => place.as_array_mut()?.get_mut(*index)?,
                Step::Name(name) => {
                    if !place.is_object() {
                        *place = Value::Object(Map::new());
                    }
                    place
                        .as_object_mut()?
                        .entry(name.clone())
                        .or_insert(Value::Null)
                }
            };
        }
        *place = value;
        Some(document)
    }
}
