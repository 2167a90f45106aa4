//! Payload templates: JSON in which some texts are expressions.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::intrinsic::Intrinsic;
use super::jsonata::{self, Jsonata};
use super::path::Path;
use super::{Language, Scope};
use crate::diagnostic::escape;
use crate::failure::Failure;

/// A compiled template of either language.
#[derive(Debug)]
pub(crate) enum Template {
    Literal(Value),
    Jsonata(Jsonata),
    Path(Path),
    Intrinsic(Intrinsic),
    Object(Vec<(String, Template)>),
    Array(Vec<Template>),
}

/// What is wrong with an expression, and where in the template.
pub(crate) type Flaw = (String, String);

/// A name that an expression takes from outside.
pub(crate) enum Name<'a> {
    Variable(&'a str),
    /// A function that does not exist.
    Function(&'a str),
}

impl Template {
    /// Compiles a template. Flaws are told by JSON pointer, from `pointer` on.
    pub(crate) fn compile(
        value: &Value,
        language: Language,
        pointer: &str,
        flaws: &mut Vec<Flaw>,
    ) -> Self {
        match value {
            Value::String(text) if language == Language::Jsonata => {
                Self::compile_text(text, pointer, flaws)
            }
            Value::Array(items) => {
                let compile = |(index, item)| {
                    Self::compile(item, language, &format!("{pointer}/{index}"), flaws)
                };
                Self::folded_array(items.iter().enumerate().map(compile).collect())
            }
            Value::Object(members) => Self::compile_object(members, language, pointer, flaws),
            other => Self::Literal(other.clone()),
        }
    }

    /// A text of a `JSONata` state: an expression, or itself.
    fn compile_text(text: &str, pointer: &str, flaws: &mut Vec<Flaw>) -> Self {
        let compiled = match jsonata::expression(text) {
            Some(source) => Jsonata::compile(source).map(Self::Jsonata),
            None if text.starts_with("{%") || text.ends_with("%}") => {
                Err("An expression must begin with {% and end with %}".to_owned())
            }
            None => return Self::Literal(Value::from(text)),
        };
        compiled.unwrap_or_else(|flaw| {
            flaws.push((pointer.to_owned(), flaw));
            Self::Literal(Value::Null)
        })
    }

    fn compile_object(
        members: &Map<String, Value>,
        language: Language,
        pointer: &str,
        flaws: &mut Vec<Flaw>,
    ) -> Self {
        let mut compiled = Vec::with_capacity(members.len());
        for (key, value) in members {
            let inner = format!("{pointer}/{}", escape(key));
            match key
                .strip_suffix(".$")
                .filter(|_| language == Language::JsonPath)
            {
                Some(name) => {
                    compiled.push((name.to_owned(), Self::compile_dynamic(value, &inner, flaws)));
                }
                None => compiled.push((key.clone(), Self::compile(value, language, &inner, flaws))),
            }
        }
        Self::folded_object(compiled)
    }

    /// The value of a field whose name ends in `.$`.
    pub(crate) fn compile_dynamic(value: &Value, pointer: &str, flaws: &mut Vec<Flaw>) -> Self {
        let compiled = match value.as_str() {
            Some(text) if text.starts_with('$') => Path::compile(text).map(Self::Path),
            Some(text) => Intrinsic::compile(text).map(Self::Intrinsic),
            None => Err("The value for the field must be a valid JSONPath or a valid intrinsic function call".to_owned()),
        };
        compiled.unwrap_or_else(|flaw| {
            flaws.push((pointer.to_owned(), flaw));
            Self::Literal(Value::Null)
        })
    }

    fn folded_array(items: Vec<Self>) -> Self {
        if items.iter().all(|item| matches!(item, Self::Literal(_))) {
            return Self::Literal(items.into_iter().map(Self::into_literal).collect());
        }
        Self::Array(items)
    }

    fn folded_object(members: Vec<(String, Self)>) -> Self {
        if members
            .iter()
            .all(|(_, member)| matches!(member, Self::Literal(_)))
        {
            return Self::Literal(
                members
                    .into_iter()
                    .map(|(key, member)| (key, member.into_literal()))
                    .collect(),
            );
        }
        Self::Object(members)
    }

    fn into_literal(self) -> Value {
        match self {
            Self::Literal(value) => value,
            _ => Value::Null,
        }
    }

    /// Evaluates the template of the field at `location` (`Output`, `Assign/x`).
    pub(crate) fn evaluate(&self, scope: &Scope<'_>, location: &str) -> Result<Value, Failure> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Jsonata(expression) => expression.evaluate(scope, location),
            Self::Path(path) => path
                .find(scope)
                .map(Cow::into_owned)
                .ok_or_else(|| not_found(path, scope, &format!("{}.$", last(location)))),
            Self::Intrinsic(call) => call.evaluate(scope),
            Self::Array(items) => {
                let evaluate = |(index, item): (usize, &Self)| {
                    item.evaluate(scope, &format!("{location}[{index}]"))
                };
                items.iter().enumerate().map(evaluate).collect()
            }
            Self::Object(members) => {
                // The history keeps what comes of it: no more room than it takes.
                let mut object = Map::with_capacity(members.len());
                for (key, member) in members {
                    let value = member.evaluate(scope, &format!("{location}/{key}"))?;
                    object.insert(key.clone(), value);
                }
                Ok(Value::Object(object))
            }
        }
    }

    /// Tells of every name that the template's expressions take from outside, with its place.
    pub(crate) fn visit_names(&self, pointer: &str, visit: &mut impl FnMut(Name<'_>, &str)) {
        match self {
            Self::Literal(_) => {}
            Self::Jsonata(expression) => {
                let names = expression.names();
                names
                    .variables
                    .iter()
                    .for_each(|name| visit(Name::Variable(name), pointer));
                names
                    .unknown_functions
                    .iter()
                    .for_each(|name| visit(Name::Function(name), pointer));
            }
            Self::Path(path) => path
                .variable()
                .into_iter()
                .for_each(|name| visit(Name::Variable(name), pointer)),
            Self::Intrinsic(call) => call
                .variables()
                .into_iter()
                .for_each(|name| visit(Name::Variable(name), pointer)),
            Self::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.visit_names(&format!("{pointer}/{index}"), visit);
                }
            }
            Self::Object(members) => {
                for (key, member) in members {
                    member.visit_names(&format!("{pointer}/{}", escape(key)), visit);
                }
            }
        }
    }

    /// The expression's text, for messages about what it gave.
    pub(crate) fn expression(&self) -> Option<&Jsonata> {
        match self {
            Self::Jsonata(expression) => Some(expression),
            _ => None,
        }
    }
}

fn last(location: &str) -> &str {
    location.rsplit('/').next().unwrap_or(location)
}

/// The failure of a path that names nothing.
pub(crate) fn not_found(path: &Path, scope: &Scope<'_>, field: &str) -> Failure {
    Failure::runtime(match path.document(scope) {
        Some(document) => {
            format!(
                "The JSONPath '{}' specified for the field '{field}' could not be found in the input '{document}'",
                path.source()
            )
        }
        None => format!(
            "The JSONPath '{}' specified for the field '{field}' refers to the variable '{}', which is not defined",
            path.source(),
            path.variable().unwrap_or_default()
        ),
    })
}
