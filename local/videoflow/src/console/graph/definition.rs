//! What of a definition is drawn: its states, where they lead, and what lies within them.

use serde_json::{Map, Value};

/// A definition's states, or those of a branch of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The states that can be reached, the first one first.
    pub states: Vec<State>,
    /// Ways from state to state.
    pub ways: Vec<Way>,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Name, which no other state of its machine has.
    pub name: String,
    /// `Task`, `Choice`, …
    pub kind: String,
    /// Machine that it starts, without the environment's prefix.
    pub machine: Option<String>,
    /// Branches of a Parallel, or the one processor of a Map.
    pub scopes: Vec<Scope>,
}

/// A way from one state to another, by their places in [`Scope::states`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// From here.
    pub from: usize,
    /// To there.
    pub to: usize,
    /// When it is taken.
    pub kind: WayKind,
}

/// When a way is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum WayKind {
    /// Always, after success.
    Next,
    /// If its condition holds, or no other does.
    Choice,
    /// After an error that is caught.
    Catch,
}

/// Reads a definition, or a branch, from its JSON. What is not in the language's form is left out: the engine checks it,
/// and a picture without it is better than none.
pub fn scope(definition: &Value) -> Scope {
    let mut scope = Scope {
        states: Vec::new(),
        ways: Vec::new(),
    };
    let states = definition.get("States").and_then(Value::as_object);
    let start = definition.get("StartAt").and_then(Value::as_str);
    if let Some((states, start)) = states.zip(start) {
        scope.follow(states, start);
    }
    scope
}

impl Scope {
    /// Adds all states that can be reached from `start`, in the order of the definition's own way.
    fn follow(&mut self, states: &Map<String, Value>, start: &str) {
        let mut open = vec![start.to_owned()];
        while let Some(name) = open.pop() {
            let Some(state) = states.get(&name).filter(|_| self.place(&name).is_none()) else {
                continue;
            };
            self.states.push(self::state(&name, state));
            let next = targets(state).into_iter().rev();
            open.extend(next.map(|(target, _)| target));
        }
        for from in 0..self.states.len() {
            let state = self
                .states
                .get(from)
                .and_then(|state| states.get(&state.name));
            for (target, kind) in state.map(targets).unwrap_or_default() {
                let to = self.place(&target).filter(|to| {
                    let is_known = |way: &Way| way.from == from && way.to == *to;
                    *to != from && !self.ways.iter().any(is_known)
                });
                self.ways.extend(to.map(|to| Way { from, to, kind }));
            }
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.states.iter().position(|state| state.name == name)
    }
}

fn state(name: &str, state: &Value) -> State {
    let branches = state.get("Branches").and_then(Value::as_array);
    let processor = state.get("ItemProcessor");
    let scopes = branches.into_iter().flatten().chain(processor);
    let machine = state
        .pointer("/Arguments/StateMachineArn")
        .and_then(Value::as_str)
        .and_then(|arn| arn.strip_prefix("${")?.strip_suffix("_state_machine_arn}"));
    State {
        name: name.to_owned(),
        kind: text(state, "Type").unwrap_or_default(),
        machine: machine.map(|machine| machine.replace('_', "-")),
        scopes: scopes.map(scope).collect(),
    }
}

/// Where a state leads.
fn targets(state: &Value) -> Vec<(String, WayKind)> {
    let each = |list: &str, kind: WayKind| {
        let list = state.get(list).and_then(Value::as_array);
        let targets = list.into_iter().flatten();
        let targets = targets.filter_map(move |one| Some((text(one, "Next")?, kind)));
        targets.collect::<Vec<_>>()
    };
    let next = text(state, "Next").map(|next| (next, WayKind::Next));
    let default = text(state, "Default").map(|default| (default, WayKind::Choice));
    next.into_iter()
        .chain(each("Choices", WayKind::Choice))
        .chain(default)
        .chain(each("Catch", WayKind::Catch))
        .collect()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn follows_every_way_and_looks_into_states() {
        let scope = scope(&json!({"StartAt": "A", "States": {
            "Unused": {"Type": "Succeed"},
            "A": {"Type": "Task", "Arguments": {"StateMachineArn": "${sanitize_file_state_machine_arn}"},
                "Next": "B", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]},
            "B": {"Type": "Choice", "Choices": [{"Condition": "", "Next": "A"}], "Default": "C"},
            "C": {"Type": "Parallel", "End": true, "Branches": [
                {"StartAt": "D", "States": {"D": {"Type": "Pass", "End": true}}}]}
        }}));
        let names: Vec<&str> = scope
            .states
            .iter()
            .map(|state| state.name.as_str())
            .collect();
        assert_eq!(names, ["A", "B", "C"]);
        let ways: Vec<_> = scope
            .ways
            .iter()
            .map(|way| (way.from, way.to, way.kind))
            .collect();
        let expected = [
            (0, 1, WayKind::Next),
            (0, 2, WayKind::Catch),
            (1, 0, WayKind::Choice),
            (1, 2, WayKind::Choice),
        ];
        assert_eq!(ways, expected);
        let machines: Vec<_> = scope
            .states
            .iter()
            .map(|state| state.machine.as_deref())
            .collect();
        assert_eq!(machines, [Some("sanitize-file"), None, None]);
        let within = scope.states.last().map(|state| state.scopes.len());
        assert_eq!(within, Some(1));
    }

    #[test]
    fn what_is_no_definition_draws_nothing() {
        for odd in [
            json!(null),
            json!({"StartAt": "A"}),
            json!({"StartAt": "A", "States": {"B": 1}}),
        ] {
            assert!(scope(&odd).states.is_empty(), "{odd}");
        }
    }
}
