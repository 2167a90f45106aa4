use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use videoflow_shared::brief::draft::PartDraft;
use videoflow_shared::brief::review::{Reviewed, Window, review};
use videoflow_shared::brief::{self, Basis, Warning, WarningCode};
use videoflow_shared::timeline::Part;

use super::*;

mod whatever;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/samples");

fn sample<T: DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(format!("{SAMPLES}/{name}.json"))
        .unwrap_or_else(|error| unreachable!("{error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| unreachable!("{name}: {error}"))
}

/// A document of the sample, if the timeline has it.
fn document<T: DeserializeOwned>(name: &str, uri: Option<&S3Uri>) -> Option<Source<T>> {
    uri?;
    let uri = S3Uri::new("videoflow-local-output", format!("work/j/{name}.json"));
    Some(Source {
        uri,
        sha256: "0".repeat(64),
        document: sample(name),
    })
}

fn default_profile() -> &'static videoflow_shared::profiles::Profile {
    videoflow_shared::profiles::find("default").unwrap_or_else(|| unreachable!("default"))
}

fn job(plan: &Plan) -> Job {
    serde_json::from_value(json!({
        "JobId": plan.job_id, "JobStatus": "PROCESSING", "SourceBucket": "b", "SourceKey": "k", "SourceVersionId": "1",
        "Profile": "default", "CreatedAt": "t", "UpdatedAt": "t",
        "Stages": {"labels": {"attempt": 1, "serviceJobId": "rekognition-job", "status": "SUCCEEDED"}}
    }))
    .unwrap_or_else(|error| unreachable!("{error}"))
}

/// The sample's documents, changed by the test before the brief is made of them.
fn composed(change: impl FnOnce(&mut Timeline, &mut Draft, &mut Vec<PartDraft>)) -> Brief {
    let (plan, mut timeline, mut draft): (Plan, Timeline, Draft) =
        (sample("plan"), sample("timeline"), sample("draft"));
    let mut parts = Vec::new();
    change(&mut timeline, &mut draft, &mut parts);
    let profile = default_profile();
    let job = job(&plan);
    let window = Window {
        start_ms: 0,
        end_ms: timeline.duration_ms,
    };
    let reviewed = review(draft, &timeline, window);
    compose_of(
        &plan,
        &job,
        &profile.moderation,
        &timeline,
        &parts,
        reviewed,
    )
}

fn compose_of(
    plan: &Plan,
    job: &Job,
    policy: &ModerationPolicy,
    timeline: &Timeline,
    parts: &[PartDraft],
    reviewed: Reviewed,
) -> Brief {
    compose(&Material {
        policy,
        job,
        transcript: document("transcript", timeline.sources.transcript.as_ref()),
        labels: document("labels", timeline.sources.labels.as_ref()),
        moderation: None,
        meaning: document("meaning", timeline.sources.meaning.as_ref()),
        timeline,
        parts,
        written: Written {
            reviewed,
            input_tokens: 1200,
            output_tokens: 800,
        },
        model_id: "local.extractive-writer",
        region: Some("us-east-1"),
        state_machine_version_arns: &BTreeMap::new(),
        plan_uri: S3Uri::new("videoflow-local-output", "work/j/plan.json"),
        started_at: "2026-11-21T11:00:00.000Z".to_owned(),
        ended_at: "2026-11-21T11:00:02.000Z".to_owned(),
        plan,
    })
}

fn check_valid(brief: &Brief) {
    let violations = brief::violations(&json!(brief));
    assert_eq!(violations, Vec::<String>::new());
}

/// Every pointer of the brief finds something in the document that it points into.
fn check_pointers(brief: &Value, place: &Value) {
    if let Some(pointer) = place.get("jsonPointer").and_then(Value::as_str) {
        let engine = place["engineIndex"]
            .as_u64()
            .and_then(|index| usize::try_from(index).ok())
            .unwrap_or(usize::MAX);
        let uri = brief["provenance"]["engines"][engine]["outputUri"]
            .as_str()
            .unwrap_or_default();
        let name = uri
            .rsplit('/')
            .next()
            .and_then(|name| name.strip_suffix(".json"))
            .unwrap_or_default();
        assert!(
            sample::<Value>(name).pointer(pointer).is_some(),
            "{pointer} of {uri}"
        );
    }
    match place {
        Value::Array(values) => values.iter().for_each(|value| check_pointers(brief, value)),
        Value::Object(members) => members
            .values()
            .for_each(|value| check_pointers(brief, value)),
        _ => (),
    }
}

#[test]
fn makes_the_sample_brief() {
    let mut brief = composed(|_, _, _| ());
    brief.quality.schema_valid = true;
    check_valid(&brief);
    check_pointers(&json!(brief), &json!(brief));
    let path = format!("{SAMPLES}/brief.json");
    if std::env::var_os("UPDATE_SAMPLES").is_some() {
        let text = serde_json::to_string_pretty(&brief).unwrap_or_default() + "\n";
        std::fs::write(&path, text).unwrap_or_else(|error| unreachable!("{error}"));
    }
    assert_eq!(brief, sample("brief"), "UPDATE_SAMPLES=1 writes it anew");
    assert_eq!(brief.quality.warnings, []);
}

#[test]
fn words_of_the_evidence_are_extracted() {
    let brief = composed(|_, _, _| ());
    let bases: Vec<Basis> = brief
        .chapters
        .iter()
        .map(|chapter| chapter.summary.basis)
        .collect();
    assert_eq!(bases, [Basis::Generated, Basis::Extracted]);
}

#[test]
fn an_empty_draft_still_makes_a_brief_of_what_was_found() {
    let brief = composed(|_, draft, _| *draft = Draft::default());
    check_valid(&brief);
    check_pointers(&json!(brief), &json!(brief));
    assert_eq!(brief.title.text, "<sense> & sensibility");
    assert!(
        brief.summary.text.starts_with("And Mister John Dashwood"),
        "{}",
        brief.summary.text
    );
    assert_eq!(brief.chapters.len(), 2, "Data Automation's");
    assert_eq!(
        brief.chapters.get(1).map(|chapter| chapter.title.as_str()),
        Some("Espresso, Egyptian cat")
    );
    assert!(brief.abstract_short.chars().count() <= ABSTRACT_CHARACTERS);
    assert!(!brief.quality.warnings.is_empty());
}

#[test]
fn a_silent_video_is_told_by_its_labels() {
    let brief = composed(|timeline, draft, _| {
        timeline.segments.clear();
        timeline.subtitles.clear();
        timeline.sources.transcript = None;
        timeline.language = videoflow_shared::transcript::Language::default();
        *draft = Draft::default();
    });
    check_valid(&brief);
    check_pointers(&json!(brief), &json!(brief));
    assert_eq!(brief.summary.text, "Missile, Espresso, Cup, Egyptian cat");
    assert_eq!(
        (
            brief.statistics.words,
            brief.statistics.speakers,
            brief.statistics.silence_ms
        ),
        (0, 0, 25_000)
    );
}

#[test]
fn shots_alone_make_a_brief() {
    let brief = composed(|timeline, draft, _| {
        timeline.segments.clear();
        timeline.labels.clear();
        timeline.subtitles.clear();
        timeline.sources.transcript = None;
        timeline.sources.labels = None;
        *draft = Draft::default();
    });
    check_valid(&brief);
    check_pointers(&json!(brief), &json!(brief));
    assert_eq!(
        brief.chapters.first().map(|chapter| chapter.title.as_str()),
        Some("Chapter 1")
    );
}

#[test]
fn unsupported_statements_and_tokens_of_parts_count() {
    let brief = composed(|_, draft, parts| {
        draft.quotes.push(brief::draft::Quote {
            segment_id: "s1".into(),
            text: "never said".into(),
        });
        let warnings = vec![Warning {
            code: WarningCode::EmptyStatement,
            message: "x".into(),
        }];
        let part = Part {
            index: 0,
            start_ms: 0,
            end_ms: 25_000,
        };
        let draft = Draft::default();
        parts.push(PartDraft {
            part,
            draft,
            warnings,
            unsupported: 2,
            input_tokens: 800,
            output_tokens: 200,
        });
    });
    check_valid(&brief);
    assert_eq!(brief.quality.unsupported_statements, 3);
    let codes: Vec<&str> = brief
        .quality
        .warnings
        .iter()
        .map(|warning| warning.code.into())
        .collect();
    assert_eq!(codes, ["EmptyStatement", "QuoteNotVerbatim"]);
    let tokens: Vec<f64> = brief
        .cost
        .lines
        .iter()
        .rev()
        .take(2)
        .map(|line| line.qty)
        .collect();
    assert_eq!(tokens, [1.0, 2.0]);
}
