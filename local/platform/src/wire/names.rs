//! Between the spelling of members on the wire and the one that services see, which begins in upper case; and between
//! times as texts and as numbers.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Services whose wire spells members with a lower-case first letter.
const LOWER_CASE_SERVICES: [&str; 4] = ["states", "mediaconvert", "bedrock", "logs"];

/// Members whose value is a map with keys of the caller's own: the keys stay, the values are converted.
const MAPS: [&str; 8] = [
    "AudioSelectors",
    "AudioSelectorGroups",
    "CaptionSelectors",
    "DynamicAudioSelectors",
    "UserMetadata",
    "Tags",
    "RequestMetadata",
    "PromptVariables",
];

/// Members whose value is a document: nothing in it is converted. `Json` and `Input` are those of Converse's tools.
const DOCUMENTS: [&str; 4] = [
    "Json",
    "Input",
    "AdditionalModelRequestFields",
    "AdditionalModelResponseFields",
];

/// Members that are times in the API models of the services here.
const TIMES: [&str; 16] = [
    "AlarmConfigurationUpdatedTimestamp",
    "CompletionTime",
    "CreatedAt",
    "CreationDate",
    "CreationTime",
    "FinishTime",
    "LastModified",
    "LastUpdated",
    "RedriveDate",
    "StartDate",
    "StartTime",
    "StateTransitionedTimestamp",
    "StateUpdatedTimestamp",
    "StopDate",
    "SubmitTime",
    "UpdateDate",
];

/// Name of the time in an event of a Step Functions history. Rekognition's `Timestamp` is a number already.
const TIMESTAMP: &str = "Timestamp";

/// First letter of the members' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FirstLetter {
    Upper,
    Lower,
}

/// Parameters of a request of `service`, as services see them.
pub(super) fn from_wire(service: &str, parameters: Value) -> Value {
    if LOWER_CASE_SERVICES.contains(&service) {
        renamed(parameters, FirstLetter::Upper)
    } else {
        parameters
    }
}

/// Answer of `service`, as the wire spells it.
pub(super) fn to_wire(service: &str, answer: Value) -> Value {
    if LOWER_CASE_SERVICES.contains(&service) {
        renamed(answer, FirstLetter::Lower)
    } else {
        answer
    }
}

/// SQS spells one member of all its answers with a small letter.
pub(super) fn respelt(operation: &str, mut answer: Value) -> Value {
    if operation == "ListDeadLetterSourceQueues"
        && let Some(members) = answer.as_object_mut()
        && let Some(urls) = members.remove("QueueUrls")
    {
        members.insert("queueUrls".to_owned(), urls);
    }
    answer
}

fn renamed(value: Value, letter: FirstLetter) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let upper = with_first(&name, FirstLetter::Upper);
                let value = match value {
                    Value::Object(map) if MAPS.contains(&upper.as_str()) => {
                        let values = map
                            .into_iter()
                            .map(|(key, value)| (key, renamed(value, letter)));
                        Value::Object(values.collect())
                    }
                    document @ (Value::Object(_) | Value::Array(_))
                        if DOCUMENTS.contains(&upper.as_str()) =>
                    {
                        document
                    }
                    value => renamed(value, letter),
                };
                (with_first(&name, letter), value)
            });
            Value::Object(members.collect())
        }
        Value::Array(values) => values
            .into_iter()
            .map(|value| renamed(value, letter))
            .collect(),
        value => value,
    }
}

fn with_first(name: &str, letter: FirstLetter) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => {
            let first = match letter {
                FirstLetter::Upper => first.to_ascii_uppercase(),
                FirstLetter::Lower => first.to_ascii_lowercase(),
            };
            std::iter::once(first).chain(characters).collect()
        }
        None => String::new(),
    }
}

/// Whether a member is a time, by its name in upper or lower case.
pub(super) fn is_time(name: &str) -> bool {
    let upper = with_first(name, FirstLetter::Upper);
    TIMES.contains(&upper.as_str()) || upper == TIMESTAMP
}

/// Seconds since 1970 of an RFC 3339 text.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit into 52 bits"
    )]
    let milliseconds = (time.unix_timestamp_nanos() / 1_000_000) as f64;
    Some(milliseconds / 1000.0)
}

/// An answer of `service` with its times as numbers, as JSON protocols have them. DynamoDB, SQS and EventBridge have
/// no times but the caller's own.
pub(super) fn with_numeric_times(service: &str, answer: Value) -> Value {
    match service {
        "dynamodb" | "sqs" | "events" | "lambda" => answer,
        _ => numeric_times(answer),
    }
}

fn numeric_times(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let number = value.as_str().filter(|_| is_time(&name)).and_then(seconds);
                let value = number.map_or_else(|| numeric_times(value), Value::from);
                (name, value)
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(values) => values.into_iter().map(numeric_times).collect(),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "cases are easier to read without borrows"
    )]
    fn check(service: &str, wire: Value, seen: Value) {
        assert_eq!(from_wire(service, wire.clone()), seen, "{service}");
        assert_eq!(to_wire(service, seen), wire, "{service}");
    }

    #[test]
    fn renames_members_and_leaves_keys_and_documents() {
        check(
            "mediaconvert",
            json!({"settings": {"inputs": [{"audioSelectors": {"audio Selector 1": {"defaultSelection": "DEFAULT"}}}]},
                "userMetadata": {"jobId": "v"}, "tags": {"a": "b"}}),
            json!({"Settings": {"Inputs": [{"AudioSelectors": {"audio Selector 1": {"DefaultSelection": "DEFAULT"}}}]},
                "UserMetadata": {"jobId": "v"}, "Tags": {"a": "b"}}),
        );
        check(
            "bedrock",
            json!({"messages": [{"content": [{"toolUse": {"input": {"jobId": 1}}}]}],
                "toolConfig": {"tools": [{"toolSpec": {"inputSchema": {"json": {"type": "object"}}}}]}}),
            json!({"Messages": [{"Content": [{"ToolUse": {"Input": {"jobId": 1}}}]}],
                "ToolConfig": {"Tools": [{"ToolSpec": {"InputSchema": {"Json": {"type": "object"}}}}]}}),
        );
        check(
            "states",
            json!({"input": "{\"jobId\":1}", "tags": [{"key": "k"}]}),
            json!({"Input": "{\"jobId\":1}", "Tags": [{"Key": "k"}]}),
        );
        check("rekognition", json!({"JobId": "1"}), json!({"JobId": "1"}));
    }

    #[test]
    fn turns_texts_of_times_into_numbers() {
        let answer = json!({
            "Job": {"Timing": {"StartTime": "1970-01-01T00:00:01.500Z"}, "Name": "1970-01-01T00:00:01Z"},
            "CreationTime": 7,
            "Labels": [{"Timestamp": 40}],
        });
        let expected = json!({
            "Job": {"Timing": {"StartTime": 1.5}, "Name": "1970-01-01T00:00:01Z"},
            "CreationTime": 7,
            "Labels": [{"Timestamp": 40}],
        });
        assert_eq!(with_numeric_times("mediaconvert", answer.clone()), expected);
        assert_eq!(with_numeric_times("dynamodb", answer.clone()), answer);
    }
}
