//! A definition as it is written: regions and their states, before anything is compiled.

use serde_json::{Map, Value};

use crate::diagnostic::escape;
use crate::query::Language;

/// `StartAt` and `States` of the machine, a branch or a processor. What is malformed is left out; the compiler tells of it.
#[derive(Debug)]
pub(super) struct Region<'a> {
    pub(super) members: &'a Map<String, Value>,
    pub(super) states: Vec<State<'a>>,
    /// Its executions are of their own: it sees no variables of the states around it.
    pub(super) is_distributed: bool,
}

/// One state.
#[derive(Debug)]
pub(super) struct State<'a> {
    pub(super) name: &'a str,
    /// JSON pointer.
    pub(super) at: String,
    pub(super) members: &'a Map<String, Value>,
    pub(super) language: Language,
    pub(super) inner: Vec<Region<'a>>,
}

impl<'a> Region<'a> {
    /// The machine.
    pub(super) fn of(definition: &'a Value) -> Option<Self> {
        Some(Self::parse(
            definition.as_object()?,
            "",
            Language::JsonPath,
            false,
        ))
    }

    fn parse(
        members: &'a Map<String, Value>,
        at: &str,
        outer: Language,
        is_distributed: bool,
    ) -> Self {
        let language = language(members, outer);
        let states = members.get("States").and_then(Value::as_object);
        let states = states.into_iter().flatten();
        let states = states.filter_map(|(name, state)| {
            let at = format!("{at}/States/{}", escape(name));
            let members = state.as_object()?;
            Some(State {
                name,
                inner: inner(members, &at, language),
                at,
                members,
                language: self::language(members, language),
            })
        });
        Self {
            members,
            states: states.collect(),
            is_distributed,
        }
    }

    /// Every state of the region and of those within it.
    pub(super) fn all(&self) -> Vec<&State<'a>> {
        let mut found = Vec::new();
        let mut open = vec![self];
        while let Some(region) = open.pop() {
            for state in &region.states {
                found.push(state);
                open.extend(&state.inner);
            }
        }
        found
    }
}

fn inner<'a>(state: &'a Map<String, Value>, at: &str, language: Language) -> Vec<Region<'a>> {
    let branches = state.get("Branches").and_then(Value::as_array);
    let branches = branches
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(index, branch)| (format!("{at}/Branches/{index}"), branch));
    let processors = ["ItemProcessor", "Iterator"]
        .into_iter()
        .filter_map(|key| Some((format!("{at}/{key}"), state.get(key)?)));
    branches
        .chain(processors)
        .filter_map(|(at, region)| {
            let members = region.as_object()?;
            let mode = region.pointer("/ProcessorConfig/Mode");
            let is_distributed = mode.is_some_and(|mode| mode == "DISTRIBUTED");
            Some(Region::parse(members, &at, language, is_distributed))
        })
        .collect()
}

fn language(members: &Map<String, Value>, outer: Language) -> Language {
    match members.get("QueryLanguage").and_then(Value::as_str) {
        Some("JSONata") => Language::Jsonata,
        Some("JSONPath") => Language::JsonPath,
        _ => outer,
    }
}

impl<'a> State<'a> {
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.members.get(key)?.as_str()
    }

    pub(super) fn kind(&self) -> &'a str {
        self.text("Type").unwrap_or_default()
    }

    /// The objects of a list (Retry, Catch, Choices) with their pointers.
    pub(super) fn list(&self, key: &str) -> Vec<(String, &'a Map<String, Value>)> {
        let items = self.members.get(key).and_then(Value::as_array);
        let items = items.into_iter().flatten().enumerate();
        items
            .filter_map(|(index, item)| {
                Some((format!("{}/{key}/{index}", self.at), item.as_object()?))
            })
            .collect()
    }

    /// The error names of a handler.
    pub(super) fn errors(handler: &'a Map<String, Value>) -> Vec<&'a str> {
        let names = handler.get("ErrorEquals").and_then(Value::as_array);
        names
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// The fields that are the state's own, not those of the regions within it.
    pub(super) fn own(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.members
            .iter()
            .filter(|(key, _)| !["Branches", "ItemProcessor", "Iterator"].contains(&key.as_str()))
    }
}
