//! Domain events: definitions, functions, schemas and docs/events.md say the same. What runs put on the bus is held to
//! the schemas after each of them (`support::check_events`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{events, read_json, root};

/// Templates of details in the definitions: machine, type, detail.
fn details() -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    let folder = std::fs::read_dir(root().join("statemachines")).expect("the definitions");
    for entry in folder {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let Some(machine) = name.strip_suffix(".asl.json") else {
            continue;
        };
        let definition = read_json(&path);
        let states = definition["States"].as_object().expect("states");
        for state in states.values() {
            if state["Resource"] != "arn:aws:states:::events:putEvents" {
                continue;
            }
            for entry in state["Arguments"]["Entries"].as_array().expect("entries") {
                let kind = entry["DetailType"].as_str().expect("a type");
                found.push((machine.to_owned(), kind.to_owned(), entry["Detail"].clone()));
            }
        }
    }
    found
}

fn names(value: &Value) -> BTreeSet<&str> {
    match value {
        Value::Object(members) => members.keys().map(String::as_str).collect(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn definitions_tell_what_the_schemas_say() {
    let schemas = events::schemas();
    let details = details();
    assert!(details.len() >= 4, "{details:?}");
    for (machine, kind, detail) in details {
        let schema = schemas.get(&kind);
        let schema = schema.unwrap_or_else(|| panic!("{machine} puts {kind}, which has no schema"));
        let told = names(&detail);
        let unknown: Vec<_> = told
            .difference(&names(&schema["properties"]))
            .copied()
            .collect();
        assert!(
            unknown.is_empty(),
            "{machine}, {kind}: not in the schema: {unknown:?}"
        );
        let lacking: Vec<_> = names(&schema["required"])
            .difference(&told)
            .copied()
            .collect();
        assert!(
            lacking.is_empty(),
            "{machine}, {kind}: not told: {lacking:?}"
        );
    }
}

#[test]
fn schemas_agree_on_what_every_event_has() {
    let mut bases = BTreeMap::new();
    for (kind, schema) in events::schemas() {
        assert_eq!(schema["title"], *kind);
        assert_eq!(schema["$id"], format!("urn:videoflow:events:{kind}:1"));
        for name in ["version", "jobId", "videoId", "source"] {
            assert!(
                names(&schema["required"]).contains(name),
                "{kind} demands {name}"
            );
            let property = schema["properties"][name].clone();
            let known = bases.entry(name).or_insert_with(|| property.clone());
            assert_eq!(*known, property, "{kind}: {name}");
        }
        assert_eq!(schema["$defs"]["source"]["additionalProperties"], false);
    }
}

/// The examples of the page: each is a whole event, as a target gets it.
#[test]
fn the_page_has_a_valid_example_of_every_event() {
    let page = std::fs::read_to_string(root().join("docs/events.md")).expect("the page");
    for kind in events::schemas().keys() {
        let section = page.split(&format!("\n## {kind}\n")).nth(1);
        let section = section.unwrap_or_else(|| panic!("the page tells of {kind}"));
        let section = section.split("\n## ").next().unwrap_or_default();
        let example = section
            .split("```json\n")
            .nth(1)
            .and_then(|rest| rest.split("```").next());
        let example = example.unwrap_or_else(|| panic!("the page shows a {kind}"));
        let event: Value = serde_json::from_str(example).expect("an example is JSON");
        assert_eq!(event["detail-type"], **kind);
        assert_eq!(events::complaints(&event), Vec::<String>::new(), "{kind}");
        let documented = names(&events::schemas()[kind]["properties"]);
        let untold: Vec<_> = documented
            .iter()
            .filter(|name| !section.contains(**name))
            .collect();
        assert!(
            untold.is_empty(),
            "the section of {kind} does not tell of {untold:?}"
        );
    }
}

/// A check that cannot fail is none.
#[test]
fn events_that_break_their_schema_are_told() {
    let check = |event: &str, expected: &str| {
        let event: Value = serde_json::from_str(event).expect("JSON");
        let complaints = events::complaints(&event);
        assert!(
            complaints.iter().any(|one| one.contains(expected)),
            "{complaints:?}"
        );
    };
    check(
        r#"{"source": "videoflow", "detail-type": "VideoLost", "detail": {}}"#,
        "no schema",
    );
    check(
        r#"{"source": "other", "detail-type": "VideoDeleted", "detail": {}}"#,
        "source",
    );
    check(
        r#"{"source": "videoflow", "detail-type": "VideoDeleted", "detail": {"version": "1"}}"#,
        "\"jobId\" is a required property",
    );
    let job = format!("v-{}", "a".repeat(40));
    let named = r#""source": {"bucket": "b", "key": "k", "versionId": "1"}, "deletedAt": "2026-01-01T00:00:00Z""#;
    check(
        &format!(
            r#"{{"source": "videoflow", "detail-type": "VideoDeleted", "detail": {{"version": "1", "jobId": "{job}",
            "videoId": "{job}", {named}, "odd": 1}}}}"#
        ),
        "odd",
    );
    let cause = "x".repeat(33_000);
    check(
        &format!(
            r#"{{"source": "videoflow", "detail-type": "VideoFailed", "detail": {{"cause": "{cause}"}}}}"#
        ),
        "32 KiB",
    );
}
