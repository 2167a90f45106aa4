//! How the API shows a transcription job.

use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;

use crate::jobs::{Job, JobStatus};

/// `TranscriptionJobStatus` in the API.
pub(super) fn status_of(job: &Job) -> &'static str {
    match job.status {
        JobStatus::Submitted => "QUEUED",
        JobStatus::Running => "IN_PROGRESS",
        JobStatus::Succeeded => "COMPLETED",
        JobStatus::Failed | JobStatus::Cancelled => "FAILED",
    }
}

/// Members of the request that the job shows again.
const ECHOED: [&str; 12] = [
    "ContentRedaction",
    "LanguageIdSettings",
    "ToxicityDetection",
    "LanguageCode",
    "MediaSampleRateHertz",
    "MediaFormat",
    "Media",
    "Settings",
    "JobExecutionSettings",
    "IdentifyLanguage",
    "LanguageOptions",
    "Subtitles",
];

/// `TranscriptionJob` in the API.
pub(super) fn described(job: &Job) -> Value {
    let mut members = outline(job);
    for name in ECHOED {
        if let Some(value) = job.request.get(name).filter(|value| !value.is_null()) {
            members.entry(name).or_insert_with(|| value.clone());
        }
    }
    if let Some(result) = &job.result {
        let files = [
            ("TranscriptFileUri", "transcriptFileUri"),
            ("RedactedTranscriptFileUri", "redactedTranscriptFileUri"),
        ];
        let files = files.into_iter().filter_map(|(member, name)| {
            let uri = result.get(name).filter(|uri| !uri.is_null())?;
            Some((member.to_owned(), uri.clone()))
        });
        members.insert("Transcript".to_owned(), Value::Object(files.collect()));
        if let Some(Value::Object(subtitles)) = members.get_mut("Subtitles") {
            let uris = result.get("subtitleFileUris").cloned().unwrap_or_default();
            subtitles.insert("SubtitleFileUris".to_owned(), uris);
        }
    }
    Value::Object(members)
}

/// `TranscriptionJobSummary` in the API.
pub(super) fn summary(job: &Job) -> Value {
    let mut members = outline(job);
    members.insert("OutputLocationType".to_owned(), json!("CUSTOMER_BUCKET"));
    Value::Object(members)
}

/// What a job and its summary have in common.
fn outline(job: &Job) -> Map<String, Value> {
    let mut members = Map::new();
    let mut add = |name: &str, value: Option<Value>| {
        value.map(|value| members.insert(name.to_owned(), value))
    };
    add("TranscriptionJobName", Some(json!(job.id)));
    add("TranscriptionJobStatus", Some(json!(status_of(job))));
    let times = [
        ("CreationTime", Some(job.created_at)),
        ("StartTime", job.started_at),
        ("CompletionTime", job.finished_at),
    ];
    for (name, time) in times {
        add(
            name,
            time.and_then(|time| time.format(&Rfc3339).ok())
                .map(Value::String),
        );
    }
    add(
        "FailureReason",
        job.error.as_ref().map(|error| json!(error.message)),
    );
    let score = job
        .result
        .as_ref()
        .and_then(|result| result.get("languageScore"))
        .filter(|score| !score.is_null());
    if let Some(score) = score {
        add("LanguageCode", Some(json!("en-US")));
        add("IdentifiedLanguageScore", Some(score.clone()));
    }
    members
}
