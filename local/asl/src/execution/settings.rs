//! Fields whose value may be computed: numbers and texts.

use std::borrow::Cow;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::effect::Timestamp;
use crate::failure::Failure;
use crate::machine::Setting;
use crate::query::Scope;
use crate::query::template::{Template, not_found};

impl Setting {
    /// The value as it is.
    pub(super) fn value(&self, scope: &Scope<'_>) -> Result<Value, Failure> {
        match &self.template {
            Template::Path(path) => path
                .find(scope)
                .map(Cow::into_owned)
                .ok_or_else(|| not_found(path, scope, self.field)),
            template => template.evaluate(scope, self.field),
        }
    }

    /// The path that it is given by, `$` for none.
    pub(super) fn source(&self) -> &str {
        match &self.template {
            Template::Path(path) => path.source(),
            _ => "$",
        }
    }

    /// A text.
    pub(super) fn text(&self, scope: &Scope<'_>) -> Result<String, Failure> {
        match self.value(scope)? {
            Value::String(text) => Ok(text),
            other => Err(self.unexpected("string", &other)),
        }
    }

    /// A whole number of at least 0; `JSONPath` takes numbers in text too.
    pub(super) fn integer(&self, scope: &Scope<'_>) -> Result<i64, Failure> {
        let value = self.value(scope)?;
        let number = self
            .whole(&value)
            .ok_or_else(|| self.unexpected("integer", &value))?;
        if number < 0 {
            return Err(self.refuse(&format!("{} cannot be negative.", self.name())));
        }
        Ok(number)
    }

    /// The seconds of a Wait: as above, in its own words.
    pub(super) fn wait_seconds(&self, scope: &Scope<'_>) -> Result<i64, Failure> {
        let Template::Path(path) = &self.template else {
            return self.integer(scope);
        };
        let source = path.source();
        let wrong = |what: String| Failure::runtime(format!("The SecondsPath parameter {what}"));
        let value = path
            .find(scope)
            .ok_or_else(|| wrong(format!("does not reference an input value: {source}")))?;
        let shown = plain(&value);
        match self.whole(&value) {
            None => Err(wrong(format!(
                "cannot be parsed as a long value: {source} == {shown}"
            ))),
            Some(seconds) if seconds < 0 => Err(wrong(format!(
                "references a negative value: {source} == {shown}"
            ))),
            Some(seconds) => Ok(seconds),
        }
    }

    /// A number from 0 to 100.
    pub(super) fn percentage(&self, scope: &Scope<'_>) -> Result<f64, Failure> {
        let value = self.value(scope)?;
        let number = value
            .as_f64()
            .or_else(|| self.in_text(&value).and_then(|text| text.parse().ok()));
        let number = number.ok_or_else(|| self.unexpected("float", &value))?;
        let is_percentage = (0.0..=100.0).contains(&number);
        if is_percentage {
            Ok(number)
        } else {
            Err(self.refuse(&format!("{} must be between 0 and 100.", self.name())))
        }
    }

    /// A moment in RFC 3339.
    pub(super) fn timestamp(&self, scope: &Scope<'_>) -> Result<Timestamp, Failure> {
        let text = self.text(scope)?;
        let moment = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| match &self.template {
            Template::Path(path) => Failure::runtime(format!(
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {} == {text}",
                path.source()
            )),
            _ => Failure::query(
                Some(self.field),
                format!("The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {text}"),
            ),
        })?;
        let ms = moment.unix_timestamp_nanos() / 1_000_000;
        Ok(Timestamp(i64::try_from(ms).unwrap_or(i64::MAX)))
    }

    #[expect(clippy::cast_possible_truncation, reason = "whole; saturates")]
    fn whole(&self, value: &Value) -> Option<i64> {
        let fraction = || value.as_f64().filter(|number| number.fract() == 0.0);
        let number = value
            .as_i64()
            .or_else(|| fraction().map(|number| number as i64));
        number.or_else(|| self.in_text(value).and_then(|text| text.parse().ok()))
    }

    /// Text that may hold a number: of a path's value.
    fn in_text<'v>(&self, value: &'v Value) -> Option<&'v str> {
        value
            .as_str()
            .filter(|_| matches!(self.template, Template::Path(_)))
    }

    /// The field's name without `Path`.
    fn name(&self) -> &'static str {
        self.field.strip_suffix("Path").unwrap_or(self.field)
    }

    /// Refuses a value: an evaluation failure for `JSONata`, a fatal one for `JSONPath`.
    fn refuse(&self, message: &str) -> Failure {
        match &self.template {
            Template::Jsonata(_) => Failure::query(Some(self.field), message),
            _ => Failure::runtime(message),
        }
    }

    /// The failure of a value of the wrong type.
    pub(super) fn unexpected(&self, expected: &str, value: &Value) -> Failure {
        let shown = plain(value);
        match &self.template {
            Template::Jsonata(expression) => {
                let expected = match expected {
                    "float" => "number",
                    "integer" if !value.is_number() => "number",
                    expected => expected,
                };
                let what = format!(
                    "returned an unexpected result type. Expected '{expected}', but was '{}' for value: {value}",
                    type_name(value)
                );
                expression.failure(self.field, &what)
            }
            Template::Path(path) => Failure::runtime(format!(
                "The {} field refers to value \"{shown}\" which is not a valid {expected}: {}",
                self.field,
                path.source()
            )),
            _ => Failure::runtime(format!(
                "The {} field has the value \"{shown}\" which is not a valid {expected}",
                self.field
            )),
        }
    }
}

/// Text unquoted, all else as JSON.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The name that AWS's messages give to a value's type.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
