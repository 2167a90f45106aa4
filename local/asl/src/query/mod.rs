//! The two query languages, and what their expressions can see.

pub(crate) mod functions;
pub(crate) mod hash;
pub(crate) mod intrinsic;
mod intrinsic_functions;
pub(crate) mod jsonata;
pub(crate) mod names;
pub(crate) mod path;
pub(crate) mod template;
mod uses;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jsonata_core::value::JValue;
use serde_json::Value;

use crate::effect::Timestamp;
use crate::random::Random;

/// The language of a state's expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    JsonPath,
    Jsonata,
}

/// The variables that a state sees. An inner scope begins with a copy of the outer one's (the outer cannot change while
/// an inner one runs), so that what it assigns stays inside.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables(Arc<BTreeMap<Arc<str>, Arc<Value>>>);

impl Variables {
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Value>> {
        self.0.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<Value>)> {
        self.0.iter()
    }

    pub(crate) fn assign(&mut self, assigned: &[(Arc<str>, Arc<Value>)]) {
        if !assigned.is_empty() {
            Arc::make_mut(&mut self.0).extend(assigned.iter().cloned());
        }
    }
}

/// How much of the context object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    /// All but `Execution.Input`, which may be large.
    WithoutInput,
}

impl Part {
    pub(crate) fn that_has_input(has_input: bool) -> Self {
        if has_input {
            Self::Whole
        } else {
            Self::WithoutInput
        }
    }
}

/// The context object, made where it is looked at.
pub(crate) struct ContextObject<'a> {
    make: Box<dyn Fn(Part) -> Value + 'a>,
    whole: OnceCell<Value>,
    without_input: OnceCell<Value>,
}

impl<'a> ContextObject<'a> {
    pub(crate) fn new(make: impl Fn(Part) -> Value + 'a) -> Self {
        Self {
            make: Box::new(make),
            whole: OnceCell::new(),
            without_input: OnceCell::new(),
        }
    }

    pub(crate) fn get(&self, part: Part) -> &Value {
        let known = match part {
            Part::Whole => &self.whole,
            Part::WithoutInput => &self.without_input,
        };
        known.get_or_init(|| (self.make)(part))
    }
}

/// What an expression sees.
pub(crate) struct Scope<'a> {
    /// `JSONPath`'s `$`, `JSONata`'s `$states.input`.
    pub(crate) input: &'a Value,
    /// `$states.result`.
    pub(crate) result: Option<&'a Value>,
    /// `$states.errorOutput`.
    pub(crate) error_output: Option<&'a Value>,
    /// `JSONPath`'s `$$`, `JSONata`'s `$states.context`.
    pub(crate) context: ContextObject<'a>,
    pub(crate) variables: &'a Variables,
    pub(crate) random: &'a Random,
    pub(crate) now: Timestamp,
    /// Values already converted for `JSONata`, by name.
    pub(crate) converted: RefCell<HashMap<String, JValue>>,
}

impl<'a> Scope<'a> {
    /// The same scope with a result.
    pub(crate) fn with_result(mut self, result: Option<&'a Value>) -> Self {
        self.result = result;
        self
    }
}
