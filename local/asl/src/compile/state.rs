//! Compiles one state.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::checker::{Checker, SCHEMA};
use super::fields::Fields;
use super::{Targets, choice, compile_region, handlers, map, task};
use crate::machine::{Kind, State, Wait};
use crate::query::Language;

/// Compiles a state; what is wrong with it is told to the checker.
pub(super) fn compile(
    checker: &mut Checker,
    targets: &Targets<'_>,
    name: &str,
    definition: &Value,
    at: &str,
    outer: Language,
) -> Option<State> {
    let Some(members) = definition.as_object() else {
        checker.error(SCHEMA, at, "A state must be an object");
        return None;
    };
    let fields = Fields::new(members, at);
    let language = fields.language(checker, outer, Some(outer));
    let (kind_name, known) = check_fields(checker, &fields, language)?;
    let kind = compile_kind(checker, targets, kind_name, &fields, language, outer);
    let next = if known.contains(&"Next") {
        compile_next(checker, targets, &fields)
    } else {
        None
    };
    let arguments = match (kind_name, language) {
        // A Map's Parameters are its ItemSelector's old name.
        ("Map", _) => None,
        (_, Language::Jsonata) => fields.template(checker, "Arguments", language),
        (_, Language::JsonPath) => fields.template(checker, "Parameters", language),
    };
    Some(State {
        name: Arc::from(name),
        language,
        next,
        input_path: fields.selection(checker, "InputPath"),
        output_path: fields.selection(checker, "OutputPath"),
        result_path: fields.result_path(checker),
        arguments,
        result_selector: fields.template(checker, "ResultSelector", language),
        output: fields.template(checker, "Output", language),
        assign: checker.assign(fields.get("Assign"), language, &fields.at("Assign")),
        retry: handlers::compile_retry(checker, &fields),
        catch: handlers::compile_catch(checker, targets, &fields, language),
        kind: kind?,
    })
}

/// The type of the state and the fields that it may have; tells of others.
fn check_fields<'a>(
    checker: &mut Checker,
    fields: &Fields<'a>,
    language: Language,
) -> Option<(&'a str, Vec<&'static str>)> {
    let kind = fields.required_text(checker, "Type")?;
    let Some(known) = known_fields(kind, language) else {
        checker.error(
            SCHEMA,
            fields.at("Type"),
            format!("'{kind}' is no type of state"),
        );
        return None;
    };
    let known: Vec<&str> = known
        .split(' ')
        .chain(["Type", "Comment", "QueryLanguage"])
        .collect();
    fields.check_known(checker, &known);
    Some((kind, known))
}

/// Fields of a type of state besides those of all states.
fn known_fields(kind: &str, language: Language) -> Option<&'static str> {
    Some(match (kind, language) {
        ("Pass", Language::Jsonata) => "Output Assign Next End",
        ("Pass", Language::JsonPath) => {
            "InputPath Parameters Result ResultPath OutputPath Assign Next End"
        }
        ("Task", Language::Jsonata) => {
            "Resource Arguments Credentials TimeoutSeconds HeartbeatSeconds Output Assign Retry Catch Next End"
        }
        ("Task", Language::JsonPath) => {
            "Resource InputPath Parameters Credentials TimeoutSeconds TimeoutSecondsPath HeartbeatSeconds \
             HeartbeatSecondsPath ResultSelector ResultPath OutputPath Assign Retry Catch Next End"
        }
        ("Choice", Language::Jsonata) => "Choices Default Output Assign",
        ("Choice", Language::JsonPath) => "InputPath Choices Default OutputPath Assign",
        ("Wait", Language::Jsonata) => "Seconds Timestamp Output Assign Next End",
        ("Wait", Language::JsonPath) => {
            "InputPath Seconds SecondsPath Timestamp TimestampPath OutputPath Assign Next End"
        }
        ("Succeed", Language::Jsonata) => "Output",
        ("Succeed", Language::JsonPath) => "InputPath OutputPath",
        ("Fail", Language::Jsonata) => "Error Cause",
        ("Fail", Language::JsonPath) => "Error ErrorPath Cause CausePath",
        ("Parallel", Language::Jsonata) => "Branches Arguments Output Assign Retry Catch Next End",
        ("Parallel", Language::JsonPath) => {
            "InputPath Branches Parameters ResultSelector ResultPath OutputPath Assign Retry Catch Next End"
        }
        ("Map", Language::Jsonata) => {
            "Items ItemReader ItemSelector ItemBatcher ItemProcessor Iterator MaxConcurrency ToleratedFailureCount \
             ToleratedFailurePercentage Label ResultWriter Output Assign Retry Catch Next End"
        }
        ("Map", Language::JsonPath) => {
            "InputPath Items ItemsPath ItemReader ItemSelector Parameters ItemBatcher ItemProcessor Iterator MaxConcurrency \
             MaxConcurrencyPath ToleratedFailureCount ToleratedFailureCountPath ToleratedFailurePercentage \
             ToleratedFailurePercentagePath Label ResultWriter ResultSelector ResultPath OutputPath Assign Retry Catch \
             Next End"
        }
        _ => return None,
    })
}

fn compile_kind(
    checker: &mut Checker,
    targets: &Targets<'_>,
    kind: &str,
    fields: &Fields<'_>,
    language: Language,
    outer: Language,
) -> Option<Kind> {
    Some(match kind {
        "Pass" => Kind::Pass {
            result: fields.get("Result").cloned(),
        },
        "Task" => Kind::Task(Box::new(task::compile(checker, fields, language)?)),
        "Choice" => choice::compile(checker, targets, fields, language)?,
        "Wait" => Kind::Wait(compile_wait(checker, fields, language)?),
        "Succeed" => Kind::Succeed,
        "Fail" => Kind::Fail {
            error: fields.words(checker, ["Error", "ErrorPath"], language),
            cause: fields.words(checker, ["Cause", "CausePath"], language),
        },
        "Parallel" => {
            fields.require(checker, "Branches")?;
            let branches = fields.array(checker, "Branches")?;
            if branches.is_empty() {
                checker.error(
                    SCHEMA,
                    fields.at("Branches"),
                    "There must be at least one branch",
                );
            }
            let branches = branches.iter().enumerate().map(|(index, branch)| {
                let at = format!("{}/{index}", fields.at("Branches"));
                let empty = Map::new();
                let members = branch.as_object().unwrap_or(&empty);
                Fields::new(members, &at).check_known(checker, &["Comment", "StartAt", "States"]);
                compile_region(checker, members, &at, outer).map(Arc::new)
            });
            // Every branch is compiled, so that the flaws of all are told.
            let branches: Vec<_> = branches.collect();
            Kind::Parallel {
                branches: branches.into_iter().collect::<Option<_>>()?,
            }
        }
        _ => Kind::Map(Box::new(map::compile(checker, fields, language, outer)?)),
    })
}

/// Exactly one of Next and End.
fn compile_next(
    checker: &mut Checker,
    targets: &Targets<'_>,
    fields: &Fields<'_>,
) -> Option<usize> {
    let ends = match fields.get("End") {
        None => false,
        Some(Value::Bool(ends)) => *ends,
        Some(_) => {
            checker.error(SCHEMA, fields.at("End"), "The value must be true or false");
            true
        }
    };
    let next = fields.text(checker, "Next");
    match (ends, next) {
        (true, Some(_)) => checker.error(
            SCHEMA,
            fields.pointer(),
            "A state must have either 'Next' or 'End', not both",
        ),
        (false, None) if fields.get("Next").is_none() => {
            checker.error(
                SCHEMA,
                fields.pointer(),
                "A state must have either 'Next' or 'End'",
            );
        }
        _ => {}
    }
    targets.resolve(checker, next?, fields.at("Next"))
}

fn compile_wait(checker: &mut Checker, fields: &Fields<'_>, language: Language) -> Option<Wait> {
    let ways = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];
    if ways.iter().filter(|way| fields.get(way).is_some()).count() != 1 {
        checker.error(
            SCHEMA,
            fields.pointer(),
            "A Wait state must say how long in exactly one way: Seconds or Timestamp",
        );
        return None;
    }
    if let Some(setting) = fields.integer(checker, ["Seconds", "SecondsPath"], language, 0) {
        return Some(Wait::Seconds(setting));
    }
    fields
        .timestamp(checker, ["Timestamp", "TimestampPath"], language)
        .map(Wait::Timestamp)
}
