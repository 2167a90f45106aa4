//! `DynamoDB` attribute values and JSON, one for the other.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Number, Value};

/// An item as `DynamoDB` gives it.
pub type Item = HashMap<String, AttributeValue>;

/// JSON as an attribute value; objects become maps, arrays lists.
pub fn to_attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(*value),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(to_attribute).collect()),
        Value::Object(members) => AttributeValue::M(to_item(members)),
    }
}

/// An object as an item.
pub fn to_item(members: &Map<String, Value>) -> Item {
    members
        .iter()
        .map(|(name, value)| (name.clone(), to_attribute(value)))
        .collect()
}

/// An attribute value as JSON; sets become arrays, binary values (we write none) null.
pub fn from_attribute(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Bool(value) => Value::Bool(*value),
        AttributeValue::N(number) => from_number(number),
        AttributeValue::S(text) => Value::String(text.clone()),
        AttributeValue::L(values) => values.iter().map(from_attribute).collect(),
        AttributeValue::M(item) => Value::Object(from_item(item)),
        AttributeValue::Ss(texts) => texts.iter().cloned().map(Value::String).collect(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|number| from_number(number)).collect(),
        _ => Value::Null,
    }
}

/// An item as an object, members in the order of their names.
pub fn from_item(item: &Item) -> Map<String, Value> {
    let mut members: Vec<_> = item
        .iter()
        .map(|(name, value)| (name.clone(), from_attribute(value)))
        .collect();
    members.sort_by(|left, right| left.0.cmp(&right.0));
    members.into_iter().collect()
}

/// A number as JSON; what no JSON number can hold stays text.
fn from_number(text: &str) -> Value {
    text.parse::<Number>()
        .map_or_else(|_| Value::String(text.to_owned()), Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_survives_the_round_trip() {
        let value =
            json!({"a": [1, 2.5, -3, "x", null, true, {"b": {}}], "long": 12_345_678_901_234_u64});
        assert_eq!(from_attribute(&to_attribute(&value)), value);
    }

    #[test]
    fn sets_become_arrays() {
        let set = AttributeValue::Ns(vec!["1".into(), "2".into()]);
        assert_eq!(from_attribute(&set), json!([1, 2]));
    }
}
