//! The schema and the types agree, and both are closed: what changes a valid brief in a way that is not allowed is
//! refused.

use serde_json::{Value, json};
use strum::VariantNames as _;

use super::*;

fn sample() -> Value {
    serde_json::from_str(include_str!("../../samples/brief.json")).unwrap_or_default()
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap_or_default()
}

/// Every place of a document, as a pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                places(member, &format!("{at}/{}", escaped(name)), found);
            }
        }
        // Items are alike: the first one stands for all.
        Value::Array(items) => items
            .iter()
            .take(1)
            .for_each(|item| places(item, &format!("{at}/0"), found)),
        _ => (),
    }
}

fn changed(at: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut document = sample();
    document
        .pointer_mut(at)
        .map_or_else(|| unreachable!("{at}"), change);
    document
}

fn is_brief(document: &Value) -> bool {
    serde_json::from_value::<Brief>(document.clone()).is_ok()
}

fn all_places() -> Vec<String> {
    let mut found = Vec::new();
    places(&sample(), "", &mut found);
    found
}

#[test]
fn the_sample_is_valid_and_means_the_same_in_types() {
    assert_eq!(violations(&sample()), Vec::<String>::new());
    let brief: Brief =
        serde_json::from_value(sample()).unwrap_or_else(|error| unreachable!("{error}"));
    assert_eq!(json!(brief), sample());
    assert!(all_places().len() > 150);
}

#[test]
fn no_place_takes_another_type() {
    for at in all_places() {
        let wrong = changed(&at, |value| {
            *value = match value {
                Value::Null => json!([]),
                Value::String(_) => json!(7),
                Value::Array(_) => json!({}),
                _ => json!("seven"),
            };
        });
        assert!(
            !violations(&wrong).is_empty(),
            "the schema takes another type at {at}"
        );
        assert!(!is_brief(&wrong), "the types take another type at {at}");
    }
}

#[test]
fn no_object_takes_unknown_members_or_lacks_required_ones() {
    for at in all_places() {
        let Some(Value::Object(members)) = sample().pointer(&at).cloned() else {
            continue;
        };
        let wider = changed(&at, |value| value["invented"] = json!("x"));
        assert!(
            !violations(&wider).is_empty(),
            "the schema takes an unknown member at {at}"
        );
        let is_open = at == "/provenance/stateMachineVersionArns";
        assert_eq!(
            is_brief(&wider),
            is_open,
            "the types take an unknown member at {at}"
        );
        for name in members.keys() {
            let narrower = changed(&at, |value| {
                value
                    .as_object_mut()
                    .map(|members| members.shift_remove(name));
            });
            let is_needed = !is_brief(&narrower);
            let is_required = !violations(&narrower).is_empty();
            assert!(
                is_required || !is_needed,
                "the types need {at}/{name}, and the schema does not require it"
            );
        }
    }
}

#[test]
fn values_stay_in_their_ranges() {
    let check = |at: &str, value: Value| {
        let wrong = changed(at, |place| *place = value);
        assert!(
            !violations(&wrong).is_empty(),
            "{at}: {}",
            wrong.pointer(at).unwrap_or(&Value::Null)
        );
    };
    check("/videoId", json!("../x"));
    check(
        "/runId",
        json!("v-0123456789abcdef0123456789abcdef01234567-r0"),
    );
    check("/generatedAt", json!("yesterday"));
    check("/language/code", json!("english please"));
    check("/language/score", json!(1.01));
    check("/source/durationMs", json!(0));
    check("/abstractShort", json!("x".repeat(161)));
    check("/title/text", json!(""));
    check("/title/evidence", json!([]));
    check("/title/confidence", json!(-0.1));
    check("/title/basis", json!("invented"));
    check("/title/evidence/0/jsonPointer", json!("segments/0"));
    check("/title/evidence/0/jsonPointer", json!("/a~2"));
    check("/title/evidence/0/startMs", json!(-1));
    check("/title/evidence/0/startMs", json!(0.5));
    check("/chapters", json!([]));
    check("/chapters/0/id", json!("chapter-0"));
    check("/quotes/0/verbatim", json!(false));
    check("/people/0/kind", json!("robot"));
    check("/moderation/decision", json!("maybe"));
    check("/renditions/0/uri", json!("https://example.com"));
    check("/provenance/promptSha256", json!("0"));
    check(
        "/provenance/stateMachineVersionArns",
        json!({"publish-video": "latest"}),
    );
    check(
        "/entities",
        json!([{"text": "x", "type": "brand", "instances": []}]),
    );
    check(
        "/quality/warnings",
        json!([{"code": "Invented", "message": "x"}]),
    );
}

#[test]
fn every_member_is_described() {
    fn walk(schema: &Value, at: &str) {
        if let Some(properties) = schema["properties"]
            .as_object()
            .filter(|_| schema["type"] == "object")
        {
            for (name, property) in properties {
                assert!(
                    property["description"].is_string()
                        || property["$ref"].is_string()
                        || property["const"].is_boolean(),
                    "{at}/{name}"
                );
            }
        }
        match schema {
            Value::Object(members) => members
                .iter()
                .for_each(|(name, member)| walk(member, &format!("{at}/{name}"))),
            Value::Array(items) => items.iter().for_each(|item| walk(item, at)),
            _ => (),
        }
    }
    walk(&schema(), "");
}

#[test]
fn names_are_those_of_the_types() {
    let schema = schema();
    let codes = &schema["properties"]["quality"]["properties"]["warnings"]["items"]["properties"]["code"]
        ["enum"];
    assert_eq!(*codes, json!(WarningCode::VARIANTS));
    let mut types: Vec<&str> = EntityType::VARIANTS.to_vec();
    let model: Value = serde_json::from_str(draft::SCHEMA).unwrap_or_default();
    assert_eq!(
        model["properties"]["entities"]["items"]["properties"]["type"]["enum"],
        json!(types)
    );
    types.retain(|name| *name != "brand");
    assert_eq!(
        schema["$defs"]["entity"]["properties"]["type"]["enum"],
        json!(types)
    );
}

/// What the model is asked is a part of what is published: only its evidence is ids, and names are names.
#[test]
fn the_reduced_schema_is_a_part_of_the_full_one() {
    fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
        schema["$ref"]
            .as_str()
            .and_then(|path| root.pointer(path.trim_start_matches('#')))
            .unwrap_or(schema)
    }
    fn check(root: &Value, reduced: &Value, full: &Value, at: &str) {
        let full = resolved(root, full);
        assert_eq!(reduced["type"], full["type"], "{at}");
        for (name, member) in reduced["properties"].as_object().into_iter().flatten() {
            let renamed = match (at, name.as_str()) {
                ("/people[]", "name") => "displayName",
                ("/entities[]", "name") => "text",
                ("/quotes[]", "segmentId") => continue,
                _ => name,
            };
            // Ids of the timeline become places.
            if renamed == "evidence" || renamed == "displayName" {
                continue;
            }
            assert!(full["properties"][renamed].is_object(), "{at}/{name}");
            if member["enum"].is_null() {
                check(
                    root,
                    member,
                    &full["properties"][renamed],
                    &format!("{at}/{name}"),
                );
            }
        }
        if reduced["items"].is_object() {
            check(root, &reduced["items"], &full["items"], &format!("{at}[]"));
        }
    }
    let (full, reduced) = (
        schema(),
        serde_json::from_str(draft::SCHEMA).unwrap_or_default(),
    );
    check(&full, &reduced, &full, "");
}
