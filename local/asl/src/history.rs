//! The history of an execution, in the shape of `GetExecutionHistory`.

use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

use crate::effect::Timestamp;

/// One event of an execution's history. Serialises as an event of `GetExecutionHistory`.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEvent {
    /// Counts from 1.
    pub id: u64,
    /// The event that led to this one, 0 for none.
    pub previous_event_id: u64,
    /// When; serialised as seconds.
    pub timestamp: Timestamp,
    /// E.g. `TaskStateEntered`.
    pub event_type: &'static str,
    /// The `…EventDetails`, where the event has any.
    pub details: Option<Details>,
}

/// The details of an event: `(member name, fields)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// E.g. `stateEnteredEventDetails`.
    pub member: &'static str,
    /// Fields in order.
    pub fields: Vec<(&'static str, Field)>,
}

/// One field of an event's details.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// Text as it is.
    Text(Arc<str>),
    /// A whole number.
    Number(u64),
    /// A yes or no.
    Flag(bool),
    /// A document, serialised as its JSON text.
    Payload(Arc<Value>),
    /// Named documents, each serialised as its JSON text (`assignedVariables`).
    Payloads(Vec<(Arc<str>, Arc<Value>)>),
    /// Fields within a field.
    Fields(Vec<(&'static str, Field)>),
}

impl HistoryEvent {
    /// A field of the details.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.details
            .as_ref()?
            .fields
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, field)| field)
    }

    /// A textual field of the details, e.g. `name`, `error`, `cause`.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.field(name)? {
            Field::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A document among the details, e.g. `input`, `output`.
    pub fn payload(&self, name: &str) -> Option<&Value> {
        match self.field(name)? {
            Field::Payload(value) => Some(value),
            _ => None,
        }
    }
}

impl Serialize for HistoryEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &self.timestamp.seconds())?;
        map.serialize_entry("type", self.event_type)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("previousEventId", &self.previous_event_id)?;
        if let Some(details) = &self.details {
            map.serialize_entry(details.member, &FieldList(&details.fields))?;
        }
        map.end()
    }
}

struct FieldList<'a>(&'a [(&'static str, Field)]);

impl Serialize for FieldList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, field)| (key, field)))
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Payload(value) => serializer.collect_str(value),
            Self::Payloads(values) => {
                serializer.collect_map(values.iter().map(|(key, value)| (key, value.to_string())))
            }
            Self::Fields(fields) => FieldList(fields).serialize(serializer),
        }
    }
}
