//! Checks definitions and compiles them.

mod checker;
mod choice;
mod fields;
mod handlers;
mod integrations;
mod map;
mod state;
mod task;
mod variables;
mod writer;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Severity, escape};
use crate::machine::{Kind, Region, State, StateMachine, Workflow};
use crate::query::Language;
use checker::{Checker, INVALID_JSON, MISSING_TARGET, SCHEMA};
use fields::Fields;

/// Deepest nesting of Map and Parallel states, so that compiling is bounded.
const MAX_DEPTH: usize = 25;

pub(crate) fn compile(source: &str, workflow: Workflow) -> Result<StateMachine, Vec<Diagnostic>> {
    let definition: Value = serde_json::from_str(source).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        vec![Diagnostic::error(INVALID_JSON, place, error.to_string())]
    })?;
    let mut checker = Checker::new(workflow);
    let machine = compile_machine(&mut checker, &definition, "", None);
    let is_refused = checker
        .diagnostics
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    match machine {
        Some(machine) if !is_refused => Ok(StateMachine {
            warnings: checker.diagnostics,
            ..machine
        }),
        _ => {
            if !is_refused {
                checker.error(SCHEMA, "", "The definition cannot be compiled.");
            }
            Err(checker.diagnostics)
        }
    }
}

/// A machine, or the processor of a Distributed Map (`inherited` is the language around it).
fn compile_machine(
    checker: &mut Checker,
    definition: &Value,
    pointer: &str,
    inherited: Option<Language>,
) -> Option<StateMachine> {
    let Some(members) = definition.as_object() else {
        checker.error(SCHEMA, pointer, "A state machine must be an object");
        return None;
    };
    let fields = Fields::new(members, pointer);
    if inherited.is_none() {
        fields.check_known(
            checker,
            &[
                "Comment",
                "QueryLanguage",
                "StartAt",
                "States",
                "TimeoutSeconds",
                "Version",
            ],
        );
    }
    if fields
        .get("Version")
        .is_some_and(|version| version != "1.0")
    {
        checker.error(SCHEMA, fields.at("Version"), "The value must be \"1.0\"");
    }
    let language = fields.language(checker, inherited.unwrap_or(Language::JsonPath), inherited);
    checker.enter_region();
    let region = compile_region(checker, members, pointer, language);
    checker.leave_machine();
    let timeout_seconds = match fields.get("TimeoutSeconds") {
        None => None,
        Some(value) => value.as_u64().filter(|seconds| *seconds > 0).or_else(|| {
            checker.error(
                SCHEMA,
                fields.at("TimeoutSeconds"),
                "The value must be a positive integer",
            );
            None
        }),
    };
    Some(StateMachine {
        definition: definition.clone(),
        region: Arc::new(region?),
        timeout_seconds,
        warnings: Vec::new(),
    })
}

/// `StartAt` and `States` of a machine, a branch or a processor.
fn compile_region(
    checker: &mut Checker,
    members: &Map<String, Value>,
    pointer: &str,
    language: Language,
) -> Option<Region> {
    let fields = Fields::new(members, pointer);
    let (start, states) = region_members(checker, &fields)?;
    checker.depth += 1;
    checker.enter_region();
    let names: HashMap<&str, usize> = states
        .keys()
        .enumerate()
        .map(|(index, name)| (name.as_str(), index))
        .collect();
    let targets = Targets { names: &names };
    let mut compiled = Vec::with_capacity(states.len());
    for (name, definition) in states {
        let at = format!("{}/{}", fields.at("States"), escape(name));
        checker.check_name(name, &at);
        compiled.extend(
            state::compile(checker, &targets, name, definition, &at, language).map(Arc::new),
        );
    }
    checker.leave_region();
    checker.depth -= 1;
    let start_at = targets.resolve(checker, start, fields.at("StartAt"));
    // Reachability is judged only where every state was understood.
    if compiled.len() != states.len() {
        return None;
    }
    let start_at = start_at?;
    check_reachable(checker, &compiled, start_at, &fields.at("States"));
    Some(Region {
        start_at,
        states: compiled,
    })
}

/// `StartAt` and `States`, if they are there.
fn region_members<'a>(
    checker: &mut Checker,
    fields: &Fields<'a>,
) -> Option<(&'a str, &'a Map<String, Value>)> {
    let missing: Vec<&str> = ["States", "StartAt"]
        .into_iter()
        .filter(|key| fields.get(key).is_none())
        .collect();
    if !missing.is_empty() {
        checker.error(
            SCHEMA,
            fields.pointer(),
            format!("These fields are required: [{}]", missing.join(", ")),
        );
        return None;
    }
    let start = fields.text(checker, "StartAt")?;
    let states = fields.object(checker, "States")?;
    if states.is_empty() {
        checker.error(
            SCHEMA,
            fields.at("States"),
            "There must be at least one state",
        );
        return None;
    }
    if checker.depth >= MAX_DEPTH {
        checker.error(SCHEMA, fields.pointer(), "States are nested too deeply");
        return None;
    }
    Some((start, states))
}

/// The states that a transition may lead to.
struct Targets<'a> {
    names: &'a HashMap<&'a str, usize>,
}

impl Targets<'_> {
    /// The state's index; tells of a dangling target.
    fn resolve(&self, checker: &mut Checker, name: &str, at: String) -> Option<usize> {
        let found = self.names.get(name).copied();
        if found.is_none() {
            checker.error(
                MISSING_TARGET,
                at,
                format!("Missing transition target: there is no state '{name}' here"),
            );
        }
        found
    }
}

fn check_reachable(checker: &mut Checker, states: &[Arc<State>], start_at: usize, at: &str) {
    let mut reached = HashSet::new();
    let mut open = vec![start_at];
    while let Some(index) = open.pop() {
        if !reached.insert(index) {
            continue;
        }
        let Some(state) = states.get(index) else {
            continue;
        };
        open.extend(state.next);
        open.extend(state.catch.iter().map(|catcher| catcher.next));
        if let Kind::Choice { rules, default } = &state.kind {
            open.extend(rules.iter().map(|rule| rule.next));
            open.extend(*default);
        }
    }
    for (index, state) in states.iter().enumerate() {
        if !reached.contains(&index) {
            let message = format!("State \"{}\" is not reachable.", state.name);
            checker.error(
                MISSING_TARGET,
                format!("{at}/{}", escape(&state.name)),
                message,
            );
        }
    }
}
