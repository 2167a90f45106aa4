//! SQS.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::SdkError;
use aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError;
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry};

use super::{Local, QUEUE};

async fn url(client: &Client, queue: &str) -> String {
    let answer = client
        .get_queue_url()
        .queue_name(queue)
        .send()
        .await
        .expect("a queue");
    answer.queue_url.expect("a URL")
}

#[tokio::test]
async fn sends_receives_and_deletes() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let url = url(&client, QUEUE).await;
    let kind = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("video")
        .build();
    let message = client
        .send_message()
        .queue_url(&url)
        .message_body("{\"a\":\"ü\"}");
    let sent = message
        .message_attributes("kind", kind.expect("an attribute"))
        .send()
        .await
        .expect("a message");

    let receive = client
        .receive_message()
        .queue_url(&url)
        .message_attribute_names("All")
        .wait_time_seconds(20);
    let received = receive.send().await.expect("an answer");
    let message = received.messages().first().expect("a message");
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.body(), Some("{\"a\":\"ü\"}"));
    let kind = message
        .message_attributes()
        .and_then(|attributes| attributes.get("kind"));
    assert_eq!(kind.and_then(|kind| kind.string_value()), Some("video"));

    let receipt = message.receipt_handle().expect("a receipt");
    client
        .delete_message()
        .queue_url(&url)
        .receipt_handle(receipt)
        .send()
        .await
        .expect("a deletion");
    let attributes = client
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::All);
    let attributes = attributes
        .send()
        .await
        .expect("attributes")
        .attributes
        .expect("attributes");
    for name in [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ] {
        assert_eq!(
            attributes.get(&name).map(String::as_str),
            Some("0"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn moves_messages_received_too_often_to_the_dead_letters() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let url = url(&client, QUEUE).await;
    client
        .send_message()
        .queue_url(&url)
        .message_body("\"poison\"")
        .send()
        .await
        .expect("a message");
    for expected in [1, 1, 0] {
        let received = client
            .receive_message()
            .queue_url(&url)
            .send()
            .await
            .expect("an answer");
        assert_eq!(received.messages().len(), expected);
        for message in received.messages() {
            let receipt = message.receipt_handle().expect("a receipt");
            let change = client
                .change_message_visibility()
                .queue_url(&url)
                .receipt_handle(receipt);
            change.visibility_timeout(0).send().await.expect("a change");
        }
    }
    assert_eq!(
        local.received(&format!("{QUEUE}-dead-letters")).await,
        ["poison"]
    );
}

#[tokio::test]
async fn answers_each_entry_of_a_batch() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let url = url(&client, QUEUE).await;
    let entry = |id: &str, body: String| {
        SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(body)
            .build()
    };
    let batch = client.send_message_batch().queue_url(&url);
    let batch = batch.entries(entry("good", "1".to_owned()).expect("an entry"));
    let batch = batch.entries(entry("long", "x".repeat(1024 * 1024)).expect("an entry"));
    let answer = batch.send().await.expect("an answer");
    assert_eq!(
        answer
            .successful()
            .first()
            .map(aws_sdk_sqs::types::SendMessageBatchResultEntry::id),
        Some("good")
    );
    assert_eq!(
        answer
            .failed()
            .first()
            .map(|entry| (entry.id(), entry.sender_fault())),
        Some(("long", true))
    );
}

#[tokio::test]
async fn refuses_unknown_queues() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let answer = client
        .get_queue_url()
        .queue_name("none")
        .send()
        .await
        .map_err(SdkError::into_service_error);
    assert!(
        matches!(answer, Err(GetQueueUrlError::QueueDoesNotExist(_))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn keeps_messages_across_restarts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let local = Local::on(folder.path()).await;
    local.queues.send(QUEUE, "\"kept\"").expect("a message");
    drop(local);
    let local = Local::on(folder.path()).await;
    assert_eq!(local.received(QUEUE).await, ["kept"]);
}
