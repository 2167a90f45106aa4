//! Where states lead, and what is assigned on the way.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::tree::{Region, State};
use super::{Finding, MAYBE_UNASSIGNED, NO_END};
use crate::diagnostic::escape;
use crate::query::Language;
use crate::query::path::Path;
use crate::query::template::{Name, Template};

/// The variables that are assigned on every way to a state.
type Assigned = BTreeSet<String>;

/// A way out of a state.
struct Edge<'a> {
    from: &'a State<'a>,
    to: &'a str,
    assigns: Vec<&'a str>,
}

/// Tells of states without a way to an end, and of variables that are read but not assigned on every way.
pub(super) fn check(region: &Region<'_>, around: &Assigned, findings: &mut Vec<Finding>) {
    let names: HashMap<&str, &State<'_>> = region
        .states
        .iter()
        .map(|state| (state.name, state))
        .collect();
    let edges: Vec<Edge<'_>> = region
        .states
        .iter()
        .flat_map(edges)
        .filter(|edge| names.contains_key(edge.to))
        .collect();
    let assigned = assigned_at(region, &edges, around);
    check_ends(region, &edges, &assigned, findings);
    let mut anywhere = around.clone();
    anywhere.extend(edges.iter().flat_map(|edge| owned(&edge.assigns)));
    let nothing = Assigned::new();
    for state in &region.states {
        let Some(known) = assigned.get(state.name) else {
            continue;
        };
        check_reads(state, known, &anywhere, &edges, &assigned, findings);
        for inner in &state.inner {
            let seen = if inner.is_distributed {
                &nothing
            } else {
                known
            };
            check(inner, seen, findings);
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn edges<'a>(state: &'a State<'a>) -> Vec<Edge<'a>> {
    let edge = |to: Option<&'a Value>, members: &'a Map<String, Value>| {
        let assigns = members.get("Assign").and_then(Value::as_object);
        let keys = assigns.into_iter().flat_map(Map::keys);
        Some(Edge {
            from: state,
            to: to?.as_str()?,
            assigns: keys
                .map(|key| key.strip_suffix(".$").unwrap_or(key))
                .collect(),
        })
    };
    let own = ["Next", "Default"]
        .into_iter()
        .map(|key| edge(state.members.get(key), state.members));
    let lists = ["Choices", "Catch"]
        .into_iter()
        .flat_map(|key| state.list(key))
        .map(|(_, item)| edge(item.get("Next"), item));
    own.chain(lists).flatten().collect()
}

/// What is assigned on every way to each state that can be reached.
fn assigned_at<'a>(
    region: &Region<'a>,
    edges: &[Edge<'a>],
    around: &Assigned,
) -> BTreeMap<&'a str, Assigned> {
    let mut known = BTreeMap::new();
    let Some(start) = region.members.get("StartAt").and_then(Value::as_str) else {
        return known;
    };
    known.insert(start, around.clone());
    let mut open = vec![start];
    while let Some(name) = open.pop() {
        for edge in edges.iter().filter(|edge| edge.from.name == name) {
            let mut after = known.get(name).cloned().unwrap_or_default();
            after.extend(owned(&edge.assigns));
            let merged = match known.get(edge.to) {
                Some(before) => before.intersection(&after).cloned().collect(),
                None => after,
            };
            if known.get(edge.to) != Some(&merged) {
                known.insert(edge.to, merged);
                open.push(edge.to);
            }
        }
    }
    known
}

fn check_ends(
    region: &Region<'_>,
    edges: &[Edge<'_>],
    reached: &BTreeMap<&str, Assigned>,
    findings: &mut Vec<Finding>,
) {
    let is_end = |state: &&State<'_>| {
        state.members.get("End") == Some(&Value::Bool(true))
            || ["Succeed", "Fail"].contains(&state.kind())
    };
    let mut ending: HashSet<&str> = HashSet::new();
    let ends = region.states.iter().filter(is_end);
    let mut open: Vec<&str> = ends.map(|state| state.name).collect();
    while let Some(name) = open.pop() {
        if ending.insert(name) {
            let before = edges.iter().filter(|edge| edge.to == name);
            open.extend(before.map(|edge| edge.from.name));
        }
    }
    let lost = |state: &&State<'_>| {
        reached.contains_key(state.name)
            && !ending.contains(state.name)
            && edges.iter().any(|edge| edge.from.name == state.name)
    };
    for state in region.states.iter().filter(lost) {
        let message =
            "No way leads from here to an end. Let a Next or a Choice lead out of the loop.";
        findings.push(Finding::warning(NO_END, &state.at, message));
    }
}

fn check_reads(
    state: &State<'_>,
    known: &Assigned,
    anywhere: &Assigned,
    edges: &[Edge<'_>],
    assigned: &BTreeMap<&str, Assigned>,
    findings: &mut Vec<Finding>,
) {
    let mut told = HashSet::new();
    for (key, value) in state.own() {
        let at = format!("{}/{}", state.at, escape(key));
        for (name, at) in reads(key, value, state.language, &at) {
            if known.contains(&name) || !anywhere.contains(&name) || !told.insert(name.clone()) {
                continue;
            }
            let without = edges.iter().find(|edge| {
                edge.to == state.name
                    && !edge.assigns.contains(&name.as_str())
                    && assigned
                        .get(edge.from.name)
                        .is_some_and(|known| !known.contains(&name))
            });
            let way = without.map_or_else(
                || "where the execution begins here".to_owned(),
                |edge| format!("where '{}' comes before", edge.from.name),
            );
            let message = format!(
                "The variable '${name}' is not assigned {way}. Assign it on every way, or ask $exists(${name}) first."
            );
            findings.push(Finding::warning(MAYBE_UNASSIGNED, at, message));
        }
    }
}

/// The variables that a field reads without asking whether they exist, with their places.
fn reads(key: &str, value: &Value, language: Language, at: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut flaws = Vec::new();
    Template::compile(value, language, at, &mut flaws).visit_names(at, &mut |name, at| {
        if let Name::Variable(name) = name {
            found.push((name.to_owned(), at.to_owned()));
        }
    });
    match language {
        Language::Jsonata => found.retain(|(name, place)| {
            let within = place.strip_prefix(at).unwrap_or_default();
            let text = value.pointer(within).and_then(Value::as_str);
            !text.is_some_and(|text| text.contains(&format!("$exists(${name}")))
        }),
        Language::JsonPath => found.extend(path_reads(key, value, at)),
    }
    found
}

/// Fields of `JSONPath` whose value is a path: `…Path`, and `Variable` within Choices.
fn path_reads(key: &str, value: &Value, at: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![(key.to_owned(), value, at.to_owned())];
    while let Some((key, value, at)) = open.pop() {
        match value {
            Value::String(text) if key == "Variable" || key.ends_with("Path") => {
                let path = Path::compile(text).ok();
                let name = path.as_ref().and_then(Path::variable);
                found.extend(name.map(|name| (name.to_owned(), at)));
            }
            Value::Array(items) => open.extend(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| (String::new(), item, format!("{at}/{index}"))),
            ),
            Value::Object(members) if key != "Result" => open.extend(
                members
                    .iter()
                    .map(|(key, value)| (key.clone(), value, format!("{at}/{}", escape(key)))),
            ),
            _ => {}
        }
    }
    found
}
