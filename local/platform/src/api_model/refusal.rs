//! What a service answers to a call that is not as its API model says.

use std::fmt::Display;

use super::deviation::{Cause, Deviation, Path, Step, uncapitalised};
use super::model::Kind;
use super::s3;
use crate::service::ServiceError;

/// Most deviations that a message names, as in DynamoDB's.
const MAX_NAMED: usize = 10;

/// The answer of `service`, named as in the `SigV4` scope; none if there is nothing that it would refuse.
pub(super) fn refusal(service: &str, deviations: &[Deviation]) -> Option<ServiceError> {
    // Services pass over members that they do not know, so that clients can be newer.
    let refused = || {
        deviations
            .iter()
            .filter(|deviation| deviation.cause != Cause::Unknown)
    };
    let first = refused().next()?;
    let error = match service {
        "s3" => s3::refusal(first),
        "mediaconvert" => {
            let message = media_convert(first);
            ServiceError::new("BadRequestException", 400, message)
        }
        "sqs" if first.cause == Cause::Missing => {
            let name = first.at.member();
            let message = format!("The request must contain the parameter {name}.");
            ServiceError::new("MissingParameter", 400, message)
        }
        "sqs" if matches!(first.cause, Cause::Enum(_)) => {
            let value = first.value.as_deref().unwrap_or_default();
            let message = format!("Unknown Attribute {value}.");
            ServiceError::new("InvalidAttributeName", 400, message)
        }
        _ => match refused().find_map(|deviation| serialization(service, &deviation.cause)) {
            Some(message) => ServiceError::new(unreadable(service), 400, message),
            None => ServiceError::new(invalid(service), 400, constraints(refused())),
        },
    };
    Some(error)
}

/// Code for a value of another type.
fn unreadable(service: &str) -> &'static str {
    match service {
        "sns" | "sts" | "monitoring" => "MalformedInput",
        _ => "SerializationException",
    }
}

/// Code for a value that breaks a constraint.
fn invalid(service: &str) -> &'static str {
    match service {
        "transcribe" => "BadRequestException",
        // The Query protocol's name for it.
        "sns" | "sts" | "monitoring" => "ValidationError",
        "sqs" => "InvalidParameterValue",
        _ => "ValidationException",
    }
}

fn constraints<'a>(deviations: impl Iterator<Item = &'a Deviation>) -> String {
    let named: Vec<String> = deviations.take(MAX_NAMED).map(constraint).collect();
    let errors = if named.len() == 1 { "error" } else { "errors" };
    format!(
        "{} validation {errors} detected: {}",
        named.len(),
        named.join("; ")
    )
}

fn constraint(deviation: &Deviation) -> String {
    let value = match (&deviation.cause, &deviation.value) {
        (Cause::Missing, _) => " null".to_owned(),
        (_, Some(value)) => format!(" '{value}'"),
        (_, None) => String::new(),
    };
    let rule = match &deviation.cause {
        Cause::Enum(values) => format!("satisfy enum value set: [{}]", values.join(", ")),
        Cause::Pattern(pattern) => format!("satisfy regular expression pattern: {pattern}"),
        Cause::MinLength(min) => format!("have length greater than or equal to {min}"),
        Cause::MaxLength(max) => format!("have length less than or equal to {max}"),
        Cause::MinValue(min) => format!("have value greater than or equal to {min}"),
        Cause::MaxValue(max) => format!("have value less than or equal to {max}"),
        // The other two are answered before.
        Cause::Missing | Cause::Unknown | Cause::Type { .. } => "not be null".to_owned(),
    };
    format!(
        "Value{value} at '{}' failed to satisfy constraint: Member must {rule}",
        deviation.at
    )
}

/// As AWS's JSON parsers say it.
fn serialization(service: &str, cause: &Cause) -> Option<String> {
    let Cause::Type { wanted, found } = cause else {
        return None;
    };
    let message = match (*found, wanted) {
        ("list", _) => "Start of list found where not expected".to_owned(),
        ("structure or map", _) => "Start of structure or map found where not expected.".to_owned(),
        (_, Kind::List) => "Expected list or null".to_owned(),
        (_, Kind::Map) => "Expected map or null".to_owned(),
        (_, Kind::Structure) => "Expected null".to_owned(),
        (found, wanted) => {
            let class = java_class(*wanted);
            match service {
                "dynamodb" => format!("{found} cannot be converted to {class}"),
                _ if class.starts_with('I') => {
                    format!("{found} can not be converted to an {class}")
                }
                _ => format!("{found} can not be converted to a {class}"),
            }
        }
    };
    Some(message)
}

fn java_class(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "Integer",
        Kind::Long => "Long",
        Kind::Float => "Float",
        Kind::Double => "Double",
        Kind::Boolean => "Boolean",
        Kind::Timestamp => "Date",
        _ => "String",
    }
}

/// `MediaConvert` names places as JSON pointers below the settings.
fn media_convert(deviation: &Deviation) -> String {
    let steps = match deviation.at.0.split_first() {
        Some((Step::Member(name), rest)) if name == "Settings" => rest,
        _ => deviation.at.0.as_slice(),
    };
    let at = pointer(steps);
    let should = |what: &dyn Display| format!("{at}: Should {what}");
    match &deviation.cause {
        Cause::Missing => {
            let name = uncapitalised(deviation.at.member());
            match steps.split_last() {
                Some((_, parents)) if deviation.at.0.len() > 1 => {
                    format!("{}: {name} is a required property", pointer(parents))
                }
                _ => format!("The '{name}' field is required."),
            }
        }
        Cause::Enum(values) => should(&format!("be one of [{}]", values.join(", "))),
        Cause::Pattern(pattern) => should(&format!("match pattern \"{pattern}\"")),
        Cause::MinLength(min) => should(&format!("have at least {min} items")),
        Cause::MaxLength(max) => should(&format!("have at most {max} items")),
        Cause::MinValue(min) => should(&format!("be greater than or equal to {min}")),
        Cause::MaxValue(max) => should(&format!("be less than or equal to {max}")),
        Cause::Type { wanted, .. } => should(&format!("be {wanted:?}").to_lowercase()),
        Cause::Unknown => should(&"not have additional properties"),
    }
}

fn pointer(steps: &[Step]) -> String {
    let steps = steps.iter().map(|step| match step {
        Step::Member(name) => format!("/{}", uncapitalised(name)),
        Step::Item(index) => format!("/{index}"),
        Step::Key(key) => format!("/{key}"),
    });
    steps.collect()
}

/// A deviation for people.
pub(super) fn described(deviation: &Deviation) -> String {
    let at = if deviation.at == Path::default() {
        "the whole".to_owned()
    } else {
        format!("'{}'", deviation.at)
    };
    match &deviation.cause {
        Cause::Unknown => format!("{at} is no member of the API"),
        Cause::Missing => format!("{at} is missing"),
        Cause::Type { wanted, found } => format!("{at} is a {found}, not a {wanted:?}"),
        _ => constraint(deviation),
    }
}
