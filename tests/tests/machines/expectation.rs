//! What is to come of an error, by the design: this is the specification, and knows nothing of the definitions' Retry
//! and Catch.

use super::errors::TIMEOUT;
use super::tasks::Task;
use super::world::Times;

/// How a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Published with every planned analysis.
    Published,
    /// Published without this analysis, for this reason.
    Degraded(&'static str, String),
    /// Rejected.
    Rejected,
    /// Another job owns the content.
    Duplicate,
    /// Refused by quality or review.
    QualityFailed,
    /// Settled in this status, but not everyone could be told: the execution fails in this state, with this error.
    Untold(&'static str, String, String),
    /// Failed in this state, with this error.
    Failed(String, String),
    /// The library is in order again.
    Reconciled,
    /// The reconciliation failed; the next one finds what this one missed.
    ReconciliationFailed,
}

impl End {
    /// Published without an analysis.
    pub fn degraded(analysis: &'static str, error: &str) -> Self {
        Self::Degraded(analysis, error.to_owned())
    }

    /// Failed in a state.
    pub fn failed(state: &str, error: &str) -> Self {
        Self::Failed(state.to_owned(), error.to_owned())
    }
}

/// Endings of the names that another attempt may mend: throttling, servers, connections, conflicts of writers, and the
/// base exceptions, which throttling too arrives as.
const TRANSIENT: [&str; 37] = [
    // Lambda, and what our functions say of S3, DynamoDB and the services that they call.
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "StorageFailed",
    "ServiceThrottled",
    "ServiceFailed",
    // MediaConvert, Transcribe, Rekognition, Data Automation.
    "MediaConvert.TooManyRequestsException",
    "MediaConvert.ServiceQuotaExceededException",
    "MediaConvert.InternalServerErrorException",
    "MediaConvert.ConflictException",
    "MediaConvert.MediaConvertException",
    "Transcribe.LimitExceededException",
    "Transcribe.InternalFailureException",
    "Transcribe.TranscribeException",
    "Rekognition.ThrottlingException",
    "Rekognition.ProvisionedThroughputExceededException",
    "Rekognition.InternalServerErrorException",
    "Rekognition.RekognitionException",
    "BedrockDataAutomationRuntime.ThrottlingException",
    "BedrockDataAutomationRuntime.InternalServerException",
    "BedrockDataAutomationRuntime.BedrockDataAutomationRuntimeException",
    // Stores and messages.
    "S3.S3Exception",
    "SNS.InternalErrorException",
    "SNS.ThrottledException",
    "SNS.KMSThrottlingException",
    "SNS.AmazonSNSException",
    "SQS.RequestThrottledException",
    "SQS.KmsThrottledException",
    "SQS.AmazonSQSException",
    "EventBridge.InternalException",
    "EventBridge.FailedEntry",
    "EventBridge.AmazonEventBridgeException",
    "Sfn.KmsThrottlingException",
    "Sfn.SfnException",
];
/// The same of DynamoDB, which has two prefixes.
const TRANSIENT_OF_DYNAMODB: [&str; 9] = [
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceededException",
    "InternalServerErrorException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ReplicatedWriteConflictException",
    "DynamoDbException",
    "AmazonDynamoDBException",
];
/// Refusals of a start that surely started nothing. A connection that broke may have started a child.
const TRANSIENT_OF_STARTS: [&str; 4] = [
    "StepFunctions.ExecutionLimitExceededException",
    "StepFunctions.ThrottlingException",
    "StepFunctions.KmsThrottlingException",
    "StepFunctions.AWSStepFunctionsException",
];

/// Whether another attempt may mend it, and costs nothing twice.
pub fn is_transient(task: &Task, error: &str) -> bool {
    if task.resource.ends_with(".sync:2") {
        return TRANSIENT_OF_STARTS.contains(&error);
    }
    if error == TIMEOUT {
        // A review that takes too long is over.
        return !task.resource.ends_with(".waitForTaskToken");
    }
    let of_dynamodb = || {
        error
            .split_once('.')
            .filter(|(prefix, _)| prefix.eq_ignore_ascii_case("dynamodb"))
    };
    TRANSIENT.contains(&error)
        || error.ends_with(".SdkClientException")
        || of_dynamodb().is_some_and(|(_, name)| TRANSIENT_OF_DYNAMODB.contains(&name))
}

/// What is to come of `error` in `task`, on a way that ends as `usual` without it.
pub fn expected(task: &Task, error: &str, times: Times, usual: &End) -> End {
    if times == Times::Once && is_transient(task, error) {
        return usual.clone();
    }
    if let Some(end) = outcome(task, error, times, usual) {
        return end;
    }
    if let Some(analysis) = analysis(task) {
        return End::degraded(analysis, error);
    }
    match task.state.as_str() {
        _ if task.machine == "reconcile-library" => End::ReconciliationFailed,
        "AnnouncePublished" | "NotifyPublished" => untold("PUBLISHED", task, error),
        "AnnounceRejected" | "NotifyRejected" => untold("REJECTED", task, error),
        "AnnounceQualityFailed" | "NotifyQualityFailed" => End::QualityFailed,
        _ => End::failed(&task.state, error),
    }
}

fn untold(status: &'static str, task: &Task, error: &str) -> End {
    End::Untold(status, task.state.clone(), error.to_owned())
}

/// Errors that are answers: what the design makes of them.
fn outcome(task: &Task, error: &str, times: Times, usual: &End) -> Option<End> {
    let name = error.split_once('.').map_or(error, |(_, name)| name);
    Some(match (task.state.as_str(), name) {
        ("ClaimContent", "ConditionalCheckFailedException") => End::Duplicate,
        ("RecordDuplicate", "TransactionCanceledException") if times == Times::Once => {
            End::Duplicate
        }
        ("RecordDuplicate", "TransactionCanceledException") => {
            End::failed("ClaimFailed", "ClaimContended")
        }
        // The object is gone: there is nothing to tag.
        ("TagRejected", "NoSuchKeyException" | "NoSuchVersionException") => End::Rejected,
        // What cannot be cancelled is given up all the same.
        ("CancelTranscode" | "DeleteTranscription", _) => usual.clone(),
        // inspect-file judges what Probe throws, and here accepts it; an archive that fails does not take the video back.
        (
            "ProbeFile",
            "BadRequestException"
            | "UnprocessableEntityException"
            | "ForbiddenException"
            | "NotFoundException",
        )
        | ("ArchiveSource", _) => End::Published,
        ("AwaitReview", "ReviewRejected" | "Timeout") => End::QualityFailed,
        // An execution that nobody knows was never started; a claim whose job is settled or works is not freed.
        ("DescribeExecution", "ExecutionDoesNotExistException" | "InvalidArnException")
        | ("FreeClaim", "TransactionCanceledException") => End::Reconciled,
        _ => return None,
    })
}

/// The analysis that is missing then: one that fails does not fail the video.
fn analysis(task: &Task) -> Option<&'static str> {
    match (task.machine.as_str(), task.state.as_str()) {
        ("detect-labels", _) | (_, "DetectLabels") => Some("labels"),
        ("transcribe-speech", _) | (_, "TranscribeSpeech") => Some("speech"),
        ("extract-meaning", _) | (_, "ExtractMeaning") => Some("meaning"),
        _ => None,
    }
}
