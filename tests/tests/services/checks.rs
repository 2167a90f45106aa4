//! Calls that are not as AWS's API models say, sent by the SDK: they fail as on AWS.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::types::{ServerSideEncryption, StorageClass};

use super::{Local, OUTPUT, code};

#[tokio::test]
async fn dynamodb_refuses_by_its_model() {
    let local = Local::new().await;
    let client = aws_sdk_dynamodb::Client::new(&local.client());
    let get = client.get_item().table_name("t");
    let answer = get.send().await;
    let message = format!("{answer:?}");
    assert_eq!(code(answer), "ValidationException");
    let expected = "1 validation error detected: Value null at 'key' failed to satisfy constraint";
    assert!(message.contains(expected), "{message}");

    let query = client.query().table_name("t").limit(0);
    let query = query.expression_attribute_values(":a", AttributeValue::Bool(true));
    assert_eq!(code(query.send().await), "ValidationException");
}

#[tokio::test]
async fn sqs_and_sns_name_what_is_missing() {
    let local = Local::new().await;
    let queues = aws_sdk_sqs::Client::new(&local.client());
    let answer = queues.send_message().queue_url("u").send().await;
    assert_eq!(code(answer), "MissingParameter");

    let topics = aws_sdk_sns::Client::new(&local.client());
    let answer = topics.publish().topic_arn("t").send().await;
    assert_eq!(code(answer), "ValidationError");
}

#[tokio::test]
async fn s3_refuses_headers_and_queries_by_its_own_codes() {
    let local = Local::new().await;
    let client = aws_sdk_s3::Client::new(&local.client());
    let put = || client.put_object().bucket(OUTPUT).key("k");
    let cold = put().storage_class(StorageClass::from("COLD"));
    assert_eq!(code(cold.send().await), "InvalidStorageClass");
    let encrypted = put().server_side_encryption(ServerSideEncryption::from("rot13"));
    assert_eq!(code(encrypted.send().await), "InvalidArgument");
    let long = client.put_object().bucket(OUTPUT).key("k".repeat(1025));
    assert_eq!(code(long.send().await), "KeyTooLongError");
    assert!(put().send().await.is_ok());

    let list = || client.list_objects_v2().bucket(OUTPUT);
    assert_eq!(code(list().max_keys(-1).send().await), "InvalidArgument");
    assert!(list().max_keys(0).send().await.is_ok());
    let part = |number: i32| {
        let part = client.upload_part().bucket(OUTPUT).key("k").upload_id("u");
        part.part_number(number).send()
    };
    assert_eq!(code(part(0).await), "InvalidArgument");
    assert_eq!(code(part(10_001).await), "InvalidArgument");
    assert_eq!(code(part(10_000).await), "NoSuchUpload");
}
