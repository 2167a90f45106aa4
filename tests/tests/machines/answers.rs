//! What each Task state answers where nothing goes wrong, in the shapes of the services and functions.

use serde_json::{Value, json};

/// The usual answer of a state.
pub fn usual(state: &str) -> Value {
    match state {
        "SanitizeFile" => child(&json!({
            "verdict": "ACCEPTED", "claimId": "c", "analyses": analyses(true)
        })),
        "PreprocessVideo" => child(&renditions()),
        "DetectLabels" | "TranscribeSpeech" | "ExtractMeaning" => {
            child(&json!({ "status": "DONE", "from": state }))
        }
        "MergeBrief" => child(&json!({ "brief": "s3://o/work/brief.json" })),
        "PublishVideo" => child(&json!({ "outcome": "PUBLISHED", "brief": "s3://o/brief.json" })),
        "ProbeFile" => json!({ "ProbeResults": [{ "Container": { "Format": "mp4" } }] }),
        "InspectFile" => accepted(true, false),
        "ReadClaim" => claim_of("v-other"),
        "StartTranscode" | "StartLabels" | "StartModeration" | "StartTranscription"
        | "StartMeaning" => started(),
        "CheckTranscode" => transcode("COMPLETE"),
        "CheckLabels" | "CheckModeration" => json!({ "JobStatus": "SUCCEEDED" }),
        "CheckTranscription" => transcription("COMPLETED", None),
        "CheckMeaning" => meaning("Success"),
        "CollectRenditions" => lambda(&renditions()),
        "CollectLabels" | "CollectTranscript" | "CollectMeaning" => {
            lambda(&json!({ "status": "DONE", "from": state }))
        }
        "AlignStreams" => lambda(&json!({ "timeline": "s3://o/timeline.json", "parts": [] })),
        "WriteBrief" => lambda(&json!({ "brief": "s3://o/work/brief.json", "warnings": 0 })),
        "CheckQuality" => quality(true, false),
        "PublishAssets" => lambda(&published()),
        "ListOpenJobs" | "ListRunningClaims" | "ListDuplicates" => json!({ "Items": [] }),
        "ReadOriginal" => json!({ "Item": { "JobStatus": { "S": "PUBLISHED" } } }),
        "DescribeExecution" => json!({ "Status": "RUNNING" }),
        "FindUnprocessed" => lambda(&json!({ "unprocessed": [], "checked": 2 })),
        // A state without a name reads the items of a Distributed Map.
        "" => json!([{ "Key": "a.mp4", "Size": 1 }, { "Key": "b.mp4", "Size": 2 }]),
        _ => lambda(&json!({ "from": state })),
    }
}

/// What a function answers, as Step Functions shows it.
pub fn lambda(payload: &Value) -> Value {
    json!({ "Payload": payload })
}

/// What `states:startExecution.sync:2` gives of a child that succeeded.
pub fn child(output: &Value) -> Value {
    json!({ "Status": "SUCCEEDED", "Output": output })
}

/// An accepted file.
pub fn accepted(is_analyzed: bool, is_moderated: bool) -> Value {
    let mut analyses = analyses(is_analyzed);
    analyses["moderation"] = json!(is_moderated);
    lambda(
        &json!({ "verdict": "ACCEPTED", "claimId": "c", "code": null, "message": null, "analyses": analyses }),
    )
}

/// A rejected file.
pub fn rejected(code: &str) -> Value {
    lambda(
        &json!({ "verdict": "REJECTED", "code": code, "message": "What to do.", "predictedCostUsd": 0 }),
    )
}

/// A claim that `job` holds.
pub fn claim_of(job: &str) -> Value {
    json!({ "Item": { "JobId": { "S": job } } })
}

/// A service job that was started now.
pub fn started() -> Value {
    lambda(
        &json!({ "isReused": false, "serviceJobId": "s-1", "firstWaitSeconds": 5, "result": null }),
    )
}

/// A service job whose result the ledger has.
pub fn reused(result: &Value) -> Value {
    lambda(
        &json!({ "isReused": true, "serviceJobId": "s-1", "firstWaitSeconds": 1, "result": result }),
    )
}

/// A MediaConvert job.
pub fn transcode(status: &str) -> Value {
    json!({ "Job": { "Status": status, "ErrorMessage": "bad input" } })
}

/// A Transcribe job.
pub fn transcription(status: &str, reason: Option<&str>) -> Value {
    let mut job = json!({ "TranscriptionJobStatus": status });
    if let Some(reason) = reason {
        job["FailureReason"] = json!(reason);
    }
    json!({ "TranscriptionJob": job })
}

/// A Data Automation job.
pub fn meaning(status: &str) -> Value {
    json!({ "Status": status, "OutputConfiguration": { "S3Uri": "s3://o/job_metadata.json" } })
}

/// A quality decision.
pub fn quality(passed: bool, is_review_needed: bool) -> Value {
    lambda(
        &json!({ "passed": passed, "score": 0.5, "report": "s3://o/work/quality.json", "isReviewNeeded": is_review_needed, "reviewReason": "moderation", "evidence": {}, "notice": "look" }),
    )
}

/// What publish-assets answers.
pub fn published() -> Value {
    json!({ "brief": "s3://o/brief.json", "locations": {}, "durationMs": 10_000, "language": "en-US",
        "costUsd": { "predicted": 0.1, "actual": 0.1 } })
}

/// What collect-renditions answers.
pub fn renditions() -> Value {
    json!({ "proxy": "s3://o/p.mp4", "audio": "s3://o/a.m4a", "renditions": [], "durationMs": 10_000 })
}

fn analyses(is_wanted: bool) -> Value {
    json!({ "labels": is_wanted, "moderation": false, "transcription": is_wanted, "meaning": is_wanted })
}
