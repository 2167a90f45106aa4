//! Smithy RPC v2 with CBOR, which the newest models of Transcribe and CloudWatch speak.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as Cbor;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Map, Number, Value, json};

use super::json::set_query_error;
use super::names::{is_time, seconds};
use super::{response, status};
use crate::service::Failure;

/// Tag of a time: seconds since 1970.
const TIME_TAG: u64 = 1;

/// Levels of a request. The deepest requests here have five.
const MAX_DEPTH: usize = 32;

/// Parameters of a request, or why it cannot be read.
pub(super) fn parameters(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    let cbor: Cbor = ciborium::from_reader(body).map_err(|error| error.to_string())?;
    match from_cbor(cbor, 0)? {
        parameters @ Value::Object(_) => Ok(parameters),
        _ => Err("the request is not a map".to_owned()),
    }
}

pub(super) fn answer(answer: &Value) -> Response<Body> {
    write(StatusCode::OK, answer)
}

pub(super) fn failure(service: &str, failure: &Failure) -> Response<Body> {
    let mut body = Map::new();
    body.insert(
        "__type".to_owned(),
        json!(format!("com.amazonaws.{service}#{}", failure.error.code)),
    );
    body.insert("Message".to_owned(), json!(failure.error.message));
    body.extend(failure.members.clone());
    let mut response = write(status(failure), &Value::Object(body));
    set_query_error(&mut response, service, failure);
    response
}

fn write(status: StatusCode, body: &Value) -> Response<Body> {
    let mut bytes = Vec::new();
    if let Err(error) = ciborium::into_writer(&to_cbor("", body), &mut bytes) {
        tracing::error!(%error, "an answer cannot be written as CBOR");
        return response(
            StatusCode::INTERNAL_SERVER_ERROR,
            "application/cbor",
            Vec::new(),
        );
    }
    let mut response = response(status, "application/cbor", bytes);
    let protocol = HeaderValue::from_static("rpc-v2-cbor");
    response
        .headers_mut()
        .insert(HeaderName::from_static("smithy-protocol"), protocol);
    response
}

fn from_cbor(cbor: Cbor, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("nested deeper than {MAX_DEPTH} levels"));
    }
    match cbor {
        Cbor::Null => Ok(Value::Null),
        Cbor::Bool(bool) => Ok(Value::Bool(bool)),
        Cbor::Text(text) => Ok(Value::String(text)),
        Cbor::Bytes(bytes) => Ok(Value::String(STANDARD.encode(bytes))),
        Cbor::Integer(integer) => {
            let integer =
                i64::try_from(integer).map_err(|_| "a number is out of range".to_owned())?;
            Ok(Value::from(integer))
        }
        Cbor::Float(float) => {
            let number =
                Number::from_f64(float).ok_or_else(|| "a number is not finite".to_owned())?;
            Ok(Value::Number(number))
        }
        Cbor::Tag(_, value) => from_cbor(*value, depth + 1),
        Cbor::Array(values) => values
            .into_iter()
            .map(|value| from_cbor(value, depth + 1))
            .collect(),
        Cbor::Map(members) => {
            let members = members.into_iter().map(|(name, value)| match name {
                Cbor::Text(name) => Ok((name, from_cbor(value, depth + 1)?)),
                _ => Err("a key is not a text".to_owned()),
            });
            members.collect::<Result<_, _>>().map(Value::Object)
        }
        _ => Err("a value is of no known kind".to_owned()),
    }
}

fn to_cbor(name: &str, value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(bool) => Cbor::Bool(*bool),
        Value::String(text) => match seconds(text).filter(|_| is_time(name)) {
            Some(seconds) => Cbor::Tag(TIME_TAG, Box::new(Cbor::Float(seconds))),
            None => Cbor::Text(text.clone()),
        },
        Value::Number(number) if is_time(name) => Cbor::Tag(
            TIME_TAG,
            Box::new(Cbor::Float(number.as_f64().unwrap_or_default())),
        ),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Cbor::Integer(integer.into()),
            None => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::Array(values) => {
            Cbor::Array(values.iter().map(|value| to_cbor(name, value)).collect())
        }
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            Cbor::Map(
                members
                    .map(|(name, value)| (Cbor::Text(name.clone()), to_cbor(name, value)))
                    .collect(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(cbor: &Cbor) -> Vec<u8> {
        let mut bytes = Vec::new();
        ciborium::into_writer(cbor, &mut bytes).expect("a vector takes everything");
        bytes
    }

    #[test]
    fn reads_what_it_writes() {
        let value =
            json!({"Media": {"MediaFileUri": "s3://b/k"}, "Limits": [1, -2, 0.5], "Is": true});
        assert_eq!(parameters(&bytes(&to_cbor("", &value))), Ok(value));
    }

    #[test]
    fn tags_times() {
        for time in [json!("1970-01-01T00:00:01.5Z"), json!(1.5)] {
            let expected = Cbor::Tag(TIME_TAG, Box::new(Cbor::Float(1.5)));
            assert_eq!(to_cbor("CreationTime", &time), expected);
        }
        assert_eq!(
            to_cbor("Name", &json!("1970-01-01T00:00:01Z")),
            Cbor::Text("1970-01-01T00:00:01Z".into())
        );
    }

    #[test]
    fn refuses_what_is_no_request() {
        let deep = (0..40).fold(Cbor::Null, |inner, _| Cbor::Array(vec![inner]));
        for refused in [
            deep,
            Cbor::Null,
            Cbor::Map(vec![(Cbor::Null, Cbor::Null)]),
            Cbor::Float(f64::NAN),
        ] {
            assert!(parameters(&bytes(&refused)).is_err(), "{refused:?}");
        }
        assert!(parameters(&[0xff]).is_err());
        assert_eq!(parameters(&[]), Ok(json!({})));
    }
}
