//! `JSONPath` as Step Functions has it: `$…` of the input, `$$…` of the context object, `$name…` of a variable.
//!
//! The dialect is that of Jayway's `JsonPath`, by whose words AWS reports missing paths. It differs from RFC 9535: names
//! without brackets may hold almost anything (`$.delivery-partner`), a dot may stand before a bracket (`$.list.[0]`),
//! several names make an object (`$['a','b']`), a filter applied to an object asks about the object itself. As on AWS,
//! functions (`$.list.length()`) name nothing.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html>

mod filter;
mod parse;
mod print;
mod reference;
mod select;

use std::borrow::Cow;

use serde_json::Value;

use self::filter::Filter;
use self::print::{Printed, quote};
pub(crate) use self::reference::ReferencePath;
use self::select::places;
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
#[cfg(test)]
mod tests;
