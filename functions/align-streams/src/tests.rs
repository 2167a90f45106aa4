use serde_json::{Value, json};

use super::*;

fn from<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap_or_else(|error| unreachable!("{error}"))
}

fn plan(has_audio: bool) -> Plan {
    let omitted = if has_audio {
        json!({})
    } else {
        json!({"transcription": "The video has no sound."})
    };
    from(json!({
        "jobId": format!("v-{}", "0".repeat(40)), "profile": "default",
        "source": {"bucket": "b", "key": "k", "versionId": "1", "etag": "e", "sizeBytes": 1},
        "video": {"container": "mp4", "durationMs": 10000, "width": 1280, "height": 720, "frameRate": 25.0,
            "rotation": 0, "videoCodec": "h264", "audioTracks": 1, "hasAudio": has_audio, "hasVideo": true},
        "analyses": {"labels": true, "moderation": false, "transcription": true, "meaning": true},
        "ladder": [], "languages": [], "omitted": omitted,
        "expectedSeconds": {"transcode": 1, "labels": 1, "transcription": 1, "meaning": 1},
        "predictedCost": {"totalUsd": 0.0, "lines": []}
    }))
}

fn input(labels: &Value, speech: &Value, meaning: &Value) -> Input {
    from(json!({
        "jobId": format!("v-{}", "0".repeat(40)),
        "renditions": {"renditions": [], "proxy": "s3://o/p", "audio": null, "durationMs": 10000,
            "stream": {"hls": "s3://o/h", "dash": "s3://o/d"}, "thumbnails": {"prefix": "s3://o/t", "first": 0, "count": 0}},
        "analyses": {"labels": labels, "speech": speech, "meaning": meaning}
    }))
}

fn skipped() -> Value {
    json!({"status": "SKIPPED"})
}

fn done(name: &str) -> Value {
    json!({"status": "DONE", name: format!("s3://o/{name}.json")})
}

fn streams() -> Streams {
    Streams {
        transcript: Some(from(
            json!({"language": {"code": "en-US", "score": 1.0, "alternatives": []}, "segments": [
            {"id": "s1", "startMs": 0, "endMs": 99000, "text": "Hi.", "confidence": 0.9, "words": []}]}),
        )),
        labels: Some(from(
            json!({"labels": [{"name": "Cat", "categories": [], "parents": [], "confidenceMax": 0.9,
            "confidenceMean": 0.9, "instances": [{"startMs": 1, "endMs": 2, "confidence": 0.9}]}]}),
        )),
        meaning: None,
    }
}

fn reasons(timeline: &Timeline) -> Vec<(&str, &str)> {
    timeline
        .missing
        .iter()
        .map(|one| (one.name.as_str(), one.reason.as_str()))
        .collect()
}

fn check(input: &Input, has_audio: bool, expected: &[(&str, &str)]) -> Timeline {
    let timeline =
        align(input, &plan(has_audio), &streams()).unwrap_or_else(|error| unreachable!("{error}"));
    assert_eq!(reasons(&timeline), expected);
    timeline
}

const NO_MODERATION: (&str, &str) = ("moderation", "The profile does not ask for moderation.");
const NO_MEANING: (&str, &str) = (
    "meaning",
    "The profile does not ask for chapters and topics.",
);

#[test]
fn says_what_was_not_planned() {
    let timeline = check(
        &input(&done("labels"), &done("transcript"), &skipped()),
        true,
        &[NO_MODERATION, NO_MEANING],
    );
    assert_eq!(
        timeline.segments.first().map(|one| one.end_ms),
        Some(10_000),
        "cut to the duration"
    );
    assert_eq!(
        timeline
            .labels
            .first()
            .map(|one| (one.id.as_str(), one.pointer.as_str())),
        Some(("l1", "/labels/0/instances/0"))
    );
    let labels = json!({"status": "DONE", "labels": "s3://o/l", "moderation": "s3://o/m"});
    check(
        &input(&labels, &skipped(), &done("meaning")),
        false,
        &[("transcription", "The video has no sound.")],
    );
    let quiet =
        json!({"status": "NO_SPEECH", "transcript": null, "subtitles": [], "language": null});
    check(
        &input(&done("labels"), &quiet, &skipped()),
        true,
        &[
            NO_MODERATION,
            ("transcription", "Nobody speaks."),
            NO_MEANING,
        ],
    );
}

#[test]
fn says_what_failed_innermost() {
    let failed = |error: &str, cause: &str| json!({"status": "MISSING", "reason": {"error": error, "cause": cause}});
    let check = |reason: &Value, expected: &str| {
        let timeline = check(
            &input(&done("labels"), &done("transcript"), reason),
            true,
            &[NO_MODERATION, ("meaning", expected)],
        );
        assert!(!timeline.is_empty());
    };
    check(&failed("States.Timeout", ""), "States.Timeout: ");
    check(
        &failed("States.TaskFailed", "no JSON {"),
        "States.TaskFailed: no JSON {",
    );
    let inner = json!({"errorType": "MeaningUnreadable", "errorMessage": "gone"}).to_string();
    let child =
        json!({"Error": "MeaningUnreadable", "Cause": inner, "Status": "FAILED"}).to_string();
    check(
        &failed("States.TaskFailed", &child),
        "MeaningUnreadable: gone",
    );
    check(&json!({"status": "MISSING"}), "It failed.");
}

#[test]
fn needs_one_stream() {
    let nothing = align(
        &input(&skipped(), &skipped(), &skipped()),
        &plan(true),
        &Streams::default(),
    );
    assert!(matches!(nothing, Err(Error::TooFewStreams(reasons)) if reasons.contains("labels: ")));
    let labels_only = Streams {
        transcript: None,
        ..streams()
    };
    assert!(
        align(
            &input(&done("labels"), &skipped(), &skipped()),
            &plan(true),
            &labels_only
        )
        .is_ok()
    );
}
