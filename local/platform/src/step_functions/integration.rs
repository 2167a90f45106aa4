//! Step Functions' integrations: which service and operation a resource means, how arguments and answers change on
//! the way, and how errors are named.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api_model::{Integration, capitalised};
use crate::service::{Call, Principal, ServiceError};
use crate::services::Services;
use crate::token::Token;

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
    /// Whose names members and errors have.
    pub(super) integration: Integration,
}

/// Error names of an integration made for Step Functions are those of the AWS SDK for Java 1: prefix, name of what the
/// API does not list, name of the service in causes.
const JAVA_1: [(&str, &str, &str); 6] = [
    ("DynamoDB", "AmazonDynamoDBException", "AmazonDynamoDBv2"),
    (
        "EventBridge",
        "AmazonEventBridgeException",
        "AmazonEventBridge",
    ),
    ("Lambda", "AWSLambdaException", "AWSLambda"),
    ("SNS", "AmazonSNSException", "AmazonSNS"),
    ("SQS", "AmazonSQSException", "AmazonSQS"),
    (
        "StepFunctions",
        "AWSStepFunctionsException",
        "AWSStepFunctions",
    ),
];

/// Codes that arrive by their own name, though the API does not list them.
const UNLISTED: [(&str, &str); 3] = [
    ("S3", "NoSuchVersion"),
    ("SNS", "ThrottledException"),
    ("StepFunctions", "ThrottlingException"),
];

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
    let (table, path, integration): (&[_], _, _) = match path.strip_prefix("aws-sdk:") {
        Some(path) => (&SDK, path, Integration::Sdk),
        None => (&OPTIMISED, path, Integration::Optimised),
    };
    let (name, operation) = path.split_once(':')?;
    let (_, service, prefix) = table.iter().find(|(known, ..)| *known == name)?;
    Some(Target {
        service,
        operation: capitalised(operation),
        prefix,
        integration,
    })
}

/// Calls the service that `target` names and gives what the Task gets.
pub(super) async fn perform(
    services: &Services,
    principal: Principal,
    target: &Target,
    arguments: Value,
) -> Result<Value, Failure> {
    let call = prepared_call(services, principal, target, arguments)?;
    result(services, target, services.call(target.service, call).await)
}

/// Like [`perform`], once for each token.
pub(super) async fn perform_once(
    services: &Services,
    principal: Principal,
    target: &Target,
    arguments: Value,
    token: &Token,
) -> Result<Value, Failure> {
    let call = prepared_call(services, principal, target, arguments)?;
    let answer = services.call_once(target.service, call, token).await;
    result(services, target, answer)
}

/// Like [`perform`], in the course of an integration that does more than one call.
pub(super) async fn perform_within(
    within: &str,
    services: &Services,
    principal: Principal,
    target: &Target,
    arguments: Value,
) -> Result<Value, Failure> {
    let call = prepared_call(services, principal, target, arguments)?;
    let answer = services.call_within(within, target.service, call).await;
    result(services, target, answer)
}

fn prepared_call(
    services: &Services,
    principal: Principal,
    target: &Target,
    arguments: Value,
) -> Result<Call, Failure> {
    let mut parameters = prepared(target, arguments);
    if let Some(models) = services.models() {
        let shown = parameters.to_string();
        parameters = models
            .of_task(
                target.integration,
                target.service,
                &target.operation,
                parameters,
            )
            .map_err(|refusals| not_started(&shown, &refusals))?;
    }
    Ok(Call {
        principal,
        operation: target.operation.clone(),
        parameters,
    })
}

fn result(
    services: &Services,
    target: &Target,
    answer: Result<Value, ServiceError>,
) -> Result<Value, Failure> {
    match answer {
        Ok(answer) => judged(target, shown(services, target, answer)),
        Err(error) => {
            let is_listed = services.models().is_none_or(|models| {
                models.has_error(target.service, &target.operation, &error.code)
            });
            Err(failure(target, &error, is_listed))
        }
    }
}

/// What Step Functions says of parameters that it does not hand on.
fn not_started(parameters: &str, refusals: &[String]) -> Failure {
    Failure {
        error: "States.Runtime".to_owned(),
        cause: format!(
            "The Parameters '{parameters}' could not be used to start the Task: [{}]",
            refusals.join(", ")
        ),
    }
}

fn shown(services: &Services, target: &Target, answer: Value) -> Value {
    match services.models() {
        Some(models) => models.to_task(
            target.integration,
            target.service,
            &target.operation,
            answer,
        ),
        None => answer,
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

/// Failure of a Task or Map that Step Functions itself refuses a call: the API lists no such error.
pub(super) fn refused_by_step_functions(operation: &str, error: &ServiceError) -> Failure {
    let target = Target {
        integration: Integration::Optimised,
        service: "states",
        operation: operation.to_owned(),
        prefix: "StepFunctions",
    };
    failure(&target, error, false)
}

/// Error name and cause as Step Functions gives them: error names always end in `Exception`, and what the API does not
/// list is the service's base exception.
fn failure(target: &Target, error: &ServiceError, is_listed: bool) -> Failure {
    let prefix = target.prefix;
    let code = match (prefix, error.code.as_str()) {
        // HeadObject's 404 has no body; the SDK that Step Functions uses takes it for a missing key.
        ("S3", "NotFound") => "NoSuchKey",
        (_, code) => code,
    };
    let java_1 = JAVA_1.iter().filter(|(known, ..)| *known == prefix);
    let java_1 = java_1
        .filter(|_| target.integration == Integration::Optimised)
        .map(|(_, base, service)| (*base, *service))
        .next();
    let is_listed = is_listed || code == "NoSuchKey" || UNLISTED.contains(&(prefix, code));
    let name = match java_1 {
        _ if is_listed && code.ends_with("Exception") => code.to_owned(),
        _ if is_listed => format!("{code}Exception"),
        Some((base, _)) => base.to_owned(),
        None => format!("{prefix}Exception"),
    };
    let (message, status, id) = (&error.message, error.status, Uuid::new_v4());
    let details = match java_1 {
        Some((_, service)) => format!(
            "Service: {service}; Status Code: {status}; Error Code: {code}; Request ID: {id}; Proxy: null"
        ),
        None => format!("Service: {prefix}, Status Code: {status}, Request ID: {id}"),
    };
    Failure {
        error: format!("{prefix}.{name}"),
        cause: format!("{message} ({details})"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::api_model;
    use crate::record::Record;

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

    /// Resource, code, whether the API lists it; the error's name and the details in its cause up to the request's id.
    fn check_failure(resource: &str, code: &str, is_listed: bool, expected: (&str, &str)) {
        let target = target(&format!("arn:aws:states:::{resource}")).expect("an integration");
        let error = ServiceError::new(code, 400, "no");
        let failure = failure(&target, &error, is_listed);
        assert_eq!(failure.error, expected.0);
        let begin = format!("no ({} Request ID: ", expected.1);
        assert!(failure.cause.starts_with(&begin), "{}", failure.cause);
    }

    #[test]
    fn error_names_have_prefix_and_ending() {
        let sdk = "Service: DynamoDb, Status Code: 400,";
        let put = "aws-sdk:dynamodb:putItem";
        let conditional = "ConditionalCheckFailedException";
        let name = format!("DynamoDb.{conditional}");
        check_failure(put, conditional, true, (&name, sdk));
        let name = "DynamoDb.InternalServerErrorException";
        check_failure(put, "InternalServerError", true, (name, sdk));
        let name = "DynamoDb.DynamoDbException";
        check_failure(put, "ValidationException", false, (name, sdk));

        let sdk = "Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException;";
        let name = "DynamoDB.AmazonDynamoDBException";
        check_failure(
            "dynamodb:putItem",
            "ValidationException",
            false,
            (name, sdk),
        );
        let sdk =
            "Service: AWSStepFunctions; Status Code: 400; Error Code: ExecutionAlreadyExists;";
        let name = "StepFunctions.ExecutionAlreadyExistsException";
        let start = "states:startExecution";
        check_failure(start, "ExecutionAlreadyExists", true, (name, sdk));

        let sdk = "Service: S3, Status Code: 400,";
        let head = "aws-sdk:s3:headObject";
        check_failure(head, "NotFound", false, ("S3.NoSuchKeyException", sdk));
        check_failure(head, "AccessDenied", false, ("S3.S3Exception", sdk));
    }

    /// Resource and arguments; the error's name and the beginning of its cause.
    async fn check_refused(resource: &str, arguments: Value, expected: (&str, &str)) {
        let services = Services::new(Arc::new(Record::in_memory()));
        let services = services.with_models(api_model::tests::models());
        let target = target(&format!("arn:aws:states:::{resource}")).expect("an integration");
        let principal = Principal("machine".into());
        let answer = perform(&services, principal, &target, arguments).await;
        let failure = answer.expect_err("there are no services");
        assert_eq!(failure.error, expected.0, "{resource}");
        assert!(failure.cause.starts_with(expected.1), "{}", failure.cause);
    }

    #[tokio::test]
    async fn parameters_that_the_api_does_not_take_fail_the_task() {
        check_refused(
            "aws-sdk:dynamodb:putItem",
            json!({"TableName": "t", "Item": null}),
            (
                "DynamoDb.DynamoDbException",
                "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null \
                 (Service: DynamoDb, Status Code: 400, Request ID: ",
            ),
        )
        .await;
        check_refused(
            "dynamodb:putItem",
            json!({"TableName": "", "Item": {}}),
            (
                "DynamoDB.AmazonDynamoDBException",
                "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: Member must have \
                 length greater than or equal to 1 (Service: AmazonDynamoDBv2; Status Code: 400; Error Code: \
                 ValidationException; Request ID: ",
            ),
        )
        .await;
        check_refused(
            "aws-sdk:transcribe:getTranscriptionJob",
            json!({"TranscriptionJobName": "a b"}),
            (
                "Transcribe.BadRequestException",
                "1 validation error detected",
            ),
        )
        .await;
        check_refused(
            "lambda:invoke",
            json!({"FunctionName": "f", "Payload": {}, "TaskToken": "t"}),
            (
                "States.Runtime",
                "The Parameters '{\"FunctionName\":\"f\",\"Payload\":{},\"TaskToken\":\"t\"}' could not be used to start \
                 the Task: [The field \"TaskToken\" is not supported by Step Functions]",
            ),
        )
        .await;
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
