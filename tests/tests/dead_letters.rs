//! What cannot be handled lies in the dead-letter queue with its reason, and nowhere else.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::Message;
use serde_json::json;
use videoflow_shared::identity::JobId;

use crate::support::up::Up;

/// The dead letter of this body, received once.
async fn dead_letter(up: &Up, queue: &str, body: &str) -> Message {
    let client = Client::new(up.config());
    up.until(&format!("{body} is a dead letter"), async || {
        let request = client.receive_message();
        let answer = request
            .queue_url(up.queue_url(&format!("{queue}-dead-letters")))
            .max_number_of_messages(10)
            .visibility_timeout(0)
            .message_attribute_names("All")
            .send()
            .await
            .expect("an answer");
        let mut messages = answer.messages.unwrap_or_default().into_iter();
        messages.find(|message| message.body() == Some(body))
    })
    .await
}

async fn check(up: &Up, queue: &str, body: &str, name: &str, cause: &str) {
    up.send(queue, body).await;
    let message = dead_letter(up, queue, body).await;
    let attribute = |name: &str| {
        let attributes = message.message_attributes().expect("attributes");
        let value = attributes.get(name).and_then(|value| value.string_value());
        value.unwrap_or_default().to_owned()
    };
    assert_eq!(attribute("ErrorName"), name, "{body}");
    let found = attribute("ErrorCause");
    assert!(found.contains(cause), "{body}: {found}");
    let function = match queue {
        "ingest" => "videoflow-local-start-processing",
        _ => "videoflow-local-record-failure",
    };
    assert_eq!(attribute("FunctionName"), function);
    up.until_empty(queue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_be_handled_is_a_dead_letter_at_once_and_says_why() {
    let up = Up::start().await;
    let job = JobId::of("b", "k", "1", "default");
    let unreadable = "MessageUnreadable";
    check(&up, "ingest", "no JSON, ü", unreadable, "expected").await;
    let foreign = json!({"source": "aws.s3", "detail-type": "Object Created",
        "detail": {"bucket": {"name": "nobody-s"}, "object": {"key": "k", "version-id": "1"}}});
    let cause = "nobody-s is not the source bucket";
    check(&up, "ingest", &foreign.to_string(), "BucketUnknown", cause).await;
    let no_id = json!({"requeue": {"jobId": "k"}}).to_string();
    check(&up, "ingest", &no_id, unreadable, "is not a job id").await;
    for kind in ["requeue", "start"] {
        let unknown = json!({kind: {"jobId": job}}).to_string();
        check(&up, "ingest", &unknown, "JobNotFound", job.as_str()).await;
    }
    check(&up, "failures", "[]", unreadable, "expected").await;
}
