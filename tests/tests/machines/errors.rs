//! What can go wrong in a Task: the errors of its service by AWS's API model, those of its function by the function's
//! own list, and those of Step Functions.
//!
//! Names are Step Functions' own. An SDK integration has those of the AWS SDK for Java 2: the prefix in its spelling, and
//! every exception ending in `Exception`. What the API model does not list arrives as the service's base exception
//! (`S3.S3Exception`), and a connection that broke as `SdkClientException`. An optimized integration has the names of
//! the SDK for Java 1.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::Value;

use super::tasks::Task;
use crate::definitions::error_names;
use crate::support::{read_json, root};

/// No answer within the state's `TimeoutSeconds`.
pub const TIMEOUT: &str = "States.Timeout";
/// An answer of more than 256 KiB, which no Catch gets.
pub const OVERSIZE: &str = "States.DataLimitExceeded";

/// A service as the integrations name it.
struct Integration {
    /// Name of its API model's file.
    model: &'static str,
    /// Prefix of its error names.
    prefix: &'static str,
    /// Names that the API model does not have.
    unlisted: &'static [&'static str],
}

/// Services by their names in an SDK integration.
const SDK: [(&str, Integration); 7] = [
    (
        "bedrockdataautomationruntime",
        Integration {
            model: "bedrock-data-automation-runtime",
            prefix: "BedrockDataAutomationRuntime",
            unlisted: &["BedrockDataAutomationRuntimeException"],
        },
    ),
    (
        "dynamodb",
        Integration {
            model: "dynamodb",
            prefix: "DynamoDb",
            unlisted: &["DynamoDbException"],
        },
    ),
    (
        "mediaconvert",
        Integration {
            model: "mediaconvert",
            prefix: "MediaConvert",
            unlisted: &["MediaConvertException"],
        },
    ),
    (
        "rekognition",
        Integration {
            model: "rekognition",
            prefix: "Rekognition",
            unlisted: &["RekognitionException"],
        },
    ),
    // S3 answers more codes than its model lists.
    (
        "s3",
        Integration {
            model: "s3",
            prefix: "S3",
            unlisted: &[
                "S3Exception",
                "NoSuchKeyException",
                "NoSuchVersionException",
            ],
        },
    ),
    (
        "sfn",
        Integration {
            model: "stepfunctions",
            prefix: "Sfn",
            unlisted: &["SfnException"],
        },
    ),
    (
        "transcribe",
        Integration {
            model: "transcribe",
            prefix: "Transcribe",
            unlisted: &["TranscribeException"],
        },
    ),
];

/// Services by their names in an optimized integration.
const OPTIMIZED: [(&str, Integration); 6] = [
    (
        "dynamodb",
        Integration {
            model: "dynamodb",
            prefix: "DynamoDB",
            unlisted: &["AmazonDynamoDBException"],
        },
    ),
    // An entry that was not taken is an error here, though the call succeeded.
    (
        "events",
        Integration {
            model: "events",
            prefix: "EventBridge",
            unlisted: &["AmazonEventBridgeException", "FailedEntry"],
        },
    ),
    (
        "lambda",
        Integration {
            model: "lambda",
            prefix: "Lambda",
            unlisted: &[
                "AWSLambdaException",
                "ClientExecutionTimeoutException",
                "Unknown",
            ],
        },
    ),
    (
        "sns",
        Integration {
            model: "sns",
            prefix: "SNS",
            unlisted: &["AmazonSNSException", "ThrottledException"],
        },
    ),
    (
        "sqs",
        Integration {
            model: "sqs",
            prefix: "SQS",
            unlisted: &["AmazonSQSException"],
        },
    ),
    (
        "states",
        Integration {
            model: "stepfunctions",
            prefix: "StepFunctions",
            unlisted: &["AWSStepFunctionsException", "ThrottlingException"],
        },
    ),
];

/// Every error that `task` can meet.
pub fn errors_of(task: &Task) -> Vec<String> {
    let (service, operation) = task
        .resource
        .trim_start_matches("aws-sdk:")
        .split_once(':')
        .expect("service:operation");
    let operation = operation
        .split('.')
        .next()
        .expect("split gives at least one");
    let (integration, java) = if task.resource.starts_with("aws-sdk:") {
        (find(&SDK, service), 2)
    } else {
        (find(&OPTIMIZED, service), 1)
    };
    let prefixed = |name: &str| format!("{}.{name}", integration.prefix);
    let listed = listed(integration.model, operation);
    let mut errors: Vec<String> = listed
        .iter()
        .map(|shape| prefixed(&exception(shape, java)))
        .collect();
    errors.extend(integration.unlisted.iter().map(|name| prefixed(name)));
    errors.push(prefixed("SdkClientException"));
    if let Some(function) = &task.function {
        let own =
            error_names(function).unwrap_or_else(|| panic!("{function} has no list of errors"));
        errors.extend(own.iter().map(|name| (*name).to_owned()));
        errors.push("Sandbox.Timedout".to_owned());
    }
    if task.resource.ends_with(".waitForTaskToken") {
        errors.push("ReviewRejected".to_owned());
    }
    if task.resource.ends_with(".sync:2") {
        errors.push("States.TaskFailed".to_owned());
    }
    errors.extend([TIMEOUT, OVERSIZE].map(str::to_owned));
    errors.sort();
    errors.dedup();
    errors
}

fn find(integrations: &'static [(&str, Integration)], service: &str) -> &'static Integration {
    let found = integrations.iter().find(|(name, _)| *name == service);
    &found
        .unwrap_or_else(|| panic!("no API model is named for {service}"))
        .1
}

/// Shapes of the errors that the API model lists for an operation.
fn listed(model: &str, operation: &str) -> Vec<String> {
    let mut letters = operation.chars();
    let first = letters
        .next()
        .expect("an operation has a name")
        .to_ascii_uppercase();
    let operation: String = std::iter::once(first).chain(letters).collect();
    let operation = &models()[model]["operations"][&operation];
    assert!(operation.is_object(), "{model} has no such operation");
    let errors = operation["errors"].as_array().into_iter().flatten();
    errors
        .filter_map(|error| error["shape"].as_str())
        .map(str::to_owned)
        .collect()
}

/// Name of a shape in the SDK for Java.
fn exception(shape: &str, java: u8) -> String {
    let mut name = shape.trim_end_matches("Exception").to_owned();
    if java == 2 {
        // Acronyms are words there.
        name = name.replace("KMS", "Kms");
    }
    name + "Exception"
}

/// AWS's API models, which `make setup` fetches, without prose.
fn models() -> &'static BTreeMap<String, Value> {
    static MODELS: OnceLock<BTreeMap<String, Value>> = OnceLock::new();
    MODELS.get_or_init(|| {
        let models = std::env::var_os("VIDEOFLOW_MODELS")
            .map_or_else(|| root().join(".cache/models"), PathBuf::from);
        let integrations = SDK.iter().chain(&OPTIMIZED);
        let read = integrations.map(|(_, integration)| {
            let path = models.join(format!("aws-api/{}.json", integration.model));
            (integration.model.to_owned(), read_json(&path))
        });
        read.collect()
    })
}

#[test]
fn errors_have_step_functions_names() {
    let check = |resource: &str, function: Option<&str>, expected: &[&str]| {
        let task = Task {
            machine: String::new(),
            state: String::new(),
            resource: resource.to_owned(),
            function: function.map(str::to_owned),
            timeout_seconds: None,
        };
        let found = errors_of(&task);
        for name in expected {
            assert!(
                found.iter().any(|found| found == name),
                "{resource} lacks {name}: {found:?}"
            );
        }
    };
    check(
        "dynamodb:putItem",
        None,
        &[
            "DynamoDB.InternalServerErrorException",
            "DynamoDB.AmazonDynamoDBException",
        ],
    );
    check(
        "aws-sdk:dynamodb:transactWriteItems",
        None,
        &["DynamoDb.TransactionCanceledException"],
    );
    check(
        "aws-sdk:sfn:describeExecution",
        None,
        &[
            "Sfn.ExecutionDoesNotExistException",
            "Sfn.KmsThrottlingException",
        ],
    );
    check("sns:publish", None, &["SNS.KMSThrottlingException"]);
    check(
        "lambda:invoke",
        Some("inspect-file"),
        &[
            "Lambda.TooManyRequestsException",
            "StorageFailed",
            "Sandbox.Timedout",
        ],
    );
    check(
        "states:startExecution.sync:2",
        None,
        &[
            "StepFunctions.ExecutionLimitExceededException",
            "States.TaskFailed",
        ],
    );
}
