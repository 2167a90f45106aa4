//! Mocked results of Tasks, as `TestState` holds them to the API model of the integrated service.
//!
//! The words are those that AWS gave (recorded in `LocalStack`'s tests); those for structures, truth values and lengths
//! above the maximum are made after them. Patterns are not looked at: whether AWS does is not known.

use serde_json::{Map, Value};

use super::model::{Kind, Model, Shape, ShapeId};
use super::task::Integration;

/// How strictly a mocked result is held to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// All required members are there, and all that are there conform.
    Strict,
    /// All that are there conform.
    Present,
}

/// The first thing that is wrong with a result.
pub(super) fn check(
    model: &Model,
    output: Option<ShapeId>,
    integration: Integration,
    strictness: Strictness,
    result: &Value,
) -> Result<(), String> {
    let Some(shape) = output.and_then(|output| model.shape(output)) else {
        return Ok(());
    };
    let Value::Object(members) = result else {
        return Err("Mocked result must be a JSON object.".to_owned());
    };
    let holding = Holding {
        model,
        integration,
        strictness,
    };
    let held = holding.structure(shape, members);
    held.map_err(|why| format!("Mock result schema validation error: {why}"))
}

struct Holding<'a> {
    model: &'a Model,
    integration: Integration,
    strictness: Strictness,
}

impl Holding<'_> {
    /// Members that the API does not have may be of a newer one.
    fn structure(&self, shape: &Shape, members: &Map<String, Value>) -> Result<(), String> {
        if self.strictness == Strictness::Strict {
            let is_missing = |name: &&String| !members.contains_key(self.shown(shape, name));
            if let Some(name) = shape.required.iter().find(is_missing) {
                let name = self.shown(shape, name);
                return Err(format!("Required field '{name}' is missing"));
            }
        }
        for (name, value) in members {
            let of_sdk = shape.sdk_names.get(name);
            let of_sdk = of_sdk.filter(|_| self.integration == Integration::Sdk);
            let member = shape.members.get(of_sdk.unwrap_or(name));
            let member = member.and_then(|member| self.model.shape(member.shape));
            if let Some(member) = member {
                self.value(member, name, value)?;
            }
        }
        Ok(())
    }

    /// The member's name as a Task sees it.
    fn shown<'n>(&self, shape: &'n Shape, name: &'n str) -> &'n str {
        let member = shape.members.get(name);
        let of_sdk = member.and_then(|member| member.sdk_name.as_deref());
        of_sdk
            .filter(|_| self.integration == Integration::Sdk)
            .unwrap_or(name)
    }

    fn value(&self, shape: &Shape, name: &str, value: &Value) -> Result<(), String> {
        let wanted = match (shape.kind, value) {
            // A payload of an integration made for Step Functions is the document in it.
            (Kind::Blob, _) if self.integration == Integration::Optimised => return Ok(()),
            (Kind::Document, _) | (Kind::Boolean, Value::Bool(_)) | (_, Value::Null) => {
                return Ok(());
            }
            (Kind::Structure, Value::Object(members)) => return self.structure(shape, members),
            (Kind::Map, Value::Object(members)) => {
                return self.inner(shape, name, members.values());
            }
            (Kind::List, Value::Array(items)) => return self.inner(shape, name, items.iter()),
            (Kind::Timestamp, Value::String(_)) => return Ok(()),
            (Kind::String | Kind::Blob, Value::String(text)) => {
                return conforming_text(shape, name, text);
            }
            (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, Value::Number(number)) => {
                return conforming_number(shape, name, number.as_f64().unwrap_or_default());
            }
            (Kind::Structure | Kind::Map, _) => "an object",
            (Kind::List, _) => "an array",
            (Kind::Boolean, _) => "a boolean",
            (Kind::String | Kind::Timestamp | Kind::Blob, _) => "a string",
            (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, _) => "a number",
        };
        Err(format!("Field '{name}' must be {wanted}"))
    }

    fn inner<'v>(
        &self,
        shape: &Shape,
        name: &str,
        mut values: impl Iterator<Item = &'v Value>,
    ) -> Result<(), String> {
        match shape.inner.and_then(|inner| self.model.shape(inner)) {
            Some(inner) => values.try_for_each(|value| self.value(inner, name, value)),
            None => Ok(()),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths are small")]
fn conforming_text(shape: &Shape, name: &str, text: &str) -> Result<(), String> {
    let length = text.chars().count() as f64;
    if !shape.values.is_empty() && !shape.values.iter().any(|known| known == text) {
        return Err(format!("Field '{name}' is not an expected value"));
    }
    if shape.min.is_some_and(|min| length < min) {
        return Err(format!("Field '{name}' is smaller than the minimum length"));
    }
    if shape.max.is_some_and(|max| length > max) {
        return Err(format!("Field '{name}' exceeds the maximum length"));
    }
    Ok(())
}

fn conforming_number(shape: &Shape, name: &str, number: f64) -> Result<(), String> {
    if shape.min.is_some_and(|min| number < min) {
        return Err(format!("Field '{name}' is less than the minimum value"));
    }
    if shape.max.is_some_and(|max| number > max) {
        return Err(format!("Field '{name}' exceeds the maximum value"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::models;
    use super::*;

    fn check(
        (integration, service, operation): (Integration, &str, &str),
        strictness: Strictness,
        result: &Value,
        expected: Result<(), &str>,
    ) {
        let checked = models().check_mock(integration, service, operation, strictness, result);
        let expected =
            expected.map_err(|why| format!("Mock result schema validation error: {why}"));
        assert_eq!(checked, expected, "{service}:{operation} {result}");
    }

    #[test]
    fn what_is_there_conforms() {
        use Integration::{Optimised, Sdk};
        for ((integration, service, operation), result, expected) in [
            ((Optimised, "events", "PutEvents"), json!({}), Ok(())),
            (
                (Optimised, "events", "PutEvents"),
                json!({"random": "json"}),
                Ok(()),
            ),
            (
                (Optimised, "events", "PutEvents"),
                json!({"Entries": "x"}),
                Err("Field 'Entries' must be an array"),
            ),
            (
                (Optimised, "events", "PutEvents"),
                json!({"Entries": [{"EventId": "x"}, {"EventId": 1}]}),
                Err("Field 'EventId' must be a string"),
            ),
            (
                (Optimised, "lambda", "Invoke"),
                json!({"Payload": {"a": 1}, "SdkHttpMetadata": 1}),
                Ok(()),
            ),
            (
                (Optimised, "lambda", "Invoke"),
                json!({"StatusCode": "200"}),
                Err("Field 'StatusCode' must be a number"),
            ),
            (
                (Optimised, "dynamodb", "PutItem"),
                json!({"ConsumedCapacity": {"CapacityUnits": "1"}}),
                Err("Field 'CapacityUnits' must be a number"),
            ),
            (
                (Sdk, "s3", "GetObject"),
                json!({"ContentLength": "1"}),
                Err("Field 'ContentLength' must be a number"),
            ),
            (
                (Sdk, "s3", "GetObject"),
                json!({"StorageClass": "x"}),
                Err("Field 'StorageClass' is not an expected value"),
            ),
            (
                (Sdk, "lambda", "GetFunction"),
                json!({"Configuration": {"MemorySize": 1}}),
                Err("Field 'MemorySize' is less than the minimum value"),
            ),
            (
                (Sdk, "lambda", "GetFunction"),
                json!({"Configuration": {"MemorySize": 99_999}}),
                Err("Field 'MemorySize' exceeds the maximum value"),
            ),
            (
                (Sdk, "sns", "Publish"),
                json!({"MessageId": true}),
                Err("Field 'MessageId' must be a string"),
            ),
        ] {
            for strictness in [Strictness::Strict, Strictness::Present] {
                check(
                    (integration, service, operation),
                    strictness,
                    &result,
                    expected,
                );
            }
        }
    }

    #[test]
    fn required_members_are_there_where_that_is_wanted() {
        let start = (Integration::Optimised, "states", "StartExecution");
        let missing = Err("Required field 'ExecutionArn' is missing");
        let lower_case = json!({"executionArn": "a", "startDate": "d"});
        for result in [json!({}), lower_case] {
            check(start, Strictness::Strict, &result, missing);
            check(start, Strictness::Present, &result, Ok(()));
        }
        let number = json!({"ExecutionArn": "a", "StartDate": 1});
        let wrong = Err("Field 'StartDate' must be a string");
        check(start, Strictness::Strict, &number, wrong);
        check(start, Strictness::Present, &number, wrong);
        let whole = json!({"ExecutionArn": "a", "StartDate": "today"});
        check(start, Strictness::Strict, &whole, Ok(()));
    }
}
