//! Parameters of a REST request that are in its headers and its query.

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::model::{Kind, Location, Model, ShapeId};

/// The members of an operation's input that headers and query hold, as texts.
pub(super) fn parameters(
    model: &Model,
    input: ShapeId,
    query: &[(String, String)],
    headers: &HeaderMap,
) -> Map<String, Value> {
    let members = model.shape(input).map(|shape| &shape.members);
    let found = members.into_iter().flatten().filter_map(|(name, member)| {
        let value = match member.location.as_ref()? {
            Location::Header(header) => {
                let text = headers.get(header)?.to_str().ok()?;
                match model.shape(member.shape)?.kind {
                    Kind::List => text.split(',').map(|item| json!(item.trim())).collect(),
                    _ => json!(text),
                }
            }
            Location::Headers(prefix) => with_prefix(prefix, headers)?,
            Location::Query(key) => json!(query.iter().find(|(name, _)| name == key)?.1),
            Location::Path => return None,
        };
        Some((name.clone(), value))
    });
    found.collect()
}

fn with_prefix(prefix: &str, headers: &HeaderMap) -> Option<Value> {
    let found = headers.iter().filter_map(|(name, value)| {
        let key = name.as_str().strip_prefix(prefix)?;
        Some((key.to_owned(), json!(value.to_str().ok()?)))
    });
    let found: Map<String, Value> = found.collect();
    (!found.is_empty()).then_some(Value::Object(found))
}
