//! Compiles what is particular to a Choice.

use serde_json::{Map, Value};

use super::Targets;
use super::checker::{Checker, EXPRESSION, SCHEMA};
use super::fields::Fields;
use crate::choice::{Comparison, Operand, Operator, Test};
use crate::machine::{Condition, Kind, Rule};
use crate::query::Language;
use crate::query::path::Path;

pub(super) fn compile(
    checker: &mut Checker,
    targets: &Targets<'_>,
    fields: &Fields<'_>,
    language: Language,
) -> Option<Kind> {
    fields.require(checker, "Choices")?;
    let choices = fields.array(checker, "Choices")?;
    if choices.is_empty() {
        checker.error(
            SCHEMA,
            fields.at("Choices"),
            "There must be at least one choice",
        );
    }
    let rules: Vec<_> = choices
        .iter()
        .enumerate()
        .map(|(index, choice)| {
            compile_rule(
                checker,
                targets,
                choice,
                &format!("{}/{index}", fields.at("Choices")),
                language,
            )
        })
        .collect();
    let default = match fields.text(checker, "Default") {
        Some(name) => Some(targets.resolve(checker, name, fields.at("Default"))?),
        None => None,
    };
    Some(Kind::Choice {
        rules: rules.into_iter().collect::<Option<_>>()?,
        default,
    })
}

fn compile_rule(
    checker: &mut Checker,
    targets: &Targets<'_>,
    choice: &Value,
    at: &str,
    language: Language,
) -> Option<Rule> {
    let Some(members) = choice.as_object() else {
        checker.error(SCHEMA, at, "A choice must be an object");
        return None;
    };
    let fields = Fields::new(members, at);
    let next = fields
        .required_text(checker, "Next")
        .and_then(|name| targets.resolve(checker, name, fields.at("Next")));
    let condition = match language {
        Language::Jsonata => {
            fields.check_known(
                checker,
                &["Condition", "Next", "Output", "Assign", "Comment"],
            );
            let condition = fields.require(checker, "Condition")?;
            let is_expression = condition
                .as_str()
                .is_some_and(|text| text.starts_with("{%"));
            if !condition.is_boolean() && !is_expression {
                checker.error(
                    SCHEMA,
                    fields.at("Condition"),
                    "The value must be an expression, true or false",
                );
            }
            fields
                .template(checker, "Condition", language)
                .map(Condition::Jsonata)
        }
        Language::JsonPath => compile_test(checker, members, at, true).map(Condition::Test),
    };
    Some(Rule {
        condition: condition?,
        next: next?,
        output: fields.template(checker, "Output", language),
        assign: checker.assign(fields.get("Assign"), language, &fields.at("Assign")),
    })
}

/// A test of `JSONPath`: And, Or, Not, or a comparison.
fn compile_test(
    checker: &mut Checker,
    members: &Map<String, Value>,
    at: &str,
    is_top: bool,
) -> Option<Test> {
    let fields = Fields::new(members, at);
    let mut keys: Vec<&str> = members
        .keys()
        .map(String::as_str)
        .filter(|key| *key != "Comment" && *key != "Variable")
        .collect();
    if is_top {
        keys.retain(|key| *key != "Next" && *key != "Assign");
    }
    let &[key] = keys.as_slice() else {
        checker.error(
            SCHEMA,
            at,
            "A choice must have exactly one comparison operator",
        );
        return None;
    };
    match key {
        "And" | "Or" => {
            let list = fields.array(checker, key)?;
            let inner: Vec<_> = list
                .iter()
                .enumerate()
                .map(|(index, test)| {
                    compile_nested(checker, test, &format!("{}/{index}", fields.at(key)))
                })
                .collect();
            let inner: Vec<Test> = inner.into_iter().collect::<Option<_>>()?;
            Some(if key == "And" {
                Test::And(inner)
            } else {
                Test::Or(inner)
            })
        }
        "Not" => compile_nested(checker, fields.get(key)?, &fields.at(key))
            .map(|test| Test::Not(Box::new(test))),
        _ => compile_comparison(checker, &fields, key).map(Test::Compare),
    }
}

fn compile_nested(checker: &mut Checker, test: &Value, at: &str) -> Option<Test> {
    let Some(members) = test.as_object() else {
        checker.error(SCHEMA, at, "A test must be an object");
        return None;
    };
    compile_test(checker, members, at, false)
}

fn compile_comparison(checker: &mut Checker, fields: &Fields<'_>, key: &str) -> Option<Comparison> {
    fields.require(checker, "Variable")?;
    let variable = fields.path(checker, "Variable");
    let Some((operator, by_path)) = Operator::parse(key) else {
        checker.error(
            SCHEMA,
            fields.at(key),
            format!("'{key}' is no comparison operator"),
        );
        return None;
    };
    let value = fields.get(key)?;
    let operand = if by_path {
        match value.as_str().map(Path::compile) {
            Some(Ok(path)) => Some(Operand::Path(path)),
            Some(Err(flaw)) => {
                checker.error(EXPRESSION, fields.at(key), flaw);
                None
            }
            None => {
                checker.error(SCHEMA, fields.at(key), "The value must be a path");
                None
            }
        }
    } else if operator.accepts(value) {
        Some(Operand::Literal(value.clone()))
    } else {
        checker.error(
            SCHEMA,
            fields.at(key),
            format!("The value does not fit the operator '{key}'"),
        );
        None
    };
    Some(Comparison {
        variable: variable?,
        operator,
        operand: operand?,
    })
}
