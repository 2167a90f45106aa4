//! AWS's API models, as `local/models/convert.py` writes them: a line of JSON a service.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;

/// Begins the line of a service; its name follows.
const LINE: &str = "{\"service\":\"";

/// What AWS's services take and what errors they list. A service is read when it is first asked for.
#[derive(Debug)]
pub struct Catalog {
    text: String,
    services: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    line: std::ops::Range<usize>,
    service: OnceLock<Option<Service>>,
}

/// A service.
#[derive(Debug, Deserialize)]
pub(super) struct Service {
    /// Of its error names in an SDK integration.
    pub(super) prefix: String,
    pub(super) operations: BTreeMap<String, Operation>,
    /// Exceptions of the SDK for Java 2 by error shape, where the names differ.
    exceptions: HashMap<String, String>,
    pub(super) shapes: HashMap<String, Shape>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Operation {
    /// Shape of its input.
    pub(super) input: Option<String>,
    /// Shapes of its errors.
    #[serde(default)]
    pub(super) errors: Vec<String>,
}

/// A type, which refers to others by name.
#[derive(Debug, Deserialize)]
pub(super) struct Shape {
    #[serde(default, rename = "type")]
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) members: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) required: Vec<String>,
    /// Of a list's items.
    pub(super) member: Option<String>,
    /// Of a map's values.
    pub(super) value: Option<String>,
    #[serde(default, rename = "enum")]
    pub(super) values: Vec<String>,
    pub(super) pattern: Option<String>,
    /// Of a number, or of a length.
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    #[default]
    String,
    Structure,
    List,
    Map,
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    Timestamp,
    Blob,
    /// Any JSON.
    Document,
}

impl Catalog {
    /// A catalog of lines. A line that is no service is left out.
    pub fn new(text: String) -> Self {
        let mut services = BTreeMap::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let range = start..start + line.len();
            start = range.end;
            let name = line
                .strip_prefix(LINE)
                .and_then(|rest| rest.split_once('"'));
            if let Some((name, _)) = name {
                let entry = Entry {
                    line: range,
                    service: OnceLock::new(),
                };
                services.insert(name.to_owned(), entry);
            }
        }
        Self { text, services }
    }

    /// Names of all services, as `arn:aws:states:::aws-sdk:<service>:…` has them.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.keys().map(String::as_str)
    }

    pub(super) fn service(&self, name: &str) -> Option<&Service> {
        let entry = self.services.get(name)?;
        let read = || serde_json::from_str(self.text.get(entry.line.clone())?).ok();
        entry.service.get_or_init(read).as_ref()
    }
}

impl Service {
    /// The operation that an action names: `putItem` is `PutItem`.
    pub(super) fn operation(&self, action: &str) -> Option<&Operation> {
        let mut letters = action.chars();
        let first = letters.next().filter(char::is_ascii_lowercase)?;
        let name: String = std::iter::once(first.to_ascii_uppercase())
            .chain(letters)
            .collect();
        self.operations.get(&name)
    }

    /// Names of an operation's errors in the SDK for Java 2.
    pub(super) fn exceptions<'a>(
        &'a self,
        operation: &'a Operation,
    ) -> impl Iterator<Item = &'a str> {
        operation.errors.iter().map(|shape| {
            self.exceptions
                .get(shape)
                .map_or(shape.as_str(), String::as_str)
        })
    }
}
