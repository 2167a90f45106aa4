//! The intrinsic functions themselves.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::hash;
use crate::random::Random;

/// Longest result of `States.ArrayRange`.
const MAX_RANGE: i64 = 1000;
/// Longest text that is encoded, decoded or hashed.
const MAX_TEXT: usize = 10_000;

/// All names.
pub(crate) const NAMES: [&str; 18] = [
    "States.Array",
    "States.ArrayContains",
    "States.ArrayGetItem",
    "States.ArrayLength",
    "States.ArrayPartition",
    "States.ArrayRange",
    "States.ArrayUnique",
    "States.Base64Decode",
    "States.Base64Encode",
    "States.Format",
    "States.Hash",
    "States.JsonMerge",
    "States.JsonToString",
    "States.MathAdd",
    "States.MathRandom",
    "States.StringSplit",
    "States.StringToJson",
    "States.UUID",
];

/// Calls a function; None where it does not take these arguments.
pub(crate) fn call(name: &str, arguments: &[&Value], random: &Random) -> Option<Value> {
    if name.starts_with("States.Array") {
        call_array(name, arguments)
    } else {
        call_other(name, arguments, random)
    }
}

fn call_array(name: &str, arguments: &[&Value]) -> Option<Value> {
    match (name, arguments) {
        ("States.Array", items) => Some(items.iter().copied().cloned().collect()),
        ("States.ArrayContains", [Value::Array(items), item]) => {
            Some(items.iter().any(|known| equal(known, item)).into())
        }
        ("States.ArrayGetItem", [Value::Array(items), index]) => {
            items.get(usize::try_from(integer(index)?).ok()?).cloned()
        }
        ("States.ArrayLength", [Value::Array(items)]) => Some(items.len().into()),
        ("States.ArrayPartition", [Value::Array(items), size]) => {
            let size = usize::try_from(integer(size)?)
                .ok()
                .filter(|size| *size > 0)?;
            Some(items.chunks(size).map(<[Value]>::to_vec).collect())
        }
        ("States.ArrayRange", [first, last, step]) => {
            range(integer(first)?, integer(last)?, integer(step)?)
        }
        ("States.ArrayUnique", [Value::Array(items)]) => Some(Value::Array(unique(items))),
        _ => None,
    }
}

fn call_other(name: &str, arguments: &[&Value], random: &Random) -> Option<Value> {
    match (name, arguments) {
        ("States.Base64Encode" | "States.Base64Decode", [Value::String(text)])
            if text.chars().count() > MAX_TEXT =>
        {
            None
        }
        ("States.Base64Encode", [Value::String(text)]) => Some(STANDARD.encode(text).into()),
        ("States.Base64Decode", [Value::String(text)]) => {
            String::from_utf8(STANDARD.decode(text).ok()?)
                .ok()
                .map(Value::from)
        }
        ("States.Format", [Value::String(template), values @ ..]) => {
            format(template, values).map(Value::from)
        }
        ("States.Hash", [data, Value::String(algorithm)]) => {
            let data = plain(data);
            let fits = data.chars().count() <= MAX_TEXT;
            hash::digest(&data, algorithm)
                .filter(|_| fits)
                .map(Value::from)
        }
        (
            "States.JsonMerge",
            [
                Value::Object(first),
                Value::Object(second),
                Value::Bool(false),
            ],
        ) => {
            let mut merged = first.clone();
            merged.extend(second.clone());
            Some(Value::Object(merged))
        }
        ("States.JsonToString", [value]) => Some(value.to_string().into()),
        ("States.MathAdd", [first, second]) => {
            let sum = i64::from(small(first)?) + i64::from(small(second)?);
            Some(sum.into())
        }
        ("States.MathRandom", [first, last]) => {
            math_random(integer(first)?, integer(last)?, random)
        }
        ("States.MathRandom", [first, last, seed]) => {
            let random = Random::new(integer(seed)?.cast_unsigned());
            math_random(integer(first)?, integer(last)?, &random)
        }
        ("States.StringSplit", [Value::String(text), Value::String(separators)]) => {
            let pieces = text.split(|c| separators.contains(c));
            Some(
                pieces
                    .filter(|piece| !piece.is_empty())
                    .map(Value::from)
                    .collect(),
            )
        }
        // AWS makes null of a blank text.
        ("States.StringToJson", [Value::String(text)]) if text.trim().is_empty() => {
            Some(Value::Null)
        }
        ("States.StringToJson", [Value::String(text)]) => serde_json::from_str(text).ok(),
        ("States.UUID", []) => Some(random.uuid().into()),
        _ => None,
    }
}

/// Numbers are rounded as Java's `Math.round` does: half up.
#[expect(clippy::cast_possible_truncation, reason = "saturates, as Java's does")]
fn integer(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| Some((value.as_f64()? + 0.5).floor() as i64))
}

/// An operand of `States.MathAdd`: an integer of 32 bits, else the call fails.
fn small(value: &Value) -> Option<i32> {
    i32::try_from(integer(value)?).ok()
}

/// Numbers are equal by value, whether written `1` or `1.0`.
fn equal(first: &Value, second: &Value) -> bool {
    match (first, second) {
        (Value::Number(first), Value::Number(second)) => {
            first == second || first.as_f64() == second.as_f64()
        }
        _ => first == second,
    }
}

fn unique(items: &[Value]) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if !kept.iter().any(|known| equal(known, item)) {
            kept.push(item.clone());
        }
    }
    kept
}

fn range(first: i64, last: i64, step: i64) -> Option<Value> {
    if step == 0 {
        return None;
    }
    let count = last.checked_sub(first)?.checked_div(step)?;
    if count >= MAX_RANGE {
        return None;
    }
    (0..=count)
        .map(|index| Some(Value::from(first.checked_add(step.checked_mul(index)?)?)))
        .collect()
}

/// From `first` up to, not including, `last`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "within first..last"
)]
fn math_random(first: i64, last: i64, random: &Random) -> Option<Value> {
    let width = last.checked_sub(first).filter(|width| *width > 0)?;
    Some(Value::from(first + (random.unit() * width as f64) as i64))
}

/// Puts the values in the places of `{}`.
fn format(template: &str, values: &[&Value]) -> Option<String> {
    let mut text = String::new();
    let mut values = values.iter();
    let mut characters = template.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' => text.extend(characters.next()),
            '{' if characters.next_if_eq(&'}').is_some() => text.push_str(&plain(values.next()?)),
            other => text.push(other),
        }
    }
    values.next().is_none().then_some(text)
}

/// A value as Java's `toString` shows it: text unquoted, objects as `{key=value}`.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(plain).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{key}={}", plain(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}
