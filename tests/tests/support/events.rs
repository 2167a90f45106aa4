//! Domain events against their schemas.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;

use super::{read_json, root};

/// Bytes of an event: all that its consumers may need passes SQS, SNS and a webhook with room to spare.
const EVENT_BYTES: usize = 32 * 1024;

static SCHEMAS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let folder = std::fs::read_dir(root().join("functions/shared/schemas/events"));
    let paths = folder
        .expect("the schemas")
        .map(|entry| entry.expect("an entry").path());
    let schemas = paths.map(|path| read_json(&path));
    schemas
        .map(|schema| {
            (
                schema["title"].as_str().expect("a title").to_owned(),
                schema,
            )
        })
        .collect()
});

/// The committed schemas, by the events' types.
pub fn schemas() -> &'static BTreeMap<String, Value> {
    &SCHEMAS
}

/// What is wrong with an event. Consumers pass over members that they do not know; our own events have none.
pub fn complaints(event: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    if event["source"] != "videoflow" {
        complaints.push(format!("its source is {}", event["source"]));
    }
    if event.to_string().len() > EVENT_BYTES {
        complaints.push("it has more than 32 KiB".to_owned());
    }
    let kind = event["detail-type"].as_str().unwrap_or_default();
    let Some(schema) = schemas().get(kind) else {
        complaints.push(format!("{kind} has no schema"));
        return complaints;
    };
    let mut schema = schema.clone();
    schema["additionalProperties"] = Value::Bool(false);
    let validator = jsonschema::validator_for(&schema).expect("the committed schema is valid");
    let errors = validator.iter_errors(&event["detail"]);
    complaints.extend(errors.map(|error| format!("{}: {error}", error.instance_path())));
    complaints
}

/// Fails the test if an event that the platform on `data` archived breaks its schema.
#[track_caller]
pub fn check_events(data: &Path) {
    let archived = std::fs::read_to_string(data.join("domain-events.jsonl")).unwrap_or_default();
    for line in archived.lines() {
        // A platform that was killed may have left half a line.
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        assert_eq!(complaints(&event), Vec::<String>::new(), "{line}");
    }
}
