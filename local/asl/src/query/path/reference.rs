//! Where a `ResultPath` puts a value.

use serde_json::{Map, Value};

use super::{Path, Root, Selection, Step};

/// A reference path, where a value is put: names and indexes only.
#[derive(Debug)]
pub(crate) struct ReferencePath(Vec<Place>);

#[derive(Debug)]
enum Place {
    Name(String),
    Index(usize),
}

impl ReferencePath {
    /// Compiles a `ResultPath`; the error is a message.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let refused = || format!("'{source}' is no reference path");
        let path = Path::compile(source)?;
        if path.root != Root::Input {
            return Err(refused());
        }
        let place = |step: Step| match step.selection {
            _ if !step.is_single() => None,
            Selection::Names(names) => names.into_iter().next().map(Place::Name),
            Selection::Indexes(indexes) => {
                let index = indexes
                    .first()
                    .and_then(|index| usize::try_from(*index).ok());
                index.map(Place::Index)
            }
            _ => None,
        };
        let places: Option<Vec<Place>> = path.steps.into_iter().map(place).collect();
        places.map(Self).ok_or_else(refused)
    }

    /// `document` with `value` at the path; None where the document has no such place.
    pub(crate) fn put(&self, mut document: Value, value: Value) -> Option<Value> {
        let mut place = &mut document;
        for step in &self.0 {
            place = match step {
                Place::Index(index) => place.as_array_mut()?.get_mut(*index)?,
                Place::Name(name) => {
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
