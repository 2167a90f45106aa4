//! One service's API model, as `local/models/convert.py` reduces botocore's, with its references resolved.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

/// Protocols whose values are all texts: what is a number by the model arrives as digits. One is enough of those that a
/// service speaks.
const TEXT_PROTOCOLS: [&str; 2] = ["query", "rest-xml"];

/// A service's operations and the shapes that they are made of.
#[derive(Debug)]
pub(super) struct Model {
    operations: HashMap<String, Operation>,
    shapes: Vec<Shape>,
    error_codes: HashSet<String>,
    /// Whether numbers and truth values travel as texts.
    pub is_textual: bool,
}

/// Place of a shape in its model.
pub(super) type ShapeId = usize;

/// What goes into an operation and what comes out.
#[derive(Debug)]
pub(super) struct Operation {
    pub input: Option<ShapeId>,
    pub output: Option<ShapeId>,
}

/// A type.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub kind: Kind,
    /// Members by their name with its first letter in upper case.
    pub members: HashMap<String, Member>,
    /// Names in the SDK for Java 2 that are not those of `members`, with those.
    pub sdk_names: HashMap<String, String>,
    /// Members that a caller must give. Not those that its SDK makes up (idempotency tokens), nor the one that is the
    /// whole body of a request, which whoever reads the body sees to.
    pub required: Vec<String>,
    /// Of a list's items or a map's values.
    pub inner: Option<ShapeId>,
    /// Values that a text can have; any if none are listed.
    pub values: Vec<String>,
    pub pattern: Option<Pattern>,
    /// Of a number, or of a length.
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// Whether values are kept out of messages.
    pub is_sensitive: bool,
}

/// A member of a structure.
#[derive(Debug)]
pub(super) struct Member {
    pub shape: ShapeId,
    /// Name in the SDK for Java 2, where it is another.
    pub sdk_name: Option<String>,
    /// Where in an HTTP request it is, if not in the body.
    pub location: Option<Location>,
}

/// A place in an HTTP request.
#[derive(Debug)]
pub(super) enum Location {
    /// A header, by its name in lower case.
    Header(String),
    /// All headers with this beginning, a map.
    Headers(String),
    /// A parameter of the query.
    Query(String),
    /// A part of the path.
    Path,
}

/// A pattern, compiled when it is first needed.
#[derive(Debug)]
pub(super) struct Pattern {
    pub source: String,
    regex: OnceLock<Option<Regex>>,
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

impl Model {
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        let file: File = serde_json::from_str(text)?;
        let names: Vec<&String> = file.shapes.keys().collect();
        let ids: HashMap<&str, ShapeId> = names
            .iter()
            .enumerate()
            .map(|(id, name)| (name.as_str(), id))
            .collect();
        let id = |name: &str| ids.get(name).copied();
        let operations = file.operations.iter().map(|(name, operation)| {
            let operation = Operation {
                input: operation.input.as_deref().and_then(id),
                output: operation.output.as_deref().and_then(id),
            };
            (name.clone(), operation)
        });
        let errors = file.shapes.iter().filter(|(_, shape)| shape.exception);
        let error_codes = errors.map(|(name, shape)| {
            let code = shape.error.as_ref().and_then(|error| error.code.as_ref());
            code.unwrap_or(name).clone()
        });
        Ok(Self {
            operations: operations.collect(),
            error_codes: error_codes.collect(),
            shapes: file
                .shapes
                .values()
                .map(|shape| resolved(shape, &id))
                .collect(),
            is_textual: (file.metadata.protocols.iter())
                .any(|protocol| TEXT_PROTOCOLS.contains(&protocol.as_str())),
        })
    }

    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    pub fn shape(&self, id: ShapeId) -> Option<&Shape> {
        self.shapes.get(id)
    }

    /// Whether the model has an error of this code.
    pub fn has_error(&self, code: &str) -> bool {
        self.error_codes.contains(code)
    }

    /// Operations, members, and patterns that can be compiled and that cannot.
    #[cfg(test)]
    pub fn size(&self) -> (usize, usize, usize, Vec<&str>) {
        let members = self.shapes.iter().map(|shape| shape.members.len()).sum();
        let patterns = || {
            self.shapes
                .iter()
                .filter_map(|shape| shape.pattern.as_ref())
        };
        let odd = patterns().filter(|pattern| pattern.regex().is_none());
        let odd: Vec<&str> = odd.map(|pattern| pattern.source.as_str()).collect();
        (
            self.operations.len(),
            members,
            patterns().count() - odd.len(),
            odd,
        )
    }
}

impl Pattern {
    /// Whether the whole text is as the pattern says; so it is too when the pattern cannot be compiled.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex().is_none_or(|regex| regex.is_match(text))
    }

    fn regex(&self) -> Option<&Regex> {
        // Java's names of classes, and characters outside of the first plane, which Java counts as two.
        let compile = || {
            let source = self
                .source
                .replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\x{10000}-\x{10FFFF}")
                .replace(r"\u10000-\u10FFFF", r"\x{10000}-\x{10FFFF}")
                .replace(r"\p{Print}", r"[\x20-\x7E]")
                .replace(r"\p{ASCII}", r"[\x00-\x7F]");
            Regex::new(&format!(r"\A(?:{source})\z")).ok()
        };
        self.regex.get_or_init(compile).as_ref()
    }
}

/// The name as calls have it: the first letter in upper case.
pub(crate) fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn resolved(shape: &ShapeOfFile, id: &impl Fn(&str) -> Option<ShapeId>) -> Shape {
    let mut resolved = Shape {
        kind: if shape.document {
            Kind::Document
        } else {
            shape.kind
        },
        values: shape.values.clone(),
        min: shape.min,
        max: shape.max,
        is_sensitive: shape.sensitive,
        inner: shape
            .member
            .as_ref()
            .or(shape.value.as_ref())
            .and_then(|inner| id(&inner.shape)),
        pattern: shape.pattern.clone().map(|source| Pattern {
            source,
            regex: OnceLock::new(),
        }),
        ..Shape::default()
    };
    for (name, reference) in &shape.members {
        let Some(shape) = id(&reference.shape) else {
            continue;
        };
        let name = capitalised(name);
        if let Some(sdk_name) = &reference.sdk {
            resolved.sdk_names.insert(sdk_name.clone(), name.clone());
        }
        let member = Member {
            shape,
            sdk_name: reference.sdk.clone(),
            location: location(reference),
        };
        resolved.members.insert(name, member);
    }
    let required = shape.required.iter().filter(|name| {
        let member = shape.members.get(*name);
        member.is_some_and(|member| !member.token) && shape.payload.as_ref() != Some(*name)
    });
    resolved.required = required.map(|name| capitalised(name)).collect();
    resolved
}

fn location(reference: &Reference) -> Option<Location> {
    let name = reference.location_name.clone().unwrap_or_default();
    match reference.location.as_deref()? {
        "header" => Some(Location::Header(name.to_ascii_lowercase())),
        "headers" => Some(Location::Headers(name.to_ascii_lowercase())),
        "querystring" => Some(Location::Query(name)),
        "uri" => Some(Location::Path),
        _ => None,
    }
}

#[derive(Deserialize)]
struct File {
    metadata: Metadata,
    operations: HashMap<String, OperationOfFile>,
    shapes: HashMap<String, ShapeOfFile>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    protocols: Vec<String>,
}

#[derive(Deserialize)]
struct OperationOfFile {
    input: Option<String>,
    output: Option<String>,
}

#[derive(Deserialize)]
struct ShapeOfFile {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    members: HashMap<String, Reference>,
    #[serde(default)]
    required: Vec<String>,
    payload: Option<String>,
    member: Option<Reference>,
    value: Option<Reference>,
    #[serde(default, rename = "enum")]
    values: Vec<String>,
    pattern: Option<String>,
    min: Option<f64>,
    max: Option<f64>,
    #[serde(default)]
    document: bool,
    #[serde(default)]
    sensitive: bool,
    #[serde(default)]
    exception: bool,
    error: Option<ErrorOfFile>,
}

#[derive(Deserialize)]
struct ErrorOfFile {
    code: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    shape: String,
    location: Option<String>,
    #[serde(rename = "locationName")]
    location_name: Option<String>,
    #[serde(default, rename = "idempotencyToken")]
    token: bool,
    sdk: Option<String>,
}
