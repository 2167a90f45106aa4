use std::collections::BTreeSet;

use super::*;

fn block() -> Value {
    let segment = |id: &str, start: u64, end: u64, text: &str| json!({"id": id, "startMs": start, "endMs": end, "text": text});
    let label = |id: &str, name: &str, start: u64, end: u64, confidence: f64| json!({"id": id, "name": name, "startMs": start, "endMs": end, "confidence": confidence});
    json!({
        "language": "en-US",
        "durationMs": 25_280,
        "segments": [
            segment("s1", 0, 7380, "And Mr. John Dashwood had then leisure to consider how much there might be prudently in his power to do for them."),
            segment("s2", 7380, 10_400, "He was not an ill-disposed young man."),
            segment("s3", 10_400, 15_760, "Unless to be rather cold-hearted and rather selfish, is to be ill-disposed."),
            segment("s4", 15_760, 21_760, "Had he married a more amiable woman he might have been made still more respectable than he was."),
            segment("s5", 21_760, 24_320, "He might even have been made amiable himself."),
        ],
        "labels": [
            label("l1", "Animal", 0, 5500, 0.99), label("l2", "Coffee", 15_500, 20_500, 1.0),
            label("l3", "Espresso", 15_500, 20_500, 1.0), label("l4", "Egyptian Cat", 20_500, 25_280, 0.71),
            label("l5", "Sloth", 5000, 5500, 0.4),
        ],
        "shots": [{"id": "h1", "startMs": 0, "endMs": 25_280}],
        "chapters": [],
        "parts": [],
    })
}

fn written(block: Value) -> (Block, Value) {
    let block: Block =
        serde_json::from_value(block).unwrap_or_else(|error| unreachable!("{error}"));
    let draft = draft(&block);
    (block, draft)
}

/// Every statement cites one to five ids of the block, and quotes are verbatim.
fn check(block: &Block, draft: &Value) {
    let segments = block.segments.iter().map(|s| s.id.as_str());
    let ids: BTreeSet<&str> = segments
        .chain(block.labels.iter().map(|l| l.id.as_str()))
        .chain(block.shots.iter().map(|h| h.id.as_str()))
        .collect();
    let evidences = evidences(draft);
    assert!(!evidences.is_empty());
    for evidence in evidences {
        assert!(
            (1..=EVIDENCE_MAX).contains(&evidence.len()),
            "{evidence:?} in {draft}"
        );
        assert!(
            evidence
                .iter()
                .all(|id| id.as_str().is_some_and(|id| ids.contains(id))),
            "{evidence:?}"
        );
    }
    for quote in draft["quotes"].as_array().into_iter().flatten() {
        let segment = block
            .segments
            .iter()
            .find(|segment| quote["segmentId"] == segment.id.as_str());
        assert!(
            segment.is_some_and(|s| quote["text"]
                .as_str()
                .is_some_and(|text| s.text.contains(text))),
            "{quote}"
        );
    }
    let words = |path: &str| {
        draft
            .pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .split_whitespace()
            .count()
    };
    assert!(words("/title/text") <= TITLE_WORDS && words("/summary/text") <= 120);
}

fn evidences(value: &Value) -> Vec<Vec<Value>> {
    match value {
        Value::Object(members) => {
            let own = members.get("evidence").and_then(Value::as_array).cloned();
            own.into_iter()
                .chain(members.values().flat_map(evidences))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(evidences).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn writes_of_speech_and_picture() {
    let (block, draft) = written(block());
    check(&block, &draft);
    let summary = draft["summary"]["text"].as_str().unwrap_or_default();
    assert!(
        summary.ends_with("Seen in the picture: Espresso and Egyptian Cat."),
        "{summary}"
    );
    assert_eq!(
        draft["people"],
        json!([{"name": "John Dashwood", "evidence": ["s1"]}])
    );
    assert_eq!(draft["chapters"].as_array().map(Vec::len), Some(1));
    assert!(
        draft["quotes"]
            .as_array()
            .is_some_and(|quotes| quotes.len() == QUOTES)
    );
    let topics: Vec<&str> = draft["topics"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|t| t["name"].as_str())
        .collect();
    assert!(
        topics.contains(&"amiable") && topics.contains(&"Espresso") && !topics.contains(&"Sloth"),
        "{topics:?}"
    );
}

#[test]
fn writes_of_the_picture_alone() {
    let mut silent = block();
    silent["segments"] = json!([]);
    let (block, draft) = written(silent);
    check(&block, &draft);
    assert_eq!(
        draft["summary"]["text"],
        "Seen in the picture: Espresso and Egyptian Cat."
    );
    assert_eq!(draft["title"]["text"], "Espresso and Egyptian Cat");
    assert_eq!(
        (&draft["quotes"], &draft["people"]),
        (&json!([]), &json!([]))
    );
}

#[test]
fn writes_of_shots_when_there_is_nothing_else() {
    let mut empty = block();
    (empty["segments"], empty["labels"]) = (json!([]), json!([]));
    let (_, draft) = written(empty);
    assert_eq!(
        draft["summary"]["text"],
        "Nothing is said or recognised; the picture is one shot."
    );
    assert_eq!(draft["chapters"][0]["summary"]["evidence"], json!(["h1"]));
}

#[test]
fn stays_in_its_window_and_joins_parts() {
    let mut part = block();
    part["window"] = json!({"startMs": 8000, "endMs": 16_000});
    let (block, draft) = written(part.clone());
    check(&block, &draft);
    assert!(!draft.to_string().contains("Dashwood") && !draft.to_string().contains("Cat"));
    let times = |moment: &Value| (moment["startMs"].as_u64(), moment["endMs"].as_u64());
    let moments = draft["keyMoments"].as_array().cloned().unwrap_or_default();
    assert!(
        moments
            .iter()
            .map(times)
            .all(|(start, end)| start >= Some(8000) && end <= Some(16_000)),
        "{moments:?}"
    );
    part["window"] = Value::Null;
    part["parts"] = json!([{"index": 0, "startMs": 0, "endMs": 25_280, "summary": "A man is not amiable. Seen in the picture: Cup.", "evidence": ["s4", "l3"]}]);
    let summary = written(part).1["summary"].clone();
    assert_eq!(
        summary["text"],
        "A man is not amiable. Seen in the picture: Espresso and Egyptian Cat."
    );
    assert_eq!(summary["evidence"], json!(["s4", "l3", "l4"]));
}

#[test]
fn headlines_are_sentences_or_clauses() {
    let check = |sentence: &str, expected: Option<&str>| {
        assert_eq!(headline(sentence).as_deref(), expected);
    };
    check("But the cat drinks coffee.", Some("The cat drinks coffee"));
    check("No cat.", None);
    let long = "when all of it was said and done and nobody had anything left to add, the amiable cat drinks coffee, so it is.";
    check(long, Some("The amiable cat drinks coffee"));
}
