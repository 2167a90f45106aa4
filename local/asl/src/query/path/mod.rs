//! `JSONPath` as Step Functions has it: `$…` of the input, `$$…` of the context object, `$name…` of a variable.
//!
//! The dialect is that of Jayway's `JsonPath`, by whose words AWS reports missing paths. It differs from RFC 9535: names
//! without brackets may hold almost anything (`$.delivery-partner`), a dot may stand before a bracket (`$.list.[0]`),
//! several names make an object (`$['a','b']`), a filter applied to an object asks about the object itself. As on AWS,
//! functions (`$.list.length()`) name nothing.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html>

mod filter;
mod parse;

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use self::filter::Filter;
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
    steps: Vec<Step>,
    /// Names at most one place: the result is its value, else a list of values.
    is_definite: bool,
    /// What it needs of the context object, should it start there.
    part: Part,
}

/// From some places to those within.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    /// `..`: from every place within, too.
    is_deep: bool,
    selection: Selection,
}

#[derive(Debug, Clone, PartialEq)]
enum Selection {
    Names(Vec<String>),
    Indexes(Vec<i64>),
    Slice {
        from: Option<i64>,
        to: Option<i64>,
        step: i64,
    },
    Everything,
    Filter(Filter),
}

impl Path {
    /// Compiles a path; the error is a message.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let (root, rest) = split_root(source.trim_end())
            .ok_or_else(|| format!("The JSONPath '{source}' must start with $"))?;
        let steps =
            parse::steps(rest).map_err(|flaw| format!("'{source}' is no JSONPath: {flaw}"))?;
        let last = steps.len().saturating_sub(1);
        let is_definite = steps.iter().enumerate().all(|(index, step)| {
            step.is_single() || (index == last && step.makes_object() && !step.is_deep)
        });
        Ok(Self {
            source: source.to_owned(),
            root,
            part: Part::that_has_input(may_reach(&steps, &["Execution", "Input"])),
            steps,
            is_definite,
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
        self.find_in(self.look_at(scope, self.part)?)
    }

    /// The document that the path is looked for in.
    pub(crate) fn document<'s>(&self, scope: &'s Scope<'_>) -> Option<&'s Value> {
        self.look_at(scope, Part::Whole)
    }

    fn look_at<'s>(&self, scope: &'s Scope<'_>, part: Part) -> Option<&'s Value> {
        match &self.root {
            Root::Input => Some(scope.input),
            Root::Context => Some(scope.context.get(part)),
            Root::Variable(name) => scope.variables.get(name).map(std::convert::AsRef::as_ref),
        }
    }

    fn find_in<'d>(&self, document: &'d Value) -> Option<Cow<'d, Value>> {
        let merged = self
            .steps
            .split_last()
            .filter(|(last, _)| last.makes_object());
        let mut found = if let Some((last, before)) = merged {
            last.merge(places(before, document, document))
        } else if self.is_definite {
            let mut steps = self.steps.iter();
            return steps
                .try_fold(document, |place, step| step.only(place))
                .map(Cow::Borrowed);
        } else {
            let found = places(&self.steps, document, document);
            found.into_iter().cloned().collect()
        };
        if self.is_definite {
            return found.pop().map(Cow::Owned);
        }
        Some(Cow::Owned(Value::Array(found)))
    }

    /// Why the path names nothing, in the words of Jayway's `JsonPath`.
    pub(crate) fn missing(&self, document: Option<&Value>) -> String {
        let mut place = document;
        for (index, step) in self.steps.iter().enumerate() {
            let (before, so_far) = (self.steps.get(..index), self.steps.get(..=index));
            let (before, so_far) = (before.unwrap_or_default(), so_far.unwrap_or_default());
            let Some(here) = place else { break };
            let is_name = matches!(step.selection, Selection::Names(_)) && !step.is_deep;
            if is_name && !here.is_object() {
                let name = Printed(std::slice::from_ref(step));
                return format!("Property {name} not found in path ${}", Printed(before));
            }
            place = step.select(here, here).first().copied();
            let is_last = index + 1 == self.steps.len();
            if is_name && place.is_none() && !is_last {
                return format!("Missing property in path ${}", Printed(so_far));
            }
        }
        format!("No results for path: ${}", Printed(&self.steps))
    }
}

/// The path in brackets: what AWS's messages show, and what compiles to the same path.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.root {
            Root::Input => f.write_str("$")?,
            Root::Context => f.write_str("$$")?,
            Root::Variable(name) => write!(f, "${name}")?,
        }
        Printed(&self.steps).fmt(f)
    }
}

struct Printed<'a>(&'a [Step]);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: &Option<i64>| number.map(|n| n.to_string()).unwrap_or_default();
        for step in self.0 {
            f.write_str(if step.is_deep { "..[" } else { "[" })?;
            match &step.selection {
                Selection::Names(names) => {
                    let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
                    f.write_str(&names.join(","))?;
                }
                Selection::Indexes(indexes) => {
                    let indexes: Vec<String> = indexes.iter().map(i64::to_string).collect();
                    f.write_str(&indexes.join(","))?;
                }
                Selection::Slice { from, to, step: 1 } => {
                    write!(f, "{}:{}", number(from), number(to))?;
                }
                Selection::Slice { from, to, step } => {
                    write!(f, "{}:{}:{step}", number(from), number(to))?;
                }
                Selection::Everything => f.write_str("*")?,
                Selection::Filter(filter) => write!(f, "?({filter})")?,
            }
            f.write_str("]")?;
        }
        Ok(())
    }
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Where a path starts, and what follows.
fn split_root(source: &str) -> Option<(Root, &str)> {
    let rest = source.strip_prefix('$')?;
    if let Some(rest) = rest.strip_prefix('$') {
        return Some((Root::Context, rest));
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
    Some((root, tail))
}

/// The places that the steps lead to; `root` is what `$` within a filter means.
fn places<'v>(steps: &[Step], start: &'v Value, root: &'v Value) -> Vec<&'v Value> {
    let mut places = vec![start];
    for step in steps {
        places = places
            .into_iter()
            .flat_map(|place| step.select(place, root))
            .collect();
    }
    places
}

/// Whether the steps may name a place on the way to these names, or within.
fn may_reach(steps: &[Step], names: &[&str]) -> bool {
    steps
        .iter()
        .zip(names)
        .all(|(step, name)| match &step.selection {
            Selection::Names(own) if !step.is_deep => own.iter().any(|own| own == name),
            Selection::Indexes(_) if !step.is_deep => false,
            _ => true,
        })
}

impl Step {
    /// The place that a single step leads to.
    fn only<'v>(&self, place: &'v Value) -> Option<&'v Value> {
        match &self.selection {
            Selection::Names(names) => place.as_object()?.get(names.first()?),
            Selection::Indexes(indexes) => {
                let items = place.as_array()?;
                items.get(position(*indexes.first()?, items.len())?)
            }
            _ => None,
        }
    }

    fn is_single(&self) -> bool {
        !self.is_deep
            && match &self.selection {
                Selection::Names(names) => names.len() == 1,
                Selection::Indexes(indexes) => indexes.len() == 1,
                _ => false,
            }
    }

    /// Several names make an object of those members, at the end of a path.
    fn makes_object(&self) -> bool {
        matches!(&self.selection, Selection::Names(names) if names.len() > 1)
    }

    fn merge(&self, places: Vec<&Value>) -> Vec<Value> {
        let Selection::Names(names) = &self.selection else {
            return Vec::new();
        };
        let objects = places
            .into_iter()
            .flat_map(|place| self.reach(place))
            .filter_map(Value::as_object);
        let pick = |object: &Map<String, Value>| {
            let members = names
                .iter()
                .filter_map(|name| object.get(name).map(|value| (name.clone(), value.clone())));
            Value::Object(members.collect())
        };
        objects.map(pick).collect()
    }

    /// The place itself or, for `..`, it and all within it.
    fn reach<'v>(&self, place: &'v Value) -> Vec<&'v Value> {
        let mut reached = Vec::new();
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            reached.push(place);
            if self.is_deep {
                open.extend(children(place).into_iter().rev());
            }
        }
        reached
    }

    fn select<'v>(&self, place: &'v Value, root: &'v Value) -> Vec<&'v Value> {
        let reached = self.reach(place);
        if let (true, Selection::Filter(filter)) = (self.is_deep, &self.selection) {
            return reached
                .into_iter()
                .filter(|place| filter.holds(place, root))
                .collect();
        }
        reached
            .into_iter()
            .flat_map(|place| self.selection.select(place, root))
            .collect()
    }
}

fn children(place: &Value) -> Vec<&Value> {
    match place {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    }
}

impl Selection {
    fn select<'v>(&self, place: &'v Value, root: &'v Value) -> Vec<&'v Value> {
        match (self, place) {
            (Self::Everything, place) => children(place),
            (Self::Names(names), Value::Object(members)) => {
                names.iter().filter_map(|name| members.get(name)).collect()
            }
            (Self::Indexes(indexes), Value::Array(items)) => indexes
                .iter()
                .filter_map(|index| items.get(position(*index, items.len())?))
                .collect(),
            (Self::Slice { from, to, step }, Value::Array(items)) => {
                slice(items, *from, *to, *step)
            }
            (Self::Filter(filter), Value::Array(items)) => items
                .iter()
                .filter(|item| filter.holds(item, root))
                .collect(),
            (Self::Filter(filter), place @ Value::Object(_)) if filter.holds(place, root) => {
                vec![place]
            }
            _ => Vec::new(),
        }
    }
}

/// An index that counts from the end where it is negative.
fn position(index: i64, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// `[from:to:step]`; a step below 0 goes backwards, 0 nowhere.
fn slice(items: &[Value], from: Option<i64>, to: Option<i64>, step: i64) -> Vec<&Value> {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let (lowest, highest) = if step > 0 {
        (0, length)
    } else {
        (-1, length - 1)
    };
    let bound = |bound: Option<i64>, default: i64| match bound {
        None => default,
        Some(bound) if bound < 0 => bound.saturating_add(length).clamp(lowest, highest),
        Some(bound) => bound.clamp(lowest, highest),
    };
    let (first, end) = if step > 0 {
        (bound(from, 0), bound(to, length))
    } else {
        (bound(from, length - 1), bound(to, -1))
    };
    let mut found = Vec::new();
    let mut index = first;
    while step != 0 && if step > 0 { index < end } else { index > end } {
        found.extend(
            usize::try_from(index)
                .ok()
                .and_then(|index| items.get(index)),
        );
        index = index.saturating_add(step);
    }
    found
}

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

#[cfg(test)]
mod tests;
