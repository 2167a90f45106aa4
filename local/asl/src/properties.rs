//! What holds for any input: properties of the crate's inner parts. The seed is fixed, so that a failure comes again.

use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Map, Value, json};

use crate::choice::{Comparison, Operand, Operator, Test, parse_timestamp};
use crate::effect::Timestamp;
use crate::execution::json_size;
use crate::query::intrinsic::Intrinsic;
use crate::query::path::{Path, ReferencePath};
use crate::query::{ContextObject, Scope, Variables};
use crate::random::Random;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(5),
        ..ProptestConfig::default()
    }
}

/// Any document, with member names that paths ask for.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        (-20_i64..20).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("2012-10-09T19:00:55Z")),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec(("[abc]|.{0,4}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A path that compiles.
fn path() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        4 => "\\.[abc]",
        1 => "\\[[0-3]\\]",
        1 => "\\[-[1-3]\\]",
        1 => "\\[-?[0-3]:(-?[0-3])?(:-?[0-2])?\\]",
        1 => Just(".*".to_owned()),
        1 => Just("[*]".to_owned()),
        1 => "\\.\\.[abc]",
        1 => Just("['a','b']".to_owned()),
        1 => Just(r"['it\'s \\']".to_owned()),
        1 => "\\[\\?\\(@\\.[abc] (==|!=|<|<=|>|>=) (1|'x'|null|true|\\$\\.a)\\)\\]",
        1 => "\\[\\?\\(!@\\.[abc] (&&|\\|\\|) \\(@\\.a in \\[1,'b'\\]\\)\\)\\]",
    ];
    let root = prop_oneof![4 => Just("$"), 1 => Just("$$"), 1 => Just("$name")];
    (root, prop::collection::vec(step, 0..5))
        .prop_map(|(root, steps)| format!("{root}{}", steps.concat()))
}

/// Evaluates in a scope whose input, context and variable `name` are the document.
fn with_scope<T>(document: &Value, evaluate: impl FnOnce(&Scope<'_>) -> T) -> T {
    let mut variables = Variables::default();
    variables.assign(&[("name".into(), document.clone().into())]);
    let random = Random::new(1);
    let context = document.clone();
    evaluate(&Scope {
        input: document,
        result: None,
        error_output: None,
        context: ContextObject::new(move |_| context.clone()),
        variables: &variables,
        random: &random,
        now: Timestamp(0),
        converted: RefCell::new(HashMap::new()),
    })
}

fn found(path: &Path, document: &Value) -> Option<Value> {
    with_scope(document, |scope| path.find(scope).map(Cow::into_owned))
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn any_text_is_a_path_or_is_refused(text in "\\$?[$.\\[\\]?@'\"a-c0-2 ():,*!&|<=>\\\\-]{0,24}|.{0,24}", document in document()) {
        let _ = ReferencePath::compile(&text).map(|path| path.put(document.clone(), Value::Null));
        if let Ok(path) = Path::compile(&text) {
            found(&path, &document);
            path.missing(Some(&document));
        }
    }

    #[test]
    fn a_printed_path_is_the_same_path(text in path(), document in document()) {
        let path = Path::compile(&text).map_err(TestCaseError::fail)?;
        let printed = path.to_string();
        let again = Path::compile(&printed).map_err(TestCaseError::fail)?;
        prop_assert_eq!(again.to_string(), printed);
        prop_assert_eq!(found(&again, &document), found(&path, &document));
    }

    #[test]
    fn any_text_is_a_call_or_is_refused(
        text in "States\\.(Format|Array|ArrayRange|ArrayPartition|StringSplit|MathAdd|MathRandom|Hash|JsonMerge)\\([$.a-c0-9' {}(),\\\\-]{0,24}\\)?|.{0,24}",
        document in document()
    ) {
        if let Ok(call) = Intrinsic::compile(&text) {
            let _ = with_scope(&document, |scope| call.evaluate(scope));
        }
    }

    #[test]
    fn any_arguments_are_taken_or_refused(
        name in prop::sample::select(&crate::query::intrinsic::NAMES[..]),
        arguments in prop::collection::vec(document(), 0..4)
    ) {
        let places: Vec<String> = (0..arguments.len()).map(|index| format!("$[{index}]")).collect();
        let call = Intrinsic::compile(&format!("{name}({})", places.join(", "))).map_err(TestCaseError::fail)?;
        let result = with_scope(&Value::Array(arguments), |scope| call.evaluate(scope));
        if let Err(failure) = result {
            prop_assert_eq!(failure.error.as_deref(), Some("States.IntrinsicFailure"));
        }
    }

    #[test]
    fn a_payload_is_as_long_as_its_text(document in document()) {
        prop_assert_eq!(json_size(&document), document.to_string().len());
    }

    #[test]
    fn operators_agree_with_a_naive_model(
        operator in "(String|Numeric|Timestamp)(Equals|LessThan|LessThanEquals|GreaterThan|GreaterThanEquals)|BooleanEquals|Is(Null|Present|String|Numeric|Boolean|Timestamp)",
        (value, operand) in (document(), document()).prop_flat_map(|(value, other)| {
            (Just(value.clone()), prop_oneof![Just(value), Just(other)])
        })
    ) {
        let (parsed, _) = Operator::parse(&operator).ok_or_else(|| TestCaseError::fail(operator.clone()))?;
        let test = Test::Compare(Comparison {
            variable: Path::compile("$").map_err(TestCaseError::fail)?,
            operator: parsed,
            operand: Operand::Literal(operand.clone()),
        });
        let holds = with_scope(&value, |scope| test.holds(scope)).map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
        prop_assert_eq!(holds, naive(&operator, &value, &operand), "{} {} {}", value, operator, operand);
    }

    #[test]
    fn patterns_agree_with_a_naive_model(text in "[ab*\\\\]{0,8}", pattern in "([ab*]|\\\\[*\\\\]){0,8}") {
        let test = Test::Compare(Comparison {
            variable: Path::compile("$").map_err(TestCaseError::fail)?,
            operator: Operator::Matches,
            operand: Operand::Literal(pattern.as_str().into()),
        });
        let holds = with_scope(&text.as_str().into(), |scope| test.holds(scope));
        let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
        prop_assert_eq!(holds.ok(), Some(matches(&text, &pattern)));
    }
}

/// What an operator says, read off its name.
fn naive(operator: &str, value: &Value, operand: &Value) -> bool {
    let type_of = |value: &Value| match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Numeric",
        Value::String(_) => "String",
        Value::Array(_) | Value::Object(_) => "",
    };
    if let Some(asked) = operator.strip_prefix("Is") {
        let is_so = match asked {
            "Present" => true,
            "Timestamp" => parse_timestamp(value).is_some(),
            asked => type_of(value) == asked,
        };
        return operand.as_bool() == Some(is_so);
    }
    let families = ["String", "Numeric", "Boolean", "Timestamp"];
    let Some(family) = families
        .into_iter()
        .find(|family| operator.starts_with(family))
    else {
        return false;
    };
    let ordering = match family {
        "Timestamp" => parse_timestamp(value)
            .zip(parse_timestamp(operand))
            .map(|(a, b)| a.cmp(&b)),
        family if type_of(value) != family || type_of(operand) != family => None,
        "Numeric" => value
            .as_f64()
            .zip(operand.as_f64())
            .and_then(|(a, b)| a.partial_cmp(&b)),
        "Boolean" => Some(value.as_bool().cmp(&operand.as_bool())),
        _ => Some(value.as_str().cmp(&operand.as_str())),
    };
    let comparison = operator.strip_prefix(family).unwrap_or_default();
    ordering.is_some_and(|ordering| match comparison {
        "Equals" => ordering == Ordering::Equal,
        "LessThan" => ordering == Ordering::Less,
        "LessThanEquals" => ordering != Ordering::Greater,
        "GreaterThan" => ordering == Ordering::Greater,
        _ => ordering != Ordering::Less,
    })
}

fn matches(text: &[char], pattern: &[char]) -> bool {
    match (text, pattern) {
        ([], []) => true,
        (_, ['*', rest @ ..]) => {
            matches(text, rest)
                || text
                    .split_first()
                    .is_some_and(|(_, text)| matches(text, pattern))
        }
        ([c, text @ ..], ['\\', escaped, rest @ ..]) => c == escaped && matches(text, rest),
        ([c, text @ ..], [same, rest @ ..]) => c == same && matches(text, rest),
        _ => false,
    }
}
