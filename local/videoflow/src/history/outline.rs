//! The states of an execution as a person looks at them: a loop's turns and a Map's iterations are one line, so the outline
//! is as long as the definition, however long the history is.

use std::collections::HashMap;

use super::story::{Execution, State, StateStatus};

/// All entries of one state of the definition.
#[derive(Debug)]
pub struct Line<'a> {
    /// Name.
    pub name: &'a str,
    /// How the last entry stands; a failure before it is told by `failed`.
    pub status: StateStatus,
    /// Error of the last entry that had one.
    pub error: Option<&'a str>,
    /// Entries.
    pub entries: usize,
    /// Those that failed, though another entry followed.
    pub failed: usize,
    /// Sum of all entries.
    pub duration_ms: i64,
    /// Sum of all entries.
    pub waited_ms: i64,
    /// Tries after the first, of all entries.
    pub retries: usize,
    /// What is within, in order of the first entry.
    pub within: Vec<Line<'a>>,
    /// Executions that it started.
    pub children: Vec<&'a Execution>,
}

/// The states of an execution, outermost first.
pub fn outline(execution: &Execution) -> Vec<Line<'_>> {
    let mut children: HashMap<&str, Vec<&Execution>> = HashMap::new();
    for child in &execution.children {
        let state = child.started_by.as_deref().unwrap_or_default();
        children.entry(state).or_default().push(child);
    }
    let names: HashMap<u64, &State> = execution
        .states
        .iter()
        .map(|state| (state.id, state))
        .collect();
    let mut lines = Vec::new();
    for state in &execution.states {
        let around = |state: &&State| names.get(&state.within?).copied();
        let mut way: Vec<&State> = std::iter::successors(around(&state), around).collect();
        way.reverse();
        let mut siblings = &mut lines;
        for outer in way {
            siblings = &mut line_of(siblings, outer).within;
        }
        line_of(siblings, state).add(state);
    }
    hang(&mut lines, &mut children);
    lines
}

/// The line of a state among its siblings, a new one at the end if it is the first entry.
fn line_of<'a, 'b>(siblings: &'b mut Vec<Line<'a>>, state: &'a State) -> &'b mut Line<'a> {
    match siblings.iter().position(|line| line.name == state.name) {
        // No `get_mut`: the borrow checker would hold it for the other branch, too.
        Some(known) => &mut siblings[known],
        None => siblings.push_mut(Line::new(state)),
    }
}

/// Puts executions to the states that started them: names are unique in a machine.
fn hang<'a>(lines: &mut [Line<'a>], children: &mut HashMap<&str, Vec<&'a Execution>>) {
    for line in lines {
        line.children = children.remove(line.name).unwrap_or_default();
        hang(&mut line.within, children);
    }
}

impl<'a> Line<'a> {
    fn new(state: &'a State) -> Self {
        Self {
            name: &state.name,
            status: state.status,
            error: None,
            entries: 0,
            failed: 0,
            duration_ms: 0,
            waited_ms: 0,
            retries: 0,
            within: Vec::new(),
            children: Vec::new(),
        }
    }

    fn add(&mut self, state: &'a State) {
        if self.entries > 0 && self.status == StateStatus::Failed {
            self.failed += 1;
        }
        // Of a Map's iterations the one that failed counts, not one that was aborted because of it.
        let is_after_failure =
            self.status == StateStatus::Failed && state.status == StateStatus::Aborted;
        if !is_after_failure {
            self.status = state.status;
        }
        self.error = state.error.as_deref().or(self.error);
        self.entries += 1;
        self.duration_ms += state.duration_ms.unwrap_or(0);
        self.waited_ms += state.waited_ms;
        self.retries += state.attempts.len().saturating_sub(1);
    }
}
