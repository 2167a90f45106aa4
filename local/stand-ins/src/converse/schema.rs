//! Bringing a document into the shape of a JSON schema: what fits is kept, what is required and missing is filled with
//! the least that the type allows, the rest is left out.

use serde_json::{Map, Value};

/// Structured-output schemas are not recursive; references nest at most this deep.
const DEPTH_MAX: usize = 32;

/// The document in the schema's shape.
pub fn fitted(schema: &Value, document: Option<&Value>) -> Value {
    fit(schema, schema, document, 0)
}

fn fit(root: &Value, schema: &Value, document: Option<&Value>, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    if let Some(target) = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| path.strip_prefix('#'))
    {
        let target = root.pointer(target).unwrap_or(&Value::Null);
        return fit(root, target, document, depth + 1);
    }
    if let Some(fixed) = schema.get("const") {
        return fixed.clone();
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
        let fits = document.filter(|value| allowed.contains(value));
        return fits.or(allowed.first()).cloned().unwrap_or_default();
    }
    if let Some(choice) = ["anyOf", "oneOf"]
        .iter()
        .find_map(|name| schema.get(name))
        .and_then(Value::as_array)
    {
        let fits = choice
            .iter()
            .find(|one| document.is_some_and(|value| has_type(one, value)));
        return fit(
            root,
            fits.or(choice.first()).unwrap_or(&Value::Null),
            document,
            depth + 1,
        );
    }
    match (type_of(schema, document), document) {
        ("object", document) => Value::Object(fit_object(root, schema, document, depth)),
        ("array", Some(Value::Array(items))) => {
            let item = schema.get("items").unwrap_or(&Value::Null);
            items
                .iter()
                .map(|value| fit(root, item, Some(value), depth + 1))
                .collect()
        }
        ("array", _) => Value::Array(Vec::new()),
        (kind, Some(value)) if is_of(kind, value) => value.clone(),
        ("string", _) => Value::from(""),
        ("integer" | "number", _) => Value::from(0),
        ("boolean", _) => Value::from(false),
        _ => Value::Null,
    }
}

fn fit_object(
    root: &Value,
    schema: &Value,
    document: Option<&Value>,
    depth: usize,
) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required = schema
        .get("required")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut members = Map::new();
    for (name, schema) in properties.into_iter().flatten() {
        let value = document.and_then(|document| document.get(name));
        if value.is_some() || required.iter().any(|one| one == name) {
            members.insert(name.clone(), fit(root, schema, value, depth + 1));
        }
    }
    members
}

/// The type to answer with: of several the document's own, else the first.
fn type_of<'a>(schema: &'a Value, document: Option<&Value>) -> &'a str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            let first = kinds.clone().next().unwrap_or("null");
            document
                .and_then(|value| kinds.find(|kind| is_of(kind, value)))
                .unwrap_or(first)
        }
        _ if schema.get("properties").is_some() => "object",
        _ => document.map_or("null", natural_type),
    }
}

fn has_type(schema: &Value, value: &Value) -> bool {
    is_of(type_of(schema, Some(value)), value)
}

fn natural_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    kind == natural_type(value) || (kind == "number" && value.is_number())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: &Value, document: Option<&Value>, expected: &Value) {
        assert_eq!(fitted(schema, document), *expected);
    }

    #[test]
    fn keeps_what_fits_and_fills_what_is_missing() {
        let schema = json!({
            "type": "object", "required": ["a", "b", "c", "d", "e", "f"], "$defs": {"n": {"type": "integer"}},
            "properties": {
                "a": {"type": "string"}, "b": {"type": "array", "items": {"$ref": "#/$defs/n"}},
                "c": {"enum": ["x", "y"]}, "d": {"type": ["number", "null"]}, "e": {"const": 1},
                "f": {"anyOf": [{"type": "boolean"}, {"type": "string"}]}, "g": {"type": "string"},
            },
        });
        let document = json!({"a": "t", "b": [1, "x"], "c": "y", "d": null, "f": "s", "h": 1});
        let kept = json!({"a": "t", "b": [1, 0], "c": "y", "d": null, "e": 1, "f": "s"});
        check(&schema, Some(&document), &kept);
        let least = json!({"a": "", "b": [], "c": "x", "d": 0, "e": 1, "f": false});
        check(&schema, None, &least);
    }

    #[test]
    fn ends_where_a_schema_does_not() {
        let schema =
            json!({"type": "object", "required": ["x"], "properties": {"x": {"$ref": "#"}}});
        let mut inner = fitted(&schema, None);
        let mut depth = 0;
        while let Some(next) = inner.get("x").cloned() {
            (inner, depth) = (next, depth + 1);
        }
        assert!(depth <= DEPTH_MAX && inner.is_null());
    }
}
