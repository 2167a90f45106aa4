//! EventBridge.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, Target};
use serde_json::json;

use super::{BUS, Local, QUEUE, code};

fn entry(bus: &str, detail_type: &str, detail: &str) -> PutEventsRequestEntry {
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(bus)
        .source("videoflow");
    entry.detail_type(detail_type).detail(detail).build()
}

#[tokio::test]
async fn delivers_what_rules_take() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let pattern = json!({"source": ["videoflow"], "detail-type": [{"prefix": "VideoP"}]});
    let rule = client
        .put_rule()
        .name("published")
        .event_bus_name(BUS)
        .event_pattern(pattern.to_string());
    rule.send().await.expect("a rule");
    let target = Target::builder()
        .id("queue")
        .arn(videoflow_platform::arn::queue(QUEUE))
        .build();
    let targets = client
        .put_targets()
        .rule("published")
        .event_bus_name(BUS)
        .targets(target.expect("a target"));
    targets.send().await.expect("targets");

    let put = client.put_events();
    let put = put.entries(entry(BUS, "VideoPublished", r#"{"jobId": "v-1"}"#));
    let put = put.entries(entry(BUS, "VideoFailed", "{}"));
    let put = put.entries(entry("default", "VideoPublished", "{}"));
    let put = put.entries(entry(BUS, "VideoPublished", "no JSON"));
    let answer = put.send().await.expect("an answer");
    assert_eq!(answer.failed_entry_count(), 1);
    assert_eq!(
        answer.entries().last().and_then(|entry| entry.error_code()),
        Some("MalformedDetail")
    );

    let received = local.received(QUEUE).await;
    assert_eq!(received.len(), 1);
    let event = received.first().expect("one event");
    assert_eq!(event.pointer("/detail/jobId"), Some(&json!("v-1")));
    assert_eq!(
        event.get("id").and_then(|id| id.as_str()),
        answer.entries().first().and_then(|entry| entry.event_id())
    );
}

#[tokio::test]
async fn services_reach_rules_on_the_default_bus() {
    let local = Local::new().await;
    let pattern =
        json!({"source": ["aws.states"], "detail": {"status": ["FAILED", "TIMED_OUT", "ABORTED"]}});
    let queue_arn = videoflow_platform::arn::queue(QUEUE);
    local
        .events
        .put_queue_rule("failures", "default", &pattern.to_string(), &queue_arn)
        .expect("a rule");
    for status in ["FAILED", "SUCCEEDED"] {
        let detail = json!({"status": status});
        local.events.emit(
            "aws.states",
            "Step Functions Execution Status Change",
            &[],
            &detail,
        );
    }
    let received = local.received(QUEUE).await;
    assert_eq!(
        received
            .iter()
            .filter_map(|event| event.pointer("/detail/status"))
            .collect::<Vec<_>>(),
        ["FAILED"]
    );
}

#[tokio::test]
async fn refuses_what_is_no_pattern() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let rule = client
        .put_rule()
        .name("r")
        .event_pattern("{\"source\": \"aws.s3\"}")
        .send()
        .await;
    assert_eq!(code(rule), "InvalidEventPatternException");
}
