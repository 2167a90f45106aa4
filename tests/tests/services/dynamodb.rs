//! DynamoDB.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValue, TransactWriteItem};

use super::{Local, code};

const JOBS: &str = "videoflow-local-jobs";

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn new_job(job: &str) -> Put {
    Put::builder()
        .table_name(JOBS)
        .item("JobId", text(job))
        .item("JobStatus", text("PROCESSING"))
        .item("UpdatedAt", text("2026-01-01T00:00:00.000Z"))
        .condition_expression("attribute_not_exists(JobId)")
        .build()
        .expect("a put")
}

#[tokio::test]
async fn holds_conditions_and_finds_by_index() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let put = |job: &str| {
        let put = new_job(job);
        client
            .put_item()
            .table_name(JOBS)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
    };
    put("v-1").send().await.expect("a new job");
    let again = put("v-1")
        .send()
        .await
        .map_err(SdkError::into_service_error);
    assert!(
        matches!(again, Err(PutItemError::ConditionalCheckFailedException(_))),
        "{again:?}"
    );

    let update = client
        .update_item()
        .table_name(JOBS)
        .key("JobId", text("v-1"));
    let update = update.update_expression(
        "SET Stages = :stages, Attempts = if_not_exists(Attempts, :zero) + :one",
    );
    let stages = AttributeValue::M([("transcode".to_owned(), text("STARTING"))].into());
    let update = update.expression_attribute_values(":stages", stages);
    let update = update.expression_attribute_values(":zero", AttributeValue::N("0".into()));
    let update = update.expression_attribute_values(":one", AttributeValue::N("1".into()));
    let updated = update
        .return_values(ReturnValue::AllNew)
        .send()
        .await
        .expect("an update");
    let attempts = updated.attributes().and_then(|item| item.get("Attempts"));
    assert_eq!(attempts, Some(&AttributeValue::N("1".into())));

    let query = client
        .query()
        .table_name(JOBS)
        .index_name("JobStatusUpdatedAt");
    let query = query.key_condition_expression("JobStatus = :status");
    let found = query
        .expression_attribute_values(":status", text("PROCESSING"))
        .send()
        .await
        .expect("a query");
    assert_eq!(found.count(), 1);
    assert_eq!(
        found.items().first().and_then(|item| item.get("JobId")),
        Some(&text("v-1"))
    );
}

#[tokio::test]
async fn cancels_transactions_with_reasons() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let write = |job: &str| TransactWriteItem::builder().put(new_job(job)).build();
    let first = client
        .transact_write_items()
        .transact_items(write("v-1"))
        .send()
        .await;
    assert!(first.is_ok(), "{first:?}");
    let second = client
        .transact_write_items()
        .transact_items(write("v-2"))
        .transact_items(write("v-1"));
    let error = second
        .send()
        .await
        .map_err(SdkError::into_service_error)
        .expect_err("v-1 exists");
    let reasons = match &error {
        TransactWriteItemsError::TransactionCanceledException(canceled) => {
            canceled.cancellation_reasons()
        }
        _ => &[],
    };
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code()).collect();
    assert_eq!(
        codes,
        [Some("None"), Some("ConditionalCheckFailed")],
        "{error:?}"
    );
    let got = client
        .get_item()
        .table_name(JOBS)
        .key("JobId", text("v-2"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(got.item(), None);
}

#[tokio::test]
async fn refuses_unknown_tables_and_records_the_call() {
    let local = Local::new().await;
    let client = Client::new(&local.client_of("jobs-api"));
    let get = client
        .get_item()
        .table_name("none")
        .key("JobId", text("v"))
        .send()
        .await;
    assert_eq!(code(get), "ResourceNotFoundException");
    let calls = local.services.record().calls();
    let call = calls.last().expect("a call");
    assert_eq!(
        (call.principal.as_str(), call.action.as_str()),
        ("jobs-api", "GetItem")
    );
    assert_eq!(
        call.resource,
        "arn:aws:dynamodb:us-east-1:000000000000:table/none"
    );
    assert_eq!(call.error.as_deref(), Some("ResourceNotFoundException"));
}
