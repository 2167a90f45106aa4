//! Pages, names of members, names of executions.

use serde_json::{Map, Value};

use super::error::refusal;
use crate::service::ServiceError;
use crate::step_functions::integration::capitalised;

/// Longest name of an execution (AWS's limit).
const MAX_NAME_LENGTH: usize = 80;
/// Most results of one page (AWS's limit).
const MAX_RESULTS: usize = 1000;
/// Results of a page when the caller does not say (AWS's default).
const DEFAULT_RESULTS: usize = 100;

/// A name that CloudWatch can show, too; AWS allows a little more.
pub(super) fn is_name(name: &str) -> bool {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    (1..=MAX_NAME_LENGTH).contains(&name.len()) && name.chars().all(is_allowed)
}

/// `arn:<partition>:states:<region>:<account>:execution:<machine>:<name>`.
pub(super) fn is_execution_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    matches!(parts.as_slice(), ["arn", _, "states", _, _, "execution", machine, name] if !machine.is_empty() && !name.is_empty())
}

/// One page; the token is the index of the next item.
pub(super) fn page<T>(
    items: Vec<T>,
    parameters: &Value,
) -> Result<(Vec<T>, Option<String>), ServiceError> {
    let start = match parameters.get("NextToken").and_then(Value::as_str) {
        Some(token) => token
            .parse()
            .map_err(|_| refusal("InvalidToken", "Invalid Token: 'Invalid token'"))?,
        None => 0,
    };
    let wanted = parameters
        .get("MaxResults")
        .and_then(Value::as_u64)
        .and_then(|wanted| usize::try_from(wanted).ok());
    let size = wanted
        .filter(|wanted| *wanted > 0)
        .unwrap_or(DEFAULT_RESULTS)
        .min(MAX_RESULTS);
    let total = items.len();
    let page: Vec<T> = items.into_iter().skip(start).take(size).collect();
    let next = start + page.len();
    Ok((page, (next < total).then(|| next.to_string())))
}

pub(super) fn with_token(mut answer: Value, next: Option<String>) -> Value {
    if let (Some(members), Some(next)) = (answer.as_object_mut(), next) {
        members.insert("NextToken".to_owned(), next.into());
    }
    answer
}

/// The members of one event with their names capitalised; names of variables stay as they are.
pub(super) fn history_event(event: Value, is_data_wanted: bool) -> Value {
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
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_end_where_the_items_end() {
        let check = |parameters: Value, expected: Result<(Vec<i32>, Option<&str>), &str>| {
            let found = page(vec![0, 1, 2, 3, 4], &parameters).map_err(|error| error.code);
            let found = found
                .as_ref()
                .map(|(items, next)| (items.clone(), next.as_deref()));
            assert_eq!(found.map_err(String::as_str), expected, "{parameters}");
        };
        check(json!({}), Ok((vec![0, 1, 2, 3, 4], None)));
        check(json!({"MaxResults": 2}), Ok((vec![0, 1], Some("2"))));
        check(
            json!({"MaxResults": 2, "NextToken": "2"}),
            Ok((vec![2, 3], Some("4"))),
        );
        check(
            json!({"MaxResults": 2, "NextToken": "4"}),
            Ok((vec![4], None)),
        );
        check(json!({"NextToken": "9"}), Ok((vec![], None)));
        check(json!({"NextToken": "x"}), Err("InvalidToken"));
    }

    #[test]
    fn names_are_checked() {
        let check = |name: &str, expected: bool| assert_eq!(is_name(name), expected, "{name}");
        check("v-0a-sanitize-0-0", true);
        check(&"a".repeat(80), true);
        check(&"a".repeat(81), false);
        check("", false);
        check("a:b", false);
        check("a b", false);
    }

    #[test]
    fn arns_of_executions_are_told_from_others() {
        let check =
            |arn: &str, expected: bool| assert_eq!(is_execution_arn(arn), expected, "{arn}");
        check("arn:aws:states:us-east-1:000000000000:execution:m:e", true);
        check(
            "arn:aws:states:us-east-1:000000000000:execution:m/Map:e",
            true,
        );
        check(
            "arn:aws:states:us-east-1:000000000000:stateMachine:m",
            false,
        );
        check("arn:aws:states:us-east-1:000000000000:execution:m:", false);
        check("e", false);
    }

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
