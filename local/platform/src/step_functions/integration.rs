//! Step Functions' integrations: which service and operation a resource means, how arguments and answers change on
//! the way, and how errors are named.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::service::{Call, Principal, ServiceError};
use crate::services::Services;

/// Error name and cause of a failed Task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) error: String,
    pub(super) cause: String,
}

/// What a resource means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Service as the platform names it.
    pub(super) service: &'static str,
    /// Operation in the API model's spelling.
    pub(super) operation: String,
    /// Error names begin with this.
    pub(super) prefix: &'static str,
}

/// Integrations made for Step Functions: name in the ARN, service, prefix of error names.
const OPTIMISED: [(&str, &str, &str); 6] = [
    ("dynamodb", "dynamodb", "DynamoDB"),
    ("events", "events", "EventBridge"),
    ("lambda", "lambda", "Lambda"),
    ("sns", "sns", "SNS"),
    ("sqs", "sqs", "SQS"),
    ("states", "states", "StepFunctions"),
];

/// Integrations of the AWS SDK (`aws-sdk:<name>:<operation>`).
const SDK: [(&str, &str, &str); 12] = [
    (
        "bedrockdataautomationruntime",
        "bedrock",
        "BedrockDataAutomationRuntime",
    ),
    ("bedrockruntime", "bedrock", "BedrockRuntime"),
    ("dynamodb", "dynamodb", "DynamoDb"),
    ("eventbridge", "events", "EventBridge"),
    ("lambda", "lambda", "Lambda"),
    ("mediaconvert", "mediaconvert", "MediaConvert"),
    ("rekognition", "rekognition", "Rekognition"),
    ("s3", "s3", "S3"),
    ("sfn", "states", "Sfn"),
    ("sns", "sns", "Sns"),
    ("sqs", "sqs", "Sqs"),
    ("transcribe", "transcribe", "Transcribe"),
];

/// The service and operation of a resource without its pattern's ending.
pub(super) fn target(resource: &str) -> Option<Target> {
    let path = resource.strip_prefix("arn:aws:states:::")?;
    let (table, path): (&[_], _) = match path.strip_prefix("aws-sdk:") {
        Some(path) => (&SDK, path),
        None => (&OPTIMISED, path),
    };
    let (name, operation) = path.split_once(':')?;
    let (_, service, prefix) = table.iter().find(|(known, ..)| *known == name)?;
    Some(Target {
        service,
        operation: capitalised(operation),
        prefix,
    })
}

/// The text with its first letter in upper case.
pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Calls the service that `target` names and gives what the Task gets.
pub(super) async fn perform(
    services: &Services,
    principal: Principal,
    target: &Target,
    arguments: Value,
) -> Result<Value, Failure> {
    let parameters = prepared(target, arguments);
    let call = Call {
        principal,
        operation: target.operation.clone(),
        parameters,
    };
    match services.call(target.service, call).await {
        Ok(answer) => judged(target, answer),
        Err(error) => Err(failure(target.prefix, &error)),
    }
}

/// Fields that Step Functions takes as JSON and the service as text.
fn prepared(target: &Target, mut arguments: Value) -> Value {
    let as_text = |parent: &mut Value, field: &str| {
        if let Some(value) = parent.get_mut(field)
            && !value.is_string()
        {
            *value = Value::String(value.to_string());
        }
    };
    match (target.service, target.operation.as_str()) {
        ("sqs", "SendMessage") => as_text(&mut arguments, "MessageBody"),
        ("sns", "Publish") => as_text(&mut arguments, "Message"),
        ("states", "StartExecution") => as_text(&mut arguments, "Input"),
        ("events", "PutEvents") => {
            let entries = arguments.get_mut("Entries").and_then(Value::as_array_mut);
            for entry in entries.into_iter().flatten() {
                as_text(entry, "Detail");
            }
        }
        _ => {}
    }
    arguments
}

/// Answers that are failures all the same.
fn judged(target: &Target, answer: Value) -> Result<Value, Failure> {
    match target.service {
        "lambda" if answer.get("FunctionError").is_some() => {
            let document = answer.get("Payload").cloned().unwrap_or_else(|| json!({}));
            let error = document
                .get("errorType")
                .and_then(Value::as_str)
                .unwrap_or("Lambda.Unknown")
                .to_owned();
            Err(Failure {
                error,
                cause: document.to_string(),
            })
        }
        "events"
            if answer
                .get("FailedEntryCount")
                .and_then(Value::as_u64)
                .unwrap_or(0)
                > 0 =>
        {
            Err(Failure {
                error: "EventBridge.FailedEntry".to_owned(),
                cause: answer.to_string(),
            })
        }
        _ => Ok(answer),
    }
}

/// Error name and cause as Step Functions gives them: SDK error names always end in `Exception`.
pub(super) fn failure(prefix: &str, error: &ServiceError) -> Failure {
    let code = match (prefix, error.code.as_str()) {
        // HeadObject's 404 has no body; the SDK that Step Functions uses takes it for a missing key.
        ("S3", "NotFound") => "NoSuchKey",
        (_, code) => code,
    };
    let ending = if code.ends_with("Exception") {
        ""
    } else {
        "Exception"
    };
    let cause = format!(
        "{} (Service: {prefix}, Status Code: {}, Request ID: {})",
        error.message,
        error.status,
        Uuid::new_v4()
    );
    Failure {
        error: format!("{prefix}.{code}{ending}"),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_name_service_operation_and_prefix() {
        let check = |resource: &str, expected: Option<(&str, &str, &str)>| {
            let target = target(&format!("arn:aws:states:::{resource}"));
            let found = target
                .as_ref()
                .map(|target| (target.service, target.operation.as_str(), target.prefix));
            assert_eq!(found, expected, "{resource}");
        };
        check("lambda:invoke", Some(("lambda", "Invoke", "Lambda")));
        check(
            "dynamodb:putItem",
            Some(("dynamodb", "PutItem", "DynamoDB")),
        );
        check(
            "aws-sdk:dynamodb:transactWriteItems",
            Some(("dynamodb", "TransactWriteItems", "DynamoDb")),
        );
        check(
            "aws-sdk:sfn:describeExecution",
            Some(("states", "DescribeExecution", "Sfn")),
        );
        check(
            "states:startExecution",
            Some(("states", "StartExecution", "StepFunctions")),
        );
        check(
            "events:putEvents",
            Some(("events", "PutEvents", "EventBridge")),
        );
        check(
            "aws-sdk:bedrockdataautomationruntime:getDataAutomationStatus",
            Some((
                "bedrock",
                "GetDataAutomationStatus",
                "BedrockDataAutomationRuntime",
            )),
        );
        check("aws-sdk:unknown:get", None);
        check("glue:startJobRun", None);
        check("lambda", None);
    }

    #[test]
    fn error_names_have_prefix_and_ending() {
        let check = |prefix: &str, code: &str, expected: &str| {
            let error = ServiceError {
                code: code.to_owned(),
                message: "no".to_owned(),
                status: 400,
            };
            let failure = failure(prefix, &error);
            assert_eq!(failure.error, expected);
            assert!(failure.cause.starts_with(&format!(
                "no (Service: {prefix}, Status Code: 400, Request ID: "
            )));
        };
        check(
            "DynamoDB",
            "ConditionalCheckFailedException",
            "DynamoDB.ConditionalCheckFailedException",
        );
        check(
            "DynamoDb",
            "InternalServerError",
            "DynamoDb.InternalServerErrorException",
        );
        check("S3", "NoSuchKey", "S3.NoSuchKeyException");
        check("S3", "NotFound", "S3.NoSuchKeyException");
        check(
            "StepFunctions",
            "ExecutionAlreadyExists",
            "StepFunctions.ExecutionAlreadyExistsException",
        );
    }

    #[test]
    fn documents_become_text_where_the_service_wants_text() {
        let check = |resource: &str, arguments: Value, expected: Value| {
            let target = target(&format!("arn:aws:states:::{resource}"));
            assert_eq!(
                target.map(|target| prepared(&target, arguments)),
                Some(expected),
                "{resource}"
            );
        };
        check(
            "sqs:sendMessage",
            json!({"MessageBody": {"a": 1}}),
            json!({"MessageBody": "{\"a\":1}"}),
        );
        check(
            "sns:publish",
            json!({"Message": "text"}),
            json!({"Message": "text"}),
        );
        check(
            "states:startExecution",
            json!({"Input": {"a": 1}}),
            json!({"Input": "{\"a\":1}"}),
        );
        check(
            "events:putEvents",
            json!({"Entries": [{"Detail": {"a": 1}}, {"Detail": "{}"}]}),
            json!({"Entries": [{"Detail": "{\"a\":1}"}, {"Detail": "{}"}]}),
        );
        check(
            "lambda:invoke",
            json!({"Payload": {"a": 1}}),
            json!({"Payload": {"a": 1}}),
        );
    }

    #[test]
    fn answers_can_be_failures() {
        let check = |resource: &str, answer: Value, expected: Result<Value, (&str, &str)>| {
            let judged = target(&format!("arn:aws:states:::{resource}"))
                .map(|target| judged(&target, answer));
            let expected = expected.map_err(|(error, cause)| Failure {
                error: error.into(),
                cause: cause.into(),
            });
            assert_eq!(judged, Some(expected), "{resource}");
        };
        check(
            "lambda:invoke",
            json!({"Payload": 1}),
            Ok(json!({"Payload": 1})),
        );
        check(
            "lambda:invoke",
            json!({"Payload": {"errorType": "InvalidInput", "errorMessage": "no"}, "FunctionError": "Unhandled"}),
            Err((
                "InvalidInput",
                "{\"errorType\":\"InvalidInput\",\"errorMessage\":\"no\"}",
            )),
        );
        check(
            "lambda:invoke",
            json!({"FunctionError": "Unhandled"}),
            Err(("Lambda.Unknown", "{}")),
        );
        check(
            "events:putEvents",
            json!({"FailedEntryCount": 0}),
            Ok(json!({"FailedEntryCount": 0})),
        );
        check(
            "events:putEvents",
            json!({"FailedEntryCount": 1}),
            Err(("EventBridge.FailedEntry", "{\"FailedEntryCount\":1}")),
        );
    }
}
