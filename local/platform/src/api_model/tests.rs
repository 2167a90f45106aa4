//! The checks against the models as they are.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::service::Principal;

/// The models of `make setup`.
pub(crate) fn models() -> ApiModels {
    let folder = std::env::var_os("VIDEOFLOW_MODELS").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/models"))
    });
    ApiModels::open(&folder).expect("the models of `make setup`")
}

fn call(operation: &str, parameters: Value) -> Call {
    Call {
        principal: Principal("tester".into()),
        operation: operation.into(),
        parameters,
    }
}

/// The code and message of what is refused.
#[track_caller]
fn check(service: &str, operation: &str, parameters: Value, expected: Option<(&str, &str)>) {
    let answer = models().check(service, &call(operation, parameters));
    let error = answer.err().map(|error| (error.code, error.message));
    let shown = error
        .as_ref()
        .map(|(code, message)| (code.as_str(), message.as_str()));
    assert_eq!(shown, expected, "{service}:{operation}");
}

#[test]
fn most_services_list_broken_constraints() {
    check(
        "dynamodb",
        "PutItem",
        json!({"TableName": "t", "Item": null}),
        Some((
            "ValidationException",
            "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null",
        )),
    );
    check(
        "dynamodb",
        "Query",
        json!({"TableName": "", "Limit": 0, "Select": "EVERYTHING"}),
        Some((
            "ValidationException",
            "3 validation errors detected: \
             Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1; \
             Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1; \
             Value 'EVERYTHING' at 'select' failed to satisfy constraint: Member must satisfy enum value set: \
             [ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES, SPECIFIC_ATTRIBUTES, COUNT]",
        )),
    );
    check(
        "dynamodb",
        "BatchWriteItem",
        json!({"RequestItems": {"t": [{"PutRequest": {}}]}}),
        Some((
            "ValidationException",
            "1 validation error detected: Value null at 'requestItems.t.member.1.member.putRequest.item' failed to \
             satisfy constraint: Member must not be null",
        )),
    );
    check(
        "rekognition",
        "StartLabelDetection",
        json!({"Video": {"S3Object": {"Bucket": "bbb", "Name": "n"}}, "ClientRequestToken": "a b"}),
        Some((
            "ValidationException",
            "1 validation error detected: Value 'a b' at 'clientRequestToken' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: ^[a-zA-Z0-9-_]+$",
        )),
    );
    check(
        "transcribe",
        "GetTranscriptionJob",
        json!({"TranscriptionJobName": "a b"}),
        Some((
            "BadRequestException",
            "1 validation error detected: Value 'a b' at 'transcriptionJobName' failed to satisfy constraint: Member \
             must satisfy regular expression pattern: ^[0-9a-zA-Z._-]+",
        )),
    );
    check(
        "sns",
        "Publish",
        json!({"TopicArn": "t"}),
        Some((
            "ValidationError",
            "1 validation error detected: Value null at 'message' failed to satisfy constraint: Member must not be null",
        )),
    );
    check(
        "states",
        "StartExecution",
        json!({"StateMachineArn": "a", "Name": ""}),
        Some((
            "ValidationException",
            "1 validation error detected: Value '' at 'name' failed to satisfy constraint: Member must have length \
             greater than or equal to 1",
        )),
    );
}

#[test]
fn a_secret_value_is_not_in_the_message() {
    let long = "x".repeat(262_145);
    check(
        "states",
        "StartExecution",
        json!({"StateMachineArn": "a", "Input": long}),
        Some((
            "ValidationException",
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less \
             than or equal to 262144",
        )),
    );
}

#[test]
fn other_services_say_it_in_their_own_way() {
    let outputs = |settings: Value| json!({"Role": "r", "Settings": settings});
    check(
        "mediaconvert",
        "CreateJob",
        outputs(
            json!({"OutputGroups": [{"OutputGroupSettings": {"HlsGroupSettings": {"SegmentLength": 0}}}]}),
        ),
        Some((
            "BadRequestException",
            "/outputGroups/0/outputGroupSettings/hlsGroupSettings/segmentLength: Should be greater than or equal to 1",
        )),
    );
    check(
        "mediaconvert",
        "CreateJob",
        json!({"Settings": {}}),
        Some(("BadRequestException", "The 'role' field is required.")),
    );
    check(
        "sqs",
        "SendMessage",
        json!({"QueueUrl": "u"}),
        Some((
            "MissingParameter",
            "The request must contain the parameter MessageBody.",
        )),
    );
    check(
        "sqs",
        "ReceiveMessage",
        json!({"QueueUrl": "u", "AttributeNames": ["All", "Age"]}),
        Some(("InvalidAttributeName", "Unknown Attribute Age.")),
    );
}

#[test]
fn values_of_other_types_cannot_be_read() {
    let unreadable = |message| Some(("SerializationException", message));
    let item = |value: Value| json!({"TableName": "t", "Item": {"a": value}});
    for (parameters, message) in [
        (
            item(json!({"N": 1})),
            "NUMBER_VALUE cannot be converted to String",
        ),
        (item(json!("a")), "Expected null"),
        (
            item(json!({"L": {}})),
            "Start of structure or map found where not expected.",
        ),
        (
            item(json!({"S": []})),
            "Start of list found where not expected",
        ),
        (item(json!({"SS": "a"})), "Expected list or null"),
    ] {
        check("dynamodb", "PutItem", parameters, unreadable(message));
    }
    let get = json!({"JobId": "a", "MaxResults": "1"});
    let message = "STRING_VALUE can not be converted to an Integer";
    check("rekognition", "GetLabelDetection", get, unreadable(message));
    // The Query protocol has nothing but texts.
    check("sns", "ListTopics", json!({"NextToken": "1"}), None);
    check(
        "s3",
        "ListObjectsV2",
        json!({"Bucket": "b", "MaxKeys": "10"}),
        None,
    );
    check(
        "monitoring",
        "DescribeAlarms",
        json!({"MaxRecords": "10"}),
        None,
    );
}

#[test]
fn s3_has_codes_of_its_own() {
    let part =
        |number: &str| json!({"Bucket": "b", "Key": "k", "UploadId": "u", "PartNumber": number});
    let range = "Part number must be an integer between 1 and 10000, inclusive";
    for (operation, parameters, expected) in [
        ("UploadPart", part("1"), None),
        ("UploadPart", part("10000"), None),
        ("UploadPart", part("0"), Some(("InvalidArgument", range))),
        (
            "UploadPart",
            part("10001"),
            Some(("InvalidArgument", range)),
        ),
        ("UploadPart", part("one"), Some(("InvalidArgument", range))),
        (
            "ListObjectsV2",
            json!({"Bucket": "b", "MaxKeys": "-1"}),
            Some((
                "InvalidArgument",
                "Argument maxKeys must be an integer between 0 and 2147483647",
            )),
        ),
        (
            "PutObject",
            json!({"Bucket": "b", "Key": "k", "StorageClass": "COLD"}),
            Some((
                "InvalidStorageClass",
                "The storage class you specified is not valid",
            )),
        ),
        (
            "GetObject",
            json!({"Bucket": "b", "Key": "é".repeat(512)}),
            None,
        ),
        (
            "GetObject",
            json!({"Bucket": "b", "Key": "é".repeat(513)}),
            Some(("KeyTooLongError", "Your key is too long")),
        ),
        (
            "PutObjectTagging",
            json!({"Bucket": "b", "Key": "k", "Tagging": {"TagSet": [{"Key": "a"}]}}),
            Some((
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema",
            )),
        ),
    ] {
        check("s3", operation, parameters, expected);
    }
}

#[test]
fn headers_and_query_are_parameters_by_the_models_locations() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-amz-object-attributes", "ETag, ObjectSize"),
        ("x-amz-max-parts", "10"),
        ("x-amz-meta-job", "v"),
    ] {
        let value = value.parse().expect("a value of the test");
        headers.insert(name, value);
    }
    let query = [("versionId".to_owned(), "1".to_owned())];
    let located = models().located("s3", "GetObjectAttributes", &query, &headers);
    let expected =
        json!({"ObjectAttributes": ["ETag", "ObjectSize"], "MaxParts": "10", "VersionId": "1"});
    assert_eq!(Value::Object(located), expected);
    let located = models().located("s3", "PutObject", &query, &headers);
    assert_eq!(Value::Object(located), json!({"Metadata": {"job": "v"}}));
    // Also in services whose bodies are JSON.
    check("lambda", "ListFunctions", json!({"MaxItems": "10"}), None);
}

#[test]
fn what_is_not_known_is_let_through() {
    check(
        "dynamodb",
        "GetItem",
        json!({"TableName": "t", "Key": {}, "NewerMember": 1}),
        None,
    );
    check("dynamodb", "NewerOperation", json!({"TableName": 1}), None);
    check("polly", "Speak", json!({}), None);
    // Both of Bedrock's runtimes are `bedrock`.
    let expected = "1 validation error detected: Value null at 'invocationArn' failed to satisfy constraint: Member must not be null";
    check(
        "bedrock",
        "GetDataAutomationStatus",
        json!({}),
        Some(("ValidationException", expected)),
    );
}

#[track_caller]
fn check_task(
    integration: Integration,
    (service, operation): (&str, &str),
    parameters: Value,
    expected: Result<Value, &str>,
) {
    let taken = models().of_task(integration, service, operation, parameters);
    let taken = taken.map_err(|refusals| refusals.join(", "));
    assert_eq!(
        taken,
        expected.map_err(str::to_owned),
        "{service}:{operation}"
    );
}

#[test]
fn step_functions_has_names_of_its_own_and_takes_texts_for_scalars() {
    let get = ("s3", "GetObject");
    let key = json!({"Bucket": "b", "Key": "k", "SsekmsKeyId": "a"});
    let put = json!({"Bucket": "b", "Key": "k", "SSEKMSKeyId": "a"});
    check_task(
        Integration::Sdk,
        ("s3", "PutObject"),
        key.clone(),
        Ok(put.clone()),
    );
    check_task(
        Integration::Sdk,
        ("s3", "PutObject"),
        put,
        Ok(json!({"Bucket": "b", "Key": "k", "SSEKMSKeyId": "a"})),
    );
    check_task(
        Integration::Sdk,
        get,
        json!({"bucket": "b", "Key": "k", "Typo": 1}),
        Err(
            "The field \"bucket\" is not supported by Step Functions, The field \"Typo\" is not supported by Step Functions",
        ),
    );
    let query = ("dynamodb", "Query");
    check_task(
        Integration::Sdk,
        query,
        json!({"TableName": "t", "Limit": "10", "ConsistentRead": "true",
            "ExpressionAttributeValues": {":a": {"Bool": true}}}),
        Ok(
            json!({"TableName": "t", "Limit": 10, "ConsistentRead": true,
            "ExpressionAttributeValues": {":a": {"BOOL": true}}}),
        ),
    );
    check_task(
        Integration::Optimised,
        ("dynamodb", "PutItem"),
        json!({"TableName": "t", "Item": {"a": {"N": 1}, "b": {"Bool": true}}}),
        Err(
            "The value for the field 'N' must be a STRING, The field \"Bool\" is not supported by Step Functions",
        ),
    );
    check_task(
        Integration::Optimised,
        ("lambda", "Invoke"),
        json!({"FunctionName": "f", "Payload": {"a": 1}}),
        Ok(json!({"FunctionName": "f", "Payload": {"a": 1}})),
    );
    let answer = json!({"Item": {"a": {"BOOL": true}, "b": {"M": {"BOOL": {"S": "x"}}}}});
    let shown = models().to_task(Integration::Sdk, "dynamodb", "GetItem", answer.clone());
    assert_eq!(
        shown,
        json!({"Item": {"a": {"Bool": true}, "b": {"M": {"BOOL": {"S": "x"}}}}})
    );
    let shown = models().to_task(
        Integration::Optimised,
        "dynamodb",
        "GetItem",
        answer.clone(),
    );
    assert_eq!(shown, answer);
}

#[test]
fn deviations_that_are_nobodys_error_are_written_down() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("deviations.jsonl");
    let models = models().noting_in(&file).expect("a new file");
    let get = call("GetItem", json!({"TableName": "t", "Key": {}, "Typo": 1}));
    assert_eq!(models.check("dynamodb", &get), Ok(()));
    let job = json!({"JobStatus": "DONE", "Labels": [{"Timestamp": "now", "Odd": 1}], "NextToken": "no token"});
    models.check_answer("rekognition", "GetLabelDetection", &job);
    models.check_answer(
        "rekognition",
        "GetLabelDetection",
        &json!({"JobStatus": "SUCCEEDED"}),
    );

    let text = std::fs::read_to_string(&file).expect("a written file");
    let whats: Vec<String> = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|line| format!("{}: {}", line["in"], line["what"]))
        .collect();
    let expected = [
        r#""call": "'typo' is no member of the API""#,
        r#""answer": "Value 'DONE' at 'jobStatus' failed to satisfy constraint: Member must satisfy enum value set: [IN_PROGRESS, SUCCEEDED, FAILED]""#,
        r#""answer": "'labels.1.member.timestamp' is a STRING_VALUE, not a Long""#,
        r#""answer": "'labels.1.member.odd' is no member of the API""#,
    ];
    assert_eq!(whats, expected);
}

#[test]
fn a_missing_model_names_the_cure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = ApiModels::open(folder.path()).expect_err("an empty folder");
    let message = error.to_string();
    assert!(message.ends_with("run `make setup`"), "{message}");
    assert!(!message.contains('\n'), "{message}");
}

/// Look-around is all that `regex` does not have, and a range in a class that begins with a class.
#[test]
fn all_patterns_but_ten_are_held_to() {
    let models = models();
    let sizes: Vec<_> = models
        .entries
        .iter()
        .map(|entry| entry.model().expect("a model").size())
        .collect();
    let operations: usize = sizes.iter().map(|size| size.0).sum();
    let members: usize = sizes.iter().map(|size| size.1).sum();
    let patterns: usize = sizes.iter().map(|size| size.2).sum();
    let odd: Vec<&str> = sizes.iter().flat_map(|size| size.3.clone()).collect();
    assert_eq!((operations, members, patterns), (786, 10729, 376));
    assert_eq!(odd.len(), 10, "{odd:#?}");
    let is_known = |pattern: &&str| pattern.contains("(?") || pattern.contains("\\w-_");
    assert!(odd.iter().all(is_known), "{odd:#?}");
}
