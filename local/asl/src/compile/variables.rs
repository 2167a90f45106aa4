//! Which variables are assigned and read where.
//!
//! A region's variables are seen in the regions within it, except in a Distributed Map, whose children are executions of
//! their own. An inner region must not assign a name of an outer one (AWS refuses that); reading a variable that no state
//! assigns is worth a warning, as `$exists` makes it legal.

use std::collections::HashSet;

use super::checker::{Checker, SCHEMA};
use crate::diagnostic::{Diagnostic, Severity};

/// A variable that nothing assigns, or a function that does not exist.
const UNDEFINED: &str = "UNDEFINED_NAME";

/// What one region does with variables. Each name has its place.
#[derive(Debug, Default)]
pub(super) struct Frame {
    assigned: Vec<(String, String)>,
    read: Vec<(String, String)>,
    /// Assigned in the regions within.
    inner: Vec<(String, String)>,
}

impl Checker {
    pub(super) fn enter_region(&mut self) {
        self.frames.push(Frame::default());
    }

    pub(super) fn assigns(&mut self, name: &str, at: &str) {
        if let Some(frame) = self.frames.last_mut() {
            frame.assigned.push((name.to_owned(), at.to_owned()));
        }
    }

    pub(super) fn reads(&mut self, name: &str, at: &str) {
        if let Some(frame) = self.frames.last_mut() {
            frame.read.push((name.to_owned(), at.to_owned()));
        }
    }

    /// What the region does not assign is looked for around it.
    pub(super) fn leave_region(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let own: HashSet<&str> = frame
            .assigned
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        for (name, at) in &frame.inner {
            if own.contains(name.as_str()) {
                self.error(SCHEMA, at, format!("The variable '{name}' is assigned in an outer scope and cannot be assigned here"));
            }
        }
        let open = frame
            .read
            .iter()
            .filter(|(name, _)| !own.contains(name.as_str()))
            .cloned();
        if let Some(outer) = self.frames.last_mut() {
            outer.read.extend(open);
            outer
                .inner
                .extend(frame.inner.iter().chain(&frame.assigned).cloned());
        }
    }

    /// What nothing around a whole machine assigns is undefined.
    pub(super) fn leave_machine(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        for (name, at) in frame.read {
            self.warn_undefined(
                at,
                format!("The variable '${name}' is read, but no state assigns it"),
            );
        }
    }

    pub(super) fn warn_undefined(&mut self, at: String, message: String) {
        let finding = Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(UNDEFINED, at, message)
        };
        if !self.diagnostics.contains(&finding) {
            self.diagnostics.push(finding);
        }
    }
}
