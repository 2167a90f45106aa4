//! `GetExecutionHistory`.

use serde_json::{Map, Value, json};

use super::StatesService;
use super::error::is_set;
use super::shapes::Pages;
use crate::api_model::capitalised;
use crate::pages::with_token;
use crate::service::ServiceError;

impl StatesService {
    pub(super) fn history(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let entry = self.execution(parameters)?;
        let pages = Pages::of("GetExecutionHistory", parameters)?;
        let events = self.shared.store.events(&entry)?;
        let is_reversed = is_set(parameters, "ReverseOrder");
        let events = events.into_iter().map(|event| {
            let id = event.get("id").and_then(Value::as_i64).unwrap_or_default();
            let place = if is_reversed { -id } else { id };
            ((place, String::new()), event)
        });
        let (page, next) = pages.take(events.collect());
        let is_data_wanted = parameters
            .get("IncludeExecutionData")
            .and_then(Value::as_bool)
            .unwrap_or(true);
        let events: Vec<Value> = page
            .into_iter()
            .map(|event| history_event(event, is_data_wanted))
            .collect();
        Ok(with_token(json!({"Events": events}), next))
    }
}

/// The members of one event with their names capitalised; names of variables stay as they are.
fn history_event(event: Value, is_data_wanted: bool) -> Value {
    let Value::Object(members) = event else {
        return event;
    };
    let members = members.into_iter().map(|(name, value)| {
        let value = match value {
            Value::Object(mut details) => {
                if !is_data_wanted {
                    details.retain(|name, _| {
                        !matches!(name.as_str(), "input" | "output" | "parameters")
                    });
                }
                let variables = details.remove("assignedVariables");
                let mut details = capitalise_members(Value::Object(details));
                if let (Some(details), Some(variables)) = (details.as_object_mut(), variables) {
                    details.insert("AssignedVariables".to_owned(), variables);
                }
                details
            }
            other => other,
        };
        (capitalised(&name), value)
    });
    Value::Object(members.collect())
}

pub(super) fn capitalise_members(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members
                .into_iter()
                .map(|(name, value)| (capitalised(&name), capitalise_members(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(capitalise_members).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_keep_the_names_of_variables() {
        let event = json!({
            "type": "PassStateExited",
            "id": 2,
            "stateExitedEventDetails": {
                "name": "A", "output": "{}", "outputDetails": {"truncated": false}, "assignedVariables": {"jobId": "1"}
            }
        });
        let expected = json!({
            "Type": "PassStateExited",
            "Id": 2,
            "StateExitedEventDetails": {
                "Name": "A", "OutputDetails": {"Truncated": false}, "AssignedVariables": {"jobId": "1"}
            }
        });
        assert_eq!(history_event(event, false), expected);
    }
}
