//! record-failure on the local services: what keeps a burst of equal failures from being lost, whatever breaks.

use std::time::Duration;

use aws_sdk_sns::Client;
use serde_json::{Value, json};
use videoflow_platform::sns::Notice;
use videoflow_shared::attribute::from_item;
use videoflow_shared::identity::JobId;

use super::failure::{FAILURES, Scene, WINDOW_SECONDS};
use super::{QUEUE, TOPIC};

/// Longer than a burst.
const PATIENCE: Duration = Duration::from_secs(WINDOW_SECONDS as u64 + 5);

impl Scene {
    /// Another failed job, of the same state and error.
    async fn fail(&mut self, number: u32) -> usize {
        self.job = JobId::of("b", &number.to_string(), "1", "default");
        let mut item = self.item();
        item["SourceKey"] = json!(format!("{number}.mp4"));
        item["ClaimId"] = json!(null);
        self.local.put_item("jobs", &item).await;
        self.handle("FAILED", 0).await
    }

    /// Hands over what is due in the function's own queue, and gives the bodies.
    async fn remind(&self, wait: Duration) -> Vec<String> {
        let queues = &self.local.queues;
        let messages = queues.poll(FAILURES, 10, wait).await.expect("a queue");
        for message in &messages {
            let batch = json!({"Records": [{"messageId": "1", "body": message.body}]});
            let batch = serde_json::from_value(batch).expect("a batch");
            let answer = self.function.handle(batch).await.expect("an answer");
            assert!(answer.batch_item_failures.is_empty(), "{}", message.body);
        }
        let settled = queues.settle(FAILURES, &messages, &[], Duration::ZERO);
        settled.expect("messages are deleted");
        messages.into_iter().map(|message| message.body).collect()
    }

    /// The item of the only burst.
    async fn burst(&self) -> Value {
        let scan = aws_sdk_dynamodb::Client::new(&self.local.client())
            .scan()
            .table_name("videoflow-local-claims")
            .send();
        let items = scan.await.expect("items").items.unwrap_or_default();
        let items = items.iter().map(|item| Value::Object(from_item(item)));
        let is_burst = |item: &Value| {
            item["ClaimId"]
                .as_str()
                .is_some_and(|key| key.starts_with("failures-"))
        };
        items.into_iter().find(is_burst).expect("a burst")
    }

    fn notices(&self) -> Vec<Notice> {
        self.local.topics.notices()
    }
}

fn count(notice: &Notice) -> Value {
    notice.attributes["count"]["StringValue"].clone()
}

#[tokio::test]
async fn a_burst_of_one_is_one_notice_and_no_message_comes_back() {
    let mut scene = Scene::new().await;
    scene.fail(1).await;
    assert_eq!(scene.notices().len(), 1);
    assert!(scene.remind(PATIENCE).await.is_empty());
    scene.fail(2).await;
    assert_eq!(scene.notices().len(), 2, "the window is over");
}

#[tokio::test]
async fn what_was_counted_is_told_once_when_the_burst_is_over_though_the_reminder_comes_early_and_twice()
 {
    let mut scene = Scene::new().await;
    for number in 1..=4 {
        assert_eq!(scene.fail(number).await, 0);
    }
    let told = scene.notices();
    assert_eq!(told.len(), 1);
    assert_eq!(count(&told[0]), "1");
    let reminder = scene.remind(Duration::ZERO).await;
    assert!(reminder.is_empty(), "it is delayed");
    let burst = scene.burst().await;
    let early = json!({"endBurst": {"key": burst["ClaimId"]}}).to_string();
    scene
        .local
        .queues
        .send(FAILURES, &early)
        .expect("a message");
    assert_eq!(scene.remind(Duration::ZERO).await.len(), 1);
    assert_eq!(scene.notices().len(), 1, "it is put off");

    let mut handed = 0;
    while handed < 2 {
        let bodies = scene.remind(PATIENCE).await;
        assert!(!bodies.is_empty(), "both come back");
        handed += bodies.len();
    }
    let told = scene.notices();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(count(&told[1]), "3");
    assert!(told[1].message.contains("  4.mp4"), "{}", told[1].message);
    let burst = scene.burst().await;
    let names = burst.as_object().map(serde_json::Map::len);
    assert_eq!(names, Some(1), "{burst}");
}

#[tokio::test]
async fn a_failure_that_could_not_be_told_is_told_when_it_comes_again() {
    let mut scene = Scene::new().await;
    let client = Client::new(&scene.local.client());
    let topic = videoflow_platform::arn::topic(TOPIC);
    let gone = client.delete_topic().topic_arn(&topic).send().await;
    gone.expect("it goes");
    scene.fail(1).await;
    scene.fail(2).await;
    let dead = format!("{QUEUE}-dead-letters");
    let dead = scene.local.queues.poll(&dead, 10, Duration::ZERO).await;
    assert_eq!(
        dead.expect("a queue").len(),
        1,
        "the first: the second is counted"
    );
    let made = client.create_topic().name(TOPIC).send().await;
    made.expect("a topic");
    scene.job = JobId::of("b", "1", "1", "default");
    assert_eq!(scene.handle("FAILED", 0).await, 0, "it is sent back");
    assert_eq!(scene.notices().len(), 1);
    scene.remind(PATIENCE).await;
    let told = scene.notices();
    assert_eq!(told.len(), 2);
    assert!(told[1].message.contains("  2.mp4"));
}
