//! The history of an execution, in the shape of `GetExecutionHistory`.

mod content;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

use crate::effect::Timestamp;
pub(crate) use content::{Content, Scheduled, document, resource};

/// One event of an execution's history. Serialises as an event of `GetExecutionHistory`.
///
/// It holds what the event is about, shared with the execution, and makes the fields of it when they are asked for: an
/// event takes 64 bytes.
#[derive(Clone)]
pub struct HistoryEvent {
    /// Counts from 1.
    pub id: u64,
    /// The event that led to this one, 0 for none.
    pub previous_event_id: u64,
    /// When; serialised as seconds.
    pub timestamp: Timestamp,
    /// E.g. `TaskStateEntered`.
    pub event_type: &'static str,
    pub(crate) content: Content,
}

/// Variables with their values.
pub(crate) type Assigned = Vec<(Arc<str>, Arc<Value>)>;

/// Fields of an event's details, in order.
pub(crate) type Fields = Vec<(&'static str, Field)>;

/// One field of an event's details.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Field {
    /// Text as it is.
    Text(Arc<str>),
    Number(u64),
    /// A document, serialised as its JSON text.
    Payload(Arc<Value>),
    /// Named documents, each serialised as its JSON text (`assignedVariables`).
    Payloads(Assigned),
    /// What the `…Details` of a document say: that nothing of it is left out.
    Whole,
}

impl HistoryEvent {
    /// A textual field of the details, e.g. `name`, `error`, `cause`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.content.text(name)
    }

    /// A document among the details, e.g. `input`, `output`.
    pub fn payload(&self, name: &str) -> Option<&Value> {
        self.content.payload(name)
    }

    /// The `…EventDetails`, where the event has any: member name and fields.
    fn details(&self) -> Option<(Cow<'static, str>, Fields)> {
        self.content.details(self.event_type)
    }
}

impl PartialEq for HistoryEvent {
    fn eq(&self, other: &Self) -> bool {
        let head = |event: &Self| {
            (
                event.id,
                event.previous_event_id,
                event.timestamp,
                event.event_type,
            )
        };
        head(self) == head(other) && self.details() == other.details()
    }
}

impl fmt::Debug for HistoryEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HistoryEvent")
            .field("id", &self.id)
            .field("previous_event_id", &self.previous_event_id)
            .field("timestamp", &self.timestamp)
            .field("event_type", &self.event_type)
            .field("content", &self.content.details(self.event_type))
            .finish()
    }
}

impl Serialize for HistoryEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &self.timestamp.seconds())?;
        map.serialize_entry("type", self.event_type)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("previousEventId", &self.previous_event_id)?;
        if let Some((member, fields)) = self.details() {
            map.serialize_entry(&member, &FieldList(&fields))?;
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
            Self::Payload(value) => serializer.collect_str(value),
            Self::Payloads(values) => {
                serializer.collect_map(values.iter().map(|(key, value)| (key, value.to_string())))
            }
            Self::Whole => serializer.collect_map([("truncated", false)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_takes_no_more_than_64_bytes() {
        assert!(size_of::<HistoryEvent>() <= 64);
    }
}
