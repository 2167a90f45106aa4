//! The functions that Step Functions adds to `JSONata`.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::evaluator::{Evaluator, EvaluatorError, HostFnResult};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use serde_json::Value;

use super::hash;
use crate::effect::Timestamp;
use crate::random::Random;

/// Longest result of `$range` (AWS: 1000 elements for the intrinsic function; a bound, not a promise).
const MAX_RANGE: f64 = 100_000.0;

/// Makes those of the functions known that the expression names.
pub(crate) fn register<'n>(
    evaluator: &mut Evaluator,
    names: impl Iterator<Item = &'n String>,
    random: &Rc<Cell<u64>>,
    now: Timestamp,
) {
    for name in names {
        let random = Rc::clone(random);
        let registered = match name.as_str() {
            "partition" => evaluator.register_fn("partition", partition),
            "range" => evaluator.register_fn("range", range),
            "hash" => evaluator.register_fn("hash", hash_text),
            "parse" => evaluator.register_fn("parse", parse),
            "uuid" => evaluator.register_fn("uuid", move |_: &[JValue]| {
                Ok(with(&random, Random::uuid).into())
            }),
            "random" => evaluator.register_fn_override("random", move |arguments: &[JValue]| {
                Ok(match arguments.first().and_then(JValue::as_f64) {
                    Some(seed) => Random::new(seed.to_bits()).unit(),
                    None => with(&random, Random::unit),
                }
                .into())
            }),
            "now" => evaluator.register_fn_override("now", move |arguments: &[JValue]| {
                format_now(arguments, now)
            }),
            "millis" => evaluator
                .register_fn_override("millis", move |_: &[JValue]| Ok(JValue::from(now.0))),
            _ => continue,
        };
        // The names above are either free or overridable: registering cannot fail.
        debug_assert!(registered.is_ok(), "{name} cannot be registered");
    }
}

fn with<T>(state: &Cell<u64>, draw: impl FnOnce(&Random) -> T) -> T {
    let random = Random::new(state.get());
    let drawn = draw(&random);
    state.set(random.state());
    drawn
}

fn error(message: impl Into<String>) -> EvaluatorError {
    EvaluatorError::EvaluationError(message.into())
}

fn number(arguments: &[JValue], index: usize, function: &str) -> Result<f64, EvaluatorError> {
    let value = arguments.get(index).and_then(JValue::as_f64);
    value.ok_or_else(|| {
        error(format!(
            "T0410: Argument {} of function \"{function}\" must be a number",
            index + 1
        ))
    })
}

fn text<'a>(
    arguments: &'a [JValue],
    index: usize,
    function: &str,
) -> Result<&'a str, EvaluatorError> {
    let value = arguments.get(index).and_then(JValue::as_str);
    value.ok_or_else(|| {
        error(format!(
            "T0410: Argument {} of function \"{function}\" must be a string",
            index + 1
        ))
    })
}

/// `$partition(array, size)`: pieces of `size` items.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at least 1, saturates"
)]
fn partition(arguments: &[JValue]) -> HostFnResult {
    let size = number(arguments, 1, "partition")?;
    if size < 1.0 {
        return Err(error("The size of a partition must be at least 1"));
    }
    let one;
    let items = match arguments.first() {
        None | Some(JValue::Undefined) => return Ok(JValue::Undefined),
        Some(JValue::Array(items)) => &***items,
        Some(single) => {
            one = vec![single.clone()];
            &one
        }
    };
    Ok(JValue::array(
        items
            .chunks(size as usize)
            .map(|piece| JValue::array(piece.to_vec()))
            .collect(),
    ))
}

/// `$range(first, last, step)`: a sequence, so that one number alone is that number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "bounded by MAX_RANGE"
)]
fn range(arguments: &[JValue]) -> HostFnResult {
    let (first, last) = (
        number(arguments, 0, "range")?,
        number(arguments, 1, "range")?,
    );
    let step = if arguments.len() > 2 {
        number(arguments, 2, "range")?
    } else {
        1.0
    };
    if step == 0.0 {
        return Err(error("The step of a range must not be 0"));
    }
    let count = ((last - first) / step).floor();
    if count >= MAX_RANGE {
        return Err(error("The range is too long"));
    }
    let items = (0..=count as i64)
        .map(|index| JValue::from(first + step * index as f64))
        .collect();
    Ok(JValue::sequence(items).unwrap_sequence())
}

/// `$hash(text, algorithm)`.
fn hash_text(arguments: &[JValue]) -> HostFnResult {
    let digest = hash::digest(text(arguments, 0, "hash")?, text(arguments, 1, "hash")?);
    digest
        .map(JValue::from)
        .ok_or_else(|| error("The algorithm must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512"))
}

/// `$parse(text)`.
fn parse(arguments: &[JValue]) -> HostFnResult {
    let value: Value = serde_json::from_str(text(arguments, 0, "parse")?)
        .map_err(|problem| error(problem.to_string()))?;
    Ok(JValue::from(value))
}

/// `$now(picture, timezone)` of the moment at which the execution was told something.
fn format_now(arguments: &[JValue], now: Timestamp) -> HostFnResult {
    if arguments.is_empty() {
        return Ok(now.rfc3339().into());
    }
    let mut inner = Evaluator::new();
    let quoted: Vec<String> = arguments
        .iter()
        .filter_map(|value| value.to_json_string().ok())
        .collect();
    let ast = parser::parse(&format!("$fromMillis({}, {})", now.0, quoted.join(", ")))
        .map_err(|problem| error(problem.to_string()))?;
    inner.evaluate(&ast, &JValue::Undefined)
}
