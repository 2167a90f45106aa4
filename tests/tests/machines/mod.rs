//! The nine machines on a virtual clock: which way each goes, what it hands back, and what comes of every error.

mod answers;
mod coverage;
pub mod errors;
mod expectation;
mod matrix;
mod scenarios;
mod settlement;
pub mod tasks;
mod transitions;
mod world;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_asl::simulation::{Answer, Simulation};
use videoflow_asl::{Execution, Status};

use answers::child;
pub use answers::usual;
use tasks::definitions;

/// One way through one machine.
struct Case<'a> {
    machine: &'static str,
    input: Value,
    /// Answers of single states, one an attempt, the last one repeated.
    answers: Vec<(&'static str, Vec<Answer>)>,
    /// States in the order in which they are entered, separated by blanks.
    path: &'a str,
    /// Output, or the error's name.
    end: Result<Value, &'static str>,
}

fn run(case: &Case<'_>) -> Execution {
    let machine = Arc::clone(&definitions()[case.machine].machine);
    let mut attempts: HashMap<String, usize> = HashMap::new();
    Simulation::new(|call| {
        let attempt = attempts.entry(call.state.to_owned()).or_default();
        let answers = case
            .answers
            .iter()
            .find(|(state, _)| *state == call.state)
            .map(|(_, answers)| answers);
        let answer = answers.and_then(|answers| answers.get(*attempt).or(answers.last()).cloned());
        *attempt += 1;
        answer.unwrap_or_else(|| Answer::returns(usual(call.state)))
    })
    .run(&machine, case.input.clone())
}

fn check(case: &Case<'_>) {
    let execution = run(case);
    let events = serde_json::to_value(execution.history()).expect("a history is JSON");
    let entered: Vec<&str> = events
        .as_array()
        .expect("events")
        .iter()
        .filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str())
        .collect();
    let machine = case.machine;
    assert_eq!(
        entered.join(" "),
        case.path,
        "{machine}: {:?} {:?}",
        execution.error(),
        execution.cause()
    );
    match &case.end {
        Ok(output) => {
            assert_eq!(
                execution.status(),
                Status::Succeeded,
                "{machine}: {:?}",
                execution.cause()
            );
            assert_eq!(execution.output(), Some(output), "{machine}");
        }
        Err(error) => {
            assert_eq!(execution.status(), Status::Failed, "{machine}");
            assert_eq!(
                execution.error(),
                Some(*error),
                "{machine}: {:?}",
                execution.cause()
            );
        }
    }
}

fn throws(error: &str) -> Vec<Answer> {
    vec![Answer::throws(error, "the cause")]
}

fn returns(value: Value) -> Vec<Answer> {
    vec![Answer::returns(value)]
}

fn video() -> Value {
    json!({ "jobId": "v-1", "source": { "bucket": "b", "key": "k.mp4", "versionId": "1" }, "profile": "default", "forced": false })
}

#[test]
fn process_video_goes_by_the_verdict_and_survives_a_failed_analysis() {
    let way = |answers, path: &str, end| {
        check(&Case {
            machine: "process-video",
            input: video(),
            answers,
            path,
            end,
        });
    };
    way(
        vec![(
            "SanitizeFile",
            returns(child(
                &json!({ "verdict": "REJECTED", "code": "EmptyFile", "message": "empty" }),
            )),
        )],
        "SanitizeFile IsAccepted Rejected",
        Ok(
            json!({ "outcome": "REJECTED", "jobId": "v-1", "code": "EmptyFile", "message": "empty" }),
        ),
    );
    way(
        vec![(
            "SanitizeFile",
            returns(child(
                &json!({ "verdict": "DUPLICATE", "originalJobId": "v-0" }),
            )),
        )],
        "SanitizeFile IsAccepted AlreadyProcessed",
        Ok(json!({ "outcome": "DUPLICATE", "jobId": "v-1", "originalJobId": "v-0" })),
    );
    way(
        vec![("PreprocessVideo", throws("States.TaskFailed"))],
        "SanitizeFile IsAccepted PreprocessVideo",
        Err("States.TaskFailed"),
    );
}

#[test]
fn process_video_hands_a_failed_analysis_on_with_its_reason() {
    let mut merged = None;
    let execution = Simulation::new(|call| match call.state {
        "DetectLabels" => {
            Answer::throws("States.TaskFailed", r#"{"Error":"Rekognition.JobFailed"}"#)
        }
        "MergeBrief" => {
            merged = Some(call.arguments["Input"]["analyses"].clone());
            Answer::returns(usual("MergeBrief"))
        }
        state => Answer::returns(usual(state)),
    })
    .run(&definitions()["process-video"].machine, video());
    assert_eq!(
        execution.output(),
        Some(&json!({ "outcome": "PUBLISHED", "jobId": "v-1", "brief": "s3://o/brief.json" }))
    );
    let missing =
        json!({ "error": "States.TaskFailed", "cause": r#"{"Error":"Rekognition.JobFailed"}"# });
    assert_eq!(
        merged,
        Some(json!({
            "labels": { "status": "MISSING", "reason": missing },
            "speech": { "status": "DONE", "from": "TranscribeSpeech" },
            "meaning": { "status": "DONE", "from": "ExtractMeaning" },
        }))
    );
}

#[test]
fn sanitize_file_accepts_rejects_or_names_the_original() {
    let way = |answers, path: &str, end| {
        check(&Case {
            machine: "sanitize-file",
            input: video(),
            answers,
            path,
            end,
        });
    };
    let accepted = json!({ "verdict": "ACCEPTED", "analyses": usual("InspectFile")["Payload"]["analyses"], "claimId": "c" });
    way(
        vec![],
        "ProbeFile InspectFile IsAcceptable ClaimContent",
        Ok(accepted.clone()),
    );
    way(
        vec![("ProbeFile", throws("MediaConvert.BadRequestException"))],
        "ProbeFile InspectFile IsAcceptable ClaimContent",
        Ok(accepted.clone()),
    );
    let rejected = json!({ "Payload": { "verdict": "REJECTED", "code": "EmptyFile", "message": "The file is empty.", "predictedCostUsd": 0 } });
    way(
        vec![("InspectFile", returns(rejected))],
        "ProbeFile InspectFile IsAcceptable TagRejected RecordRejected AnnounceRejected NotifyRejected",
        Ok(json!({ "verdict": "REJECTED", "code": "EmptyFile", "message": "The file is empty." })),
    );
    let refused = || {
        (
            "ClaimContent",
            throws("DynamoDB.ConditionalCheckFailedException"),
        )
    };
    way(
        vec![refused()],
        "ProbeFile InspectFile IsAcceptable ClaimContent ReadClaim IsClaimMine RecordDuplicate",
        Ok(json!({ "verdict": "DUPLICATE", "originalJobId": "v-other" })),
    );
    way(
        vec![
            refused(),
            (
                "ReadClaim",
                returns(json!({ "Item": { "JobId": { "S": "v-1" } } })),
            ),
        ],
        "ProbeFile InspectFile IsAcceptable ClaimContent ReadClaim IsClaimMine AlreadyPublished",
        Ok(json!({ "verdict": "DUPLICATE", "originalJobId": "v-1" })),
    );
    let then_free = vec![
        Answer::throws("DynamoDB.ConditionalCheckFailedException", ""),
        Answer::returns(json!({})),
    ];
    way(
        vec![
            ("ClaimContent", then_free),
            ("ReadClaim", returns(json!({}))),
        ],
        "ProbeFile InspectFile IsAcceptable ClaimContent ReadClaim IsClaimMine ClaimContent",
        Ok(accepted),
    );
}

#[test]
fn preprocess_video_waits_without_computing_and_never_for_ever() {
    let way = |answers, path: &str, end| {
        check(&Case {
            machine: "preprocess-video",
            input: json!({ "jobId": "v-1" }),
            answers,
            path,
            end,
        });
    };
    let status = |status: &str| {
        Answer::returns(json!({ "Job": { "Status": status, "ErrorMessage": "bad input" } }))
    };
    let turn = "WaitForTranscode CheckTranscode IsTranscodeDone";
    way(
        vec![(
            "CheckTranscode",
            vec![
                status("SUBMITTED"),
                status("PROGRESSING"),
                status("COMPLETE"),
            ],
        )],
        &format!("StartTranscode IsTranscodeReused {turn} {turn} {turn} CollectRenditions"),
        Ok(answers::renditions()),
    );
    let reused = json!({ "Payload": { "isReused": true, "serviceJobId": null, "firstWaitSeconds": 0, "result": { "proxy": "p" } } });
    way(
        vec![("StartTranscode", returns(reused))],
        "StartTranscode IsTranscodeReused TranscodeReused",
        Ok(json!({ "proxy": "p" })),
    );
    for (answer, error) in [
        ("ERROR", "MediaConvert.JobFailed"),
        ("CANCELED", "MediaConvert.JobFailed"),
        ("PAUSED", "Poll.UnknownStatus"),
    ] {
        way(
            vec![("CheckTranscode", vec![status(answer)])],
            &format!("StartTranscode IsTranscodeReused {turn} ExplainFailure TranscodeFailed"),
            Err(error),
        );
    }
    let explained = |code: Value| {
        let job = json!({ "Job": { "Status": "ERROR", "ErrorMessage": "Bad input.", "ErrorCode": code } });
        let failed = run(&Case {
            machine: "preprocess-video",
            input: json!({ "jobId": "v-1" }),
            answers: vec![("CheckTranscode", returns(job))],
            path: "",
            end: Err(""),
        });
        failed.cause().unwrap_or_default().to_owned()
    };
    let known = "The file ends early: the upload or the export was cut off. Upload it again. Bad input. (ERROR, job ";
    assert!(
        explained(json!(1076)).starts_with(known),
        "{}",
        explained(json!(1076))
    );
    for unknown in [json!(4711), Value::Null] {
        let cause = explained(unknown);
        assert!(cause.starts_with("Bad input. (ERROR, job "), "{cause}");
    }
    let endless = run(&Case {
        machine: "preprocess-video",
        input: json!({ "jobId": "v-1" }),
        answers: vec![("CheckTranscode", vec![status("PROGRESSING")])],
        path: "",
        end: Err(""),
    });
    assert_eq!(endless.error(), Some("Poll.Exhausted"));
    let events = serde_json::to_value(endless.history()).expect("JSON");
    let cancelled = events
        .as_array()
        .expect("events")
        .iter()
        .any(|event| event["stateEnteredEventDetails"]["name"] == "CancelTranscode");
    assert!(cancelled, "a transcode that is given up is cancelled");
}

#[test]
fn detect_labels_waits_for_what_was_started() {
    let way = |moderation: bool, answers, path: &str, end| {
        let input = json!({ "jobId": "v-1", "video": "s3://o/p.mp4", "moderation": moderation });
        check(&Case {
            machine: "detect-labels",
            input,
            answers,
            path,
            end,
        });
    };
    let collected = || Ok(json!({ "status": "DONE", "from": "CollectLabels" }));
    way(
        false,
        vec![],
        "StartLabels IsModerationPlanned WaitForLabels CheckLabels IsLabelsDone CollectLabels",
        collected(),
    );
    way(
        true,
        vec![(
            "CheckModeration",
            vec![
                Answer::returns(json!({ "JobStatus": "IN_PROGRESS" })),
                Answer::returns(usual("CheckModeration")),
            ],
        )],
        "StartLabels IsModerationPlanned StartModeration IsLabelsReused WaitForLabels CheckLabels IsLabelsDone CheckModeration IsModerationDone WaitForModeration CheckModeration IsModerationDone CollectLabels",
        collected(),
    );
    let reused = json!({ "Payload": { "isReused": true, "serviceJobId": "s-1", "firstWaitSeconds": 0, "result": {} } });
    way(
        false,
        vec![("StartLabels", returns(reused))],
        "StartLabels IsModerationPlanned CollectLabels",
        collected(),
    );
    way(
        false,
        vec![(
            "CheckLabels",
            returns(json!({ "JobStatus": "FAILED", "StatusMessage": "bad" })),
        )],
        "StartLabels IsModerationPlanned WaitForLabels CheckLabels IsLabelsDone LabelsFailed",
        Err("Rekognition.JobFailed"),
    );
}

#[test]
fn transcribe_speech_takes_silence_for_an_outcome() {
    let failed = |reason: &str| json!({ "TranscriptionJob": { "TranscriptionJobStatus": "FAILED", "FailureReason": reason } });
    let way = |answers, last: &str, end| {
        let path = format!(
            "StartTranscription IsTranscriptionReused WaitForTranscription CheckTranscription IsTranscriptionDone {last}"
        );
        check(&Case {
            machine: "transcribe-speech",
            input: json!({ "jobId": "v-1", "audio": "s3://o/a.m4a" }),
            answers,
            path: &path,
            end,
        });
    };
    way(
        vec![],
        "CollectTranscript",
        Ok(json!({ "status": "DONE", "from": "CollectTranscript" })),
    );
    let silence = failed(
        "Your audio file must have a speech segment long enough in duration to perform automatic language identification.",
    );
    let no_speech =
        json!({ "status": "NO_SPEECH", "transcript": null, "subtitles": [], "language": null });
    way(
        vec![("CheckTranscription", returns(silence))],
        "NoSpeech",
        Ok(no_speech),
    );
    way(
        vec![("CheckTranscription", returns(failed("Access denied.")))],
        "TranscriptionFailed",
        Err("Transcribe.JobFailed"),
    );
}

#[test]
fn extract_meaning_names_an_unknown_status() {
    let way = |answers, last: &str, end| {
        let path = format!(
            "StartMeaning IsMeaningReused WaitForMeaning CheckMeaning IsMeaningDone {last}"
        );
        check(&Case {
            machine: "extract-meaning",
            input: json!({ "jobId": "v-1", "video": "s3://o/p.mp4" }),
            answers,
            path: &path,
            end,
        });
    };
    way(
        vec![],
        "CollectMeaning",
        Ok(json!({ "status": "DONE", "from": "CollectMeaning" })),
    );
    let status = |status: &str| returns(json!({ "Status": status }));
    way(
        vec![("CheckMeaning", status("ClientError"))],
        "MeaningFailed",
        Err("DataAutomation.JobFailed"),
    );
    way(
        vec![("CheckMeaning", status("Archived"))],
        "MeaningFailed",
        Err("Poll.UnknownStatus"),
    );
}

#[test]
fn merge_brief_summarizes_parts_only_of_a_long_video() {
    let way = |answers, path: &str, end| {
        let input = json!({ "jobId": "v-1", "renditions": {}, "analyses": {} });
        check(&Case {
            machine: "merge-brief",
            input,
            answers,
            path,
            end,
        });
    };
    let written = || Ok(json!({ "brief": "s3://o/work/brief.json", "warnings": 0 }));
    way(vec![], "AlignStreams IsSplit WriteBrief", written());
    let parts =
        json!({ "Payload": { "timeline": "t", "parts": [{ "index": 0 }, { "index": 1 }] } });
    way(
        vec![("AlignStreams", returns(parts))],
        "AlignStreams IsSplit SummarizeParts SummarizePart SummarizePart WriteBrief",
        written(),
    );
    way(
        vec![("AlignStreams", throws("TooFewStreams"))],
        "AlignStreams",
        Err("TooFewStreams"),
    );
    let throttled = vec![
        Answer::throws("ServiceThrottled", ""),
        Answer::returns(usual("WriteBrief")),
    ];
    way(
        vec![("WriteBrief", throttled)],
        "AlignStreams IsSplit WriteBrief",
        written(),
    );
}

#[test]
fn publish_video_decides_on_quality_review_and_archive() {
    let way = |answers, path: &str, end| {
        let input = json!({ "jobId": "v-1", "source": video()["source"], "claimId": "c" });
        check(&Case {
            machine: "publish-video",
            input,
            answers,
            path,
            end,
        });
    };
    let published = || Ok(json!({ "outcome": "PUBLISHED", "brief": "s3://o/brief.json" }));
    let to_the_end = "CheckQuality IsQualityPassed PublishAssets ArchiveSource RecordPublished AnnouncePublished NotifyPublished";
    way(vec![], to_the_end, published());
    way(
        vec![("ArchiveSource", throws("S3.AccessDeniedException"))],
        to_the_end,
        published(),
    );
    let quality = |passed: bool, review: bool| {
        returns(
            json!({ "Payload": { "passed": passed, "score": 0.5, "report": "s3://o/work/quality.json", "isReviewNeeded": review, "reviewReason": "moderation", "evidence": {}, "notice": "look" } }),
        )
    };
    way(
        vec![("CheckQuality", quality(false, false))],
        "CheckQuality IsQualityPassed RecordQualityFailed AnnounceQualityFailed NotifyQualityFailed QualityFailed",
        Err("QualityFailed"),
    );
    way(
        vec![("CheckQuality", quality(true, true))],
        "CheckQuality IsQualityPassed AnnounceReview NotifyReview AwaitReview RecordReview PublishAssets ArchiveSource RecordPublished AnnouncePublished NotifyPublished",
        published(),
    );
    for refusal in [throws("ReviewRejected"), vec![Answer::silence()]] {
        way(
            vec![
                ("CheckQuality", quality(true, true)),
                ("AwaitReview", refusal),
            ],
            "CheckQuality IsQualityPassed AnnounceReview NotifyReview AwaitReview RecordQualityFailed AnnounceQualityFailed NotifyQualityFailed QualityFailed",
            Err("QualityFailed"),
        );
    }
}

#[test]
fn reconcile_library_queues_what_was_missed_and_what_was_lost() {
    let way = |answers, path: &str, end| {
        check(&Case {
            machine: "reconcile-library",
            input: json!({ "bucket": "b" }),
            answers,
            path,
            end,
        });
    };
    let counts = |lost: u32, freed: u32, requeued: u32, queued: u32| {
        Ok(
            json!({ "lostJobs": lost, "freedClaims": freed, "requeuedJobs": requeued, "queuedVideos": queued }),
        )
    };
    way(
        vec![],
        "PrepareRun ListOpenJobs MendOpenJobs HasMoreOpenJobs ListOpenJobs MendOpenJobs HasMoreOpenJobs \
         ListOpenJobs MendOpenJobs HasMoreOpenJobs \
         ListRunningClaims FreeLostClaims ListDuplicates RequeueDuplicates HasMoreDuplicates FindMissedVideos",
        counts(0, 0, 0, 0),
    );
    let open = json!([{ "JobId": { "S": "v-1" }, "ExecutionArn": { "S": "arn:1" } }]);
    let missed = json!({ "Payload": { "unprocessed": [{ "key": "a.mp4", "versionId": "1" }], "checked": 2 } });
    let claims = json!({ "Items": [{ "ClaimId": { "S": "c" }, "JobId": { "S": "v-1" } }] });
    let duplicates = json!({ "Items": [{ "OriginalJobId": { "S": "v-1" } }, { "OriginalJobId": { "S": "v-1" } }] });
    way(
        vec![
            (
                "ListOpenJobs",
                vec![
                    Answer::returns(json!({ "Items": open, "LastEvaluatedKey": {} })),
                    Answer::returns(json!({ "Items": open })),
                    Answer::returns(json!({ "Items": [] })),
                ],
            ),
            (
                "DescribeExecution",
                vec![
                    Answer::throws("Sfn.ExecutionDoesNotExistException", ""),
                    Answer::returns(json!({ "Status": "SUCCEEDED" })),
                ],
            ),
            ("ListRunningClaims", returns(claims)),
            ("FreeClaim", returns(json!({}))),
            ("ListDuplicates", returns(duplicates)),
            (
                "ReadOriginal",
                returns(json!({ "Item": { "JobStatus": { "S": "FAILED" } } })),
            ),
            ("FindUnprocessed", returns(missed)),
        ],
        "PrepareRun ListOpenJobs MendOpenJobs DescribeExecution QueueUnstartedJob HasMoreOpenJobs \
         ListOpenJobs MendOpenJobs DescribeExecution IsExecutionGone QueueLostJob HasMoreOpenJobs \
         ListOpenJobs MendOpenJobs HasMoreOpenJobs ListOpenJobs MendOpenJobs HasMoreOpenJobs \
         ListRunningClaims FreeLostClaims FreeClaim \
         ListDuplicates RequeueDuplicates ReadOriginal IsOriginalFailed QueueDuplicates HasMoreDuplicates \
         FindMissedVideos",
        counts(2, 1, 1, 1),
    );
}
