use serde_json::{Value, json};

use super::*;
use crate::brief::{ABSTRACT_CHARACTERS, draft};

/// Ten seconds: two sentences, a cat, two shots, two chapters.
fn timeline() -> Timeline {
    let entry = |id: &str, start: u64, end: u64, text: &str| json!({"id": id, "startMs": start, "endMs": end, "text": text, "confidence": 0.9, "pointer": "/x"});
    let job = format!("v-{}", "0".repeat(40));
    let timeline = json!({
        "jobId": job, "durationMs": 10000, "language": {"code": "en-US", "score": 1.0, "alternatives": []},
        "segments": [entry("s1", 0, 4000, "Mister Dashwood was <b>not</b> ill disposed."), entry("s2", 5000, 9000, "He was amiable.")],
        "labels": [entry("l1", 5000, 10000, "Cat")],
        "shots": [entry("h1", 0, 5000, ""), entry("h2", 5000, 10000, "")],
        "chapters": [entry("c1", 0, 6000, ""), entry("c2", 6000, 10000, "")],
        "parts": [], "sources": {"transcript": null, "labels": null, "moderation": null, "meaning": null},
        "subtitles": [], "missing": [],
        "renditions": {"renditions": [], "proxy": "s3://o/p", "audio": null, "durationMs": 10000,
            "stream": {"hls": "s3://o/h", "dash": "s3://o/d"}, "thumbnails": {"prefix": "s3://o/t", "first": 0, "count": 0}}
    });
    serde_json::from_value(timeline).unwrap_or_else(|error| unreachable!("{error}"))
}

/// A draft that has nothing wrong.
fn sound() -> Value {
    json!({
        "title": {"text": "Dashwood", "evidence": ["s1"]},
        "summary": {"text": "A man and a cat.", "evidence": ["s1", "l1"]},
        "abstractShort": "A man and a cat.",
        "chapters": [
            {"startMs": 0, "endMs": 5000, "title": "The man", "summary": {"text": "A man.", "evidence": ["s1"]}, "topics": ["man"]},
            {"startMs": 5000, "endMs": 10000, "title": "The cat", "summary": {"text": "A cat.", "evidence": ["l1"]}, "topics": []}],
        "keyMoments": [{"startMs": 5000, "endMs": 6000, "reason": {"text": "The cat appears.", "evidence": ["l1"]}}],
        "people": [{"name": "Mister Dashwood", "evidence": ["s1"]}],
        "entities": [{"name": "dashwood", "type": "other", "evidence": ["s1"]}],
        "topics": [{"name": "character", "evidence": ["s2"]}],
        "quotes": [{"segmentId": "s2", "text": "He was amiable."}]
    })
}

const WHOLE: Window = Window {
    start_ms: 0,
    end_ms: 10_000,
};

fn reviewed(change: impl FnOnce(&mut Value)) -> Reviewed {
    let mut value = sound();
    change(&mut value);
    let draft = draft::parse(&value.to_string()).unwrap_or_else(|error| unreachable!("{error}"));
    review(draft, &timeline(), WHOLE)
}

fn check(change: impl FnOnce(&mut Value), expected: &[&str]) -> Draft {
    let reviewed = reviewed(change);
    let codes: Vec<&str> = reviewed
        .problems
        .iter()
        .map(|problem| problem.code.into())
        .collect();
    assert_eq!(codes, expected);
    let ranges: Vec<_> = reviewed
        .draft
        .chapters
        .iter()
        .map(|one| (one.start_ms, one.end_ms))
        .collect();
    assert_eq!(ranges.first().map(|one| one.0), Some(0), "{ranges:?}");
    assert_eq!(ranges.last().map(|one| one.1), Some(10_000), "{ranges:?}");
    assert!(
        ranges.windows(2).all(|pair| pair[0].1 == pair[1].0),
        "{ranges:?}"
    );
    assert!(ranges.iter().all(|(start, end)| start < end), "{ranges:?}");
    reviewed.draft
}

#[test]
fn a_sound_draft_is_kept_as_it_is() {
    let draft = check(|_| (), &[]);
    assert_eq!(json!(draft), sound());
}

#[test]
fn statements_need_evidence_that_exists() {
    let draft = check(
        |draft| draft["title"]["evidence"] = json!([]),
        &["UnsupportedStatement"],
    );
    assert_eq!(draft.title.text, "");
    let unknown = ["UnknownEvidence", "UnsupportedStatement"];
    let draft = check(
        |draft| draft["summary"]["evidence"] = json!(["s99"]),
        &[
            "UnknownEvidence",
            "UnsupportedStatement",
            "UnsupportedStatement",
        ],
    );
    assert_eq!(
        draft.abstract_short, "",
        "the summary's evidence is its own"
    );
    check(
        |draft| draft["topics"][0]["evidence"] = json!([""]),
        &unknown,
    );
    let draft = check(
        |draft| draft["summary"]["evidence"] = json!(["s99", "s1", "s1"]),
        &["UnknownEvidence"],
    );
    assert_eq!(draft.summary.evidence, ["s1"]);
    check(
        |draft| draft["title"]["text"] = json!("  "),
        &["EmptyStatement"],
    );
}

#[test]
fn evidence_of_a_chapter_lies_in_it() {
    let draft = check(
        |draft| draft["chapters"][0]["summary"]["evidence"] = json!(["l1"]),
        &["UnsupportedStatement"],
    );
    assert_eq!(
        draft
            .chapters
            .first()
            .map(|chapter| chapter.summary.text.as_str()),
        Some("")
    );
}

#[test]
fn quotes_are_verbatim() {
    let wrong = |text: &str, segment: &str| {
        let draft = check(
            |draft| draft["quotes"] = json!([{"segmentId": segment, "text": text}]),
            &["QuoteNotVerbatim"],
        );
        assert_eq!(draft.quotes, []);
    };
    wrong("He was very amiable.", "s2");
    wrong("he was amiable.", "s2");
    wrong("He was amiable.", "s1");
    wrong("Cat", "l1");
    wrong("", "s1");
    wrong("ill dispose", "s1");
    wrong("ister Dashwood", "s1");
    let draft = check(
        |draft| draft["quotes"] = json!([{"segmentId": "s1", "text": " <b>not</b> ill "}]),
        &[],
    );
    assert_eq!(
        draft.quotes.first().map(|quote| quote.text.as_str()),
        Some("<b>not</b> ill")
    );
}

#[test]
fn names_are_spoken_where_it_says() {
    check(
        |draft| draft["people"][0]["name"] = json!("Elinor"),
        &["NameNotSpoken"],
    );
    check(
        |draft| draft["people"][0]["evidence"] = json!(["l1"]),
        &["NameNotSpoken"],
    );
    check(
        |draft| draft["people"][0]["name"] = json!("mister dashwood"),
        &[],
    );
    check(
        |draft| draft["people"][0]["name"] = json!("Dash"),
        &["NameNotSpoken"],
    );
    let draft = check(
        |draft| draft["entities"][0]["name"] = json!("Norland Park"),
        &["NameNotSpoken"],
    );
    assert_eq!(draft.entities, []);
}

#[test]
fn figures_and_names_stand_in_the_evidence() {
    let figure = check(
        |draft| draft["summary"]["text"] = json!("A man of 40 and a cat."),
        &["FigureNotInEvidence", "UnsupportedStatement"],
    );
    assert_eq!(
        (figure.summary.text.as_str(), figure.abstract_short.as_str()),
        ("", "")
    );
    let name = check(
        |draft| draft["title"]["text"] = json!("The man called Willoughby"),
        &["NameNotInEvidence"],
    );
    assert_eq!(name.title.text, "");
    let cited = check(
        |draft| draft["title"]["text"] = json!("The man called Dashwood"),
        &[],
    );
    assert_eq!(cited.title.text, "The man called Dashwood");
    check(
        |draft| draft["abstractShort"] = json!("Both in 1811."),
        &["FigureNotInEvidence"],
    );
    let chapter = check(
        |draft| {
            draft["chapters"][0]["title"] = json!("The man, 40");
            draft["chapters"][0]["topics"] = json!(["man", "the year 1811"]);
        },
        &["FigureNotInEvidence", "FigureNotInEvidence"],
    );
    let chapter = chapter.chapters.into_iter().next().unwrap_or_default();
    assert_eq!((chapter.title.as_str(), chapter.topics.len()), ("", 1));
    assert_eq!(chapter.summary.text, "A man.");
}

#[test]
fn evidence_of_a_moment_lies_in_it() {
    let draft = check(
        |draft| draft["keyMoments"][0]["reason"]["evidence"] = json!(["s1"]),
        &["UnsupportedStatement"],
    );
    assert_eq!(draft.key_moments, []);
    let draft = check(
        |draft| draft["keyMoments"][0]["reason"]["evidence"] = json!(["s1", "l1"]),
        &[],
    );
    let evidence = draft
        .key_moments
        .first()
        .map(|moment| moment.reason.evidence.clone());
    assert_eq!(evidence, Some(vec!["l1".to_owned()]));
}

#[test]
fn lists_and_texts_are_bounded() {
    let chapter = |start: u64| json!({"startMs": start, "endMs": start + 1, "title": "x", "summary": {"text": "A man.", "evidence": ["h1", "h2"]}, "topics": []});
    let draft = check(
        |draft| draft["chapters"] = (0..9999).map(chapter).collect(),
        &["TooMany"],
    );
    assert_eq!(draft.chapters.len(), 60);
    let draft = check(
        |draft| {
            draft["topics"] = (0..500)
                .map(|n| json!({"name": "t".repeat(n + 1), "evidence": ["s1"]}))
                .collect();
        },
        &["TooMany"],
    );
    assert_eq!(draft.topics.len(), LIST_LIMIT);
    let draft = check(
        |draft| draft["title"]["text"] = json!("word ".repeat(100)),
        &["StatementTooLong"],
    );
    assert!(draft.title.text.chars().count() <= TITLE_CHARACTERS);
    let draft = check(
        |draft| {
            draft["title"]["evidence"] = json!(["s1", "s2", "l1", "h1", "h2", "c1", "c2", "s1"]);
        },
        &[],
    );
    assert_eq!(draft.title.evidence.len(), 7);
}

#[test]
fn moments_lie_within_the_video() {
    let draft = check(
        |draft| draft["keyMoments"][0]["endMs"] = json!(11_001),
        &["MomentOutOfRange"],
    );
    assert_eq!(draft.key_moments, []);
    check(
        |draft| draft["keyMoments"][0]["startMs"] = json!(6000),
        &["MomentOutOfRange"],
    );
    check(
        |draft| draft["keyMoments"][0]["startMs"] = json!(-1),
        &["MomentOutOfRange"],
    );
    let draft = check(|draft| draft["keyMoments"][0]["endMs"] = json!(11_000), &[]);
    assert_eq!(
        draft.key_moments.first().map(|moment| moment.end_ms),
        Some(10_000)
    );
}

#[test]
fn small_misses_of_chapters_are_mended_in_silence() {
    check(|draft| draft["chapters"][0]["endMs"] = json!(4800), &[]);
    check(|draft| draft["chapters"][1]["startMs"] = json!(4500), &[]);
    check(|draft| draft["chapters"][1]["endMs"] = json!(10_400), &[]);
    check(
        |draft| {
            if let Some(list) = draft["chapters"].as_array_mut() {
                list.reverse();
            }
        },
        &[],
    );
}

#[test]
fn gaps_become_untitled_chapters() {
    let draft = check(
        |draft| draft["chapters"][0]["endMs"] = json!(2000),
        &["ChaptersIncomplete"],
    );
    let titles: Vec<&str> = draft
        .chapters
        .iter()
        .map(|chapter| chapter.title.as_str())
        .collect();
    assert_eq!(titles, ["The man", "", "The cat"]);
    check(
        |draft| draft["chapters"][1]["endMs"] = json!(7000),
        &["ChaptersIncomplete"],
    );
    check(
        |draft| draft["chapters"][0]["startMs"] = json!(2000),
        &["ChaptersIncomplete"],
    );
}

#[test]
fn overlapping_and_absent_chapters_are_reported() {
    check(
        |draft| draft["chapters"][1]["startMs"] = json!(3000),
        &["ChaptersOverlap"],
    );
    let draft = check(|draft| draft["chapters"] = json!([]), &["NoChapters"]);
    assert_eq!(draft.chapters.len(), 2, "Data Automation's");
    check(
        |draft| {
            draft["chapters"][0]["endMs"] = json!(-5);
            draft["chapters"][1]["endMs"] = json!(99_999);
        },
        &["ChapterOutOfRange", "ChapterOutOfRange", "NoChapters"],
    );
}

#[test]
fn long_texts_are_cut_between_words() {
    let words = "word ".repeat(119) + "end. And more words.";
    let draft = check(
        |draft| draft["summary"]["text"] = json!(words),
        &["SummaryTooLong"],
    );
    assert!(
        draft.summary.text.ends_with("end."),
        "{}",
        draft.summary.text
    );
    let draft = check(
        |draft| draft["abstractShort"] = json!("ärmel ".repeat(40)),
        &["AbstractTooLong"],
    );
    assert!(draft.abstract_short.chars().count() <= ABSTRACT_CHARACTERS);
    assert_eq!(clipped("one two three", 9), "one two…");
    assert_eq!(clipped("exact", 5), "exact");
    assert_eq!(clipped("unbreakable", 5), "unbr…");
}

#[test]
fn unsupported_statements_are_counted() {
    let reviewed = reviewed(|draft| {
        draft["quotes"][0]["text"] = json!("never said");
        draft["people"][0]["name"] = json!("Nobody");
        draft["chapters"] = json!([]);
    });
    assert_eq!(
        reviewed
            .problems
            .iter()
            .filter(|problem| problem.is_unsupported)
            .count(),
        2
    );
}
