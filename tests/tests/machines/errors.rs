//! What can go wrong in a Task: the errors of its service by AWS's API model, those of its function by the function's
//! own list, and those of Step Functions.

use std::path::PathBuf;
use std::sync::OnceLock;

use videoflow_asl::lint::aws::{Catalog, service_errors};

use super::tasks::Task;
use crate::definitions::error_names;
use crate::support::root;

/// No answer within the state's `TimeoutSeconds`.
pub const TIMEOUT: &str = "States.Timeout";
/// An answer of more than 256 KiB. Handlers get it, as recorded on AWS.
pub const OVERSIZE: &str = "States.DataLimitExceeded";

/// Every error that `task` can meet.
pub fn errors_of(task: &Task) -> Vec<String> {
    let resource = format!("arn:aws:states:::{}", task.resource);
    let mut errors = service_errors(&resource, catalog())
        .unwrap_or_else(|| panic!("AWS's API models do not have {resource}"));
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

/// AWS's API models, which `make setup` fetches.
fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let models = std::env::var_os("VIDEOFLOW_MODELS")
            .map_or_else(|| root().join(".cache/models"), PathBuf::from);
        let path = models.join("aws-services/services.jsonl");
        let text = std::fs::read_to_string(&path);
        Catalog::new(
            text.unwrap_or_else(|error| panic!("{}: {error}; run make setup", path.display())),
        )
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
