//! Calls of Tasks: Step Functions has names of its own for members, and refuses what it does not know itself.

use serde_json::{Map, Value};

use super::model::{Kind, Model, Shape, ShapeId};

/// The kind of an integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Integration {
    /// `aws-sdk:…`: names of the SDK for Java 2, and those of the API with an upper-case first letter.
    Sdk,
    /// One made for Step Functions: names of the API with an upper-case first letter.
    Optimised,
}

/// The parameters with the names and types of the API, or what Step Functions says against them. Texts that read as the
/// number or truth value that is wanted are taken for it.
pub(super) fn parameters(
    model: &Model,
    input: Option<ShapeId>,
    integration: Integration,
    parameters: Value,
) -> Result<Value, Vec<String>> {
    let mut taking = Taking {
        model,
        integration,
        refusals: Vec::new(),
    };
    let nothing = Shape {
        kind: Kind::Structure,
        ..Shape::default()
    };
    let shape = input.and_then(|input| model.shape(input));
    let taken = taking.take(shape.unwrap_or(&nothing), "", parameters);
    if taking.refusals.is_empty() {
        Ok(taken)
    } else {
        Err(taking.refusals)
    }
}

struct Taking<'a> {
    model: &'a Model,
    integration: Integration,
    refusals: Vec<String>,
}

impl Taking<'_> {
    fn take(&mut self, shape: &Shape, name: &str, value: Value) -> Value {
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(members)) => {
                let mut taken = Map::with_capacity(members.len());
                for (key, value) in members {
                    match self.member(shape, &key) {
                        Some((known, inner)) => {
                            let value = self.take_inner(Some(inner), &key, value);
                            taken.insert(known, value);
                        }
                        None => self.refusals.push(format!(
                            "The field \"{key}\" is not supported by Step Functions"
                        )),
                    }
                }
                Value::Object(taken)
            }
            (Kind::Map, Value::Object(members)) => {
                let members = members.into_iter().map(|(key, value)| {
                    let value = self.take_inner(shape.inner, &key, value);
                    (key, value)
                });
                Value::Object(members.collect())
            }
            (Kind::List, Value::Array(items)) => {
                let items = items.into_iter();
                items
                    .map(|item| self.take_inner(shape.inner, name, item))
                    .collect()
            }
            (kind, value) => scalar(kind, name, value, &mut self.refusals),
        }
    }

    fn take_inner(&mut self, shape: Option<ShapeId>, name: &str, value: Value) -> Value {
        let model = self.model;
        match shape.and_then(|shape| model.shape(shape)) {
            Some(shape) => self.take(shape, name, value),
            None => value,
        }
    }

    fn member(&self, shape: &Shape, name: &str) -> Option<(String, ShapeId)> {
        let of_sdk = shape.sdk_names.get(name);
        let of_sdk = of_sdk.filter(|_| self.integration == Integration::Sdk);
        let known = of_sdk.map_or(name, String::as_str);
        let member = shape.members.get(known)?;
        Some((known.to_owned(), member.shape))
    }
}

fn scalar(kind: Kind, name: &str, value: Value, refusals: &mut Vec<String>) -> Value {
    let wanted = match (kind, &value) {
        (_, Value::Null)
        | (Kind::Blob | Kind::Document, _)
        | (Kind::String | Kind::Timestamp, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (
            Kind::Integer | Kind::Long | Kind::Float | Kind::Double | Kind::Timestamp,
            Value::Number(_),
        ) => {
            return value;
        }
        (Kind::Boolean, Value::String(text)) => match text.parse::<bool>() {
            Ok(value) => return Value::Bool(value),
            Err(_) => "a BOOLEAN",
        },
        (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, Value::String(text)) => {
            match serde_json::from_str::<serde_json::Number>(text) {
                Ok(number) => return Value::Number(number),
                Err(_) => "a NUMBER",
            }
        }
        (Kind::String | Kind::Timestamp, _) => "a STRING",
        (Kind::Boolean, _) => "a BOOLEAN",
        (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, _) => "a NUMBER",
        (Kind::List, _) => "an ARRAY",
        (Kind::Structure | Kind::Map, _) => "an OBJECT",
    };
    refusals.push(format!("The value for the field '{name}' must be {wanted}"));
    value
}

/// An answer with the names of the SDK for Java 2.
pub(super) fn answer(model: &Model, output: Option<ShapeId>, answer: Value) -> Value {
    match output.and_then(|output| model.shape(output)) {
        Some(shape) => shown(model, shape, answer),
        None => answer,
    }
}

fn shown(model: &Model, shape: &Shape, value: Value) -> Value {
    let inner = |id: Option<ShapeId>, value| match id.and_then(|id| model.shape(id)) {
        Some(shape) => shown(model, shape, value),
        None => value,
    };
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(members)) => {
            let members = members.into_iter().map(|(name, value)| {
                let member = shape.members.get(&name);
                let value = inner(member.map(|member| member.shape), value);
                let shown = member.and_then(|member| member.sdk_name.clone());
                (shown.unwrap_or(name), value)
            });
            Value::Object(members.collect())
        }
        (Kind::Map, Value::Object(members)) => {
            let members = members.into_iter();
            let members = members.map(|(key, value)| (key, inner(shape.inner, value)));
            Value::Object(members.collect())
        }
        (Kind::List, Value::Array(items)) => {
            let items = items.into_iter();
            items.map(|item| inner(shape.inner, item)).collect()
        }
        (_, value) => value,
    }
}
