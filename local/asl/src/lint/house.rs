//! The house rules: what makes a machine dependable and readable, although AWS takes it without.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::Finding;
use super::tree::{Region, State};
use crate::diagnostic::escape;
use crate::query::Language;
use crate::query::jsonata::expression;

/// Most states of a machine.
const MAX_STATES: usize = 25;
/// Longest name of a state.
const MAX_NAME: usize = 40;
/// Longest expression.
const MAX_EXPRESSION: usize = 100;
/// Keys of a machine in their order.
const KEYS: [&str; 5] = [
    "Comment",
    "QueryLanguage",
    "StartAt",
    "TimeoutSeconds",
    "States",
];

pub(super) fn check(machine: &Region<'_>, findings: &mut Vec<Finding>) {
    let mut told = Vec::new();
    check_machine(machine, &mut told);
    for state in machine.all() {
        check_state(state, &mut told);
        check_expressions(state, &mut told);
        match state.kind() {
            "Task" => check_task(state, &mut told),
            "Choice" if !state.members.contains_key("Default") => told.push((
                "HOUSE_DEFAULT",
                state.at.clone(),
                "A Choice without a Default fails on what no rule matches. Add a Default."
                    .to_owned(),
            )),
            "Fail" => check_fail(state, &mut told),
            _ => {}
        }
        check_retry(state, &mut told);
        check_catch(state, &mut told);
    }
    findings.extend(
        told.into_iter()
            .map(|(code, at, message)| Finding::warning(code, at, message)),
    );
}

/// Code, place, sentence.
type Told = Vec<(&'static str, String, String)>;

fn check_machine(machine: &Region<'_>, told: &mut Told) {
    let members = machine.members;
    let mut tell = |code, at: &str, message: &str| {
        told.push((code, at.to_owned(), message.to_owned()));
    };
    if !members.contains_key("Comment") {
        let message = "Say in a Comment what the machine does, what starts it, its input and output, and who retries it.";
        tell("HOUSE_COMMENT", "", message);
    }
    if !members.contains_key("TimeoutSeconds") {
        let message = "A machine without TimeoutSeconds may run for a year. Bound it.";
        tell("HOUSE_MACHINE_TIMEOUT", "", message);
    }
    if members
        .get("QueryLanguage")
        .is_none_or(|language| language != "JSONata")
    {
        let message = "Set QueryLanguage to JSONata at the top: one language, and no states that only reshape data.";
        tell("HOUSE_LANGUAGE", "/QueryLanguage", message);
    }
    let order = |key: &String| KEYS.iter().position(|known| key == known);
    let places: Vec<usize> = members.keys().filter_map(order).collect();
    if !places.is_sorted() {
        let message = format!("Write the keys in the order {}.", KEYS.join(", "));
        tell("HOUSE_ORDER", "", &message);
    }
    let states = machine.all().len();
    if states > MAX_STATES {
        let message = format!(
            "{states} states are more than {MAX_STATES}. Move a part into a machine of its own, or into code."
        );
        tell("HOUSE_STATES", "/States", &message);
    }
}

fn check_state(state: &State<'_>, told: &mut Told) {
    let mut tell = |message: String| told.push(("HOUSE_NAME", state.at.clone(), message));
    let name = state.name;
    let is_pascal = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric());
    if !is_pascal || name.len() > MAX_NAME {
        tell(format!(
            "Name states by PascalCase verb phrases of at most {MAX_NAME} characters."
        ));
    }
    let is_question = ["Is", "Has", "Are", "Can", "Should"]
        .iter()
        .any(|verb| name.starts_with(verb));
    if state.kind() == "Choice" && !is_question {
        tell("Name a Choice as the question it asks: IsX, HasX.".to_owned());
    }
    if state.kind() == "Fail" && !name.ends_with("Failed") && !name.ends_with("TimedOut") {
        tell("Name a Fail after what happened: XFailed or XTimedOut.".to_owned());
    }
}

fn check_task(state: &State<'_>, told: &mut Told) {
    let has = |key: &str| state.members.contains_key(key);
    if !has("TimeoutSeconds") && !has("TimeoutSecondsPath") {
        let message = "Without TimeoutSeconds a Task that hangs hangs for a year. Bound it.";
        told.push(("HOUSE_TIMEOUT", state.at.clone(), message.to_owned()));
    }
    if !has("Retry") {
        let message =
            "A Task without Retry fails on the service's passing errors. Retry them by name.";
        told.push(("HOUSE_RETRY", state.at.clone(), message.to_owned()));
    }
}

fn check_fail(state: &State<'_>, told: &mut Told) {
    for field in ["Error", "Cause"] {
        let has = |key: &str| state.members.contains_key(key);
        if !has(field) && !has(&format!("{field}Path")) {
            let message =
                format!("A Fail without {field} tells its reader too little. Add {field}.");
            told.push(("HOUSE_FAIL", state.at.clone(), message));
        }
    }
}

fn check_retry(state: &State<'_>, told: &mut Told) {
    for (at, retrier) in state.list("Retry") {
        let mut tell = |code, message: &str| told.push((code, at.clone(), message.to_owned()));
        if State::errors(retrier).contains(&"States.ALL") {
            tell(
                "HOUSE_RETRY_ALL",
                "States.ALL also retries what fails again each time. Name the passing errors.",
            );
        }
        // A retrier of no attempts takes its errors out of a later one.
        if retrier.get("MaxAttempts").and_then(Value::as_u64) == Some(0) {
            continue;
        }
        if !retrier.contains_key("MaxDelaySeconds") {
            tell(
                "HOUSE_MAX_DELAY",
                "Delays grow without end. Bound them by MaxDelaySeconds.",
            );
        }
        if retrier
            .get("JitterStrategy")
            .is_none_or(|strategy| strategy != "FULL")
        {
            tell(
                "HOUSE_JITTER",
                "Executions that fail together retry together. Set JitterStrategy to FULL.",
            );
        }
    }
}

/// What a Catch does with an error keeps the error.
fn check_catch(state: &State<'_>, told: &mut Told) {
    for (at, catcher) in state.list("Catch") {
        let mentions = |key: &str| {
            catcher
                .get(key)
                .is_some_and(|value| value.to_string().contains("$states.errorOutput"))
        };
        let is_lost = match state.language {
            Language::Jsonata => {
                catcher.contains_key("Output") && !mentions("Output") && !mentions("Assign")
            }
            Language::JsonPath => is_discarded(catcher),
        };
        if is_lost {
            let message = "The error is dropped here. Keep it: in Output or Assign by $states.errorOutput, in JSONPath by ResultPath.";
            told.push(("HOUSE_ERROR_KEPT", at, message.to_owned()));
        }
    }
}

fn is_discarded(catcher: &Map<String, Value>) -> bool {
    catcher.get("ResultPath") == Some(&Value::Null) && !catcher.contains_key("Assign")
}

fn check_expressions(state: &State<'_>, told: &mut Told) {
    let mut open: Vec<(String, &Value)> = state
        .own()
        .map(|(key, value)| (format!("{}/{}", state.at, escape(key)), value))
        .collect();
    let mut told_at = HashSet::new();
    while let Some((at, value)) = open.pop() {
        match value {
            Value::String(text) if text.starts_with("{%") && told_at.insert(at.clone()) => {
                let length = expression(text).unwrap_or(text).chars().count();
                if length > MAX_EXPRESSION || text.contains('\n') {
                    let message = format!(
                        "An expression of {length} characters is hard to read. Keep to one line of {MAX_EXPRESSION}, or write code."
                    );
                    told.push(("HOUSE_EXPRESSION", at, message));
                }
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                open.extend(items.map(|(index, item)| (format!("{at}/{index}"), item)));
            }
            Value::Object(members) => {
                let members = members.iter();
                open.extend(members.map(|(key, item)| (format!("{at}/{}", escape(key)), item)));
            }
            _ => {}
        }
    }
}
