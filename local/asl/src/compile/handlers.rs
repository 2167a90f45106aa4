//! Compiles Retry and Catch.

use serde_json::Value;

use super::Targets;
use super::checker::{Checker, SCHEMA};
use super::fields::Fields;
use crate::machine::{Catcher, Retrier};
use crate::query::Language;

/// Most attempts of a retrier.
const MAX_ATTEMPTS: u32 = 99_999_999;
/// What the seconds of a retrier must be below: 366 days.
const MAX_DELAY_SECONDS: u32 = 31_622_400;

pub(super) fn compile_retry(checker: &mut Checker, fields: &Fields<'_>) -> Vec<Retrier> {
    let list = fields
        .array(checker, "Retry")
        .map(Vec::as_slice)
        .unwrap_or_default();
    let compile = |(index, value)| {
        let at = format!("{}/{index}", fields.at("Retry"));
        let retrier = object(checker, value, &at)?;
        retrier.check_known(
            checker,
            &[
                "ErrorEquals",
                "IntervalSeconds",
                "MaxAttempts",
                "BackoffRate",
                "MaxDelaySeconds",
                "JitterStrategy",
                "Comment",
            ],
        );
        Some(Retrier {
            errors: compile_errors(checker, &retrier, index + 1 == list.len()),
            interval_seconds: seconds(checker, &retrier, "IntervalSeconds").unwrap_or(1.0),
            max_attempts: max_attempts(checker, &retrier),
            backoff_rate: backoff_rate(checker, &retrier).unwrap_or(2.0),
            max_delay_seconds: seconds(checker, &retrier, "MaxDelaySeconds"),
            full_jitter: is_full_jitter(checker, &retrier),
        })
    };
    list.iter().enumerate().filter_map(compile).collect()
}

pub(super) fn compile_catch(
    checker: &mut Checker,
    targets: &Targets<'_>,
    fields: &Fields<'_>,
    language: Language,
) -> Vec<Catcher> {
    let list = fields
        .array(checker, "Catch")
        .map(Vec::as_slice)
        .unwrap_or_default();
    let known: &[&str] = match language {
        Language::Jsonata => &["ErrorEquals", "Next", "Output", "Assign", "Comment"],
        Language::JsonPath => &["ErrorEquals", "Next", "ResultPath", "Assign", "Comment"],
    };
    let compile = |(index, value)| {
        let at = format!("{}/{index}", fields.at("Catch"));
        let catcher = object(checker, value, &at)?;
        catcher.check_known(checker, known);
        let errors = compile_errors(checker, &catcher, index + 1 == list.len());
        let next = catcher.required_text(checker, "Next")?;
        Some(Catcher {
            errors,
            next: targets.resolve(checker, next, catcher.at("Next"))?,
            result_path: catcher.result_path(checker),
            output: catcher.template(checker, "Output", language),
            assign: checker.assign(catcher.get("Assign"), language, &catcher.at("Assign")),
        })
    };
    list.iter().enumerate().filter_map(compile).collect()
}

fn object<'a>(checker: &mut Checker, value: &'a Value, at: &'a str) -> Option<Fields<'a>> {
    if value.as_object().is_none() {
        checker.error(SCHEMA, at, "The value must be an object");
    }
    value.as_object().map(|members| Fields::new(members, at))
}

/// `States.ALL` stands alone, and in the last handler only.
fn compile_errors(checker: &mut Checker, fields: &Fields<'_>, is_last: bool) -> Vec<String> {
    let names = fields
        .require(checker, "ErrorEquals")
        .and_then(|_| fields.array(checker, "ErrorEquals"));
    let names = names.map(Vec::as_slice).unwrap_or_default();
    if names.is_empty() || names.iter().any(|name| !name.is_string()) {
        checker.error(
            SCHEMA,
            fields.at("ErrorEquals"),
            "The value must be an array of error names, and not empty",
        );
    }
    let errors: Vec<String> = names
        .iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    if errors.iter().any(|name| name == "States.ALL") && (errors.len() > 1 || !is_last) {
        checker.error(
            SCHEMA,
            fields.at("ErrorEquals"),
            "States.ALL must stand alone, and in the last handler",
        );
    }
    errors
}

/// A literal number of whole seconds: AWS takes no expressions in Retry.
fn seconds(checker: &mut Checker, fields: &Fields<'_>, key: &str) -> Option<f64> {
    let number = fields.get(key)?.as_u64();
    let number = number.and_then(|number| u32::try_from(number).ok());
    let number = number.filter(|number| (1..MAX_DELAY_SECONDS).contains(number));
    if number.is_none() {
        let message =
            format!("The value must be an integer from 1 to {MAX_DELAY_SECONDS}, itself excluded");
        checker.error(SCHEMA, fields.at(key), message);
    }
    number.map(f64::from)
}

fn backoff_rate(checker: &mut Checker, fields: &Fields<'_>) -> Option<f64> {
    let value = fields.get("BackoffRate")?;
    let rate = value.as_f64().filter(|rate| *rate >= 1.0);
    if rate.is_none() {
        let message = "The value must be a number of at least 1";
        checker.error(SCHEMA, fields.at("BackoffRate"), message);
    }
    rate
}

fn max_attempts(checker: &mut Checker, fields: &Fields<'_>) -> u32 {
    const DEFAULT: u32 = 3;
    let Some(value) = fields.get("MaxAttempts") else {
        return DEFAULT;
    };
    let number = value
        .as_u64()
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| *number <= MAX_ATTEMPTS);
    if number.is_none() {
        checker.error(
            SCHEMA,
            fields.at("MaxAttempts"),
            format!("The value must be an integer from 0 to {MAX_ATTEMPTS}"),
        );
    }
    number.unwrap_or(DEFAULT)
}

fn is_full_jitter(checker: &mut Checker, fields: &Fields<'_>) -> bool {
    match fields.text(checker, "JitterStrategy") {
        None | Some("NONE") => false,
        Some("FULL") => true,
        Some(_) => {
            checker.error(
                SCHEMA,
                fields.at("JitterStrategy"),
                "The value must be FULL or NONE",
            );
            false
        }
    }
}
