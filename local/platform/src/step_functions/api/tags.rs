//! Tags of state machines and activities. Versions and aliases have none.

use serde_json::{Value, json};

use super::error::{invalid, refusal, required};
use super::{StatesService, arns};
use crate::service::{Call, Principal, Service, ServiceError};
use crate::step_functions::tags::TagSet;

/// Most tags of a resource (AWS's limit).
const MAX_TAGS: usize = 50;

impl StatesService {
    pub(super) async fn tag_resource(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = self.tagged(parameters).await?;
        let wanted = wanted(parameters)?;
        let tags = self.shared.machines.tags();
        tags.change(arn, |tags| add(tags, wanted))?;
        Ok(json!({}))
    }

    pub(super) async fn untag_resource(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = self.tagged(parameters).await?;
        let keys = parameters.get("TagKeys").and_then(Value::as_array);
        let keys = keys.into_iter().flatten().filter_map(Value::as_str);
        let tags = self.shared.machines.tags();
        tags.change(arn, |tags| {
            keys.for_each(|key| drop(tags.remove(key)));
            Ok::<_, ServiceError>(())
        })?;
        Ok(json!({}))
    }

    pub(super) async fn list_tags(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = self.tagged(parameters).await?;
        let tags = self.shared.machines.tags().of(arn).into_iter();
        let tags: Vec<Value> = tags
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect();
        Ok(json!({ "Tags": tags }))
    }

    /// The ARN of a request, if there is something by it that can have tags.
    async fn tagged<'a>(&self, parameters: &'a Value) -> Result<&'a str, ServiceError> {
        let arn = required(parameters, "ResourceArn")?;
        let missing = || refusal("ResourceNotFound", &format!("Resource not found: '{arn}'"));
        if arn.contains(":activity:") {
            let call = Call {
                principal: Principal(String::new()),
                operation: "DescribeActivity".to_owned(),
                parameters: json!({ "ActivityArn": arn }),
            };
            return self.call(call).await.map(|_| arn).map_err(|_| missing());
        }
        let wanted = arns::machine(arn)?;
        match self.shared.machines.find(wanted.unqualified) {
            Some(_) if wanted.qualifier.is_none() => Ok(arn),
            _ => Err(missing()),
        }
    }
}

/// The tags of a request.
pub(super) fn wanted(parameters: &Value) -> Result<TagSet, ServiceError> {
    let tags = parameters.get("Tags").and_then(Value::as_array);
    let mut wanted = TagSet::new();
    for tag in tags.into_iter().flatten() {
        let text = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default();
        let (key, value) = (text("Key"), text("Value"));
        if key.starts_with("aws:") || !is_text(key) || !is_text(value) {
            return Err(invalid(&format!("Invalid tag: '{key}'")));
        }
        wanted.insert(key.to_owned(), value.to_owned());
    }
    if wanted.len() > MAX_TAGS {
        return Err(too_many());
    }
    Ok(wanted)
}

/// Adds tags to others.
pub(super) fn add(tags: &mut TagSet, more: TagSet) -> Result<(), ServiceError> {
    tags.extend(more);
    if tags.len() > MAX_TAGS {
        return Err(too_many());
    }
    Ok(())
}

/// The letters that AWS documents for tags.
fn is_text(text: &str) -> bool {
    let is_allowed = |letter: char| {
        letter.is_alphanumeric() || letter.is_whitespace() || "_.:/=+-@".contains(letter)
    };
    text.chars().all(is_allowed)
}

fn too_many() -> ServiceError {
    refusal("TooManyTags", "A resource has at most 50 tags")
}
