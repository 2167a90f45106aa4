//! Four hours of speech through merge-brief: the real definition, the real functions, a made transcript of 40,000 words and
//! 20,000 sightings of labels. What the functions need of processor and memory is read from their processes.
//!
//! `MERGE_FUNCTIONS=<folder>` takes other programs than the test's own, as `make bench-merge` does, and holds them to the
//! limits that are promised.

use std::collections::BTreeSet;
use std::path::PathBuf;

use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};
use videoflow_shared::brief::{self, Brief};
use videoflow_shared::identity::JobId;

use crate::support::report;
use crate::support::up::{Figures, Up};

const OUTPUT: &str = "videoflow-local-output";
const DURATION_MS: u64 = 4 * 3_600_000;
const SEGMENTS: u64 = 4_000;
const WORDS: u64 = 10;
const LABELS: u64 = 400;
const SIGHTINGS: u64 = 50;
/// Largest input or output of a state.
const PAYLOAD_BYTES: usize = 32 * 1024;
/// What is promised of the functions together, without the model.
const CPU_SECONDS: f64 = 0.5;
const MEMORY_MB: f64 = 64.0;
/// What a build without optimization may take of it: a guard against work that grows with the square of the length.
const UNOPTIMIZED: f64 = 6.0;
const SPOKEN: &str = "the harbour opens early and boats bring fish for kitchens where cooks clean knives while gulls cry over \
    nets that dry on warm stone near an old crane which nobody repairs because money goes to roofs before winter storms \
    arrive with rain from western hills toward quiet valleys full of sheep";

struct LongVideo {
    up: Up,
    job: JobId,
}

impl LongVideo {
    async fn put(&self, name: &str, document: &Value) {
        let key = format!("work/{}/{name}.json", self.job);
        let body = ByteStream::from(document.to_string().into_bytes());
        let put = self.up.s3().put_object().bucket(OUTPUT).key(key).body(body);
        put.send().await.expect("a document");
    }

    async fn get(&self, name: &str) -> Value {
        let key = format!("work/{}/{name}.json", self.job);
        let bytes = self.up.object(OUTPUT, &key).await.expect("a document");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    fn uri(&self, name: &str) -> String {
        format!("s3://{OUTPUT}/work/{}/{name}.json", self.job)
    }

    async fn prepare(&self) {
        let job = &self.job;
        self.put("plan", &json!({
            "jobId": job, "profile": "default",
            "source": {"bucket": "b", "key": "talks/four hours.mp4", "versionId": "1", "etag": "e", "sizeBytes": 1},
            "video": {"container": "mp4", "durationMs": DURATION_MS, "width": 1280, "height": 720, "frameRate": 25.0,
                "rotation": 0, "videoCodec": "AVC", "audioCodec": "AAC", "audioTracks": 1, "hasAudio": true, "hasVideo": true},
            "analyses": {"labels": true, "moderation": false, "transcription": true, "meaning": false},
            "ladder": [], "languages": [],
            "expectedSeconds": {"transcode": 1, "labels": 1, "transcription": 1, "meaning": 1},
            "predictedCost": {"totalUsd": 0.0, "lines": []}
        })).await;
        self.put("transcript", &transcript()).await;
        self.put("labels", &labels()).await;
        self.up.write("jobs", &json!({
            "JobId": job, "JobStatus": "PROCESSING", "SourceBucket": "b", "SourceKey": "talks/four hours.mp4",
            "SourceVersionId": "1", "Profile": "default", "CreatedAt": "t", "UpdatedAt": "t", "Stages": {}
        })).await;
    }

    fn input(&self) -> Value {
        let media = |name: &str| format!("s3://{OUTPUT}/media/{}/{name}", self.job);
        json!({
            "jobId": self.job,
            "renditions": {
                "renditions": [{"uri": media("720p.mp4"), "height": 720, "width": 1280, "bitrate": 1, "sizeBytes": 1}],
                "proxy": media("proxy.mp4"), "audio": media("audio.m4a"), "durationMs": DURATION_MS,
                "stream": {"hls": media("stream/index.m3u8"), "dash": media("stream/index.mpd")},
                "thumbnails": {"prefix": media("thumbnails/thumb"), "first": 0, "count": 500}
            },
            "analyses": {
                "labels": {"status": "DONE", "labels": self.uri("labels"), "moderation": null},
                "speech": {"status": "DONE", "transcript": self.uri("transcript"), "subtitles": [], "language": "en-US"},
                "meaning": {"status": "SKIPPED"}
            },
            "stateMachineVersionArns": {"merge-brief": "arn:aws:states:us-east-1:000000000000:stateMachine:videoflow-local-merge-brief:1"}
        })
    }
}

/// The words of a number, always the same.
fn spoken(segment: u64) -> Vec<&'static str> {
    let all: Vec<&str> = SPOKEN.split_whitespace().collect();
    let word = |number: u64| {
        let place = (segment * 7919 + number * 104_729 + segment * number) % all.len() as u64;
        all[usize::try_from(place).expect("a place")]
    };
    (0..WORDS).map(word).collect()
}

fn transcript() -> Value {
    let length = DURATION_MS / SEGMENTS;
    let segments = (0..SEGMENTS).map(|index| {
        let start = index * length;
        let said = spoken(index);
        let step = length / (WORDS + 1);
        let words = (0..).zip(&said).map(|(number, word)| {
            json!({"startMs": start + number * step, "endMs": start + (number + 1) * step, "text": word, "confidence": 0.98})
        });
        json!({
            "id": format!("s{}", index + 1), "startMs": start, "endMs": start + WORDS * step, "confidence": 0.98,
            "text": format!("{}.", said.join(" ")), "speaker": format!("spk_{}", index / 50 % 4),
            "words": words.collect::<Vec<_>>()
        })
    });
    json!({"language": {"code": "en-US", "score": 0.99, "alternatives": []}, "segments": segments.collect::<Vec<_>>()})
}

fn labels() -> Value {
    let labels = (0..LABELS).map(|label| {
        let instances = (0..SIGHTINGS).map(|sighting| {
            let start = (label * 997 + sighting * DURATION_MS / SIGHTINGS) % (DURATION_MS - 5000);
            json!({"startMs": start, "endMs": start + 4000, "confidence": 0.6 + 0.04 * f64::from(u32::try_from((label + sighting) % 10).unwrap_or(0))})
        });
        let mut instances: Vec<Value> = instances.collect();
        instances.sort_by_key(|one| one["startMs"].as_u64());
        json!({"name": format!("Thing {label}"), "categories": ["Things"], "parents": [], "confidenceMax": 0.96,
            "confidenceMean": 0.8, "instances": instances})
    });
    json!({"modelVersion": "3.0", "labels": labels.collect::<Vec<_>>()})
}

#[tokio::test]
async fn four_hours_fit_by_parts() {
    let functions = std::env::var_os("MERGE_FUNCTIONS").map(PathBuf::from);
    let is_promised = functions.is_some();
    let up = match functions {
        Some(folder) => Up::with_programs(&folder).await,
        None => Up::start().await,
    };
    let job = JobId::of("b", "talks/four hours.mp4", "1", "default");
    let video = LongVideo { up, job };
    video.prepare().await;

    let (status, output) = video
        .up
        .execute("merge-brief", "four-hours", &video.input())
        .await;
    assert_eq!(status, "SUCCEEDED", "{output}");
    check_payloads(&video.up.payloads("merge-brief", "four-hours").await);
    check_brief(&video).await;

    let figures = ["align-streams", "write-brief"].map(|name| video.up.figures(name));
    check_figures(&figures, if is_promised { 1.0 } else { UNOPTIMIZED });
}

fn check_payloads(payloads: &[String]) {
    let largest = payloads.iter().map(String::len).max().unwrap_or(0);
    report(&format!(
        "largest payload of merge-brief on four hours: {largest} bytes"
    ));
    assert!((1..=PAYLOAD_BYTES).contains(&largest), "{largest} bytes");
}

fn check_figures(figures: &[Figures], factor: f64) {
    let seconds: f64 = figures.iter().map(|one| one.cpu_seconds).sum();
    for one in figures {
        report(&format!(
            "{}: {:.2} s of CPU, {:.1} MB at most",
            one.function, one.cpu_seconds, one.peak_mb
        ));
        assert!(one.peak_mb <= MEMORY_MB, "{one:?}");
    }
    assert!(
        seconds <= CPU_SECONDS * factor,
        "{seconds} s of CPU: {figures:?}"
    );
}

/// The brief is valid, covers the video, says nothing without evidence that is found, and was written from several parts.
async fn check_brief(video: &LongVideo) {
    let timeline = video.get("timeline").await;
    let parts = timeline["parts"].as_array().map_or(0, Vec::len);
    assert!((2..=40).contains(&parts), "{parts} parts");
    let document = video.get("brief").await;
    assert_eq!(brief::violations(&document), Vec::<String>::new());
    let brief: Brief = serde_json::from_value(document.clone()).expect("a brief");
    assert!(
        brief.quality.schema_valid && brief.quality.coverage >= 0.95,
        "{:?}",
        brief.quality
    );
    assert_eq!(
        brief.quality.warnings,
        [],
        "the local writer passes all gates"
    );
    assert_eq!(brief.statistics.words as u64, SEGMENTS * WORDS);
    assert!(brief.chapters.len() > 4);
    let machines = &brief.provenance.state_machine_version_arns;
    assert_eq!(machines.len(), 1, "{machines:?}");

    let documents = [
        ("transcript", video.get("transcript").await),
        ("labels", video.get("labels").await),
    ];
    let mut cited = BTreeSet::new();
    for place in evidence(&document) {
        let engine = place["engineIndex"]
            .as_u64()
            .and_then(|index| usize::try_from(index).ok())
            .expect("an index");
        let uri = brief.provenance.engines[engine]
            .output_uri
            .as_ref()
            .expect("an output");
        let (_, source) = documents
            .iter()
            .find(|(name, _)| uri.key.ends_with(&format!("{name}.json")))
            .expect("a document");
        let found = source.pointer(place["jsonPointer"].as_str().expect("a pointer"));
        let found = found.unwrap_or_else(|| panic!("{place} points at nothing"));
        assert_eq!(
            (&found["startMs"], &found["endMs"]),
            (&place["startMs"], &place["endMs"]),
            "{place}"
        );
        if let Some(text) = found["text"].as_str() {
            let quote = place["quote"].as_str().expect("a quote");
            assert!(text.contains(quote), "`{quote}` is not in `{text}`");
        }
        cited.insert(place["jsonPointer"].to_string());
    }
    assert!(cited.len() > 10, "{cited:?}");
}

/// Everything with a pointer, wherever it is.
fn evidence(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(members) if members.contains_key("jsonPointer") => vec![value],
        Value::Object(members) => members.values().flat_map(evidence).collect(),
        Value::Array(items) => items.iter().flat_map(evidence).collect(),
        _ => Vec::new(),
    }
}
