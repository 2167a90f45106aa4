//! The story as text: the root cause first.

use std::fmt::Write;

use super::story::{Execution, RootCause, State, StateStatus, Story};
use serde_json::Value;

/// Characters of a document that the text shows; the JSON form has all.
const MAX_DOCUMENT_CHARACTERS: usize = 2000;

/// The story for a person.
pub fn text(story: &Story) -> String {
    let mut text = String::new();
    if let Some(cause) = &story.root_cause {
        write_cause(&mut text, cause);
    }
    if let Some(execution) = &story.execution {
        write_execution(&mut text, execution, "");
    }
    for missing in &story.missing {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "not read: {missing}");
    }
    text
}

fn write_cause(text: &mut String, cause: &RootCause) {
    let _ = writeln!(text, "{}  {}", cause.machine, cause.path.join(" → "));
    let _ = writeln!(text, "  error   {}", cause.error);
    let _ = writeln!(text, "  cause   {}", document(&cause.cause));
    let _ = writeln!(text, "  input   {}", document(&cause.input));
    let output = cause.output.as_ref();
    let output = output.map_or_else(|| "none".to_owned(), document);
    let _ = writeln!(text, "  output  {output}\n");
}

fn write_execution(text: &mut String, execution: &Execution, indent: &str) {
    let _ = writeln!(
        text,
        "{indent}{}  {:?}  {}",
        execution.machine, execution.status, execution.name
    );
    let failed = |state: &&State| state.status != StateStatus::Succeeded;
    for state in execution.states.iter().filter(failed) {
        let error = state.error.as_deref().unwrap_or_default();
        let _ = writeln!(text, "{indent}  {} {:?} {error}", state.name, state.status);
    }
    for child in &execution.children {
        write_execution(text, child, &format!("{indent}  "));
    }
}

/// A document on one line, or pretty if that is longer than a line.
fn document(value: &Value) -> String {
    let line = match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let pretty = if line.len() > 100 && !value.is_string() {
        serde_json::to_string_pretty(value).unwrap_or(line)
    } else {
        line
    };
    let mut shown: String = pretty.chars().take(MAX_DOCUMENT_CHARACTERS).collect();
    if pretty.chars().count() > MAX_DOCUMENT_CHARACTERS {
        shown.push_str("… (--json shows all)");
    }
    shown.replace('\n', "\n          ")
}
