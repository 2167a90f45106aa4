//! Ways of a video and of a reconciliation on which nothing fails by itself: together they enter every state.

use serde_json::{Value, json};
use videoflow_asl::simulation::Answer;

use super::answers::{
    accepted, claim_of, lambda, meaning, quality, rejected, renditions, reused, started, transcode,
    transcription,
};
use super::expectation::End;
use super::world::JOB;

/// A way.
pub struct Scenario {
    /// What it is about.
    pub name: &'static str,
    /// The machine that it starts.
    pub machine: &'static str,
    /// Answers of single states, one an attempt, the last one repeated; the others answer as usual.
    pub answers: Vec<(&'static str, Vec<Answer>)>,
    /// How it ends.
    pub end: End,
}

fn returns(value: Value) -> Vec<Answer> {
    vec![Answer::returns(value)]
}

fn throws(error: &str) -> Vec<Answer> {
    vec![Answer::throws(error, "the cause")]
}

fn video(name: &'static str, answers: Vec<(&'static str, Vec<Answer>)>, end: End) -> Scenario {
    Scenario {
        name,
        machine: "process-video",
        answers,
        end,
    }
}

fn refused_claim() -> (&'static str, Vec<Answer>) {
    (
        "ClaimContent",
        throws("DynamoDB.ConditionalCheckFailedException"),
    )
}

/// All scenarios; a state's Tasks are tried in the first that calls it.
pub fn scenarios() -> Vec<Scenario> {
    let mut all = vec![video("a usual video", vec![], End::Published)];
    all.extend(sanitizing());
    all.extend(analysing());
    all.extend(publishing());
    all.extend(waiting());
    all.extend(reconciling());
    all
}

fn sanitizing() -> Vec<Scenario> {
    let twice_refused = vec![
        Answer::throws("DynamoDB.ConditionalCheckFailedException", ""),
        Answer::returns(json!({})),
    ];
    vec![
        video(
            "a rejected file",
            vec![("InspectFile", returns(rejected("EmptyFile")))],
            End::Rejected,
        ),
        video(
            "a duplicate",
            vec![refused_claim(), ("ReadClaim", returns(claim_of("v-other")))],
            End::Duplicate,
        ),
        video(
            "the same job again",
            vec![refused_claim(), ("ReadClaim", returns(claim_of(JOB)))],
            End::Duplicate,
        ),
        video(
            "a claim that was freed while it was read",
            vec![
                ("ClaimContent", twice_refused),
                ("ReadClaim", returns(json!({}))),
            ],
            End::Published,
        ),
        video(
            "a claim that changes hands for ever",
            vec![refused_claim(), ("ReadClaim", returns(json!({})))],
            End::failed("ClaimFailed", "ClaimContended"),
        ),
    ]
}

fn analysing() -> Vec<Scenario> {
    let in_progress = || Answer::returns(json!({ "JobStatus": "IN_PROGRESS" }));
    let succeeded = || Answer::returns(json!({ "JobStatus": "SUCCEEDED" }));
    let parts = json!({ "timeline": "t", "parts": [{ "index": 0 }, { "index": 1 }] });
    let no_speech = "Your audio file must have a speech segment long enough in duration to perform automatic language identification.";
    let done = json!({ "status": "DONE" });
    vec![
        video(
            "no analysis is planned",
            vec![("InspectFile", returns(accepted(false, false)))],
            End::Published,
        ),
        video(
            "moderation too",
            vec![
                ("InspectFile", returns(accepted(true, true))),
                ("CheckModeration", vec![in_progress(), succeeded()]),
            ],
            End::Published,
        ),
        video(
            "a long video",
            vec![("AlignStreams", returns(lambda(&parts)))],
            End::Published,
        ),
        video(
            "no speech",
            vec![(
                "CheckTranscription",
                returns(transcription("FAILED", Some(no_speech))),
            )],
            End::Published,
        ),
        video(
            "everything is in the ledger",
            vec![
                ("InspectFile", returns(accepted(true, true))),
                ("StartTranscode", returns(reused(&renditions()))),
                ("StartLabels", returns(reused(&done))),
                ("StartModeration", returns(reused(&done))),
                ("StartTranscription", returns(reused(&done))),
                ("StartMeaning", returns(reused(&done))),
            ],
            End::Published,
        ),
    ]
}

fn publishing() -> Vec<Scenario> {
    vec![
        video(
            "a review",
            vec![("CheckQuality", returns(quality(true, true)))],
            End::Published,
        ),
        video(
            "a failed quality check",
            vec![("CheckQuality", returns(quality(false, false)))],
            End::QualityFailed,
        ),
    ]
}

/// Service jobs that fail, answer a status that nobody knows, or never end.
fn waiting() -> Vec<Scenario> {
    let labels = |status: &str| returns(json!({ "JobStatus": status, "StatusMessage": "bad" }));
    let moderated = || ("InspectFile", returns(accepted(true, true)));
    let transcode_failed = |error| End::failed("TranscodeFailed", error);
    let meaning_of = |status: &str| vec![("CheckMeaning", returns(meaning(status)))];
    let speech_of = |status: &str| {
        vec![(
            "CheckTranscription",
            returns(transcription(status, Some("Access denied."))),
        )]
    };
    let transcode_of = |status: &str| vec![("CheckTranscode", returns(transcode(status)))];
    vec![
        video(
            "a transcode that fails",
            transcode_of("ERROR"),
            transcode_failed("MediaConvert.JobFailed"),
        ),
        video(
            "a transcode that is cancelled",
            transcode_of("CANCELED"),
            transcode_failed("MediaConvert.JobFailed"),
        ),
        video(
            "a transcode in an unknown status",
            transcode_of("PAUSED"),
            transcode_failed("Poll.UnknownStatus"),
        ),
        video(
            "a transcode that never ends",
            transcode_of("PROGRESSING"),
            End::failed("TranscodeTimedOut", "Poll.Exhausted"),
        ),
        video(
            "labels that fail",
            vec![("CheckLabels", labels("FAILED"))],
            End::degraded("labels", "Rekognition.JobFailed"),
        ),
        video(
            "labels in an unknown status",
            vec![("CheckLabels", labels("LOST"))],
            End::degraded("labels", "Poll.UnknownStatus"),
        ),
        video(
            "labels that never end",
            vec![("CheckLabels", labels("IN_PROGRESS"))],
            End::degraded("labels", "Poll.Exhausted"),
        ),
        video(
            "moderation that fails",
            vec![moderated(), ("CheckModeration", labels("FAILED"))],
            End::degraded("labels", "Rekognition.JobFailed"),
        ),
        video(
            "moderation that never ends",
            vec![
                moderated(),
                ("StartLabels", returns(started())),
                ("CheckModeration", labels("IN_PROGRESS")),
            ],
            End::degraded("labels", "Poll.Exhausted"),
        ),
        video(
            "a transcription that fails",
            speech_of("FAILED"),
            End::degraded("speech", "Transcribe.JobFailed"),
        ),
        video(
            "a transcription in an unknown status",
            speech_of("LOST"),
            End::degraded("speech", "Poll.UnknownStatus"),
        ),
        video(
            "a transcription that never ends",
            speech_of("IN_PROGRESS"),
            End::degraded("speech", "Poll.Exhausted"),
        ),
        video(
            "meaning that fails",
            meaning_of("ClientError"),
            End::degraded("meaning", "DataAutomation.JobFailed"),
        ),
        video(
            "meaning in an unknown status",
            meaning_of("Archived"),
            End::degraded("meaning", "Poll.UnknownStatus"),
        ),
        video(
            "meaning that never ends",
            meaning_of("InProgress"),
            End::degraded("meaning", "Poll.Exhausted"),
        ),
    ]
}

fn reconciling() -> Vec<Scenario> {
    let item = json!({ "JobId": { "S": "v-1" }, "ExecutionArn": { "S": "arn:1" } });
    let open = json!({ "Items": [item.clone()] });
    let first_page = Answer::returns(
        json!({ "Items": [item], "LastEvaluatedKey": { "JobId": { "S": "v-1" } } }),
    );
    let no_more = Answer::returns(json!({ "Items": [] }));
    let missed = json!({ "unprocessed": [{ "key": "a.mp4", "versionId": "1" }], "checked": 2 });
    let claims = json!({ "Items": [{ "ClaimId": { "S": "c" }, "JobId": { "S": "v-1" } }] });
    let duplicate = || json!({ "Items": [{ "OriginalJobId": { "S": "v-1" } }] });
    let status = |status: &str| json!({ "Item": { "JobStatus": { "S": status } } });
    let reconcile = |name, answers| Scenario {
        name,
        machine: "reconcile-library",
        answers,
        end: End::Reconciled,
    };
    vec![
        reconcile("a library in order", vec![]),
        reconcile(
            "jobs that still run, on two pages",
            vec![("ListOpenJobs", vec![first_page, no_more])],
        ),
        reconcile(
            "a lost job and a missed video",
            vec![
                ("ListOpenJobs", returns(open.clone())),
                ("DescribeExecution", returns(json!({ "Status": "ABORTED" }))),
                ("FindUnprocessed", returns(lambda(&missed))),
            ],
        ),
        reconcile(
            "a job that was never started",
            vec![
                ("ListOpenJobs", returns(open)),
                (
                    "DescribeExecution",
                    throws("Sfn.ExecutionDoesNotExistException"),
                ),
            ],
        ),
        reconcile(
            "a claim without a job",
            vec![("ListRunningClaims", returns(claims))],
        ),
        reconcile(
            "a duplicate of a failed job",
            vec![
                ("ListDuplicates", returns(duplicate())),
                ("ReadOriginal", returns(status("FAILED"))),
            ],
        ),
        reconcile(
            "a duplicate of a published job",
            vec![
                ("ListDuplicates", returns(duplicate())),
                ("ReadOriginal", returns(status("PUBLISHED"))),
            ],
        ),
    ]
}
